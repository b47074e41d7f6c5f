//! `tieout verify`: reads back what was posted, compares, and looks for what should not be there.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::{Format, Global, VerifyArgs};
use crate::commands::books;
use crate::commands::check_posted::{Checked, check, deposits};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, RecordRow};
use crate::netsuite::client::Client;
use crate::netsuite::record::RecordKind;
use crate::push::witness::Witness;
use crate::reconcile::aspect::Aspect;
use crate::reconcile::drift::Drift;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

/// Beginnings of our external ids: Stripe's own of the objects that make posting records.
const OURS: [&str; 11] =
    ["in_", "ch_", "py_", "re_", "pyr_", "po_", "cn_", "dp_", "du_", "txn_", "cbtxn_"];

/// Kinds of record that post.
const POSTING: [RecordKind; 6] = [
    RecordKind::Invoice,
    RecordKind::CreditMemo,
    RecordKind::CustomerPayment,
    RecordKind::CustomerRefund,
    RecordKind::Deposit,
    RecordKind::JournalEntry,
];

/// What `--output json` prints.
#[derive(Serialize)]
struct Verified<'a> {
    schema_version: u32,
    records: usize,
    drifts: &'a [Drift],
    accepted: Vec<Accepted<'a>>,
}

#[derive(Serialize)]
struct Accepted<'a> {
    note: &'a str,
    drift: &'a Drift,
}

pub(super) async fn run(args: &VerifyArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("verify")?;
    let mut ledger = session.existing_ledger()?;
    let client = session.netsuite()?;
    let checked = verify(&session, &mut ledger, &client).await?;
    match args.output.output {
        Format::Json => {
            let accepted = checked.noted.iter().map(|(drift, note)| Accepted { note, drift });
            let verified = Verified {
                schema_version: 2,
                records: checked.count,
                drifts: &checked.drifts,
                accepted: accepted.collect(),
            };
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&verified)?));
        }
        Format::Table => {
            ui.data(&text(checked.count, &checked.drifts));
            for (drift, note) in &checked.noted {
                ui.say(&format!("{}: accepted ({note}). {}.", drift.external_id, drift.sentence()));
            }
        }
    }
    Ok(if checked.drifts.is_empty() { Outcome::Done } else { Outcome::OutOfTolerance })
}

/// Reads every posted record back and compares, and looks for records that should not be there.
pub(super) async fn verify(
    session: &Session,
    ledger: &mut Ledger,
    client: &Arc<Client>,
) -> anyhow::Result<Checked> {
    let references = books::fetch(client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    let witness = Session::witness(client, &references, &policy);
    let rows = ledger.records()?;
    let deposits = deposits(&rows);
    let others = strangers(session, &witness, &rows).await?;
    let posted = rows.into_iter().filter(|row| row.posted.is_some()).collect();
    let mut checked = check(ledger, &witness, posted, Some(&deposits)).await?;
    let notes = ledger.noted_drifts()?;
    for drift in others {
        match notes.get(&(drift.external_id.to_string(), drift.sentence())) {
            Some(note) => checked.noted.push((drift, note.clone())),
            None => checked.drifts.push(drift),
        }
    }
    Ok(checked)
}

/// Records in NetSuite that carry our external ids, or ids like ours, and are not the ledger's.
async fn strangers(
    session: &Session,
    witness: &Witness,
    rows: &[RecordRow],
) -> anyhow::Result<Vec<Drift>> {
    let known: HashMap<String, &RecordRow> =
        rows.iter().map(|row| (row.external_id.folded(), row)).collect();
    let mut found: Vec<(RecordKind, InternalId, ExternalId)> = Vec::new();
    let since = session.settings.stripe.start_date;
    for kind in POSTING {
        let mut take = |internal_id: InternalId, external_id: ExternalId| {
            let row = known.get(&external_id.folded());
            let is_it = row.is_some_and(|row| row.internal_id.as_ref() == Some(&internal_id));
            let like_ours = OURS.iter().any(|start| external_id.folded().starts_with(start));
            if !is_it && (row.is_some() || like_ours) {
                found.push((kind, internal_id, external_id));
            }
        };
        witness.reader().each_external_id(kind, since, &mut take).await?;
    }
    let drifts = found.into_iter().map(|(kind, internal_id, external_id)| {
        let now = format!("{} {internal_id}", kind.title().to_lowercase());
        let row = known.get(&external_id.folded());
        let (aspect, posted) = match row {
            None => (Aspect::Unknown, "nothing".to_owned()),
            Some(row) => (
                Aspect::Taken,
                row.internal_id.as_ref().map_or_else(
                    || "nothing of ours yet".to_owned(),
                    |id| format!("internal id {id}"),
                ),
            ),
        };
        let kind = row.map_or(kind, |row| row.kind);
        let subject = (&external_id, kind);
        Drift::new(subject, Some(&internal_id), aspect, "record", posted, now)
    });
    Ok(drifts.collect())
}

/// What was found, as text.
pub(super) fn text(count: usize, drifts: &[Drift]) -> String {
    if drifts.is_empty() {
        return format!("{} read back, each as it was posted.\n", counted(count, "record"));
    }
    let rows: Vec<Vec<String>> = drifts
        .iter()
        .map(|drift| {
            vec![
                format!("{} {}", drift.kind.title(), drift.external_id),
                drift.field.clone(),
                drift.posted.clone(),
                drift.observed.clone(),
            ]
        })
        .collect();
    let header = [
        ("Record", Align::Left),
        ("What", Align::Left),
        ("Posted", Align::Right),
        ("Now", Align::Right),
    ];
    let heading = counted(drifts.len(), "difference");
    let mut text =
        format!("{heading} in {}:\n{}", counted(count, "record"), render(&header, &rows, width()));
    text.push('\n');
    for drift in drifts {
        text.push_str(&format!(
            "{} ({}): {} {}\n",
            drift.external_id, drift.field, drift.meaning, drift.fix
        ));
    }
    text
}
