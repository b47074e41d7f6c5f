//! The same companies under different policies: however finely and through whichever account the
//! books are kept, they say the same about income, tax, fees and the bank, and the Stripe balance
//! is where the seats of its movements say.

use std::collections::{BTreeMap, BTreeSet};

use tieout::accounting::balance_transaction::{Class, classify, fees};
use tieout::accounting::policy::{Grain, Options, Settlement};
use tieout::accounting::posting::postings;
use tieout::accounting::seat::{Charged, Schedule, Sources};
use tieout::accounting::{Policy, Record, Rule};
use tieout::calendar::{UnixTime, Window};
use tieout::ledger::Ledger;
use tieout::money::Currency;
use tieout::netsuite::record::Body;
use tieout::sandbox::company::{Company, CompanySpec, generate};
use tieout::stripe::objects::{self, BalanceTransaction, Charge, Dispute, Payout, Refund};
use tieout::stripe::resource::Resource;

use crate::support::{self, derive_all, ledger_of};

/// Companies in a usual run; `TIEOUT_COMPANIES` makes more.
const COMPANIES: u64 = 2;
const CHARGES: usize = 40;

/// Every settlement with every grain of fees and of sales.
fn variants() -> Vec<Policy> {
    let mut variants = Vec::new();
    for settlement in [Settlement::Deposit, Settlement::Clearing] {
        for fees in [Grain::Detail, Grain::Daily, Grain::Payout] {
            for sales in [Grain::Detail, Grain::Daily, Grain::Payout] {
                let mut policy = support::policy();
                policy.options = Options { settlement, ..Options::default() };
                policy.options.granularity.fees = Some(fees);
                policy.options.granularity.sales = sales;
                variants.push(policy);
            }
        }
    }
    variants
}

/// What a policy makes of a company: the records that would be posted.
struct Books {
    policy: Policy,
    name: String,
    records: Vec<Record>,
}

impl Books {
    fn of(company: &Company, policy: Policy, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ledger = ledger_of(&company.world, folder.path());
        // Everything up to the end is known, so that the last day is over.
        let known = Window::new(UnixTime(0), company.now).expect("a window");
        ledger.cover(Resource::BalanceTransactions.as_str(), known).expect("it is noted");
        derive_all(&mut ledger, &policy);
        let options = &policy.options;
        let name = format!("seed {seed}, {:?}, {:?}", options.settlement, options.granularity);
        Self { records: to_post(&ledger), policy, name }
    }

    fn has(&self, id: &str) -> bool {
        self.records.iter().any(|record| record.external_id().as_str() == id)
    }

    /// Whether the payout is booked: by a deposit or a journal of its own.
    fn holds(&self, payout: &str) -> bool {
        self.deposits(payout) || self.records_of(payout).any(|rule| rule == Rule::PayoutNegative)
    }

    /// Whether what the payout was made of is booked with it. What a negative one was made of is on the
    /// next deposit, which may not have come yet (seed 20102).
    fn deposits(&self, payout: &str) -> bool {
        self.records_of(payout)
            .any(|rule| matches!(rule, Rule::PayoutPaid | Rule::PayoutTransferred))
    }

    /// The rules of the deposits and journals that name the payout.
    fn records_of(&self, payout: &str) -> impl Iterator<Item = Rule> {
        let own = self.records.iter().filter(move |record| {
            matches!(record.body, Body::Deposit(_) | Body::JournalEntry(_))
                && record.sources.iter().any(|source| source.as_str() == payout)
        });
        own.map(|record| record.rule)
    }

