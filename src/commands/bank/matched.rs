//! `tieout bank match`, `pair` and `unpair`: which line is which payout's, and a person's word for it.

use anyhow::bail;

use super::side::side;
use crate::calendar::Month;
use crate::cli::Format;
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::session::Session;
use crate::ledger::{Ledger, LedgerError};
use crate::reconcile::bank::{Sent, rows};
use crate::report::matched::{Matched, json, text};
use crate::stripe::objects::Payout;
use crate::ui::{Ui, width};

pub(super) fn show(
    session: &Session,
    month: Month,
    format: Format,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let ledger = session.existing_ledger()?;
    let sent = sent(session, &ledger)?;
    let days = month.first_day()..=month.last_day();
    let Some(side) = side(&ledger, &session.settings.bank, &sent, &days)? else {
        bail!(UsageError(
            "no bank statement was imported\nhint: `tieout bank import FILE` reads one".into()
        ));
    };
    let rows = rows(&sent, &side, &days);
    let matched: Vec<Matched> = rows.iter().map(|row| Matched::new(row, &sent, &side)).collect();
    ui.data(&match format {
        Format::Table => text(&matched, width()),
        Format::Json => json(month, &matched),
    })?;
    let is_wrong = rows.iter().any(|row| row.state.is_wrong());
    Ok(if is_wrong { Outcome::OutOfTolerance } else { Outcome::Done })
}

pub(super) fn pair(
    session: &Session,
    line: &str,
    payout: &str,
    by: Option<&str>,
    ui: Ui,
) -> anyhow::Result<()> {
    let _lock = session.lock("bank pair", ui)?;
    let mut ledger = session.existing_ledger()?;
    if ledger.view::<Payout>(payout)?.is_none() {
        bail!(UsageError(format!(
            "there is no payout {payout} in the ledger\nhint: `tieout bank match` shows the payouts"
        )));
    }
    if !ledger.pair(line, payout, by)? {
        bail!(UsageError(format!(
            "there is no bank line {line}\nhint: `tieout bank list --period MONTH` shows the ids"
        )));
    }
    ui.say(&format!("{line} is of {payout}."));
    Ok(())
}

pub(super) fn unpair(
    session: &Session,
    line: &str,
    by: Option<&str>,
    ui: Ui,
) -> anyhow::Result<()> {
    let _lock = session.lock("bank unpair", ui)?;
    if !session.existing_ledger()?.unpair(line, by)? {
        bail!(UsageError(format!("nobody said which payout {line} is of")));
    }
    ui.say(&format!("{line} is looked for among all payouts again."));
    Ok(())
}

/// Every payout of the ledger.
fn sent(session: &Session, ledger: &Ledger) -> anyhow::Result<Vec<Sent>> {
    let mut payouts: Vec<Payout> = Vec::new();
    ledger.for_each_view::<Payout, LedgerError>("payout", |payout| {
        payouts.push(payout);
        Ok(())
    })?;
    let zone = session.settings.stripe.zone;
    let mut sent = Vec::with_capacity(payouts.len());
    for payout in payouts {
        let back = match &payout.failure_balance_transaction {
            Some(id) => ledger.created(id.as_str())?,
            None => None,
        };
        sent.push(Sent {
            id: payout.id.to_string(),
            amount: payout.amount(),
            arrival: payout.arrival_date.utc_date(),
            status: payout.status.clone(),
            returned: back.map(|instant| instant.date_in(zone)),
            trace: payout.trace().map(str::to_owned),
            descriptor: payout.statement_descriptor.clone(),
        });
    }
    Ok(sent)
}
