//! `tieout plan`: derive what changed, compare with what is posted, and show what would be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::bail;
use chrono::NaiveDate;

use crate::accounting::care::Acceptance;
use crate::accounting::{Exception, Policy};
use crate::cli::{Global, PlanArgs, PlanOutputArgs, ReportFormat};
use crate::commands::ask::Asking;
use crate::commands::balance;
use crate::commands::books::{self, Names};
use crate::commands::exit::{Guarded, Outcome};
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{modes, plan_file, resolve};
use crate::ids::ExternalId;
use crate::ledger::{Cared, Done, Ledger, PlanPlace, RecordRow, RecordState};
use crate::netsuite::client::Client;
use crate::netsuite::references::References;
use crate::plan::build::Built;
use crate::plan::file::{Basis, SCHEMA_VERSION};
use crate::plan::{Accepted, Inputs, Plan, Standing, build};
use crate::report;
use crate::ui::{Ui, width};

/// Changes after which a plan ends: so many fit in memory however long the history is, and nobody reads
/// more.
const CHANGES_MAX: usize = 20_000;

/// Records that are compared with what is there at a time; a plan has at most as many changes more.
const RECORDS_AT_ONCE: usize = 2_000;

/// Cases that are read and derived in turns: of more, a thread of its own reads ahead.
const CASES_HERE_MAX: usize = 1_000;

/// The policy under which the ledger's cases were last derived is kept under this name.
pub(super) const DERIVED_UNDER: &str = "policy";

pub(super) async fn run(args: &PlanArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    if let Some(what) = &args.what {
        return plan_file::run(what, global, ui);
    }
    let session = Session::open(global)?;
    let _lock = session.lock("plan", ui)?;
    let mut ledger = session.existing_ledger()?;
    logged(&mut ledger, "plan", "{}", async |ledger, _| {
        let (mut plan, references) = make(&session, ledger, ui).await?;
        show(&mut plan, &references, &args.output, ui)?;
        if let Some(path) = &args.out {
            write(&mut plan, path)?;
            let path = path.display();
            ui.say(&format!("Wrote {path}. `tieout push {path}` sends it."));
        }
        Ok(outcome(&plan, args.detailed_exitcode))
    })
    .await
}

/// Changes are only told by the exit code when that was asked for; what is blocked always is.
pub(super) fn outcome(plan: &Plan, detailed: bool) -> Outcome {
    if detailed && !plan.is_empty() {
        Outcome::Changes
    } else if plan.holds_back() {
        Outcome::Partly
    } else {
        Outcome::Done
    }
}

/// Derives what changed and makes the plan.
pub(super) async fn make(
    session: &Session,
    ledger: &mut Ledger,
    ui: Ui,
) -> anyhow::Result<(Plan, References)> {
    refuse_half_a_pull(session, ledger)?;
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    let witness = Session::witness(&client, &references, &policy);
    resolve::resolve(session, ledger, &witness, ui).await?;
    modes::check(ledger, &policy)?;
    balance::keep_balance_at_start(session, ledger)?;
    derive_what_changed(ledger, &client, &policy, ui).await?;
    let plan = of(session, ledger, &policy, &references)?;
    session.tally.planned(&plan);
    Ok((plan, references))
}

/// A charge without its invoice would be posted as money that nobody had asked for.
fn refuse_half_a_pull(session: &Session, ledger: &Ledger) -> anyhow::Result<()> {
    match ledger.unfinished_pull()? {
        None => Ok(()),
        Some(pull) => bail!(Guarded(format!(
            "the last pull broke off, so the ledger may hold only a part of {}\nhint: {}",
            pull.what(session.settings.stripe.zone),
            pull.fix()
        ))),
    }
}

/// Only cases with a changed fact are derived again; all of them when the policy changed.
async fn derive_what_changed(
    ledger: &mut Ledger,
    client: &Client,
    policy: &Policy,
    ui: Ui,
) -> anyhow::Result<()> {
    let digest = books::policy_digest(policy);
    if ledger.reference(DERIVED_UNDER)?.as_ref() != Some(&digest) {
        ledger.mark_all_dirty()?;
    }
    let looking = ui.progress("objects", Some(ledger.dirty_count()?));
    let mut work = ledger.changed(policy, &mut || looking.add(1))?;
    looking.finish();
    let mut asking = Asking::new(client);
    let mut progress = None;
    let mut done = |done: &Done| {
        let case_count = u64::try_from(done.case_count).ok();
        progress.get_or_insert_with(|| ui.progress("cases", case_count)).add(1);
    };
    if work.case_count() > CASES_HERE_MAX {
        ledger.read_ahead(&mut work, policy)?;
    }
    while let Some(mut cases) = ledger.next_cases(&mut work, policy)? {
        asking.tell(ledger, &mut cases, policy).await?;
        ledger.save_all(&work, cases, policy, &mut done)?;
    }
    ledger.sum_up(&work, policy, &mut done)?;
    if let Some(progress) = progress {
        progress.finish();
    }
    ledger.put_reference(DERIVED_UNDER, &digest)?;
    Ok(())
}

