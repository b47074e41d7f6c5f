//! What the ledger knows of bank statements, as the matching takes it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::name_of;
use crate::bank::Chain;
use crate::calendar::{day_after, day_before};
use crate::config::BankSettings;
use crate::ledger::{KeptLine, KeptStatement, Ledger};
use crate::reconcile::bank::{Account, BankSide, Line, Sent, around, in_words, stretches};
use crate::reconcile::close::Facts;

/// The statements around some days, with the lines that can be of these payouts; `None` where none was
/// ever imported.
pub(super) fn side(
    ledger: &Ledger,
    settings: &BankSettings,
    sent: &[Sent],
    days: &RangeInclusive<NaiveDate>,
) -> anyhow::Result<Option<BankSide>> {
    let statements = ledger.bank_statements()?;
    if statements.is_empty() {
        return Ok(None);
    }
    let accounts = accounts(settings, &statements);
    let place = |account: &str| {
        let name = name_of(settings, account);
        accounts
            .iter()
            .position(|known| known.name == name)
            .expect("every statement has its account")
    };
    let margin = around(days);
    let line = |kept: KeptLine| {
        let entry = kept.line.entry;
        let words = [entry.references.join(" "), entry.text].join(" ");
        Line {
            id: kept.line.id,
            account: place(&kept.account),
            booked: entry.booked,
            amount: entry.amount,
            words: words.trim().to_owned(),
        }
    };
    let lines = ledger.bank_lines(*margin.start(), *margin.end())?.into_iter().map(line).collect();
    let pairs = ledger.bank_pairs()?.into_iter().map(|pair| (pair.line, pair.payout)).collect();
    let (days, texts) = (settings.days, settings.text.clone());
    Ok(Some(BankSide { days, texts, accounts, lines, pairs }.of_payouts(sent)))
}

/// Puts what the statements say into the facts of a close, beside each payout too.
pub fn add_statements(
    facts: &mut Facts,
    ledger: &Ledger,
    settings: &BankSettings,
) -> anyhow::Result<()> {
    let days = facts.period.first_day..=facts.period.last_day;
    let sent = facts.sent();
    facts.bank = side(ledger, settings, &sent, &days)?;
    if let Some(side) = &facts.bank {
        let words = in_words(&sent, side, &days);
        for (payout, words) in facts.payouts.iter_mut().zip(words) {
            payout.bank_line = words;
        }
    }
    Ok(())
}

/// The accounts that were configured, and those that only statements name.
fn accounts(settings: &BankSettings, statements: &[KeptStatement]) -> Vec<Account> {
    let mut by_name: BTreeMap<String, Vec<&KeptStatement>> = BTreeMap::new();
    for statement in statements {
        by_name.entry(name_of(settings, &statement.account)).or_default().push(statement);
    }
    let of = |(name, own): (String, Vec<&KeptStatement>)| {
        let known = settings.accounts.iter().find(|account| account.name == name);
        let currency = own[0].currency;
        Account {
            payouts: known.map_or_else(|| vec![currency], |account| account.payouts.clone()),
            stretches: covered(&own),
            name,
            currency,
        }
    };
    by_name.into_iter().map(of).collect()
}

/// The days that statements have without a hole.
fn covered(statements: &[&KeptStatement]) -> Vec<(NaiveDate, NaiveDate)> {
    let days = statements.iter().map(|one| (one.first_day, one.last_day));
    stretches(days, |first, last| {
        let (before, after) = (day_before(first), day_after(last));
        let closing = statements.iter().find(|one| one.last_day == before);
        let opening = statements.iter().find(|one| one.first_day == after);
        let chain = Chain::between(
            (before, closing.and_then(|one| one.closing)),
            (after, opening.and_then(|one| one.opening)),
        );
        !matches!(chain, Chain::Days(..))
    })
}
