//! `tieout push`: sends a plan, each request exactly once.

use std::path::Path;

use anyhow::Context;

use crate::cli::{Global, PushArgs};
use crate::commands::exit::Outcome;
use crate::commands::interrupt::Interrupt;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{books, plan, resolve};
use crate::ledger::{Ledger, RunId};
use crate::plan::{Plan, guard};
use crate::push::{Pushed, Pusher};
use crate::report::plan::{counted, number};
use crate::ui::Ui;

/// Failures named one by one before the rest is counted.
const NAMED_MAX: usize = 20;

pub(super) async fn run(args: &PushArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("push")?;
    let mut ledger = session.existing_ledger()?;
    let given = args.plan.as_deref().map(read).transpose()?;
    let digest = given.as_ref().map(|plan| plan.digest.as_str()).unwrap_or_default();
    let parameters = serde_json::json!({ "plan": digest }).to_string();
    logged(&mut ledger, "push", &parameters, async |ledger, run| {
        let plan = match given {
            Some(plan) => plan,
            None => plan::make(&session, ledger, ui).await?.0,
        };
        send(&session, ledger, &plan, run, ui).await
    })
    .await
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
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    guard::check(plan, &plan::basis(session, ledger, &policy)?)
        .context("the plan is refused and nothing was sent; `tieout plan` makes a new one")?;
    resolve::resolve(ledger, &client, ui).await?;
    let progress = ui.progress("records", Some(u64::try_from(plan.changes.len())?));
    let concurrency = usize::from(session.settings.netsuite.concurrency);
    let interrupt = Interrupt::listen()?;
    let mut pusher = Pusher { ledger, client, run, concurrency, stop: interrupt.asked() };
    let pushed = pusher.push(&plan.changes, &|| progress.add(1)).await;
    progress.finish();
    let pushed = pushed?;
    let is_interrupted = pushed.is_interrupted;
    let outcome = tell(pushed, plan, ui)?;
    Ok(if is_interrupted { Outcome::Interrupted(interrupt.signal()) } else { outcome })
}

fn tell(pushed: Pushed, plan: &Plan, ui: Ui) -> anyhow::Result<Outcome> {
    ui.say(&format!(
        "{} created, {} updated, {} failed, {} in doubt.",
        number(pushed.created),
        number(pushed.updated),
        number(pushed.failed.len()),
        number(pushed.in_doubt.len())
    ));
    if pushed.is_interrupted {
        ui.warn("Interrupted: what was sent is recorded, and the next run sends the rest.");
    }
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
    } else if pushed.failed.is_empty() && !plan::holds_back(plan) {
        Outcome::Done
    } else {
        Outcome::Partly
    })
}