/// The plan for what the ledger wants now.
fn of(
    session: &Session,
    ledger: &mut Ledger,
    policy: &Policy,
    references: &References,
) -> anyhow::Result<Plan> {
    let today = session.clock.now().date_in(policy.zone);
    let cared = ledger.exceptions(false)?;
    let settled_count = ledger.settled_count()?;
    let all: Vec<&Exception> = cared.iter().map(|cared| &cared.exception).collect();
    let (built, left_count) = changes(ledger, policy, references, &all)?;
    let (accepted, exceptions) = accepted(cared, today);
    ledger.settle(&built.unchanged)?;
    Ok(Plan {
        schema_version: SCHEMA_VERSION,
        made_by: made_by(),
        made_at: session.clock.now(),
        basis: basis(session, ledger, policy)?,
        zone: policy.zone.name().into(),
        changes: built.changes,
        blocked: built.blocked,
        exceptions,
        accepted,
        unchanged_count: settled_count + built.unchanged.len() + built.left.len(),
        left_count,
        digest: String::new(),
    })
}

/// What may stand for now, and what asks for a person.
fn accepted(cared: Vec<Cared>, today: NaiveDate) -> (Vec<Accepted>, Vec<Exception>) {
    let (mut accepted, mut open) = (Vec::new(), Vec::new());
    for one in cared {
        let holds = one.is_accepted(today);
        match one.care.acceptance.filter(|_| holds) {
            Some(Acceptance { until, reason, .. }) => {
                accepted.push(Accepted { until, reason, exception: one.exception });
            }
            None => open.push(one.exception),
        }
    }
    (accepted, open)
}

/// What is to be sent and what cannot be, up to about as many changes as one plan has, and how many
/// records are left for the next one. Records that others need come first, so a plan that ends early
/// can still be sent.
fn changes(
    ledger: &Ledger,
    policy: &Policy,
    references: &References,
    exceptions: &[&Exception],
) -> anyhow::Result<(Built, usize)> {
    let reasons = ledger.conflicts()?;
    let mut place = PlanPlace::default();
    let mut left_count = ledger.to_plan_count()?;
    let mut built = Built::default();
    let mut made: BTreeSet<ExternalId> = BTreeSet::new();
    while built.changes.len() < CHANGES_MAX {
        let rows = ledger.some_records_to_plan(&mut place, RECORDS_AT_ONCE)?;
        if rows.is_empty() {
            return Ok((built, 0));
        }
        left_count = left_count.saturating_sub(rows.len());
        let known = |id: &ExternalId| {
            let ids = || ledger.internal_ids(std::slice::from_ref(id));
            made.contains(id) || ids().is_ok_and(|ids| !ids.is_empty())
        };
        let standings = rows.into_iter().map(|row| standing(row, &reasons)).collect();
        let inputs = Inputs {
            exceptions,
            held_before: &built.blocked,
            chart: &policy.chart,
            periods: &references.periods,
            closed_period: policy.options.closed_period,
            base_currency: policy.books.base_currency,
            places: &policy.books,
            updates_customers: policy.masters.customers.update,
            known: &known,
        };
        let next = build(standings, &inputs);
        made.extend(next.changes.iter().map(|change| change.external_id.clone()));
        built.append(next);
    }
    Ok((built, left_count))
}

/// What a plan made now would rest on.
pub(super) fn basis(session: &Session, ledger: &Ledger, policy: &Policy) -> anyhow::Result<Basis> {
    Ok(Basis {
        stripe_account: session.settings.stripe.account.clone(),
        livemode: ledger.livemode()?,
        netsuite_account: session.settings.netsuite.account.clone(),
        ledger_id: ledger.id().into(),
        posted_digest: ledger.posted_digest()?,
        policy_digest: books::policy_digest(policy),
        facts: ledger.facts_version()?,
    })
}

pub(super) fn made_by() -> String {
    concat!("tieout ", env!("CARGO_PKG_VERSION")).into()
}

pub(super) fn standing(row: RecordRow, conflicts: &BTreeMap<ExternalId, String>) -> Standing {
    Standing {
        conflict: conflicts.get(&row.external_id).cloned(),
        in_doubt: matches!(row.state, RecordState::Sending | RecordState::InDoubt),
        external_id: row.external_id,
        desired: row.desired,
        posted: row.posted.zip(row.internal_id),
    }
}

/// Prints the plan, and writes what else is wanted of it.
pub(super) fn show(
    plan: &mut Plan,
    references: &References,
    output: &PlanOutputArgs,
    ui: Ui,
) -> anyhow::Result<()> {
    let names = Names(references);
    match output.output {
        ReportFormat::Table => ui.data(&report::plan::text(plan, &names, width()))?,
        other => plan_file::print(plan, &names, other, CURRENT, ui)?,
    }
    plan_file::write_also(plan, &names, output, CURRENT, ui)
}

/// What a plan is that was made just now.
const CURRENT: &str = "It was made of what the ledger has, and can be sent as it is.";

/// Writes the plan beside its place and moves it there, so that no reader sees half of it.
pub(super) fn write(plan: &mut Plan, path: &Path) -> anyhow::Result<()> {
    super::write_private(path, plan.to_text().as_bytes())
}
