//! Derivation over generated companies: what must hold whatever happened to them. The seed is
//! printed when something does not; `TIEOUT_COMPANIES` makes more of them than the usual few.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tieout::accounting::Derived;
use tieout::accounting::balance_transaction::{Class, classify};
use tieout::accounting::posting::postings;
use tieout::ids::ExternalId;
use tieout::ledger::{CaseKey, Ledger};
use tieout::money::{Amount, Currency};
use tieout::netsuite::record::Body;
use tieout::sandbox::company::{Company, CompanySpec, generate};
use tieout::stripe::objects::{self, BalanceTransaction, Invoice, InvoiceStatus, Payout};

use crate::support::{derive_all, ledger_of, policy};

/// Companies in a usual run; each has about this many charges.
const COMPANIES: u64 = 25;
const CHARGES: usize = 60;

/// A company derived, as one test sees it.
struct Derivation {
    seed: u64,
    company: Company,
    ledger: Ledger,
    cases: Vec<(CaseKey, Derived)>,
    _folder: tempfile::TempDir,
}

fn derived(seed: u64, company: Company) -> Derivation {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = ledger_of(&company.world, folder.path());
    let cases = derive_all(&mut ledger, &policy());
    Derivation { seed, company, ledger, cases, _folder: folder }
}

/// The demo company, then drawn ones.
fn companies() -> impl Iterator<Item = Derivation> {
    let count = std::env::var("TIEOUT_COMPANIES").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("TIEOUT_SEED").ok().and_then(|text| text.parse().ok());
    let (first, count) = (first.unwrap_or(1), count.unwrap_or(COMPANIES));
    let demo = std::iter::once_with(|| derived(0, generate(&CompanySpec::demo())));
    demo.chain(
        (first..first + count)
            .map(|seed| derived(seed, generate(&CompanySpec::with_charges(CHARGES, seed)))),
    )
}

#[test]
fn every_company_keeps_the_invariants() {
    for derivation in companies() {
        no_exception_outside_the_story(&derivation);
        every_record_balances(&derivation);
        every_deposit_is_its_payout(&derivation);
        every_movement_has_one_place(&derivation);
        every_invoice_is_as_open_as_in_stripe(&derivation);
        every_fee_is_booked(&derivation);
    }
}

fn no_exception_outside_the_story(derivation: &Derivation) {
    let told: BTreeSet<&str> = derivation
        .company
        .stories
        .iter()
        .filter(|note| note.expected_exception)
        .map(|note| note.id.as_str())
        .collect();
    for (key, derived) in &derivation.cases {
        for exception in &derived.exceptions {
            let is_told = told.contains(exception.subject.as_str());
            assert!(is_told, "seed {}, {key}: {exception:#?}", derivation.seed);
        }
    }
}

/// I1: debits equal credits, per currency.
fn every_record_balances(derivation: &Derivation) {
    let policy = policy();
    for (_, derived) in &derivation.cases {
        for record in &derived.records {
            let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
            for posting in postings(&record.body, &policy.chart).expect("accounts") {
                *sums.entry(posting.amount.currency()).or_default() += posting.amount.minor();
            }
            let is_balanced = sums.values().all(|sum| *sum == 0);
            assert!(is_balanced, "seed {}: {}", derivation.seed, record.external_id());
        }
    }
}

/// I2: a deposit's total is its payout, and the payout is the net of what it is made of.
fn every_deposit_is_its_payout(derivation: &Derivation) {
    let seed = derivation.seed;
    let records = records(derivation);
    let mut net_of: BTreeMap<String, i64> = BTreeMap::new();
    for (payout, movement) in members(derivation) {
        *net_of.entry(payout).or_default() += movement.net().minor();
    }
    for payout in views::<Payout>(derivation, "payout") {
        if let Some(net) = net_of.get(payout.id.as_str()) {
            assert_eq!(*net, payout.amount().minor(), "seed {seed}: what {} is made of", payout.id);
        }
        let id = ExternalId::new(payout.id.as_str()).expect("an id");
        match (records.get(&id), payout.status.as_str()) {
            (Some(Body::Deposit(deposit)), _) => {
                let total = Body::Deposit(deposit.clone()).total();
                let total = total.unwrap_or(Amount::zero(payout.currency));
                assert_eq!(total, payout.amount(), "seed {seed}: {id}");
                let arrival = payout.arrival_date.utc_date();
                assert_eq!(deposit.header.tran_date, arrival, "seed {seed}: {id}");
            }
            (Some(Body::JournalEntry(_)), _) => {
                assert!(payout.amount().is_negative(), "seed {seed}: {id}");
            }
            (None, "in_transit" | "pending") => {}
            (found, status) => panic!("seed {seed}: {id} is {status}, its record {found:?}"),
        }
    }
}

/// I3: every balance transaction made a record, or is a line of its payout's deposit, or waits for
/// its payout; never two of these.
fn every_movement_has_one_place(derivation: &Derivation) {
    let mut made: HashSet<String> = HashSet::new();
    for (_, derived) in &derivation.cases {
        for record in derived.records.iter().filter(|record| record.settles.is_some()) {
            for source in record.sources.iter().filter(|id| id.as_str().starts_with("txn_")) {
                let is_first = made.insert(source.to_string());
                assert!(is_first, "seed {}: {source} made two records", derivation.seed);
            }
        }
    }
    for movement in views::<BalanceTransaction>(derivation, "balance_transaction") {
        let makes_record =
            !matches!(classify(&movement), Class::Line(_) | Class::Payout | Class::PayoutReturned);
        let has_record = made.contains(movement.id.as_str());
        assert_eq!(has_record, makes_record, "seed {}: {}", derivation.seed, movement.id);
    }
}

