//! `tieout reverse`: plans the opposite of what was posted.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

use crate::cli::{Global, ReverseArgs};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{books, plan, resolve};
use crate::ids::ExternalId;
use crate::ledger::{Ledger, RecordState, RunId};
use crate::plan::file::SCHEMA_VERSION;
use crate::plan::reverse::{SUFFIX, Standing, reverse};
use crate::plan::{Action, Inputs, Plan};
use crate::ui::Ui;

pub(super) async fn run(args: &ReverseArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("reverse", ui)?;
    let mut ledger = session.existing_ledger()?;
    let parameters = serde_json::json!({
        "records": args.records,
        "run": args.run,
        "of": args.of.as_ref().map(|path| path.display().to_string()),
    });
    logged(&mut ledger, "reverse", &parameters.to_string(), async |ledger, _| {
        take_back(args, &session, ledger, ui).await
    })
    .await
}

async fn take_back(
    args: &ReverseArgs,
    session: &Session,
    ledger: &mut Ledger,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let policy = books::policy(&session.settings, &references)?;
    let witness = Session::witness(&client, &references, &policy);
    resolve::resolve(session, ledger, &witness, ui).await?;
    let all = standings(ledger)?;
    let wanted = wanted(args, ledger, &all)?;
    let known = |id: &ExternalId| {
        ledger.internal_ids(std::slice::from_ref(id)).is_ok_and(|ids| !ids.is_empty())
    };
    let built = reverse(
        &wanted,
        &all,
        &Inputs {
            exceptions: &[],
            held_before: &[],
            chart: &policy.chart,
            periods: &references.periods,
            closed_period: policy.options.closed_period,
            base_currency: policy.books.base_currency,
            places: &policy.books,
            updates_customers: policy.masters.customers.update,
            known: &known,
        },
    );
    let mut made = Plan {
        schema_version: SCHEMA_VERSION,
        made_by: plan::made_by(),
        made_at: session.clock.now(),
        basis: plan::basis(session, ledger, &policy)?,
        zone: policy.zone.name().into(),
        changes: built.changes,
        blocked: built.blocked,
        exceptions: Vec::new(),
        accepted: Vec::new(),
        unchanged_count: 0,
        left_count: 0,
        digest: String::new(),
    };
    plan::show(&mut made, &references, &args.output, ui)?;
    if let Some(path) = &args.out {
        plan::write(&mut made, path)?;
        ui.say(&format!("Wrote {}. `tieout push {}` sends it.", path.display(), path.display()));
    }
    Ok(if made.blocked.is_empty() { Outcome::Done } else { Outcome::Partly })
}

/// Every posting record that NetSuite has of ours.
fn standings(ledger: &Ledger) -> anyhow::Result<BTreeMap<ExternalId, Standing>> {
    let rows = ledger.records()?;
    let reversals: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.posted.is_some())
        .map(|row| row.external_id.to_string())
        .collect();
    let standing = rows.into_iter().filter(|row| row.kind.is_transaction()).filter_map(|row| {
        let reversal = format!("{}-{SUFFIX}", row.external_id);
        let is_reversed = row.state == RecordState::Offset || reversals.contains(&reversal);
        // A reversal stands for good with what it takes back.
        let is_reversal = row.external_id.as_str().ends_with(&format!("-{SUFFIX}"));
        let (body, internal_id) = (row.posted?, row.internal_id?);
        let is_reversed = is_reversed || is_reversal;
        Some((row.external_id, Standing { body, internal_id, is_reversed }))
    });
    Ok(standing.collect())
}

fn wanted(
    args: &ReverseArgs,
    ledger: &Ledger,
    all: &BTreeMap<ExternalId, Standing>,
) -> anyhow::Result<BTreeSet<ExternalId>> {
    let mut wanted = BTreeSet::new();
    for text in &args.records {
        let id = ExternalId::new(text.as_str())?;
        if !all.contains_key(&id) {
            let message = format!("{id} is no posting record that tieout has put into NetSuite");
            return Err(UsageError(message).into());
        }
        wanted.insert(id);
    }
    if let Some(run) = args.run {
        wanted.extend(ledger.posted_by(RunId(run))?);
    }
    if let Some(path) = &args.of {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the plan {} cannot be read", path.display()))?;
        let plan = Plan::from_text(&text)
            .with_context(|| format!("the plan {} cannot be used", path.display()))?;
        let created = plan.changes.into_iter().filter(|change| change.action == Action::Create);
        wanted.extend(created.map(|change| change.external_id));
    }
    // Customers and items post nothing, and belong to the company.
    wanted.retain(|id| all.contains_key(id));
    Ok(wanted)
}
