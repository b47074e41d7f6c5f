//! Companies in which anything can happen, posted into the embedded NetSuite under drawn policies:
//! NetSuite takes every record, its own general ledger is what the core says, account by account, and
//! a second plan is empty. The seed is printed when something is not so; `TIEOUT_COMPANIES` makes more
//! companies than the usual few, and `TIEOUT_SEED` begins elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::posting::postings;
use tieout::accounting::{Policy, Record};
use tieout::calendar::{Clock, UnixTime, Window};
use tieout::ids::InternalId;
use tieout::netsuite::readback::{Posted as InNetSuite, Reader};
use tieout::plan::Plan;
use tieout::plan::file::{Basis, SCHEMA_VERSION};
use tieout::reconcile::close::sheet::{Cell, Weight};
use tieout::report::AccountNames;
use tieout::report::plan::rows;
use tieout::sandbox::company::{Company, CompanySpec, generate};
use tieout::sandbox::netsuite::{AccountSetup, NetSuite, Setup};
use tieout::stripe::resource::Resource;

use crate::close::{Collected, foots};
use crate::support::draw::{anything, balance_at_start};
use crate::support::house::{BASE, House, InProcess, Key, Virtual, policy};
use crate::support::shrink::shrink;
use crate::support::{derive_all, ledger_of_at};

const COMPANIES: u64 = 4;
const CHARGES: usize = 30;

/// The first of the accounts that the demo company does not have, one for each role.
const FIRST_EXTRA: i64 = 501;

/// Roles that the usual books of the tests leave out, each with the type of its account.
const EXTRA: [(Role, &str); 22] = [
    (Role::Refunds, "Income"),
    (Role::Disputes, "Income"),
    (Role::DisputedFunds, "OthCurrAsset"),
    (Role::DisputeLosses, "Expense"),
    (Role::DisputeReversals, "Income"),
    (Role::InstantPayoutFees, "Expense"),
    (Role::WithheldTax, "OthCurrAsset"),
    (Role::ConnectReserves, "OthCurrAsset"),
    (Role::ConnectCollections, "OthCurrAsset"),
    (Role::Transfers, "Expense"),
    (Role::PlatformEarnings, "Income"),
    (Role::Advances, "OthCurrAsset"),
    (Role::Financing, "OthCurrAsset"),
    (Role::Contributions, "Expense"),
    (Role::UnallocatedFunds, "OthCurrAsset"),
    (Role::BalancePayments, "Expense"),
    (Role::Issuing, "Expense"),
    (Role::MoneyManagement, "OthCurrAsset"),
    (Role::Adjustments, "Expense"),
    (Role::Suspense, "OthCurrAsset"),
    (Role::Opening, "Equity"),
    (Role::OutOfBand, "OthCurrAsset"),
];

/// A NetSuite with an account for every role.
fn netsuite(key: &Key, clock: &Arc<dyn Clock>) -> NetSuite {
    let mut setup = Setup::demo().with_client(key.setup.clone());
    setup.concurrency = 50;
    for ((role, kind), id) in EXTRA.iter().zip(FIRST_EXTRA..) {
        setup.accounts.push(AccountSetup {
            id,
            number: (8_000 + id).to_string(),
            name: role.to_string(),
            kind: (*kind).into(),
            special: None,
            currency: None,
        });
    }
    let netsuite = NetSuite::open(None, &setup).expect("an embedded NetSuite");
    netsuite.set_clock(Arc::clone(clock));
    netsuite
}

/// The usual policy of these tests with an account for every role, and drawn options.
fn drawn(seed: u64, company: &Company, usual: &Policy) -> Policy {
    let known = usual.chart.iter().map(|(role, id)| (role, id.clone()));
    let extra = EXTRA.iter().zip(FIRST_EXTRA..);
    let extra = extra.map(|((role, _), id)| (*role, InternalId::new(id.to_string())));
    let drawn = anything(seed, company);
    Policy {
        chart: Chart::new(known.chain(extra)),
        options: drawn.options,
        start: drawn.start,
        suitetax: drawn.suitetax,
        ..usual.clone()
    }
}

