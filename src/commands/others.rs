//! What others posted on the accounts that the statements are about, as items of a statement.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::chart::{Chart, Role};
use crate::ids::InternalId;
use crate::money::{Amount, Currency};
use crate::netsuite::balances::Entry;
use crate::reconcile::{Item, made_for};

/// Items named one by one; older ones are summed up in one more.
const ITEMS_MAX: usize = 200;

/// NetSuite's code of the records it makes by itself when a rate moved between an invoice and its
/// payment.
pub(super) const REVALUATION: &str = "FxReval";

/// Records on our accounts that this ledger did not make.
pub(super) struct Others {
    entries: Vec<Entry>,
    /// The Stripe accounts of the same configuration that some were made for.
    makers: BTreeMap<InternalId, String>,
}

/// The accounts that are compared whole. Not the banks: what else reaches them is no business of
/// this ledger, and payouts are compared one by one.
pub(super) fn accounts_compared(chart: &Chart) -> BTreeSet<InternalId> {
    let compared = |role: Role| {
        matches!(role, Role::UndepositedFunds | Role::AccountsReceivable | Role::StripeBalance(_))
            || role.is_fee()
    };
    chart.iter().filter(|(role, _)| compared(*role)).map(|(_, account)| account.clone()).collect()
}

impl Others {
    pub(super) fn new(mut entries: Vec<Entry>, makers: BTreeMap<InternalId, String>) -> Self {
        entries.sort_by(|a, b| (a.date, &a.internal_id).cmp(&(b.date, &b.internal_id)));
        Self { entries, makers }
    }

    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.entries.iter().map(|entry| entry.amount.currency())
    }

    /// What they come to on `accounts` in one currency, debits positive.
    pub(super) fn total(&self, accounts: &BTreeSet<InternalId>, currency: Currency) -> Amount {
        self.on(accounts, currency).fold(Amount::zero(currency), |sum, e| sum + e.amount)
    }

    /// The same, one by one.
    pub(super) fn items(&self, accounts: &BTreeSet<InternalId>, currency: Currency) -> Vec<Item> {
        self.itemise(&self.on(accounts, currency).collect::<Vec<_>>(), currency)
    }

    /// The same, with what NetSuite books by itself apart from what people and programs did.
    pub(super) fn items_apart(
        &self,
        accounts: &BTreeSet<InternalId>,
        currency: Currency,
    ) -> (Vec<Item>, Vec<Item>) {
        let (own, foreign): (Vec<_>, Vec<_>) =
            self.on(accounts, currency).partition(|entry| entry.kind == REVALUATION);
        (self.itemise(&own, currency), self.itemise(&foreign, currency))
    }

    fn on<'a>(
        &'a self,
        accounts: &'a BTreeSet<InternalId>,
        currency: Currency,
    ) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            entry.amount.currency() == currency && accounts.contains(&entry.account)
        })
    }

    fn itemise(&self, entries: &[&Entry], currency: Currency) -> Vec<Item> {
        let (older, shown) = entries.split_at(entries.len().saturating_sub(ITEMS_MAX));
        let mut items: Vec<Item> = shown.iter().map(|entry| self.item(entry)).collect();
        if let Some(last) = older.last() {
            items.push(Item {
                date: last.date,
                id: String::new(),
                label: format!("{} older records", older.len()),
                amount: older.iter().fold(Amount::zero(currency), |sum, e| sum + e.amount),
            });
        }
        items
    }

    fn item(&self, entry: &Entry) -> Item {
        let Item { date, id, label, amount } = item(entry);
        let label = made_for(label, self.makers.get(&entry.internal_id).map(String::as_str));
        Item { date, id, label, amount }
    }
}

pub(super) fn item(entry: &Entry) -> Item {
    let memo = entry.memo.as_deref().map(|memo| format!(", {memo}")).unwrap_or_default();
    let number = entry.number.as_deref().unwrap_or(entry.internal_id.as_str());
    let kind = match entry.kind.as_str() {
        REVALUATION => "NetSuite's own revaluation",
        "Journal" => "journal entry",
        other => other,
    };
    Item {
        date: entry.date,
        id: number.to_owned(),
        label: format!("{kind} (internal id {}){memo}", entry.internal_id),
        amount: entry.amount,
    }
}
