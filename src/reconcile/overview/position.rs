//! One currency of the Stripe balance on accounts of NetSuite: of one Stripe account, or of several that
//! keep it on the same ones. NetSuite has one balance of an account, so what leads from there to Stripe
//! is said over all whose records are on it.
//!
//! That balance is made of what each close saw of its own records, and of the records that nobody made.
//! What one close saw of another's records is no figure here: a record in one currency may settle in
//! another, which only the ledger that made it knows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Account;
use crate::ids::InternalId;
use crate::money::{Amount, Currency};
use crate::reconcile::close::brief::{Brief, Other, Sides};
use crate::reconcile::close::facts::{Source, What};
use crate::reconcile::close::sheet::Proof;
use crate::reconcile::close::stand::Why;

/// Of each record of others: its day and amount.
type Others = BTreeMap<(InternalId, InternalId), (NaiveDate, Amount)>;

type Member<'a> = (usize, &'a Brief, &'a Sides);

pub struct Position<'a> {
    pub currency: Currency,
    /// Places among the overview's accounts.
    pub members: Vec<usize>,
    /// Their names.
    pub name: String,
    /// What each of them has, by when its NetSuite was read.
    sides: Vec<Member<'a>>,
    /// What NetSuite shows, by account.
    pub netsuite: BTreeMap<InternalId, Amount>,
    /// Records that none of the accounts made, or one of which there is no close.
    pub others: Others,
    /// Those of which there is no close.
    pub makers: BTreeSet<usize>,
}

/// The positions of `currency`, in the order of their first members.
pub(super) fn of(accounts: &[Account], currency: Currency) -> Vec<Position<'_>> {
    let own: Vec<Member> = accounts
        .iter()
        .enumerate()
        .filter_map(|(place, account)| {
            let brief = account.brief()?;
            Some((place, brief, brief.currencies.get(&currency)?))
        })
        .collect();
    let shares = |one: usize, other: usize| {
        let (a, b) = (&own[one], &own[other]);
        accounts[a.0].books == accounts[b.0].books
            && a.2.own.keys().any(|account| b.2.own.contains_key(account))
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for next in 0..own.len() {
        let (with, mut without): (Vec<_>, Vec<_>) = std::mem::take(&mut groups)
            .into_iter()
            .partition(|group: &Vec<usize>| group.iter().any(|member| shares(*member, next)));
        let mut joined: Vec<usize> = with.into_iter().flatten().chain([next]).collect();
        joined.sort_unstable();
        without.push(joined);
        groups = without;
    }
    groups.sort();
    let of_group = |group: Vec<usize>| {
        let members: Vec<Member> = group.iter().map(|place| own[*place]).collect();
        let names: Vec<&str> =
            members.iter().map(|(place, ..)| accounts[*place].name.as_str()).collect();
        Position::new(accounts, currency, names.join(" + "), members)
    };
    groups.into_iter().map(of_group).filter(|position| !position.is_empty()).collect()
}

impl<'a> Position<'a> {
    fn new(
        accounts: &[Account],
        currency: Currency,
        name: String,
        mut sides: Vec<Member<'a>>,
    ) -> Self {
        let members = sides.iter().map(|(place, ..)| *place).collect();
        // Of a record that several saw, the last word counts.
        sides.sort_by_key(|(_, brief, _)| brief.read_at);
        let mut netsuite: BTreeMap<InternalId, Amount> = BTreeMap::new();
        let mut add = |account: &InternalId, amount: Amount| {
            *netsuite.entry(account.clone()).or_insert(Amount::zero(currency)) += amount;
        };
        let mut others = Others::new();
        for (.., own) in &sides {
            for (account, amount) in &own.own {
                add(account, *amount);
            }
            for other in own.others.iter().filter(|other| !is_made(other, accounts)) {
                let key = (other.account.clone(), other.internal_id.clone());
                others.insert(key, (other.date, other.amount));
            }
        }
        for ((account, _), (_, amount)) in &others {
            add(account, *amount);
        }
        let makers = sides.iter().flat_map(|(.., own)| &own.others);
        let makers = makers.filter(|other| !is_made(other, accounts));
        let makers = makers.filter_map(|other| other.maker).collect();
        Self { currency, members, name, sides, netsuite, others, makers }
    }

    /// Whether nothing is here, of which nothing needs to be said.
    fn is_empty(&self) -> bool {
        self.sides.iter().all(|(.., own)| own.is_empty()) && self.others.is_empty()
    }

