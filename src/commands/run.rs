//! `tieout run`: pull, plan and push; the nightly job.

use crate::cli::{Global, RunArgs};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::night::Watch;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::{plan, pull, push, report};
use crate::ledger::Ledger;
use crate::ui::Ui;

pub(super) async fn run(
    args: &RunArgs,
    global: &Global,
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let session = Session::watched(global, watch)?;
    pull::check_window(&args.window, &session)?;
    let _lock = session.lock("run", ui)?;
    if !args.dry_run {
        watch.begin(ui).await;
    }
    let client = session.unless_stopped(session.own_stripe()).await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = pull::window(&args.window, &session, &ledger)?;
    let command = if args.dry_run { "run --dry-run" } else { "run" };
    logged(&mut ledger, command, &serde_json::to_string(&window)?, async |ledger, run| {
        session.begins(run, ui);
        let stored = pull::pull(&session, client, ledger, window, ui).await?;
        pull::say_what_was_stored(stored, ui);
        let making = plan::make(&session, ledger, ui);
        let (mut plan, references) = session.unless_stopped(making).await?;
        plan::show(&mut plan, &references, &args.output, ui)?;
        if let Some(signal) = session.interrupt()?.came() {
            ui.warn("Interrupted: what was pulled is kept, and nothing was sent.");
            return Ok(Outcome::Interrupted(signal));
        }
        if args.dry_run {
            ui.say("Nothing was sent: this was a dry run.");
            return Ok(plan::outcome(&plan, args.detailed_exitcode));
        }
        let outcome = push::send_all(&session, ledger, plan, &args.guards, run, ui).await?;
        if !args.tie_out || matches!(outcome, Outcome::Interrupted(_)) {
            return Ok(outcome);
        }
        Ok(outcome.or_worse(tie_out(&session, ledger, ui).await?))
    })
    .await
}

/// Proves every total from both sides, and says what does not tie.
async fn tie_out(session: &Session, ledger: &mut Ledger, ui: Ui) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let tieout = ReadBack::read(session, ledger, &client).await?.statements(session, ledger)?;
    session.tally.tied(&tieout);
    for statement in tieout.statements.iter().filter(|statement| !statement.ties_out()) {
        ui.warn(&format!("{}: {} differ.", statement.title, statement.difference));
    }
    if tieout.ties_out() {
        ui.say("Everything ties out.");
    }
    Ok(report::outcome(&tieout))
}
