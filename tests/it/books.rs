//! Derivation over generated companies: what must hold whatever happened to them. The seed is
//! printed when something does not; `TIEOUT_COMPANIES` makes more of them than the usual few.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;
use std::rc::Rc;

use tieout::accounting::balance_transaction::{Class, classify, fees};
use tieout::accounting::chart::Role;
use tieout::accounting::policy::{
    CreditNotes, CustomerBalance, NegativeInvoices, Options, Uncollectible, UnpaidOnCancel,
};
use tieout::accounting::posting::postings;
use tieout::accounting::{Derived, Policy, derive};
use tieout::ids::{CustomerId, ExternalId, InternalId};
use tieout::ledger::{CaseKey, Ledger};
use tieout::money::{Amount, Currency};
use tieout::netsuite::record::{Apply, Body};
use tieout::sandbox::company::{Company, CompanySpec, Stories, generate};
use tieout::stripe::objects::{
    self, BalanceTransaction, CreditNote, CustomerBalanceTransaction, Invoice, InvoiceStatus,
    Payout,
};

use crate::support::draw::drawn_policy;
use crate::support::{derive_all, ledger_of, policy};

/// Companies in a usual run; each has about this many charges.
const COMPANIES: u64 = 25;
const CHARGES: usize = 60;

/// A company derived under a policy, as one test sees it.
struct Derivation {
    seed: u64,
    policy: Policy,
    company: Rc<Company>,
    ledger: Rc<Ledger>,
    cases: Vec<(CaseKey, Derived)>,
    /// Keeps the ledger's file.
    folder: Rc<tempfile::TempDir>,
}

fn derived(seed: u64, company: Company) -> Derivation {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = ledger_of(&company.world, folder.path());
    let policy = policy();
    let cases = derive_all(&mut ledger, &policy);
    let (company, ledger) = (Rc::new(company), Rc::new(ledger));
    Derivation { seed, policy, company, ledger, cases, folder: Rc::new(folder) }
}

impl Derivation {
    /// The same company under another policy. Nothing was posted, so nothing of the first is kept.
    fn under(&self, policy: Policy) -> Self {
        let payouts = self.ledger.payout_index().expect("payouts");
        let again = |(key, _): &(CaseKey, Derived)| {
            let case = self.ledger.load_case(key, &payouts, &policy).expect("a case");
            (key.clone(), derive(&case, &policy))
        };
        let cases = self.cases.iter().map(again).collect();
        let (company, ledger, folder) =
            (self.company.clone(), self.ledger.clone(), self.folder.clone());
        Self { seed: self.seed, policy, company, ledger, cases, folder }
    }

    /// What to run again when something does not hold.
    fn told(&self) -> String {
        format!("seed {} under {:?}", self.seed, self.policy.options)
    }
}

/// The demo company, then drawn ones; each under the default policy and under a drawn one.
fn companies() -> impl Iterator<Item = Derivation> {
    let count = std::env::var("TIEOUT_COMPANIES").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("TIEOUT_SEED").ok().and_then(|text| text.parse().ok());
    let (first, count) = (first.unwrap_or(1), count.unwrap_or(COMPANIES));
    let demo = std::iter::once_with(|| derived(0, generate(&CompanySpec::demo())));
    // Every other one lives the rare stories too; how money reaches the bank is as usual in all.
    let spec = |seed: u64| CompanySpec {
        stories: if seed.is_multiple_of(2) { Stories::Everything } else { Stories::Drawn },
        ..CompanySpec::with_charges(CHARGES, seed)
    };
    let drawn = (first..first + count).map(move |seed| derived(seed, generate(&spec(seed))));
    demo.chain(drawn).flat_map(|company| {
        let other = company.under(drawn_policy(company.seed));
        [company, other]
    })
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
        open_credits_are_the_customers_balance(&derivation);
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
            assert!(is_told, "{}, {key}: {exception:#?}", derivation.told());
        }
    }
}

/// I1: debits equal credits, per currency.
fn every_record_balances(derivation: &Derivation) {
    let policy = &derivation.policy;
    for (_, derived) in &derivation.cases {
        for record in &derived.records {
            let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
            for posting in postings(&record.body, &policy.chart).expect("accounts") {
                *sums.entry(posting.amount.currency()).or_default() += posting.amount.minor();
            }
            let is_balanced = sums.values().all(|sum| *sum == 0);
            assert!(is_balanced, "{}: {}", derivation.told(), record.external_id());
        }
    }
}