    /// Whether it is of several Stripe accounts.
    pub fn is_shared(&self) -> bool {
        self.members.len() > 1
    }

    /// What NetSuite calls an account.
    pub fn account<'b>(&'b self, account: &'b InternalId) -> &'b str {
        let name = self.sides.iter().find_map(|(_, brief, _)| brief.accounts.get(account));
        name.map_or(account.as_str(), String::as_str)
    }

    pub fn netsuite_balance(&self) -> Amount {
        self.netsuite.values().fold(self.zero(), |sum, amount| sum + *amount)
    }

    pub fn by_others(&self) -> Amount {
        self.others.values().fold(self.zero(), |sum, (_, amount)| sum + *amount)
    }

    pub fn before(&self) -> Amount {
        self.sides.iter().fold(self.zero(), |sum, (.., own)| sum + own.before)
    }

    pub fn timing(&self) -> BTreeMap<Why, (usize, Amount)> {
        self.merged(|own| &own.timing)
    }

    /// What records that are not as they were posted explain of the difference.
    pub fn errors(&self) -> BTreeMap<What, (usize, Amount)> {
        self.merged(|own| &own.errors)
    }

    /// Stripe's balance, from the books.
    pub fn from_books(&self) -> Amount {
        let timing = self.timing();
        let between = timing.values().fold(self.before(), |sum, (_, amount)| sum + *amount);
        self.netsuite_balance() - self.by_others() + between
    }

    /// Stripe's balance, from its movements.
    pub fn stripe(&self) -> Amount {
        self.sides.iter().fold(self.zero(), |sum, (.., own)| sum + own.closing())
    }

    pub fn difference(&self) -> Amount {
        self.stripe() - self.from_books()
    }

    /// Why NetSuite's side proves nothing, where it was not read for all of them.
    pub fn unread(&self) -> Option<String> {
        let mut briefs = self.sides.iter().map(|(_, brief, _)| brief);
        briefs.any(|brief| brief.source == Source::Posted).then(|| {
            "NetSuite was not read: its side is what was posted, as the ledger has it.".to_owned()
        })
    }

    /// The period's last day, which is the same for all.
    pub fn last_day(&self) -> NaiveDate {
        let days = self.sides.iter().map(|(_, brief, _)| brief.period.last_day);
        days.max().unwrap_or(NaiveDate::MAX)
    }

    /// Unique in the overview.
    pub fn key(&self) -> String {
        format!("overview-bridge-{}-{}", self.currency, self.name.replace(" + ", "+"))
    }

    pub fn title(&self) -> String {
        let together = if self.is_shared() { " together" } else { "" };
        format!("General ledger to Stripe balance, {}{together}, {}", self.name, self.currency)
    }

    pub fn proof(&self) -> Proof {
        Proof {
            section: self.key(),
            title: self.title(),
            currency: self.currency,
            difference: self.difference(),
            unproven: self.unread(),
        }
    }

    fn merged<K: Ord + Copy>(
        &self,
        of: impl Fn(&Sides) -> &BTreeMap<K, (usize, Amount)>,
    ) -> BTreeMap<K, (usize, Amount)> {
        let mut all: BTreeMap<K, (usize, Amount)> = BTreeMap::new();
        for (key, (count, amount)) in self.sides.iter().flat_map(|(.., own)| of(own)) {
            let sum = all.entry(*key).or_insert((0, self.zero()));
            sum.0 += count;
            sum.1 += *amount;
        }
        all
    }

    const fn zero(&self) -> Amount {
        Amount::zero(self.currency)
    }
}

/// Whether a record that is strange to one account is another's, whose close has it.
pub(super) fn is_made(other: &Other, accounts: &[Account]) -> bool {
    let maker = other.maker.and_then(|place| accounts[place].brief());
    maker.is_some_and(|brief| brief.accounts.contains_key(&other.account))
}

#[cfg(test)]
mod tests {
    use super::super::{Account, End, Overview, State};
    use super::*;
    use crate::calendar::{UnixTime, Window};
    use crate::reconcile::close::brief::Open;
    use crate::reconcile::close::facts::Period;

    const FUNDS: &str = "119";

    fn usd(minor: i64) -> Amount {
        Amount::new(minor, Currency::USD)
    }

    fn day() -> NaiveDate {
        "2026-10-31".parse().unwrap()
    }

