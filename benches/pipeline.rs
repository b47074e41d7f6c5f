//! The steps between a page of JSON and a plan, without network: objects read, stored and derived
//! per second. `cargo bench`; the figures mean something only beside one another, on one machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::masters::Masters;
use tieout::accounting::policy::{Books, BooksCurrency, Options, TaxCodes};
use tieout::accounting::{Policy, derive};
use tieout::calendar::{FixedClock, PeriodState, PostingPeriod, UnixTime};
use tieout::ids::InternalId;
use tieout::ledger::{CaseKey, Identity, Incoming, Ledger};
use tieout::money::Currency;
use tieout::plan::{Inputs, Standing, build};
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::stripe::world::World;
use tieout::stripe::links::scan;
use tieout::stripe::objects::{Charge, Head, Invoice, read};

/// Charges of the company that is measured.
const CHARGES: usize = 1_000;

fn main() {
    divan::main();
}

fn world() -> World {
    generate(&CompanySpec::with_charges(CHARGES, 7)).world
}

fn ledger(folder: &Path) -> Ledger {
    let identity = Identity {
        stripe_account: "acct_bench".into(),
        livemode: false,
        netsuite_account: "TSTDRV_BENCH".into(),
    };
    let clock = Arc::new(FixedClock(UnixTime(1_800_000_000)));
    Ledger::open(&folder.join("bench.db"), &identity, clock).expect("a new ledger")
}

#[divan::bench]
fn read_charges(bencher: Bencher) {
    let world = world();
    let charges = world.objects("charge");
    bencher.counter(ItemsCount::new(charges.len())).bench(|| {
        for stored in charges {
            black_box(read::<Charge>(stored.json.as_bytes()).expect("a charge"));
        }
    });
}

#[divan::bench]
fn read_invoices(bencher: Bencher) {
    let world = world();
    let invoices = world.objects("invoice");
    bencher.counter(ItemsCount::new(invoices.len())).bench(|| {
        for stored in invoices {
            black_box(read::<Invoice>(stored.json.as_bytes()).expect("an invoice"));
        }
    });
}

#[divan::bench]
fn scan_charges(bencher: Bencher) {
    let world = world();
    let charges = world.objects("charge");
    bencher.counter(ItemsCount::new(charges.len())).bench(|| {
        for stored in charges {
            black_box(scan(stored.json.as_bytes()).expect("an object"));
        }
    });
}

/// Load, derive and compare with nothing posted: what a first plan does for each charge and
/// everything that belongs to it.
#[divan::bench(sample_count = 10)]
fn derive_and_diff_charges(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world();
    let mut ledger = ledger(folder.path());
    fill(&mut ledger, &world);
    let policy = policy();
    let payouts = ledger.payout_index().expect("payouts");
    let keys = ledger.dirty_cases(&payouts, &policy, &mut || {}).expect("cases");
    let keys: Vec<CaseKey> = keys.into_iter().collect();
    let periods = months();
    bencher.counter(ItemsCount::new(world.objects("charge").len())).bench_local(|| {
        let mut standings = Vec::new();
        for key in &keys {
            let case = ledger.load_case(key, &payouts, &policy).expect("a case");
            standings.extend(derive(&case, &policy).records.into_iter().map(|record| Standing {
                external_id: record.external_id().clone(),
                desired: Some(record),
                posted: None,
                in_doubt: false,
                conflict: None,
            }));
        }
        let inputs = Inputs {
            exceptions: &[],
            held_before: &[],
            chart: &policy.chart,
            periods: &periods,
            closed_period: policy.options.closed_period,
            base_currency: policy.books.base_currency,
            places: &policy.books,
            known: &|_| false,
            updates_customers: policy.masters.customers.update,
        };
        let built = build(standings, &inputs);
        assert!(built.blocked.is_empty(), "every record of a fresh case can be created");
        black_box(built)
    });
}

/// Posting periods of five years, all open.
fn months() -> Vec<PostingPeriod> {
    let day = |month: u32| {
        let (year, month) = (2024 + i32::try_from(month / 12).expect("small"), month % 12 + 1);
        NaiveDate::from_ymd_opt(year, month, 1).expect("a first day")
    };
    let period = |month: u32| PostingPeriod {
        id: InternalId::new(month.to_string()),
        name: format!("Month {month}"),
        first_day: day(month),
        last_day: day(month + 1).pred_opt().expect("a day before"),
        state: PeriodState::Open,
    };
    (0..60).map(period).collect()
}

