//! `tieout status`: what the ledger holds, and how the last runs ended.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::{Format, Global, StatusArgs};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ids::ExternalId;
use crate::ledger::{RecordState, Run};
use crate::money::grouped;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

/// Runs shown.
const RUNS: u32 = 5;

#[derive(Serialize)]
struct Status {
    schema_version: u32,
    ledger: String,
    objects: BTreeMap<String, u64>,
    /// What a pull left half done, and how to complete it.
    unfinished: Option<Half>,
    records: BTreeMap<String, usize>,
    /// Those that ask for a person now.
    exceptions: usize,
    /// Those that may stand for now, because a person said so.
    accepted_exceptions: usize,
    /// What is not in NetSuite though it was to be sent, or is there otherwise, with the reason.
    unsent: Vec<Reason>,
    runs: Vec<Summary>,
}

#[derive(Serialize)]
struct Half {
    what: String,
    fix: &'static str,
}

#[derive(Serialize)]
struct Reason {
    record: String,
    state: String,
    reason: String,
}

#[derive(Serialize)]
struct Summary {
    command: String,
    started: String,
    ended: Option<String>,
    exit_code: Option<u8>,
}

/// What the ledger holds, in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) records: usize,
    pub(super) unsent: usize,
    pub(super) exceptions: usize,
    pub(super) accepted: usize,
}

pub(super) fn run(args: &StatusArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    told(args, global, ui).map(|_| Outcome::Done)
}

/// Says it, and gives it in numbers.
pub(super) fn told(args: &StatusArgs, global: &Global, ui: Ui) -> anyhow::Result<Counts> {
    let session = Session::open(global)?;
    let ledger = session.existing_ledger()?;
    let mut records: BTreeMap<String, usize> = BTreeMap::new();
    let mut states: BTreeMap<ExternalId, RecordState> = BTreeMap::new();
    for row in ledger.records()? {
        *records.entry(row.state.as_str().replace('_', " ")).or_default() += 1;
        states.insert(row.external_id, row.state);
    }
    let unsent = ledger.unsent()?.into_iter().map(|unsent| {
        let state = states.get(&unsent.external_id).copied().unwrap_or(RecordState::Desired);
        let state = if unsent.held_by.is_some() { "held back" } else { state.as_str() };
        Reason {
            record: unsent.external_id.to_string(),
            state: state.replace('_', " "),
            reason: unsent.reason,
        }
    });
    let today = session.clock.now().date_in(session.settings.stripe.zone);
    let exceptions = ledger.exceptions(false)?;
    let accepted = exceptions.iter().filter(|cared| cared.is_accepted(today)).count();
    let status = Status {
        schema_version: 1,
        ledger: session.settings.ledger.display().to_string(),
        objects: ledger.count_by_kind()?.into_iter().collect(),
        unfinished: ledger
            .unfinished_pull()?
            .map(|pull| Half { what: pull.what(session.settings.stripe.zone), fix: pull.fix() }),
        records,
        exceptions: exceptions.len() - accepted,
        accepted_exceptions: accepted,
        unsent: unsent.collect(),
        runs: ledger.last_runs(RUNS)?.into_iter().map(summary).collect(),
    };
    match args.output.output {
        Format::Json => ui.data(&format!("{}\n", serde_json::to_string_pretty(&status)?))?,
        Format::Table => ui.data(&text(&status))?,
    }
    Ok(Counts {
        records: status.records.values().sum(),
        unsent: status.unsent.len(),
        exceptions: status.exceptions,
        accepted: status.accepted_exceptions,
    })
}

fn summary(run: Run) -> Summary {
    Summary {
        command: run.command,
        started: run.started.to_string(),
        ended: run.ended.map(|ended| ended.to_string()),
        exit_code: run.exit_code,
    }
}

fn text(status: &Status) -> String {
    let columns = width();
    let two = |left, right| [(left, Align::Left), (right, Align::Right)];
    let objects: Vec<Vec<String>> = status
        .objects
        .iter()
        .map(|(kind, count)| vec![kind.replace('_', " "), grouped(&count.to_string())])
        .collect();
    let records: Vec<Vec<String>> = status
        .records
        .iter()
        .map(|(state, count)| vec![state.clone(), grouped(&count.to_string())])
        .collect();
    let runs: Vec<Vec<String>> = status
        .runs
        .iter()
        .map(|run| {
            let code = run.exit_code.map_or_else(|| "–".into(), |code| code.to_string());
            vec![run.command.clone(), run.started.clone(), code]
        })
        .collect();
    let header = [("Run", Align::Left), ("Started", Align::Left), ("Exit code", Align::Right)];
    let unsent: Vec<Vec<String>> = status
        .unsent
        .iter()
        .map(|one| vec![one.record.clone(), one.state.clone(), one.reason.clone()])
        .collect();
    let reasons =
        [("Not in NetSuite", Align::Left), ("State", Align::Left), ("Reason", Align::Left)];
    let unsent = if unsent.is_empty() {
        String::new()
    } else {
        format!("{}\n", render(&reasons, &unsent, columns))
    };
    let half = status.unfinished.as_ref().map(|half| {
        format!("The last pull broke off: {} may be there only in part; {}.\n", half.what, half.fix)
    });
    let accepted = match status.accepted_exceptions {
        0 => String::new(),
        count => format!(", and {} accepted for now", grouped(&count.to_string())),
    };
    format!(
        "{}\n\n{}\n{}\n{unsent}{}\n{}{accepted}.\n{}",
        status.ledger,
        render(&two("Stripe objects", "Count"), &objects, columns),
        render(&two("NetSuite records", "Count"), &records, columns),
        render(&header, &runs, columns),
        counted(status.exceptions, "open exception"),
        half.unwrap_or_default(),
    )
}