/// A company whose every record is in NetSuite.
pub struct Posted {
    pub company: Company,
    pub house: House,
    pub netsuite: NetSuite,
    pub created: usize,
    /// The plan that was sent.
    pub plan: Plan,
    _folder: tempfile::TempDir,
}

/// Posts one company; says what is wrong, if anything is.
pub async fn post(spec: &CompanySpec) -> Result<Posted, String> {
    post_under(spec, spec.seed).await
}

/// The same under the policies that `draw` draws.
pub async fn post_under(spec: &CompanySpec, draw: u64) -> Result<Posted, String> {
    let company = generate(spec);
    let clock: Arc<dyn Clock> = Arc::new(Virtual::new());
    let key = Key::new();
    let netsuite = netsuite(&key, &clock);
    let transport = Arc::new(InProcess(netsuite.router()));
    let client = key.client(transport, BASE, &clock, 4);
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = ledger_of_at(&company.world, folder.path(), Arc::clone(&clock));
    let known = Window::new(UnixTime(0), company.now).expect("a window");
    ledger.cover(Resource::BalanceTransactions.as_str(), known).expect("it is noted");
    ledger.put_balance_at_start(&balance_at_start(&company)).expect("it is kept");
    drop(ledger);
    let mut house = House::open(folder.path(), client, clock).await;
    house.policy = drawn(draw, &company, &policy(&house.references));
    derive_all(&mut house.ledger, &house.policy);
    let built = house.plan();
    let pushed = house.send(&built.changes).await;
    if let Some(refused) = pushed.failed.iter().find(|unsent| unsent.held_by.is_none()) {
        return Err(format!("NetSuite refused {}: {}", refused.external_id, refused.reason));
    }
    if !pushed.failed.is_empty() || !pushed.in_doubt.is_empty() {
        return Err(format!("{:?} {:?}", pushed.failed, pushed.in_doubt));
    }
    let plan = Plan {
        schema_version: SCHEMA_VERSION,
        made_by: "tieout".into(),
        made_at: company.now,
        basis: Basis {
            stripe_account: house.policy.account.clone(),
            livemode: false,
            netsuite_account: "TSTDRV_TESTS".into(),
            ledger_id: String::new(),
            posted_digest: String::new(),
            policy_digest: String::new(),
            facts: String::new(),
        },
        zone: house.policy.zone.to_string(),
        changes: built.changes,
        blocked: built.blocked,
        exceptions: Vec::new(),
        accepted: Vec::new(),
        unchanged_count: built.unchanged.len(),
        left_count: 0,
        digest: String::new(),
    };
    Ok(Posted { company, house, netsuite, created: pushed.created, plan, _folder: folder })
}

/// The same, and whether the books are the core's.
async fn rehearse(spec: &CompanySpec) -> Result<usize, String> {
    let Posted { mut house, created, plan, _folder, .. } = post(spec).await?;
    let posted = read_back(&house).await;
    if let Some(wrong) = first_difference(&house, &posted) {
        return Err(wrong);
    }
    the_plan_said_so(&plan, &posted)?;
    let dated_before = house.policy.start.and_then(|start| {
        let rows = house.ledger.records().expect("records").into_iter();
        rows.filter_map(|row| row.posted)
            .find(|body| body.header().is_some_and(|header| header.tran_date < start))
    });
    if let Some(body) = dated_before {
        return Err(format!("{} is older than the books", body.external_id()));
    }
    derive_all(&mut house.ledger, &house.policy);
    let again = house.plan();
    match again.changes.first() {
        Some(change) => Err(format!("a second plan has {}", change.external_id)),
        None => Ok(created),
    }
}

/// Every transaction as NetSuite has it.
async fn read_back(house: &House) -> Vec<InNetSuite> {
    let base = house.policy.books.base_currency;
    let reader =
        Reader { client: &house.client, references: &house.references, base_currency: base };
    let rows = house.ledger.records().expect("records").into_iter();
    let ids: Vec<InternalId> = rows
        .filter(|row| row.kind.is_transaction() && row.desired.is_some())
        .filter_map(|row| row.internal_id)
        .collect();
    let posted = reader.posted(&ids).await.expect("records are read back");
    assert_eq!(posted.len(), ids.len(), "every record is there");
    posted
}

