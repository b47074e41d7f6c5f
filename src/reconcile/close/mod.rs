//! The reports of a period, each a pure function of [`Facts`].
//!
//! `facts` is where to start reading, then `stand` for what was where at the end of a day, and `sheet`
//! for the one shape that all reports have.

mod age;
mod ar;
mod bank;
pub mod books;
mod bridge;
pub mod brief;
mod changes;
pub mod cover;
mod customer_balance;
mod cutoff;
mod deviations;
mod disputes;
pub mod documents;
mod exports;
pub mod facts;
mod fees;
mod figures;
mod movement;
mod movements;
mod open_items;
mod others;
mod payouts;
mod refunds;
mod rollforward;
pub mod sheet;
pub mod stand;
mod tax;
mod word;

use std::collections::BTreeSet;

use chrono::NaiveDate;

pub use age::Bucket;
pub use facts::{FACTS_VERSION, Facts};
pub use figures::{Figures, fingerprint};

use crate::accounting::chart::Role;
use crate::ids::InternalId;
use crate::money::Currency;
use sheet::{Proof, Sink, Writer};

/// The reports of a period, in the order in which they explain one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    Cover,
    Rollforward,
    Bridge,
    Payouts,
    Bank,
    OpenItems,
    Ar,
    Fees,
    Disputes,
    Refunds,
    Cutoff,
    CustomerBalance,
    Tax,
    Changes,
    /// Accounts with both balances, as reconciliation tools import them.
    Balances,
    /// What is between the two, one by one, for the same tools.
    Items,
    /// Balance transactions under the column names of Stripe's own reports.
    Transactions,
}

impl Report {
    pub const ALL: [Self; 17] = [
        Self::Cover,
        Self::Rollforward,
        Self::Bridge,
        Self::Payouts,
        Self::Bank,
        Self::OpenItems,
        Self::Ar,
        Self::Fees,
        Self::Disputes,
        Self::Refunds,
        Self::Cutoff,
        Self::CustomerBalance,
        Self::Tax,
        Self::Changes,
        Self::Balances,
        Self::Items,
        Self::Transactions,
    ];

    /// A stable word, as it is typed and as its files are called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Rollforward => "rollforward",
            Self::Bridge => "bridge",
            Self::Payouts => "payouts",
            Self::Bank => "bank",
            Self::OpenItems => "open-items",
            Self::Ar => "ar",
            Self::Fees => "fees",
            Self::Disputes => "disputes",
            Self::Refunds => "refunds",
            Self::Cutoff => "cutoff",
            Self::CustomerBalance => "customer-balance",
            Self::Tax => "tax",
            Self::Changes => "changes",
            Self::Balances => "balances",
            Self::Items => "items",
            Self::Transactions => "transactions",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Cover => "What this rests on",
            Self::Rollforward => "Stripe balance, rolled forward",
            Self::Bridge => "From the general ledger to the Stripe balance",
            Self::Payouts => "Payouts and deposits",
            Self::Bank => "Payouts, deposits and the bank",
            Self::OpenItems => "Open items by age",
            Self::Ar => "Accounts receivable",
            Self::Fees => "Fees",
            Self::Disputes => "Disputes",
            Self::Refunds => "Refunds",
            Self::Cutoff => "Cut-off",
            Self::CustomerBalance => "Customers' credit",
            Self::Tax => "Tax collected",
            Self::Changes => "What was posted into the period",
            Self::Balances => "Account balances",
            Self::Items => "Reconciling items",
            Self::Transactions => "Balance transactions",
        }
    }

    /// Whether it is for other programs, and says nothing that another report does not.
    pub const fn is_export(self) -> bool {
        matches!(self, Self::Balances | Self::Items | Self::Transactions)
    }

    /// Makes the report; gives what it proves.
    pub fn write(self, facts: &Facts, sink: &mut dyn Sink) -> Vec<Proof> {
        let mut writer = Writer::new(sink);
        let out = &mut writer;
        match self {
            Self::Cover => cover::cover(facts, &|| proofs(facts), out),
            Self::Rollforward => rollforward::rollforward(facts, out),
            Self::Bridge => bridge::bridge(facts, out),
            Self::Payouts => payouts::payouts(facts, out),
            Self::Bank => bank::bank(facts, out),
            Self::OpenItems => open_items::open_items(facts, out),
            Self::Ar => ar::ar(facts, out),
            Self::Fees => fees::fees(facts, out),
            Self::Disputes => disputes::disputes(facts, out),
            Self::Refunds => refunds::refunds(facts, out),
            Self::Cutoff => cutoff::cutoff(facts, out),
            Self::CustomerBalance => customer_balance::customer_balance(facts, out),
            Self::Tax => tax::tax(facts, out),
            Self::Changes => changes::changes(facts, out),
            Self::Balances => exports::balances(facts, out),
            Self::Items => exports::items(facts, out),
            Self::Transactions => exports::transactions(facts, out),
        }
        writer.proofs
    }
}

