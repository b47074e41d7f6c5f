//! `tieout push`: sends a plan, each request exactly once.

use std::path::Path;

use anyhow::Context;

use crate::cli::{Global, PushArgs};
use crate::commands::exit::{self, Outcome};
use crate::commands::interrupt::Interrupt;
use crate::commands::session::Session;
use crate::commands::{books, plan, resolve};
use crate::ledger::Ledger;
use crate::plan::{Plan, guard};
use crate::push::{Pushed, Pusher};
use crate::report::plan::counted;
use crate::ui::Ui;

/// Failures named one by one before the rest is counted.
const NAMED_MAX: usize = 20;

pub(super) async fn run(args: &PushArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("push")?;
    let mut ledger = session.existing_ledger()?;
    let plan = match &args.plan {
        Some(path) => read(path)?,
        None => plan::make(&session, &mut ledger, ui).await?.0,
    };
    send(&session, &mut ledger, &plan, ui).await
}

fn read(path: &Path) -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the plan {} cannot be read", path.display()))?;
    Plan::from_text(&text).with_context(|| format!("the plan {} cannot be used", path.display()))
}

/// Checks that the plan still holds, sends it, and says what became of it.
pub(super) async fn send(
    session: &Session,
    ledger: &mut Ledger,
    plan: &Plan,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    guard::check(plan, &plan::basis(session, ledger, &policy)?)
        .context("the plan is refused and nothing was sent; `tieout plan` makes a new one")?;
    resolve::resolve(ledger, &client, ui).await?;
    let run = ledger.start_run("push", &format!(r#"{{"plan":"{}"}}"#, plan.digest))?;
    let progress = ui.progress("records", Some(u64::try_from(plan.changes.len())?));
    let concurrency = usize::from(session.settings.netsuite.concurrency);
    let interrupt = Interrupt::listen()?;
    let mut pusher = Pusher { ledger, client, run, concurrency, stop: interrupt.asked() };
    let pushed = pusher.push(&plan.changes, &|| progress.add(1)).await;
    progress.finish();
    let result = pushed.map_err(anyhow::Error::from).and_then(|pushed| {
        let is_interrupted = pushed.is_interrupted;
        let outcome = tell(pushed, plan, ui)?;
        Ok(if is_interrupted { Outcome::Interrupted(interrupt.signal()) } else { outcome })
    });
    ledger.finish_run(run, exit::code(&result), "")?;
    result
}

fn tell(pushed: Pushed, plan: &Plan, ui: Ui) -> anyhow::Result<Outcome> {
    ui.say(&format!(
        "{} created, {} updated, {} failed, {} in doubt.",
        pushed.created,
        pushed.updated,
        pushed.failed.len(),
        pushed.in_doubt.len()
    ));
    for (id, why) in pushed.failed.iter().chain(&pushed.in_doubt).take(NAMED_MAX) {
        ui.warn(&format!("{id}: {why}"));
    }
    let more = (pushed.failed.len() + pushed.in_doubt.len()).saturating_sub(NAMED_MAX);
    if more > 0 {
        ui.warn(&format!("{} more, see `tieout status`.", counted(more, "record")));
    }
    if let Some(error) = pushed.stopped {
        return Err(anyhow::Error::from(error).context("the push stopped early"));
    }
    Ok(if !pushed.in_doubt.is_empty() {
        Outcome::InDoubt
    } else if pushed.failed.is_empty() && plan.blocked.is_empty() {
        Outcome::Done
    } else {
        Outcome::Partly
    })
}
