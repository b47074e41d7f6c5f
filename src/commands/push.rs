//! `tieout push`: sends a plan, each request exactly once, and reads back what it made.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;

use crate::cli::{Global, GuardArgs, PushArgs};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::log::logged;
use crate::commands::night::Watch;
use crate::commands::session::Session;
use crate::commands::{books, plan, plan_file, resolve, verify, write_back};
use crate::config::is_decimal;
use crate::ids::ExternalId;
use crate::ledger::{Ledger, RecordState, RunId, Unsent};
use crate::plan::{Plan, guard, reverse};
use crate::push::check::check_posted;
use crate::push::witness::Witness;
use crate::push::{Mode, Pushed, Pusher};
use crate::report;
use crate::report::plan::{counted, number};
use crate::ui::Ui;

/// Failures named one by one before the rest is counted.
const NAMED_MAX: usize = 20;

pub(super) async fn run(
    args: &PushArgs,
    global: &Global,
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let session = Session::watched(global, watch)?;
    let _lock = session.lock("push", ui)?;
    let mut ledger = session.existing_ledger()?;
    let given = args.plan.as_deref().map(plan_file::read).transpose()?;
    let digest = given.as_ref().map(|plan| plan.digest.as_str()).unwrap_or_default();
    let parameters = serde_json::json!({ "plan": digest, "retry": args.retry }).to_string();
    logged(&mut ledger, "push", &parameters, async |ledger, run| {
        session.begins(run, ui);
        let is_given = given.is_some();
        let mut plan = match given {
            Some(plan) => {
                session.tally.planned(&plan);
                plan
            }
            None => session.unless_stopped(plan::make(&session, ledger, ui)).await?.0,
        };
        if args.retry {
            only_unsent(&mut plan, &ledger.unsent()?);
        }
        if is_given || args.retry {
            // What was read or asked for is sent, and nothing else.
            send(&session, ledger, &mut plan, &args.guards, run, ui).await
        } else {
            send_all(&session, ledger, plan, &args.guards, run, ui).await
        }
    })
    .await
}

/// Keeps what an earlier push did not get in, and what that needs.
fn only_unsent(plan: &mut Plan, unsent: &[Unsent]) {
    let mut wanted: BTreeSet<ExternalId> =
        unsent.iter().map(|unsent| unsent.external_id.clone()).collect();
    // Needs come first in a plan, so one walk from its end finds them all.
    for change in plan.changes.iter().rev() {
        if wanted.contains(&change.external_id) {
            wanted.extend(change.record.body.needs());
        }
    }
    plan.changes.retain(|change| wanted.contains(&change.external_id));
    plan.blocked.retain(|blocked| wanted.contains(&blocked.external_id));
    // What else waits for a person is not what was asked for, and not what the exit code tells.
    plan.exceptions.retain(|exception| exception.blocks.iter().any(|id| wanted.contains(id)));
}

/// Sends a plan, and as long as it left something for the next one, makes that and sends it too.
pub(super) async fn send_all(
    session: &Session,
    ledger: &mut Ledger,
    plan: Plan,
    guards: &GuardArgs,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let mut plan = plan;
    let mut held_back = false;
    loop {
        let before = ledger.to_plan_count()?;
        let outcome = send(session, ledger, &mut plan, guards, run, ui).await?;
        held_back |= matches!(outcome, Outcome::Partly);
        let goes_on = matches!(outcome, Outcome::Done | Outcome::Partly);
        // What fails again and again must not be sent for ever.
        let got_on = ledger.to_plan_count()? < before;
        if !goes_on || plan.left_count == 0 || !got_on {
            return Ok(if goes_on && held_back { Outcome::Partly } else { outcome });
        }
        // Two plans at once would be twice the memory.
        plan.changes = Vec::new();
        plan = plan::make(session, ledger, ui).await?.0;
        ui.say(&report::plan::summary(&plan));
    }
}