/// I2: a deposit's total is its payout, and the payout is the net of what it is made of.
fn every_deposit_is_its_payout(derivation: &Derivation) {
    let seed = derivation.told();
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
                assert_eq!(total, payout.amount(), "{seed}: {id}");
                let arrival = payout.arrival_date.utc_date();
                assert_eq!(deposit.header.tran_date, arrival, "{seed}: {id}");
            }
            (Some(Body::JournalEntry(_)), _) => {
                assert!(payout.amount().is_negative(), "{seed}: {id}");
            }
            (None, "in_transit" | "pending") => {}
            (found, status) => panic!("{seed}: {id} is {status}, its record {found:?}"),
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
                assert!(is_first, "{}: {source} made two records", derivation.told());
            }
        }
    }
    for movement in views::<BalanceTransaction>(derivation, "balance_transaction") {
        let class = derivation.policy.class(&movement);
        let makes_record = !matches!(class, Class::Line(_) | Class::Payout | Class::PayoutReturned);
        let has_record = made.contains(movement.id.as_str());
        assert_eq!(has_record, makes_record, "{}: {}", derivation.told(), movement.id);
    }
}

/// I5: what NetSuite shows as open is what Stripe still expects, but for what was paid elsewhere and
/// for what policy books later or closes earlier.
fn every_invoice_is_as_open_as_in_stripe(derivation: &Derivation) {
    let mut applied: BTreeMap<ExternalId, i64> = BTreeMap::new();
    let records = records(derivation);
    for body in records.values() {
        for apply in applications(body) {
            let doc = apply.doc.external().expect("ours").clone();
            *applied.entry(doc).or_default() += apply.amount.minor();
        }
    }
    let told: BTreeSet<&str> =
        derivation.company.stories.iter().map(|note| note.id.as_str()).collect();
    let notes = views::<CreditNote>(derivation, "credit_note");
    for invoice in views::<Invoice>(derivation, "invoice") {
        let id = ExternalId::new(invoice.id.as_str()).expect("an id");
        let Some(Body::Invoice(posted)) = records.get(&id) else { continue };
        let total: i64 = posted.lines.iter().map(|line| line.total().minor()).sum();
        let open = total - applied.get(&id).copied().unwrap_or_default();
        let options = derivation.policy.options;
        let abandoned = options.unpaid_on_cancel != UnpaidOnCancel::KeepOpen
            && invoice.is_no_longer_collected();
        let expected = match invoice.status {
            InvoiceStatus::Open if abandoned => 0..=0,
            InvoiceStatus::Open => still_open(&invoice, &notes, options),
            InvoiceStatus::Uncollectible if options.uncollectible == Uncollectible::KeepOpen => {
                0..=invoice.total().minor()
            }
            InvoiceStatus::Paid if told.contains(invoice.id.as_str()) && open > 0 => continue,
            _ => 0..=0,
        };
        let (told, status) = (derivation.told(), invoice.status);
        assert!(expected.contains(&open), "{told}: {id} ({status:?}): {open}, not {expected:?}");
    }
}

/// What NetSuite may show as open on an open invoice: more than Stripe by what policy books only when
/// it is paid, its credit notes and (as far as it was credit) what the balance paid.
fn still_open(invoice: &Invoice, notes: &[CreditNote], options: Options) -> RangeInclusive<i64> {
    let remaining = invoice.amount_remaining().minor();
    let own = notes.iter().filter(|note| note.invoice() == Some(&invoice.id) && !note.is_void());
    let waiting: i64 = match options.credit_notes {
        CreditNotes::AtIssue => 0,
        CreditNotes::AfterPayment => own.map(|note| note.pre_payment_amount().minor()).sum(),
    };
    let is_unbooked = options.customer_balance == CustomerBalance::OnUse
        || options.negative_invoices == NegativeInvoices::ZeroLines;
    let used = (invoice.ending_balance() - invoice.starting_balance()).minor();
    let used = if is_unbooked { used.max(0) } else { 0 };
    let least = remaining + waiting;
    least..=least + used
}

fn applications(body: &Body) -> &[Apply] {
    match body {
        Body::CreditMemo(record) => &record.apply,
        Body::CustomerPayment(record) => &record.apply,
        Body::CustomerRefund(record) => &record.apply,
        _ => &[],
    }
}

