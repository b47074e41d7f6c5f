//! Plans as files: `tieout plan show` and `tieout plan diff`, and the formats of a plan.

use std::path::Path;

use anyhow::Context;

use crate::cli::{Global, ListFormat, PlanCommand, PlanOutputArgs, ReportFormat};
use crate::commands::books::{self, Names};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::commands::{plan, write_private};
use crate::config;
use crate::ids::InternalId;
use crate::netsuite::references::References;
use crate::plan::{Plan, guard};
use crate::reconcile::close::sheet::Sink;
use crate::report::AccountNames;
use crate::report::close::{csv_of, json_of, text_of};
use crate::report::plan::{compared, page, rows, summary};
use crate::ui::{Ui, width};

/// The version of the comparison's JSON.
const SCHEMA_VERSION: u32 = 1;

pub(super) fn run(what: &PlanCommand, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    match what {
        PlanCommand::Show { file, output } => {
            let mut plan = read(file)?;
            let (names, standing) = known(global, &plan);
            print(&mut plan, names.as_ref(), output.output, &standing, ui)?;
            write_also(&plan, names.as_ref(), output, &standing, ui)?;
            Ok(Outcome::Done)
        }
        PlanCommand::Diff { before, after, detailed_exitcode, output } => {
            let (before, after) = (read(before)?, read(after)?);
            let (names, _) = known(global, &after);
            let is_same = diff(&before, &after, names.as_ref(), *output, ui)?;
            Ok(if *detailed_exitcode && !is_same { Outcome::Changes } else { Outcome::Done })
        }
    }
}

/// A plan from its file, proven to be as it was made.
pub(super) fn read(path: &Path) -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the plan {} cannot be read", path.display()))?;
    Plan::from_text(&text).with_context(|| format!("the plan {} cannot be used", path.display()))
}

/// Accounts and periods by NetSuite's own keys, where nothing is known of them.
struct Keys;

impl AccountNames for Keys {
    fn name(&self, account: &InternalId) -> String {
        format!("account {account}")
    }

    fn period(&self, _: &InternalId) -> Option<String> {
        None
    }
}

/// Owned, so that a plan can be shown without a ledger.
struct Kept(References);

impl AccountNames for Kept {
    fn name(&self, account: &InternalId) -> String {
        Names(&self.0).name(account)
    }

    fn period(&self, id: &InternalId) -> Option<String> {
        Names(&self.0).period(id)
    }
}

/// The names that the ledger here knows, and whether the plan could be sent from it.
fn known(global: &Global, plan: &Plan) -> (Box<dyn AccountNames>, String) {
    match held_against(global, plan) {
        // The same key is another account in another company's books.
        Ok((_, account, standing)) if account != plan.basis.netsuite_account => {
            (Box::new(Keys), standing)
        }
        Ok((references, _, standing)) => (Box::new(Kept(references)), standing),
        Err(why) => {
            let why = format!("Whether it can still be sent is not known here: {why}.");
            (Box::new(Keys), why)
        }
    }
}

/// The session of the Stripe account that a plan is of, where the configuration has several.
fn session_of(global: &Global, plan: &Plan) -> anyhow::Result<Session> {
    let names = match &global.account {
        None => config::account_names(&global.config).unwrap_or_default(),
        Some(_) => Vec::new(),
    };
    let of = |name: String| Session::open(&Global { account: Some(name), ..global.clone() }).ok();
    let is_its_own =
        |session: &Session| session.settings.stripe.account == plan.basis.stripe_account;
    match names.into_iter().filter_map(of).find(is_its_own) {
        Some(session) => Ok(session),
        None => Session::open(global),
    }
}

/// What the ledger here knows of NetSuite, whose books those are, and what would become of the plan.
fn held_against(global: &Global, plan: &Plan) -> anyhow::Result<(References, String, String)> {
    let session = session_of(global, plan)?;
    let ledger = session.ledger_to_read()?;
    let references =
        books::kept(&ledger)?.context("the ledger does not know NetSuite's accounts")?;
    let policy = books::policy(&session.settings, &references)?;
    let now = plan::basis(&session, &ledger, &policy)?;
    let refused = guard::check(plan, &now).and_then(|()| guard::periods(plan, &references.periods));
    let standing = match refused {
        Ok(()) => "It can still be sent: nothing has changed since it was made.".into(),
        Err(refusal) => format!("It would be refused: {refusal}."),
    };
    Ok((references, now.netsuite_account, standing))
}