    /// An account whose records come to `own` on undeposited funds, as Stripe's balance does, and which
    /// saw others there: the record, who made it, how much.
    fn account(
        name: &str,
        read_at: i64,
        own: i64,
        others: &[(&str, Option<usize>, i64)],
    ) -> Account {
        let others = others.iter().map(|(id, maker, amount)| Other {
            account: FUNDS.into(),
            internal_id: (*id).into(),
            date: day(),
            amount: usd(*amount),
            maker: *maker,
        });
        let sides = Sides {
            opening: usd(0),
            activity: usd(own),
            payouts: usd(0),
            reported: None,
            own: BTreeMap::from([(FUNDS.into(), usd(own))]),
            others: others.collect(),
            before: usd(0),
            timing: BTreeMap::new(),
            errors: BTreeMap::new(),
            open: Open::none(Currency::USD),
        };
        let window = Window { since: UnixTime(0), until: UnixTime(1) };
        let period = Period { name: "2026-10".into(), window, first_day: day(), last_day: day() };
        let brief = Brief {
            company: None,
            stripe_account: format!("acct_{name}"),
            netsuite_account: "1".into(),
            zone: crate::calendar::Zone::UTC,
            period,
            read_at: UnixTime(read_at),
            source: Source::NetSuite,
            proofs: Vec::new(),
            exceptions: BTreeMap::new(),
            currencies: BTreeMap::from([(Currency::USD, sides)]),
            accounts: BTreeMap::from([(FUNDS.into(), "119 Undeposited Funds".into())]),
        };
        Account {
            name: name.into(),
            stripe_account: None,
            netsuite_account: None,
            books: "1".into(),
            exit_code: 0,
            meaning: "",
            standing: None,
            end: End::Closed { brief: Box::new(brief), report: format!("{name}/close.html") },
        }
    }

    fn figures(position: &Position) -> [i64; 4] {
        [
            position.netsuite_balance(),
            position.by_others(),
            position.stripe(),
            position.difference(),
        ]
        .map(Amount::minor)
    }

    /// A journal by hand that both see would be taken off twice, and each other's payments with it.
    #[test]
    fn a_shared_balance_is_bridged_once_over_all_who_share_it() {
        let us = account("us", 1, 10_000, &[("7", Some(1), 500), ("9", None, 77)]);
        let eu = account("eu", 2, 500, &[("1", Some(0), 10_000), ("9", None, 77)]);
        let mut apart = account("apart", 3, 42, &[]);
        apart.books = "2".into();
        let accounts = [us, eu, apart];
        let found = of(&accounts, Currency::USD);
        assert_eq!(
            found.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(),
            ["us + eu", "apart"]
        );
        assert_eq!(figures(&found[0]), [10_577, 77, 10_500, 0]);
        assert_eq!(figures(&found[1]), [42, 0, 42, 0], "the same number, in another NetSuite");
    }

    /// One that has nothing left on the account did not look for others there, and a record that settles in
    /// dollars may be one in euros to somebody else: neither is NetSuite's balance as the other sees it.
    #[test]
    fn what_one_close_saw_of_another_is_no_figure() {
        let us = account("us", 9, 10_000, &[]);
        let mut eu = account("eu", 2, 500, &[("1", Some(0), 9_100)]);
        let End::Closed { brief, .. } = &mut eu.end else { panic!("it is closed") };
        let mut euros = brief.currencies[&Currency::USD].clone();
        euros.own.clear();
        euros.activity = usd(0);
        brief.currencies.insert("EUR".parse().unwrap(), euros);
        let accounts = [us, eu];
        let found = of(&accounts, Currency::USD);
        assert_eq!(figures(&found[0]), [10_500, 0, 10_500, 0]);
        assert_eq!(of(&accounts, "EUR".parse().unwrap()).len(), 0, "it has nothing in euros");
    }

    /// The records of an account without a close would vanish from the bridge of the other, or be called
    /// its own.
    #[test]
    fn records_of_an_account_that_failed_stay_records_of_others() {
        let us = account("us", 1, 10_000, &[("7", Some(1), 500)]);
        let mut eu = account("eu", 2, 500, &[]);
        eu.end = End::Failed { why: "locked".into(), fix: None };
        let overview = Overview { period: "2026-10".into(), accounts: vec![us, eu] };
        let found = of(&overview.accounts, Currency::USD);
        assert_eq!(figures(&found[0]), [10_500, 500, 10_000, 0]);
        assert_eq!(found[0].makers, BTreeSet::from([1]));
        assert_eq!([0, 1].map(|place| overview.state(place)), [State::Ties, State::Failed]);
    }
}