/// I7: a customer's open credits are the credit on their balance in Stripe, where credits are booked
/// as they arise. A customer who owes on the balance has none.
fn open_credits_are_the_customers_balance(derivation: &Derivation) {
    let options = derivation.policy.options;
    let books_all = options.customer_balance == CustomerBalance::OpenCredits
        && options.negative_invoices == NegativeInvoices::CreditMemo;
    if !books_all {
        return;
    }
    let changes = views::<CustomerBalanceTransaction>(derivation, "customer_balance_transaction");
    let notes = views::<CreditNote>(derivation, "credit_note");
    for (key, derived) in &derivation.cases {
        let CaseKey::Customer(customer) = key else { continue };
        let mut balances: BTreeMap<Currency, i64> = BTreeMap::new();
        let own = |id: Option<&CustomerId>| id.is_some_and(|id| id.as_str() == customer);
        for change in changes.iter().filter(|change| own(change.customer.as_ref())) {
            *balances.entry(change.currency).or_default() += change.amount().minor();
        }
        let mut credits = open_credits(derived);
        // Given back outside Stripe: open until a person settles it, and no credit to use.
        for note in notes.iter().filter(|note| own(note.customer.as_ref()) && !note.is_void()) {
            *credits.entry(note.currency).or_default() -= note.out_of_band_amount().minor();
        }
        for balance in balances.values_mut() {
            *balance = (-*balance).max(0);
        }
        credits.retain(|_, open| *open != 0);
        balances.retain(|_, balance| *balance != 0);
        assert_eq!(credits, balances, "{}: {customer}", derivation.told());
    }
}

/// What is left of memos, and of payments that were more than their invoices.
fn open_credits(derived: &Derived) -> BTreeMap<Currency, i64> {
    let mut used: BTreeMap<&ExternalId, i64> = BTreeMap::new();
    for record in &derived.records {
        for apply in applications(&record.body) {
            let spent = match record.body {
                Body::CustomerRefund(_) => apply.doc.external().expect("ours"),
                _ => record.external_id(),
            };
            *used.entry(spent).or_default() += apply.amount.minor();
        }
    }
    let mut open: BTreeMap<Currency, i64> = BTreeMap::new();
    for record in &derived.records {
        let spent = used.get(record.external_id()).copied().unwrap_or_default();
        let total = match &record.body {
            Body::CreditMemo(_) => record.body.total().expect("it has lines"),
            Body::CustomerPayment(payment) if !payment.apply.is_empty() => payment.payment,
            _ => continue,
        };
        *open.entry(total.currency()).or_default() += total.minor() - spent;
    }
    open
}

/// I6: each deposit books what Stripe charged on what it pays out, and nothing else: so every fee is
/// in exactly one deposit.
fn every_fee_is_booked(derivation: &Derivation) {
    let chart = &derivation.policy.chart;
    let fee_accounts: Vec<&InternalId> =
        Role::FEES.iter().filter_map(|role| chart.account(*role).ok()).collect();
    let mut charged_of: BTreeMap<String, i64> = BTreeMap::new();
    for (payout, movement) in members(derivation) {
        let is_fee = matches!(classify(&movement), Class::Line(role) if role.is_fee());
        let own = if is_fee { -movement.amount().minor() } else { 0 };
        let parts = fees(&movement).expect("it adds up").into_iter();
        let parts = parts.filter(|(role, _)| role.is_fee()).map(|(_, amount)| amount.minor());
        *charged_of.entry(payout).or_default() += own + parts.sum::<i64>();
    }
    let mut seen: HashSet<String> = HashSet::new();
    for record in derivation.cases.iter().flat_map(|(_, derived)| &derived.records) {
        let Body::Deposit(deposit) = &record.body else { continue };
        let signed = deposit.cashback.iter().map(|line| (line, 1));
        let booked: i64 = signed
            .chain(deposit.other.iter().map(|line| (line, -1)))
            .filter(|(line, _)| fee_accounts.contains(&&line.account))
            .map(|(line, sign)| sign * line.amount.minor())
            .sum();
        // The payout itself, and the negative ones whose members join it.
        let payouts = record.sources.iter().filter(|id| id.as_str().starts_with("po_"));
        let mut charged = 0;
        for payout in payouts {
            let is_first = seen.insert(payout.to_string());
            assert!(is_first, "{}: {payout} is in two deposits", derivation.told());
            charged += charged_of.get(payout.as_str()).copied().unwrap_or_default();
        }
        assert_eq!(booked, charged, "{}: {}", derivation.told(), record.external_id());
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