/// Checks that the plan still holds, sends it, reads back, and says what became of it.
pub(super) async fn send(
    session: &Session,
    ledger: &mut Ledger,
    plan: &mut Plan,
    guards: &GuardArgs,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    guard::check(plan, &plan::basis(session, ledger, &policy)?)
        .and_then(|()| guard::periods(plan, &references.periods))
        .context("the plan is refused and nothing was sent; `tieout plan` makes a new one")?;
    guard::limits(plan, &limits(session, guards)?)
        .context("the plan is refused and nothing was sent")?;
    check_destination(session, ledger, plan, guards, ui)?;
    let witness = Session::witness(&client, &references, &policy);
    resolve::resolve(session, ledger, &witness, ui).await?;
    if !plan.is_empty() {
        ledger.keep_plan(run, |to| plan.write(to).map(|()| plan.digest.clone()))?;
    }
    let concurrency = session.places(&client).await?;
    let progress = ui.progress("records", Some(u64::try_from(plan.changes.len())?));
    let interrupt = session.interrupt()?;
    let mut pusher = Pusher {
        ledger,
        witness: Arc::clone(&witness),
        clock: Arc::clone(&session.clock),
        run,
        concurrency,
        grace_s: session.settings.netsuite.grace_s,
        mode: if guards.batch { Mode::Batch } else { Mode::Single },
        stop: interrupt.asked(),
    };
    let pushed = pusher.push(&plan.changes, &|| progress.add(1)).await;
    progress.finish();
    let pushed = pushed?;
    session.tally.pushed(&pushed);
    if pushed.is_interrupted {
        tell(&pushed, ui);
        return Ok(Outcome::Interrupted(interrupt.signal()));
    }
    let outcome = finish(ledger, &witness, plan, pushed, ui).await?;
    let written = write_back::run(session, ledger, run, &interrupt.asked(), ui).await?;
    Ok(written.map_or(outcome, |written| outcome.or_worse(written)))
}

fn limits(session: &Session, guards: &GuardArgs) -> anyhow::Result<guard::Limits> {
    if let Some(amount) = guards.max_amount.as_ref().filter(|amount| !is_decimal(amount)) {
        let message = format!("--max-amount is `{amount}`; write a number such as 100000.00");
        return Err(UsageError(message).into());
    }
    let settings = &session.settings.push;
    Ok(guard::Limits {
        max_changes: guards.max_changes.or(settings.max_changes),
        max_amount: guards.max_amount.clone().or_else(|| settings.max_amount.clone()),
    })
}

/// Says where the push goes, and refuses to go there when it must not.
fn check_destination(
    session: &Session,
    ledger: &mut Ledger,
    plan: &Plan,
    guards: &GuardArgs,
    ui: Ui,
) -> anyhow::Result<()> {
    let is_production = session.is_production()?;
    let account = session.settings.netsuite.account.clone();
    let mut to = guard::Destination {
        account: account.clone(),
        is_production,
        livemode: plan.basis.livemode,
        was_confirmed: ledger.production_confirmed()?,
        typed: guards.confirm_account.clone(),
    };
    let stripe = if to.livemode { "live" } else { "test" };
    let books = match session.house() {
        Some(_) => "REHEARSAL",
        None if is_production => "PRODUCTION",
        None => "sandbox",
    };
    ui.say(&format!(
        "From Stripe {} ({stripe} mode) into NetSuite {account} ({books}).",
        plan.basis.stripe_account
    ));
    if guard::must_ask(&to) {
        to.typed = ui.ask(&format!(
            "This is the first push into these books. Type the account id, {account}, to go on: "
        ));
    }
    guard::destination(&to).context("nothing was sent")?;
    if is_production {
        ledger.confirm_production(&account)?;
    }
    Ok(())
}

/// Reads back what was posted, and says what became of everything.
async fn finish(
    ledger: &mut Ledger,
    witness: &Witness,
    plan: &Plan,
    pushed: Pushed,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    tell(&pushed, ui);
    if let Some(error) = pushed.stopped {
        return Err(anyhow::Error::from(error).context("the push stopped early"));
    }
    let taken_back: Vec<_> = pushed
        .posted
        .iter()
        .filter_map(|id| Some((reverse::original(id)?, RecordState::Offset)))
        .collect();
    ledger.set_states(&taken_back)?;
    let checked = check_posted(ledger, witness, &pushed.posted).await?;
    verify::warn_of_unread(&checked, ui);
    if !checked.drifts.is_empty() {
        ui.warn(&format!(
            "NetSuite did not save everything as it was sent:\n{}",
            verify::text(checked.count, &checked.drifts)
        ));
    }
    Ok(if !pushed.in_doubt.is_empty() {
        Outcome::InDoubt
    } else if !checked.drifts.is_empty() {
        Outcome::OutOfTolerance
    } else if pushed.failed.is_empty() && !plan.holds_back() {
        Outcome::Done
    } else {
        Outcome::Partly
    })
}

fn tell(pushed: &Pushed, ui: Ui) {
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
    if pushed.adopted > 0 {
        ui.say(&format!(
            "{} had been saved although no answer came.",
            counted(pushed.adopted, "record")
        ));
    }
    for unsent in pushed.failed.iter().chain(&pushed.in_doubt).take(NAMED_MAX) {
        let id = unsent.external_id.as_str();
        ui.warn_of(id, &format!("{id}: {}", unsent.reason));
    }
    let more = (pushed.failed.len() + pushed.in_doubt.len()).saturating_sub(NAMED_MAX);
    if more > 0 {
        ui.warn(&format!("{} more, see `tieout status`.", counted(more, "record")));
    }
    if !pushed.failed.is_empty() {
        ui.say("When the causes are removed, `tieout push --retry` sends these alone.");
    }
}
