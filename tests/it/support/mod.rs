//! What several tests need: a company in a ledger, and the policy of the demo books.

pub mod cli;
pub mod draw;
pub mod echo;
pub mod gateway;
pub mod house;
pub mod offline;
pub mod page;
pub mod relay;
pub mod schema;
pub mod shrink;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::masters::Masters;
use tieout::accounting::policy::{Books, BooksCurrency, Options, TaxCode, TaxCodes};
use tieout::accounting::{Derived, Policy};
use tieout::calendar::{Clock, FixedClock, UnixTime};
use tieout::ids::InternalId;
use tieout::ledger::{CaseKey, Identity, Incoming, Ledger};
use tieout::money::Currency;
use tieout::sandbox::stripe::export::as_pulled;
use tieout::sandbox::stripe::world::World;
use tieout::stripe::objects::Head;

pub const CURRENCIES: [&str; 7] = ["USD", "EUR", "GBP", "JPY", "CAD", "CHF", "KWD"];

/// Accounts by role with ids that say what they are, for a company in New York with USD books.
pub fn policy() -> Policy {
    let currency = |code: &str| code.parse::<Currency>().expect("a currency code");
    let single = [
        (Role::AccountsReceivable, "AR"),
        (Role::UndepositedFunds, "UF"),
        (Role::Revenue, "REV"),
        (Role::ShippingIncome, "SHIP"),
        (Role::TaxPayable, "TAXPAY"),
        (Role::CustomerBalance, "CBAL"),
        (Role::Discounts, "DISC"),
        (Role::BadDebt, "BADDEBT"),
        (Role::Refunds, "REFUNDS"),
        (Role::Disputes, "DISPUTES"),
        (Role::DisputedFunds, "DISPHOLD"),
        (Role::DisputeLosses, "DISPLOSS"),
        (Role::DisputeReversals, "DISPREV"),
        (Role::ProcessingFees, "FEE"),
        (Role::StripeFees, "STRFEE"),
        (Role::ApplicationFees, "APPFEE"),
        (Role::DisputeFees, "DISPFEE"),
        (Role::NetworkCosts, "NETFEE"),
        (Role::ConversionFees, "FXFEE"),
        (Role::TaxOnFees, "FEETAX"),
        (Role::InstantPayoutFees, "INSTFEE"),
        (Role::WithheldTax, "WHT"),
        (Role::Reserves, "RESERVE"),
        (Role::ConnectReserves, "CONNRES"),
        (Role::ConnectCollections, "CONNLOSS"),
        (Role::Transfers, "VENDOR"),
        (Role::PlatformEarnings, "PLATFORM"),
        (Role::Advances, "ADVANCE"),
        (Role::Financing, "LOAN"),
        (Role::Contributions, "CLIMATE"),
        (Role::UnallocatedFunds, "UNALLOC"),
        (Role::BalancePayments, "BALPAY"),
        (Role::Issuing, "ISSUING"),
        (Role::MoneyManagement, "MONEYMGMT"),
        (Role::Adjustments, "ADJUST"),
        (Role::Suspense, "SUSPENSE"),
        (Role::Opening, "OPENING"),
    ];
    let per_currency = CURRENCIES.iter().flat_map(|code| {
        [
            (Role::Bank(currency(code)), format!("BANK-{code}")),
            (Role::StripeBalance(currency(code)), format!("STRIPEBAL-{code}")),
        ]
    });
    let accounts = single
        .into_iter()
        .map(|(role, id)| (role, id.to_owned()))
        .chain(per_currency)
        .map(|(role, id)| (role, InternalId::new(id)));
    let currencies: BTreeMap<Currency, BooksCurrency> = CURRENCIES
        .iter()
        .enumerate()
        .map(|(place, code)| {
            let places = currency(code).netsuite_places();
            (currency(code), BooksCurrency { id: InternalId::new((place + 1).to_string()), places })
        })
        .collect();
    Policy {
        account: "acct_demo".into(),
        zone: "America/New_York".parse().unwrap(),
        start: None,
        chart: Chart::new(accounts),
        books: Books { base_currency: Currency::USD, currencies, subsidiary: None },
        options: Options::default(),
        suitetax: TaxCodes {
            usual: Some(TaxCode { tax_type: "1".into(), tax_code: "11".into() }),
            rates: BTreeMap::new(),
        },
        masters: Masters::default(),
    }
}

