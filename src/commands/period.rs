//! `tieout period`: months that are done, and what came for them afterwards.

use std::collections::BTreeMap;

use anyhow::bail;

use crate::calendar::{Month, PostingPeriod, start_of_day};
use crate::cli::{Global, ListFormat, PeriodArgs, PeriodCommand};
use crate::commands::books;
use crate::commands::exit::{Guarded, Outcome, UsageError};
use crate::commands::session::Session;
use crate::commands::sign;
use crate::ledger::{Ledger, RecordRow, SignOff, Signer};
use crate::netsuite::references::References;
use crate::plan::{diff, place};
use crate::report::period::{self, Act, Became, Late, Locked, Shown, Signed, Standing};
use crate::report::plan::counted;
use crate::ui::{Ui, width};

pub(super) fn run(args: &PeriodArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    match &args.what {
        PeriodCommand::Lock { month, by } => {
            lock(&session, *month, by.by.as_deref(), ui)?;
        }
        PeriodCommand::Unlock { month, reason, by } => {
            let _lock = session.lock("period", ui)?;
            let mut ledger = session.existing_ledger()?;
            let reason = reason.trim();
            if reason.is_empty() {
                bail!(UsageError("--reason is empty".into()));
            }
            if !ledger.unlock_period(*month, reason, by.by.as_deref())? {
                bail!(UsageError(format!("{month} is not locked")));
            }
            ui.say(&format!("{month} is open again: the next plan may post to it."));
        }
        PeriodCommand::Sign { month, role, note, by } => {
            sign::sign(&session, *month, *role, (by.by.as_deref(), note.as_deref()), ui)?;
        }
        PeriodCommand::List { output } => list(&session, output.output, ui)?,
        PeriodCommand::Show { month, output } => show(&session, *month, output.output, ui)?,
    }
    Ok(Outcome::Done)
}

fn lock(session: &Session, month: Month, by: Option<&str>, ui: Ui) -> anyhow::Result<()> {
    let _lock = session.lock("period", ui)?;
    let mut ledger = session.existing_ledger()?;
    let end = start_of_day(month.next().first_day(), session.settings.stripe.zone);
    if session.clock.now() < end {
        bail!(Guarded(format!(
            "{month} is not over: it can be locked once its last day has passed"
        )));
    }
    if ledger.movements_known_until()? < end {
        ui.warn(&format!(
            "Stripe's facts were not pulled up to the end of {month}: what comes later is adjusted in \
             the first open period."
        ));
    }
    if !ledger.lock_period(month, by)? {
        bail!(UsageError(format!("{month} is locked already")));
    }
    let left =
        late(&ledger, month, None)?.iter().filter(|one| one.became == Became::ToCome).count();
    if left > 0 {
        let count = counted(left, "record");
        ui.warn(&format!("{count} of {month} not posted yet: the next plan places them later."));
    }
    ui.say(&format!("{month} is locked."));
    Ok(())
}

fn list(session: &Session, format: ListFormat, ui: Ui) -> anyhow::Result<()> {
    let ledger = session.existing_ledger()?;
    let mut months: BTreeMap<Month, Standing> =
        ledger.signed_months()?.into_iter().map(|month| (month, Standing::of(month))).collect();
    for lock in ledger.period_locks()? {
        let own = months.entry(lock.month).or_insert_with(|| Standing::of(lock.month));
        own.locked = Some(Locked { at: lock.locked, by: lock.by });
    }
    for (month, own) in &mut months {
        own.signed = last_of_each(&ledger.sign_offs(*month)?);
    }
    let months: Vec<Standing> = months.into_values().collect();
    let zone = session.settings.stripe.zone;
    ui.data(&match format {
        ListFormat::Table => period::list_text(&months, zone, width()),
        ListFormat::Json => period::list_json(&months),
        ListFormat::Csv => period::list_csv(&months, zone)?,
    })?;
    Ok(())
}