/// Makes the cover, where the other reports are made: `proven` is what they prove. Gives what it proves
/// itself, as [`Report::write`] does.
pub fn write_cover(facts: &Facts, proven: &[(Report, Proof)], sink: &mut dyn Sink) -> Vec<Proof> {
    let mut writer = Writer::new(sink);
    cover::cover(facts, &|| proven.to_vec(), &mut writer);
    writer.proofs
}

/// What the reports prove, without their rows.
pub fn proofs(facts: &Facts) -> Vec<(Report, Proof)> {
    let reports = Report::ALL.into_iter().filter(|report| *report != Report::Cover);
    let of = |report: Report| report.write(facts, &mut Nothing).into_iter();
    reports.flat_map(|report| of(report).map(move |proof| (report, proof))).collect()
}

/// Takes a report for its proofs, and keeps nothing of it.
pub struct Nothing;

impl Sink for Nothing {
    fn wants_items(&self) -> bool {
        false
    }
    fn begin(&mut self, _: &sheet::Head) {}
    fn row(&mut self, _: &sheet::Row) {}
    fn end(&mut self, _: usize) {}
}

impl Facts {
    /// Every settlement currency, in order.
    fn currencies(&self) -> BTreeSet<Currency> {
        let money = self.money();
        let on_money = self.balances.iter().filter(|own| money.contains(&&own.account));
        let others = self.by_others.iter().filter(|other| money.contains(&&other.account));
        let stands = |side: &facts::StripeSide| {
            let reported = side.reported.is_some_and(|reported| !reported.is_zero());
            reported || !side.opening.is_zero() || !side.outside.is_zero()
        };
        self.stripe
            .iter()
            .filter(|(_, side)| stands(side))
            .map(|(currency, _)| *currency)
            .chain(self.movements.currencies())
            .chain(on_money.map(|own| own.currency))
            .chain(others.map(|other| other.amount.currency()))
            .collect()
    }

    /// How many exceptions ask for a person: those that nobody has accepted for now.
    pub fn asking(&self) -> usize {
        self.exceptions.iter().filter(|open| open.accepted_until.is_none()).count()
    }

    /// The accounts that stand for the Stripe balance.
    fn money(&self) -> Vec<&InternalId> {
        self.accounts_of(|role| matches!(role, Role::UndepositedFunds | Role::StripeBalance(_)))
    }

    fn fee_accounts(&self) -> Vec<&InternalId> {
        self.accounts_of(Role::is_fee)
    }

    fn receivable(&self) -> Vec<&InternalId> {
        self.accounts_of(|role| role == Role::AccountsReceivable)
    }

    /// Every day up to the period's end.
    fn up_to_end(&self) -> std::ops::RangeInclusive<NaiveDate> {
        NaiveDate::MIN..=self.period.last_day
    }

    fn in_period(&self) -> std::ops::RangeInclusive<NaiveDate> {
        self.period.first_day..=self.period.last_day
    }

    /// Why figures of NetSuite prove nothing, where it was not read.
    fn unread(&self) -> Option<String> {
        (self.source == facts::Source::Posted).then(|| {
            "NetSuite was not read: its side is what was posted, as the ledger has it.".to_owned()
        })
    }
}