/// Which cases the changed objects belong to.
#[divan::bench(sample_count = 10)]
fn find_dirty_cases(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world();
    let mut ledger = ledger(folder.path());
    fill(&mut ledger, &world);
    let policy = policy();
    let payouts = ledger.payout_index().expect("payouts");
    bencher.counter(ItemsCount::new(world.objects("charge").len())).bench_local(|| {
        black_box(ledger.dirty_cases(&payouts, &policy, &mut || {}).expect("cases"))
    });
}

fn fill(ledger: &mut Ledger, world: &World) {
    let kinds: Vec<String> = world.kinds().map(str::to_owned).collect();
    for kind in kinds {
        let objects: Vec<(Head, &str)> = world
            .objects(&kind)
            .iter()
            .map(|stored| (Head::read(stored.json.as_bytes()).expect("a head"), &*stored.json))
            .collect();
        let incoming: Vec<Incoming> =
            objects.iter().map(|(head, json)| Incoming { head, json, parent: None }).collect();
        ledger.store(&incoming, "bench", UnixTime(1)).expect("stored");
    }
    let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for stored in world.objects("balance_transaction") {
        if let Some(payout) = world.payout_of(&stored.id) {
            members.entry(payout).or_default().push(stored.id.clone());
        }
    }
    for (payout, members) in members {
        ledger.set_payout_members(payout, &members).expect("members");
    }
}

fn policy() -> Policy {
    let single = [
        Role::AccountsReceivable,
        Role::UndepositedFunds,
        Role::Revenue,
        Role::ShippingIncome,
        Role::TaxPayable,
        Role::CustomerBalance,
        Role::Discounts,
        Role::BadDebt,
        Role::ProcessingFees,
        Role::StripeFees,
        Role::ApplicationFees,
        Role::DisputeFees,
        Role::NetworkCosts,
        Role::ConversionFees,
        Role::TaxOnFees,
        Role::Reserves,
    ];
    let codes = ["USD", "EUR", "GBP", "JPY", "CAD"];
    let currency = |code: &str| code.parse::<Currency>().expect("a currency");
    let banks = codes
        .iter()
        .flat_map(|code| [Role::Bank(currency(code)), Role::StripeBalance(currency(code))]);
    let accounts = single
        .into_iter()
        .chain(banks)
        .enumerate()
        .map(|(place, role)| (role, InternalId::new(place.to_string())));
    let currencies = codes
        .iter()
        .enumerate()
        .map(|(place, code)| {
            let places = currency(code).netsuite_places();
            (currency(code), BooksCurrency { id: InternalId::new(place.to_string()), places })
        })
        .collect();
    Policy {
        account: "acct_bench".into(),
        start: None,
        zone: "America/New_York".parse().expect("in the database"),
        chart: Chart::new(accounts),
        books: Books { base_currency: Currency::USD, currencies, subsidiary: None },
        options: Options::default(),
        suitetax: TaxCodes::default(),
        masters: Masters::default(),
    }
}

/// Parse, compress, index and commit: a new object each.
#[divan::bench(sample_count = 10)]
fn store_new_objects(bencher: Bencher) {
    let world = world();
    let objects: Vec<(Head, &str)> = world
        .objects("charge")
        .iter()
        .map(|stored| (Head::read(stored.json.as_bytes()).expect("a head"), &*stored.json))
        .collect();
    let incoming: Vec<Incoming> =
        objects.iter().map(|(head, json)| Incoming { head, json, parent: None }).collect();
    bencher
        .counter(ItemsCount::new(incoming.len()))
        .with_inputs(|| {
            let folder = tempfile::tempdir().expect("a folder");
            (ledger(folder.path()), folder)
        })
        .bench_values(|(mut ledger, folder)| {
            for page in incoming.chunks(100) {
                ledger.store(page, "bench", UnixTime(1)).expect("stored");
            }
            (ledger, folder)
        });
}