/// The accounts by their keys.
struct Keys;

impl AccountNames for Keys {
    fn name(&self, account: &InternalId) -> String {
        account.to_string()
    }

    fn period(&self, _: &InternalId) -> Option<String> {
        None
    }
}

/// What the plan's report said would move, account by account, is what moved: it was signed for that.
fn the_plan_said_so(plan: &Plan, posted: &[InNetSuite]) -> Result<(), String> {
    let mut report = Collected::default();
    let proofs = rows(plan, &Keys, &mut report);
    if !proofs.is_empty() {
        return Err(format!("debits are not credits: {proofs:?}"));
    }
    foots(&report);
    let mut said: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (head, rows) in report.sections.iter().filter(|(head, _)| head.key.starts_with("effect-")) {
        let currency = head.currency.expect("a currency").to_string();
        for row in rows.iter().filter(|row| row.weight == Weight::Item) {
            let minor = |cell: &Cell| match cell {
                Cell::Amount(amount) => amount.minor(),
                _ => 0,
            };
            let Cell::Text(account) = &row.cells[0] else { continue };
            *said.entry((currency.clone(), account.to_string())).or_default() +=
                minor(&row.cells[1]) - minor(&row.cells[2]);
        }
    }
    let mut moved: BTreeMap<(String, String), i64> = BTreeMap::new();
    for record in posted {
        for line in &record.gl {
            let key = (record.currency.to_string(), line.account.to_string());
            *moved.entry(key).or_default() += line.foreign.minor();
        }
    }
    said.retain(|_, sum| *sum != 0);
    moved.retain(|_, sum| *sum != 0);
    if said == moved { Ok(()) } else { Err(format!("the plan: {said:?}, NetSuite: {moved:?}")) }
}

/// The first record whose lines in NetSuite's own general ledger are not the core's postings, account
/// by account, in its own currency. What NetSuite adds by itself is a gain or loss of exchange, which
/// moves the base currency alone.
fn first_difference(house: &House, posted: &[InNetSuite]) -> Option<String> {
    let rows = house.ledger.records().expect("records").into_iter();
    let records: BTreeMap<InternalId, Record> =
        rows.filter_map(|row| Some((row.internal_id?, row.desired?))).collect();
    posted.iter().find_map(|posted| {
        let record = &records[&posted.internal_id];
        let mut ours: BTreeMap<&str, i64> = BTreeMap::new();
        let postings = postings(&record.body, &house.policy.chart).expect("accounts");
        for posting in &postings {
            *ours.entry(posting.account.as_str()).or_default() += posting.amount.minor();
        }
        let mut theirs: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &posted.gl {
            *theirs.entry(line.account.as_str()).or_default() += line.foreign.minor();
        }
        ours.retain(|_, sum| *sum != 0);
        theirs.retain(|_, sum| *sum != 0);
        let id = record.external_id();
        (ours != theirs).then(|| format!("{id}: we say {ours:?}, NetSuite {theirs:?}"))
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// A record that NetSuite refuses stops a payout; one that it books otherwise than we say is a wrong
/// cent in somebody's books.
#[test]
fn netsuite_takes_every_record_and_keeps_the_books_that_the_core_says() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().expect("a runtime")
    };
    let run = |spec: &CompanySpec| runtime().block_on(rehearse(spec));
    let (first, count) =
        (number("TIEOUT_SEED").unwrap_or(1), number("TIEOUT_COMPANIES").unwrap_or(COMPANIES));
    let mut posted = 0;
    for seed in first..first + count {
        let spec = CompanySpec::everything(CHARGES, seed);
        match run(&spec) {
            Ok(created) => posted += created,
            Err(wrong) => {
                let smallest = shrink(&spec, |spec| run(spec).is_err());
                let wrong = run(&smallest).err().unwrap_or(wrong);
                panic!("seed {seed}: {wrong}");
            }
        }
    }
    assert!(posted > 0, "nothing was posted at all");
}