    /// The sum of each account, in the currency that its postings settled in.
    fn balances(&self) -> BTreeMap<(String, Currency), i64> {
        let mut sums: BTreeMap<(String, Currency), i64> = BTreeMap::new();
        for record in &self.records {
            for posting in postings(&record.body, &self.policy.chart).expect("accounts") {
                let account = posting.account.to_string();
                let is_cash = account == "UF" || account.starts_with("STRIPEBAL");
                let amount = match record.settles {
                    Some(settled) if is_cash => settled,
                    _ => posting.amount,
                };
                *sums.entry((account, amount.currency())).or_default() += amount.minor();
            }
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }
}

/// The desired records that no summary stands for.
fn to_post(ledger: &Ledger) -> Vec<Record> {
    let rows = ledger.records_to_plan().expect("records");
    rows.into_iter().filter_map(|row| row.desired).collect()
}

#[test]
fn however_the_books_are_kept_they_say_the_same_and_lead_to_the_stripe_balance() {
    for (seed, company) in companies() {
        let facts = Facts::of(&company);
        let usual = Books::of(&company, support::policy(), seed);
        let expected = comparable(&usual, &facts);
        for books in
            variants().into_iter().map(|policy| Books::of(&company, policy, seed)).chain([usual])
        {
            every_record_balances(&books);
            nothing_is_posted_twice(&books);
            assert_eq!(comparable(&books, &facts), expected, "{}", books.name);
            assert_eq!(held(&books), stripe_balance(&books, &facts), "{}", books.name);
        }
    }
}

fn companies() -> impl Iterator<Item = (u64, Company)> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("TIEOUT_SEED").unwrap_or(1);
    let count = number("TIEOUT_COMPANIES").unwrap_or(COMPANIES);
    (first..first + count).map(|seed| (seed, generate(&CompanySpec::with_charges(CHARGES, seed))))
}

fn every_record_balances(books: &Books) {
    for record in &books.records {
        let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
        for posting in postings(&record.body, &books.policy.chart).expect("accounts") {
            *sums.entry(posting.amount.currency()).or_default() += posting.amount.minor();
        }
        let is_balanced = sums.values().all(|sum| *sum == 0);
        assert!(is_balanced, "{}: {}", books.name, record.external_id());
    }
}

/// I3: what a movement charges is in one journal, or on its payout's deposit; never in two.
fn nothing_is_posted_twice(books: &Books) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for record in books.records.iter().filter(|record| record.rule.sums_up()) {
        let Body::JournalEntry(_) = record.body else { continue };
        for member in &record.sources {
            assert!(seen.insert(member.as_str()), "{}: {member:?} twice", books.name);
        }
    }
}

/// I10: what must not depend on the policy: everything but where the Stripe balance is kept. What is
/// charged on a payout that did not arrive is on a later deposit under one policy and on its own day
/// under another, so it is added where it still waits.
fn comparable(books: &Books, facts: &Facts) -> BTreeMap<(String, Currency), i64> {
    let mut sums = books.balances();
    for movement in &facts.movements {
        if facts.waits_for_deposit(movement, books) {
            for (account, amount) in Facts::charges(movement, &books.policy) {
                *sums.entry((account, movement.currency)).or_default() += amount;
            }
        }
        if facts.waits_for_payout(movement, books) {
            let receivable = ("AR".to_owned(), movement.currency);
            *sums.entry(receivable).or_default() -= movement.amount().minor();
        }
    }
    sums.retain(|(account, _), sum| {
        *sum != 0 && account != "UF" && !account.starts_with("STRIPEBAL")
    });
    sums
}

/// What undeposited funds and the Stripe balance account hold together, by settlement currency.
fn held(books: &Books) -> BTreeMap<Currency, i64> {
    let mut held: BTreeMap<Currency, i64> = BTreeMap::new();
    for ((account, currency), sum) in books.balances() {
        if account == "UF" || account.starts_with("STRIPEBAL") {
            *held.entry(currency).or_default() += sum;
        }
    }
    held.retain(|_, sum| *sum != 0);
    held
}

/// I4: Stripe's balance, but for what is charged where a deposit is still to come, and for payouts
/// that left Stripe and are not in the bank account yet.
fn stripe_balance(books: &Books, facts: &Facts) -> BTreeMap<Currency, i64> {
    let mut expected: BTreeMap<Currency, i64> = BTreeMap::new();
    for movement in &facts.movements {
        let mut amount = movement.net().minor();
        if facts.waits_for_deposit(movement, books) {
            amount +=
                Facts::charges(movement, &books.policy).iter().map(|(_, sum)| sum).sum::<i64>();
        }
        if facts.waits_for_payout(movement, books) {
            amount -= movement.amount().minor();
        }
        if classify(movement) == Class::Payout && !facts.is_booked(movement, books) {
            amount = 0;
        }
        *expected.entry(movement.currency).or_default() += amount;
    }
    expected.retain(|_, sum| *sum != 0);
    expected
}

