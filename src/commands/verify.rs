//! `tieout verify`: reads back what was posted, compares, and looks for what should not be there.

use std::sync::Arc;

use serde::Serialize;

use crate::cli::{Format, Global, VerifyArgs};
use crate::commands::books;
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{siblings, verify_report};
use crate::ids::ExternalId;
use crate::ledger::Ledger;
use crate::netsuite::client::Client;
use crate::push::check::{Checked, check, deposits};
use crate::push::strangers::strangers;
use crate::reconcile::aspect::Aspect;
use crate::reconcile::drift::Drift;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

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

/// What was read back, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) records: usize,
    pub(super) differences: usize,
    pub(super) accepted: usize,
}

pub(super) async fn run(args: &VerifyArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    if let Some(path) = &args.report {
        return verify_report::run(&Session::open(global)?, path, args.output.output, ui);
    }
    Ok(records(args, global, ui).await?.0)
}

/// Verifies the records of one account, and says in numbers what was found.
pub(super) async fn records(
    args: &VerifyArgs,
    global: &Global,
    ui: Ui,
) -> anyhow::Result<(Outcome, Counts)> {
    let session = Session::open(global)?;
    let _lock = session.lock("verify", ui)?;
    let mut ledger = session.existing_ledger()?;
    let mut counts = Counts::default();
    let outcome = logged(&mut ledger, "verify", "{}", async |ledger, _| {
        let client = session.netsuite()?;
        let checked = verify(&session, ledger, &client).await?;
        show(&checked, args.output.output, ui)?;
        counts = Counts {
            records: checked.count,
            differences: checked.drifts.len(),
            accepted: checked.noted.len(),
        };
        Ok(if checked.drifts.is_empty() { Outcome::Done } else { Outcome::OutOfTolerance })
    })
    .await?;
    Ok((outcome, counts))
}

fn show(checked: &Checked, format: Format, ui: Ui) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            let accepted = checked.noted.iter().map(|(drift, note)| Accepted { note, drift });
            let verified = Verified {
                schema_version: 2,
                records: checked.count,
                drifts: &checked.drifts,
                accepted: accepted.collect(),
            };
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&verified)?))?;
        }
        Format::Table => {
            ui.data(&text(checked.count, &checked.drifts))?;
            for (drift, note) in &checked.noted {
                ui.say(&format!("{}: accepted ({note}). {}.", drift.external_id, drift.sentence()));
            }
            warn_of_unread(checked, ui);
        }
    }
    Ok(())
}

/// What could not be compared is said: silence would read as agreement.
pub(super) fn warn_of_unread(checked: &Checked, ui: Ui) {
    if !checked.unread.is_empty() {
        let names: Vec<&str> = checked.unread.iter().map(String::as_str).collect();
        ui.warn(&format!(
            "NetSuite does not let this role query {}: these mapped fields were not compared.",
            names.join(", ")
        ));
    }
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
    let since = session.settings.stripe.start_date;
    let others = strangers(&witness, &rows, since).await?;
    let others = without_siblings(session, others)?;
    let posted = rows.into_iter().filter(|row| row.posted.is_some()).collect();
    let mut checked = check(ledger, &witness, posted, Some(&deposits)).await?;
    checked.drifts.extend(others);
    checked.set_accepted_aside(&ledger.noted_drifts()?);
    Ok(checked)
}

/// Records like ours that this ledger does not know are no strangers where another Stripe account of the
/// configuration posted them: its own turn looks at them.
fn without_siblings(session: &Session, mut others: Vec<Drift>) -> anyhow::Result<Vec<Drift>> {
    let is_unknown = |drift: &&Drift| drift.aspect == Aspect::Unknown;
    let unknown: Vec<ExternalId> =
        others.iter().filter(is_unknown).map(|drift| drift.external_id.clone()).collect();
    let theirs = siblings::posted(session, &unknown)?;
    others.retain(|drift| !(is_unknown(&drift) && theirs.contains(&drift.external_id)));
    Ok(others)
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