/// A ledger in `folder` that holds everything of `world`, as a pull would leave it.
pub fn ledger_of(world: &World, folder: &Path) -> Ledger {
    ledger_of_at(world, folder, Arc::new(FixedClock(UnixTime(1_800_000_000))))
}

/// Like [`ledger_of`], by another clock.
pub fn ledger_of_at(world: &World, folder: &Path, clock: Arc<dyn Clock>) -> Ledger {
    load(world, folder, false, clock)
}

/// Like [`ledger_of`], with every kind and every object in the opposite order.
pub fn ledger_of_reversed(world: &World, folder: &Path) -> Ledger {
    load(world, folder, true, Arc::new(FixedClock(UnixTime(1_800_000_000))))
}

/// A ledger of the company's account that knows nothing yet.
pub fn empty_ledger(world: &World, folder: &Path) -> Ledger {
    empty(world, folder, Arc::new(FixedClock(UnixTime(1_800_000_000))))
}

fn load(world: &World, folder: &Path, is_reversed: bool, clock: Arc<dyn Clock>) -> Ledger {
    let world = &as_pulled(world.clone());
    let mut ledger = empty(world, folder, clock);
    let mut kinds: Vec<String> = world.kinds().map(str::to_owned).collect();
    if is_reversed {
        kinds.reverse();
    }
    for kind in kinds {
        let mut heads: Vec<(Head, &str)> = world
            .objects(&kind)
            .iter()
            .map(|stored| (Head::read(stored.json.as_bytes()).expect("a head"), &*stored.json))
            .collect();
        if is_reversed {
            heads.reverse();
        }
        let incoming: Vec<Incoming> =
            heads.iter().map(|(head, json)| Incoming { head, json, parent: None }).collect();
        ledger.store(&incoming, "test", UnixTime(1_800_000_000)).expect("objects are stored");
    }
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for stored in world.objects("balance_transaction") {
        if let Some(payout) = world.payout_of(&stored.id) {
            members.entry(payout.to_owned()).or_default().push(stored.id.clone());
        }
    }
    for (payout, members) in members {
        ledger.set_payout_members(&payout, &members).expect("members are stored");
    }
    ledger
}

fn empty(world: &World, folder: &Path, clock: Arc<dyn Clock>) -> Ledger {
    let account: serde_json::Value = serde_json::from_str(world.account()).expect("JSON");
    let identity = Identity {
        stripe_account: account["id"].as_str().expect("an id").into(),
        livemode: false,
        netsuite_account: "TSTDRV_DEMO".into(),
    };
    Ledger::open(&folder.join("tieout.db"), &identity, clock).expect("a new ledger")
}

/// Derives every dirty case and stores what it wants.
pub fn derive_all(ledger: &mut Ledger, policy: &Policy) -> Vec<(CaseKey, Derived)> {
    let mut all = Vec::new();
    ledger
        .derive_changed(policy, |done| all.push((done.key.clone(), done.derived.clone())))
        .expect("every case can be derived");
    all
}

/// The same with cases that another thread reads ahead, as a plan does with many.
pub fn derive_all_ahead(ledger: &mut Ledger, policy: &Policy) {
    let mut work = ledger.changed(policy, &mut || {}).expect("cases that changed");
    ledger.read_ahead(&mut work, policy).expect("a ledger beside");
    ledger.derive_work(work, policy, |_| {}).expect("every case can be derived");
}