/// What Stripe says of a company, as far as seats need it.
struct Facts {
    movements: Vec<BalanceTransaction>,
    sources: Sources,
    schedules: BTreeMap<Currency, Schedule>,
    payout_of: BTreeMap<String, String>,
    came_back: BTreeSet<String>,
}

impl Facts {
    fn of(company: &Company) -> Self {
        let payouts: Vec<Payout> = views(company, "payout");
        let currencies: BTreeSet<Currency> = payouts.iter().map(|p| p.currency).collect();
        let schedule = |currency| Schedule::new(payouts.iter().filter(|p| p.currency == currency));
        let world = &company.world;
        let members = world.objects("balance_transaction").iter().filter_map(|stored| {
            Some((stored.id.clone(), world.payout_of(&stored.id)?.to_owned()))
        });
        Self {
            movements: views(company, "balance_transaction"),
            sources: Sources::new(
                views::<Charge>(company, "charge"),
                views::<Refund>(company, "refund"),
                views::<Dispute>(company, "dispute"),
            ),
            schedules: currencies.into_iter().map(|c| (c, schedule(c))).collect(),
            payout_of: members.collect(),
            came_back: payouts
                .iter()
                .filter(|payout| matches!(payout.status.as_str(), "failed" | "canceled"))
                .map(|payout| payout.id.to_string())
                .collect(),
        }
    }

    /// Whether what a movement charges is for a deposit that is not made yet.
    fn waits_for_deposit(&self, movement: &BalanceTransaction, books: &Books) -> bool {
        let none = Schedule::default();
        let schedule = self.schedules.get(&movement.currency).unwrap_or(&none);
        let seat = books.policy.seat(movement, self.sources.presented(movement), schedule);
        let payout = self.payout_of.get(movement.id.as_str());
        let is_made = payout.is_some_and(|payout| books.deposits(payout));
        match seat.charged {
            Charged::OnDeposit => !is_made,
            Charged::OnPayoutJournal => !payout.is_some_and(|id| books.has(&format!("{id}-fees"))),
            Charged::OnDay => false,
        }
    }

    /// Whether a payment or refund is summed up with its payout, which is not known yet.
    fn waits_for_payout(&self, movement: &BalanceTransaction, books: &Books) -> bool {
        let base = books.policy.books.base_currency;
        books.policy.options.granularity.sales == Grain::Payout
            && classify(movement).has_record()
            && movement.currency == base
            && self.sources.presented(movement) == base
            && !self.payout_of.contains_key(movement.id.as_str())
    }

    /// Whether a payout has left the books too, or came back before it ever did.
    fn is_booked(&self, payout: &BalanceTransaction, books: &Books) -> bool {
        payout.source.as_ref().is_some_and(|payout| {
            books.holds(payout.as_str()) || self.came_back.contains(payout.as_str())
        })
    }

    /// Account and amount of each part that a movement charges.
    fn charges(movement: &BalanceTransaction, policy: &Policy) -> Vec<(String, i64)> {
        let account = |role| policy.chart.account(role).expect("an account").to_string();
        let mut parts: Vec<(String, i64)> = fees(movement)
            .expect("it adds up")
            .into_iter()
            .map(|(role, amount)| (account(role), amount.minor()))
            .collect();
        if let Class::Line(role) = classify(movement) {
            parts.push((account(role), -movement.amount().minor()));
        }
        parts
    }
}

fn views<T: serde::de::DeserializeOwned>(company: &Company, kind: &str) -> Vec<T> {
    let objects = company.world.objects(kind);
    objects.iter().map(|stored| objects::read(stored.json.as_bytes()).expect("a view")).collect()
}