fn show(session: &Session, month: Month, format: ListFormat, ui: Ui) -> anyhow::Result<()> {
    let ledger = session.existing_ledger()?;
    let references = books::kept(&ledger)?;
    let acts = ledger.period_acts(month)?.into_iter().map(|act| Act {
        at: act.at,
        what: if act.kind == "period_locked" { "locked".into() } else { "unlocked".into() },
        by: act.by,
        reason: act.reason,
    });
    let signed = ledger.sign_offs(month)?;
    let acts = acts.chain(signed.iter().flat_map(acts_of)).collect();
    let locked = ledger.locked_months()?.contains(&month);
    let late = late(&ledger, month, references.as_ref())?;
    let shown = Shown::new(month, locked, last_of_each(&signed), acts, late);
    ui.data(&match format {
        ListFormat::Table => period::text(&shown, session.settings.stripe.zone, width()),
        ListFormat::Json => period::json(&shown),
        ListFormat::Csv => period::csv(&shown)?,
    })?;
    Ok(())
}

/// The signature that stands last in each role, void or not.
fn last_of_each(signed: &[SignOff]) -> Vec<Signed> {
    let last = |role| signed.iter().rfind(|own| own.role == role);
    let told = |own: &SignOff| Signed {
        role: own.role.word(),
        by: own.by.clone(),
        at: own.at,
        reading: own.reading,
        figures: own.figures.clone(),
        void_since: own.void.map(|(at, _)| at),
    };
    Signer::ALL.into_iter().filter_map(last).map(told).collect()
}

fn acts_of(own: &SignOff) -> Vec<Act> {
    let what = format!("signed as {} (reading {})", own.role.word(), own.reading);
    let mut acts =
        vec![Act { at: own.at, what, by: Some(own.by.clone()), reason: own.note.clone() }];
    acts.extend(own.void.map(|(at, reading)| Act {
        at,
        what: format!("found other figures in reading {reading}: what {} signed is void", own.by),
        by: None,
        reason: None,
    }));
    acts
}

/// What belongs to the month and is not in it as it is wanted now.
fn late(
    ledger: &Ledger,
    month: Month,
    references: Option<&References>,
) -> anyhow::Result<Vec<Late>> {
    let periods = references.map(|references| references.periods.as_slice()).unwrap_or_default();
    let rows = ledger.records_about(month)?;
    Ok(rows.iter().filter_map(|row| late_of(row, month, periods)).collect())
}

fn late_of(row: &RecordRow, month: Month, periods: &[PostingPeriod]) -> Option<Late> {
    let body = row.posted.as_ref().or_else(|| row.desired.as_ref().map(|record| &record.body))?;
    let header = body.header()?;
    let moved_from = place::original_date(&header.memo).filter(|date| month.contains(*date));
    let is_posted = row.posted.is_some() && row.internal_id.is_some();
    let mut different = Vec::new();
    let (became, belongs_to) = match (moved_from, is_posted) {
        (Some(date), true) => (Became::Adjusted, date),
        (None, true) if month.contains(header.tran_date) => {
            let desired = row.desired.as_ref();
            different = match desired {
                Some(record) => diff::differing(&record.body, body),
                None => vec!["Stripe's facts no longer ask for it".into()],
            };
            if different.is_empty() {
                return None;
            }
            (Became::Left, header.tran_date)
        }
        (_, false) if month.contains(header.tran_date) => (Became::ToCome, header.tran_date),
        _ => return None,
    };
    let period = header.posting_period.as_ref().filter(|_| is_posted).and_then(|id| {
        periods.iter().find(|period| period.id == *id).map(|period| period.name.clone())
    });
    let sources = row.desired.iter().flat_map(|record| &record.sources);
    Some(Late {
        became,
        belongs_to,
        posted_on: is_posted.then_some(header.tran_date),
        period,
        kind: row.kind,
        record: row.external_id.clone(),
        amount: body.total(),
        sources: sources.map(ToString::to_string).collect(),
        different,
    })
}
