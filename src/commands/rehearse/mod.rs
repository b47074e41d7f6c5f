//! `tieout rehearse`: everything into an embedded NetSuite first, and the books that it gives.
//!
//! Belongs here: rehearsing, and holding two rehearsals against each other. `house` is the NetSuite of a
//! rehearsal, which a session with `netsuite.target = "rehearsal"` uses too; `stage` is one rehearsal
//! from its facts to its reports.

mod chart;
mod house;
mod needs;
mod stage;

use std::path::Path;

use anyhow::{Context, bail};
use maud::html;

pub(super) use house::{House, OnThisMachine};
pub use stage::trial_balance;

use self::stage::{Facts, Rehearsed, rehearse};
use crate::cli::{Global, ListFormat, RehearseArgs, RehearseCommand};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::files::{write_private, write_private_by};
use crate::commands::plan::made_by;
use crate::commands::session::{Session, settings};
use crate::config::{PushSettings, Settings, Target, with_policy_of};
use crate::reconcile::TieOut;
use crate::reconcile::close::sheet::{Proof, Sink};
use crate::report::close::{csv_of, json_of, page, text_of};
use crate::report::plan::counted;
use crate::report::rehearsal::{Side, compared, trial};
use crate::ui::{Ui, width};

/// The version of the JSON of both reports.
const SCHEMA_VERSION: u32 = 1;
/// The folder, within the rehearsal's, of what the other policies give.
const OTHER: &str = "other";

pub(super) async fn run(args: &RehearseArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    if let Some(RehearseCommand::Chart(args)) = &args.what {
        return chart::run(args, global, ui).await;
    }
    let real = settings(global, Some(Target::Account))?;
    let facts = match &args.from {
        Some(path) => Facts::Export(path),
        None if !real.ledger.exists() => bail!(UsageError(format!(
            "there is no ledger {}, so there are no facts to rehearse with\nhint: `tieout pull` makes one, or give exported JSON with --from",
            real.ledger.display()
        ))),
        None => Facts::Ledger(&real.ledger),
    };
    let mut own = settings(global, Some(Target::Rehearsal))?;
    // A limit on what one night may post is not one on the whole past.
    own.push = PushSettings::default();
    if let Some(chart) = &args.chart {
        if !chart.exists() {
            bail!(UsageError(format!("there is no chart of accounts at {}", chart.display())));
        }
        own.netsuite.chart.clone_from(chart);
    }
    if let Some(folder) = &args.out {
        own.netsuite.rehearsal.clone_from(folder);
    }
    let folder = own.netsuite.rehearsal.clone();
    let other = args.policy.as_deref().map(|path| with_policy_of(path, own.clone())).transpose()?;
    say_where(&own, ui);
    let present = rehearse(&Session::new(own, global.clock()), facts, args, ui).await?;
    let report = match other {
        None => Given { present, other: None },
        Some(mut settings) => {
            ui.heading("REHEARSAL of the other policies");
            settings.netsuite.rehearsal = folder.join(OTHER);
            let other = rehearse(&Session::new(settings, global.clock()), facts, args, ui).await?;
            Given { present, other: Some(other) }
        }
    };
    report.write(&folder)?;
    report.show(args.output, ui)?;
    Ok(report.outcome(&folder, args, ui))
}

fn say_where(settings: &Settings, ui: Ui) {
    ui.heading("REHEARSAL: nothing is read from NetSuite or sent to it");
    ui.say(&format!(
        "Everything is posted into an embedded NetSuite in {}.",
        settings.netsuite.rehearsal.display()
    ));
}

/// What one rehearsal gave, or two.
struct Given {
    present: Rehearsed,
    other: Option<Rehearsed>,
}

impl Given {
    fn rows(&self, sink: &mut dyn Sink) -> Vec<Proof> {
        match &self.other {
            None => trial(&self.present.trial, sink),
            Some(other) => compared(side(&self.present), side(other), sink),
        }
    }

    const fn word(&self) -> &'static str {
        if self.other.is_some() { "policy-comparison" } else { "trial-balance" }
    }

    fn head(&self) -> serde_json::Value {
        serde_json::json!({
            "schema_version": SCHEMA_VERSION,
            "report": self.word(),
            "stripe_account": self.present.tieout.stripe_account,
            "netsuite_account": self.present.tieout.netsuite_account,
            "made_by": made_by(),
            "assumed": self.present.assumed,
        })
    }

    fn title(&self) -> String {
        let what = if self.other.is_some() {
            "What other policies would do to the books"
        } else {
            "Trial balance"
        };
        let TieOut { stripe_account, netsuite_account, .. } = &self.present.tieout;
        format!("REHEARSAL: {what}\nStripe {stripe_account} into NetSuite {netsuite_account}.\n")
    }

    /// Every row, in every format.
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let make = |sink: &mut dyn Sink| self.rows(sink);
        let file = |end: &str| folder.join(format!("{}.{end}", self.word()));
        write_private_by(&file("csv"), |to| Ok(csv_of(&make, true, to).map(drop)?))?;
        write_private_by(&file("json"), |to| Ok(json_of(&make, &self.head(), to).map(drop)?))?;
        let title = self.title();
        let (first, second) = title.split_once('\n').unwrap_or((&title, ""));
        let top = html! {
            h1 { (first) }
            p { (second) }
            @for sentence in &self.present.assumed { p { "Assumed: " (sentence) } }
        };
        let text = page(&make, self.word(), first, &top, &made_by());
        write_private(&file("html"), text.as_bytes())
    }

    fn show(&self, format: ListFormat, ui: Ui) -> anyhow::Result<()> {
        let make = |sink: &mut dyn Sink| self.rows(sink);
        let mut bytes = Vec::new();
        match format {
            ListFormat::Table => bytes = text_of(&make, &self.title(), width()).0.into_bytes(),
            ListFormat::Csv => drop(csv_of(&make, true, &mut bytes)?),
            ListFormat::Json => drop(json_of(&make, &self.head(), &mut bytes)?),
        }
        Ok(ui.data(&String::from_utf8(bytes).context("a report is text")?)?)
    }

    /// Says what tied and what is left in the folder.
    fn outcome(&self, folder: &Path, args: &RehearseArgs, ui: Ui) -> Outcome {
        let mut worst = Outcome::Done;
        let names = [("", Some(&self.present)), (" under the other policies", self.other.as_ref())];
        for (which, own) in names {
            let Some(own) = own else { continue };
            let proofs = own.tieout.statements.len();
            if own.tieout.ties_out() {
                ui.say(&format!("Everything ties out{which}: {}.", counted(proofs, "statement")));
            }
            for wrong in own.tieout.statements.iter().filter(|statement| !statement.ties_out()) {
                ui.warn(&format!("{}{which}: {} differ.", wrong.title, wrong.difference));
            }
            worst = worst.or_worse(own.outcome);
        }
        let shown = folder.display();
        ui.say(&format!("The reports are in {shown}."));
        if args.keep {
            ui.say("The rehearsal is kept: netsuite.target = \"rehearsal\" goes on with it.");
        }
        worst
    }
}

fn side(own: &Rehearsed) -> Side<'_> {
    Side { trial: &own.trial, posted: &own.posted, waiting: own.waiting }
}
