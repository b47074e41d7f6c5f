//! Postings: the debits and credits that a record causes in the general ledger, by NetSuite's own
//! rules (Oracle help, sections N1459773, N1460914, N1465926).
//!
//! Computed from the record alone, in the record's currency. Realized gains and losses, which
//! NetSuite posts by itself when rates differ, are not here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::accounting::chart::{Chart, NoAccount, Role};
use crate::ids::InternalId;
use crate::money::Amount;
use crate::netsuite::record::{Body, Deposit, ItemLine};

/// One debit (positive) or credit (negative).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Posting {
    pub account: InternalId,
    pub amount: Amount,
}

/// The postings of a record, netted per account (in order of account) except that a deposit shows
/// what leaves undeposited funds apart from what enters it. Zero postings are left out.
///
/// # Errors
/// A deposit needs the undeposited-funds account from the chart.
pub fn postings(body: &Body, chart: &Chart) -> Result<Vec<Posting>, NoAccount> {
    Ok(match body {
        Body::Customer(_) | Body::ServiceSaleItem(_) | Body::DiscountItem(_) => Vec::new(),
        Body::Invoice(record) => sales(&record.account, &record.lines, 1),
        Body::CreditMemo(record) => sales(&record.account, &record.lines, -1),
        Body::CustomerPayment(record) => net([
            (record.account.clone(), record.payment),
            (record.ar_account.clone(), -record.payment),
        ]),
        Body::CustomerRefund(record) => net(record.apply.iter().flat_map(|apply| {
            [(record.ar_account.clone(), apply.amount), (record.account.clone(), -apply.amount)]
        })),
        Body::Deposit(record) => deposit(record, chart.account(Role::UndepositedFunds)?),
        Body::JournalEntry(record) => {
            net(record.lines.iter().map(|line| (line.account.clone(), line.amount)))
        }
    })
}

/// Receivable against each line's and each tax's account; `sign` is 1 for an invoice, −1 for a credit
/// memo.
fn sales(receivable: &InternalId, lines: &[ItemLine], sign: i64) -> Vec<Posting> {
    let signed = |amount: Amount| if sign < 0 { -amount } else { amount };
    let parts = lines.iter().flat_map(|line| {
        let taxes = line.taxes.iter().map(|tax| (&tax.posts_to, tax.amount));
        std::iter::once((&line.posts_to, line.amount)).chain(taxes)
    });
    net(parts.flat_map(|(account, amount)| {
        [(receivable.clone(), signed(amount)), (account.clone(), -signed(amount))]
    }))
}

fn deposit(record: &Deposit, undeposited: &InternalId) -> Vec<Posting> {
    let bank = Body::Deposit(record.clone()).total();
    let payments = record.payments.iter().map(|line| line.amount);
    let (inflows, outflows): (Vec<_>, Vec<_>) = payments.partition(|amount| amount.is_positive());
    let mut all = net(bank
        .map(|total| (record.account.clone(), total))
        .into_iter()
        .chain(record.cashback.iter().map(|line| (line.account.clone(), line.amount)))
        .chain(record.other.iter().map(|line| (line.account.clone(), -line.amount))));
    for side in [outflows, inflows] {
        all.extend(net(side.into_iter().map(|amount| (undeposited.clone(), -amount))));
    }
    all
}

fn net(parts: impl IntoIterator<Item = (InternalId, Amount)>) -> Vec<Posting> {
    let mut sums: BTreeMap<(InternalId, crate::money::Currency), Amount> = BTreeMap::new();
    for (account, amount) in parts {
        sums.entry((account, amount.currency())).and_modify(|sum| *sum += amount).or_insert(amount);
    }
    sums.into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|((account, _), amount)| Posting { account, amount })
        .collect()
}
