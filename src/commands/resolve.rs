//! `tieout resolve`: works through what is in doubt, in conflict or changed in NetSuite.

use std::time::Duration;

use anyhow::bail;

use crate::cli::{Global, ResolveArgs};
use crate::commands::books;
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::ids::ExternalId;
use crate::ledger::Ledger;
use crate::push::check::{check, deposits};
use crate::push::witness::Witness;
use crate::push::{Resolution, resolve_unfinished};
use crate::reconcile::aspect::Aspect;
use crate::report::plan::counted;
use crate::ui::Ui;

/// Between two look-ups while waiting.
const LOOK_EVERY_S: u64 = 60;

pub(super) async fn run(args: &ResolveArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("resolve", ui)?;
    let mut ledger = session.existing_ledger()?;
    let parameters = serde_json::json!({
        "again": args.again,
        "ignore": args.ignore,
        "note": args.note,
    });
    logged(&mut ledger, "resolve", &parameters.to_string(), async |ledger, _| {
        work_through(args, &session, ledger, ui).await
    })
    .await
}

async fn work_through(
    args: &ResolveArgs,
    session: &Session,
    ledger: &mut Ledger,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    let witness = Session::witness(&client, &references, &policy);
    let mut resolution = resolve(session, ledger, &witness, ui).await?;
    while let Some(until) = resolution.settled_at().filter(|_| args.wait) {
        let left = u64::try_from(until.0 - session.clock.now().0).unwrap_or(0);
        ui.say(&format!("Waiting until {until}."));
        tokio::time::sleep(Duration::from_secs(left.clamp(1, LOOK_EVERY_S))).await;
        resolution = resolve(session, ledger, &witness, ui).await?;
    }
    if resolution.is_empty() && args.again.is_empty() && args.ignore.is_empty() {
        ui.say("Nothing is in doubt or in conflict.");
    }
    for id in &args.again {
        again(ledger, &witness, id, ui).await?;
    }
    for id in &args.ignore {
        let note = args.note.as_deref().unwrap_or_default();
        ignore(ledger, &witness, id, note, ui).await?;
    }
    Ok(if !resolution.waiting.is_empty() {
        Outcome::InDoubt
    } else if resolution.conflicts.is_empty() {
        Outcome::Done
    } else {
        Outcome::Partly
    })
}

/// Looks up what an earlier run left without an answer, before anything else is decided.
pub(super) async fn resolve(
    session: &Session,
    ledger: &mut Ledger,
    witness: &Witness,
    ui: Ui,
) -> anyhow::Result<Resolution> {
    let (grace_s, now) = (session.settings.netsuite.grace_s, session.clock.now());
    let resolution = resolve_unfinished(ledger, witness, grace_s, now).await??;
    if resolution.found + resolution.absent + resolution.waiting.len() > 0 {
        ui.say(&format!(
            "An earlier run left requests without an answer: {} had worked, {} had not arrived, {} \
             may still arrive.",
            resolution.found,
            resolution.absent,
            resolution.waiting.len()
        ));
    }
    for (id, until) in &resolution.waiting {
        let text = format!("{id} is in doubt: NetSuite may still save it until {until}.");
        ui.warn_of(id.as_str(), &text);
    }
    for (id, what) in &resolution.conflicts {
        ui.warn_of(id.as_str(), &format!("{id} is in conflict and is left alone. {what}."));
    }
    Ok(resolution)
}

/// Forgets that a record was posted, when NetSuite no longer has it in force.
async fn again(ledger: &mut Ledger, witness: &Witness, id: &str, ui: Ui) -> anyhow::Result<()> {
    let id = ExternalId::new(id)?;
    let rows = ledger.records_of(std::slice::from_ref(&id))?;
    let checked = check(ledger, witness, rows, None).await?;
    let is = |aspect| checked.drifts.iter().any(|drift| drift.aspect == aspect);
    if is(Aspect::Voided) && !is(Aspect::ExternalId) {
        // A second record cannot have the same external id.
        bail!(
            "{id} is voided in NetSuite and keeps its external id there\nhint: take the external \
             id off the voided record, then try again"
        );
    }
    if !is(Aspect::Missing) && !is(Aspect::Voided) {
        bail!("NetSuite has {id}: planning it again would post it twice");
    }
    ledger.forget_posted(&id)?;
    ui.say(&format!("{id} will be planned again."));
    Ok(())
}

/// Accepts every difference that a record has now.
async fn ignore(
    ledger: &mut Ledger,
    witness: &Witness,
    id: &str,
    note: &str,
    ui: Ui,
) -> anyhow::Result<()> {
    let id = ExternalId::new(id)?;
    let all = ledger.records()?;
    let deposits = deposits(&all);
    let rows = all.into_iter().filter(|row| row.external_id == id).collect();
    let checked = check(ledger, witness, rows, Some(&deposits)).await?;
    if checked.drifts.is_empty() {
        bail!("{id} has no difference to accept");
    }
    for drift in &checked.drifts {
        ledger.note_drift(&id, &drift.sentence(), note)?;
        ui.say(&format!("{id}: accepted. {}.", drift.sentence()));
    }
    ui.say(&format!("{} accepted.", counted(checked.drifts.len(), "difference")));
    Ok(())
}