/// I5: what NetSuite shows as open is what Stripe still expects, but for what was paid elsewhere.
fn every_invoice_is_as_open_as_in_stripe(derivation: &Derivation) {
    let mut applied: BTreeMap<ExternalId, i64> = BTreeMap::new();
    let records = records(derivation);
    for body in records.values() {
        let list = match body {
            Body::CreditMemo(memo) => &memo.apply,
            Body::CustomerPayment(payment) => &payment.apply,
            _ => continue,
        };
        for apply in list {
            let doc = apply.doc.external().expect("ours").clone();
            *applied.entry(doc).or_default() += apply.amount.minor();
        }
    }
    let told: BTreeSet<&str> =
        derivation.company.stories.iter().map(|note| note.id.as_str()).collect();
    for invoice in views::<Invoice>(derivation, "invoice") {
        let id = ExternalId::new(invoice.id.as_str()).expect("an id");
        let Some(Body::Invoice(posted)) = records.get(&id) else { continue };
        let total: i64 = posted.lines.iter().map(|line| line.amount.minor()).sum();
        let open = total - applied.get(&id).copied().unwrap_or_default();
        let expected = match invoice.status {
            InvoiceStatus::Open => invoice.amount_remaining().minor(),
            InvoiceStatus::Paid if told.contains(invoice.id.as_str()) && open > 0 => continue,
            _ => 0,
        };
        assert_eq!(open, expected, "seed {}: {id} ({:?})", derivation.seed, invoice.status);
    }
}

/// I6: each deposit books what Stripe charged on what it pays out, and nothing else: so every fee is
/// in exactly one deposit.
fn every_fee_is_booked(derivation: &Derivation) {
    let fee_accounts = ["FEE", "STRFEE", "APPFEE", "DISPFEE", "NETFEE", "FXFEE", "FEETAX"];
    let mut charged_of: BTreeMap<String, i64> = BTreeMap::new();
    for (payout, movement) in members(derivation) {
        let is_fee = matches!(classify(&movement), Class::Line(_));
        let own = if is_fee { -movement.amount().minor() } else { 0 };
        *charged_of.entry(payout).or_default() += own + movement.fee().minor();
    }
    let mut seen: HashSet<String> = HashSet::new();
    for record in derivation.cases.iter().flat_map(|(_, derived)| &derived.records) {
        let Body::Deposit(deposit) = &record.body else { continue };
        let signed = deposit.cashback.iter().map(|line| (line, 1));
        let booked: i64 = signed
            .chain(deposit.other.iter().map(|line| (line, -1)))
            .filter(|(line, _)| fee_accounts.contains(&line.account.as_str()))
            .map(|(line, sign)| sign * line.amount.minor())
            .sum();
        // The payout itself, and the negative ones whose members join it.
        let payouts = record.sources.iter().filter(|id| id.as_str().starts_with("po_"));
        let mut charged = 0;
        for payout in payouts {
            let is_first = seen.insert(payout.to_string());
            assert!(is_first, "seed {}: {payout} is in two deposits", derivation.seed);
            charged += charged_of.get(payout.as_str()).copied().unwrap_or_default();
        }
        assert_eq!(booked, charged, "seed {}: {}", derivation.seed, record.external_id());
    }
}

/// Every balance transaction that was paid out, with its payout; the payouts' own are left out.
fn members(derivation: &Derivation) -> Vec<(String, BalanceTransaction)> {
    let payout_of = derivation.ledger.payouts_by_member().expect("members");
    views::<BalanceTransaction>(derivation, "balance_transaction")
        .into_iter()
        .filter(|movement| !matches!(classify(movement), Class::Payout))
        .filter_map(|movement| Some((payout_of.get(movement.id.as_str())?.clone(), movement)))
        .collect()
}

/// The same facts in another order give the same records.
#[test]
fn the_order_of_arrival_does_not_matter() {
    for seed in [3, 4] {
        let company = generate(&CompanySpec::with_charges(CHARGES, seed));
        let forwards = derived(seed, generate(&CompanySpec::with_charges(CHARGES, seed)));
        let folder = tempfile::tempdir().expect("a folder");
        let mut ledger = crate::support::ledger_of_reversed(&company.world, folder.path());
        derive_all(&mut ledger, &policy());
        let wanted = |ledger: &Ledger| {
            let rows = ledger.records().expect("records");
            rows.into_iter().map(|row| (row.external_id, row.desired)).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&forwards.ledger), wanted(&ledger), "seed {seed}");
    }
}

fn records(derivation: &Derivation) -> BTreeMap<ExternalId, Body> {
    derivation
        .cases
        .iter()
        .flat_map(|(_, derived)| &derived.records)
        .map(|record| (record.external_id().clone(), record.body.clone()))
        .collect()
}

fn views<T: serde::de::DeserializeOwned>(derivation: &Derivation, kind: &str) -> Vec<T> {
    let objects = derivation.company.world.objects(kind);
    objects.iter().map(|stored| objects::read(stored.json.as_bytes()).expect("a view")).collect()
}