/// Prints every row of the plan.
pub(super) fn print(
    plan: &mut Plan,
    names: &dyn AccountNames,
    format: ReportFormat,
    standing: &str,
    ui: Ui,
) -> anyhow::Result<()> {
    let text = match format {
        // The file itself: a copy of a large plan would only be thrown away.
        ReportFormat::Json => plan.to_text(),
        ReportFormat::Html => page(plan, names, standing),
        ReportFormat::Table => {
            let basis = &plan.basis;
            let head = format!(
                "Plan of {} by {}, days in {}.\nStripe {} into NetSuite {}.\nDigest {}.\n{standing}\n{}\n",
                plan.made_at,
                plan.made_by,
                plan.zone,
                basis.stripe_account,
                basis.netsuite_account,
                plan.digest.chars().take(12).collect::<String>(),
                summary(plan),
            );
            text_of(&|sink| rows(plan, names, sink), &head, width()).0
        }
        ReportFormat::Csv => {
            let mut bytes = Vec::new();
            csv_of(&|sink| rows(plan, names, sink), true, &mut bytes)?;
            String::from_utf8(bytes)?
        }
    };
    Ok(ui.data(&text)?)
}

/// Writes the page and the workbook, where they are wanted.
pub(super) fn write_also(
    plan: &Plan,
    names: &dyn AccountNames,
    output: &PlanOutputArgs,
    standing: &str,
    ui: Ui,
) -> anyhow::Result<()> {
    if let Some(path) = &output.html {
        write_private(path, page(plan, names, standing).as_bytes())?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    if let Some(path) = &output.xlsx {
        write_private(path, &workbook(plan, names)?)?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    Ok(())
}

#[cfg(feature = "xlsx")]
fn workbook(plan: &Plan, names: &dyn AccountNames) -> anyhow::Result<Vec<u8>> {
    let properties = crate::report::close::Properties {
        title: format!("Plan of {}", plan.made_at),
        author: &plan.made_by,
        made_at: plan.made_at,
    };
    Ok(crate::report::close::xlsx_of(&|sink| rows(plan, names, sink), &properties)?)
}

#[cfg(not(feature = "xlsx"))]
fn workbook(_: &Plan, _: &dyn AccountNames) -> anyhow::Result<Vec<u8>> {
    Err(crate::commands::exit::no_workbooks().into())
}

/// Prints what the second plan has and the first has not; gives whether they are the same.
fn diff(
    before: &Plan,
    after: &Plan,
    names: &dyn AccountNames,
    format: ListFormat,
    ui: Ui,
) -> anyhow::Result<bool> {
    let compared = compared(before, after);
    let make = |sink: &mut dyn Sink| compared.rows(names, sink);
    let mut bytes = Vec::new();
    match format {
        ListFormat::Table => {
            let same = if compared.is_same() {
                "Both would send the same, and hold the same back.\n"
            } else {
                ""
            };
            let head = format!(
                "First: {}, {}\nSecond: {}, {}\n{same}",
                before.made_at,
                summary(before),
                after.made_at,
                summary(after),
            );
            bytes = text_of(&make, &head, width()).0.into_bytes();
        }
        ListFormat::Csv => drop(csv_of(&make, true, &mut bytes)?),
        ListFormat::Json => {
            let head = serde_json::json!({
                "schema_version": SCHEMA_VERSION,
                "report": "plan-diff",
                "before": before.digest,
                "after": after.digest,
                "is_same": compared.is_same(),
            });
            drop(json_of(&make, &head, &mut bytes)?);
        }
    }
    ui.data(&String::from_utf8(bytes)?)?;
    Ok(compared.is_same())
}
