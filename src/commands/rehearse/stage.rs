//! One rehearsal: facts into a ledger of its own, records into the embedded NetSuite, and everything read
//! back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::house::STATE;
use crate::calendar::Month;
use crate::cli::{GuardArgs, RehearseArgs};
use crate::commands::close;
use crate::commands::exit::{Guarded, Outcome};
use crate::commands::files::ReportFolder;
use crate::commands::log::logged;
use crate::commands::plan::DERIVED_UNDER;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::{books, modes, plan, pull, push, report};
use crate::ids::InternalId;
use crate::ledger::{Ledger, RunId};
use crate::netsuite::readback::Reader;
use crate::netsuite::references::References;
use crate::reconcile::TieOut;
use crate::reconcile::close::Report;
use crate::reconcile::trial_balance::{Line, Period, Posted, TrialBalance};
use crate::report::AccountNames;
use crate::report::close::{CLOSE, folder as folder_of_reports};
use crate::ui::Ui;

/// What a rehearsal gave.
pub(super) struct Rehearsed {
    pub(super) trial: TrialBalance,
    pub(super) posted: Posted,
    /// Records that are held back, and exceptions.
    pub(super) waiting: [usize; 2],
    pub(super) tieout: TieOut,
    pub(super) assumed: Vec<String>,
    pub(super) outcome: Outcome,
}

/// Where the facts come from.
#[derive(Clone, Copy)]
pub(super) enum Facts<'a> {
    /// Exported JSON.
    Export(&'a Path),
    /// The ledger of the account, which is only read.
    Ledger(&'a Path),
}

/// Removes the rehearsal's ledger and NetSuite when it is dropped, unless they are kept.
struct State {
    folder: PathBuf,
    is_kept: bool,
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.is_kept {
            for name in STATE {
                // Most were never made; what cannot be removed refuses the next rehearsal by name.
                let _left = std::fs::remove_file(self.folder.join(name));
            }
        }
    }
}

/// Rehearses in the folder of the session, which has no rehearsal yet.
pub(super) async fn rehearse(
    session: &Session,
    facts: Facts<'_>,
    args: &RehearseArgs,
    ui: Ui,
) -> anyhow::Result<Rehearsed> {
    let folder = session.settings.netsuite.rehearsal.clone();
    refuse_another(&folder)?;
    let house = session.house().context("the session does not rehearse")?;
    house.make_folder()?;
    let _state = State { folder: folder.clone(), is_kept: args.keep };
    let _lock = session.lock("rehearse", ui)?;
    let assumed = house.assumed(&session.clock)?.to_vec();
    for sentence in &assumed {
        ui.say(&format!("Assumed: {sentence}"));
    }
    match facts {
        Facts::Export(path) => drop(pull::read_export(session, path, ui).await?),
        Facts::Ledger(path) => {
            let real = Ledger::open_read_only(path, Arc::clone(&session.clock))?;
            let forget = [books::KEPT_AS, DERIVED_UNDER, modes::KEPT_AS];
            let (to, netsuite) = (&session.settings.ledger, &session.settings.netsuite.account);
            real.copy_facts(to, netsuite, &forget)?;
        }
    }
    let mut ledger = session.existing_ledger()?;
    let mut rehearsed = None;
    logged(&mut ledger, "rehearse", "{}", async |ledger, run| {
        let own = through(session, ledger, args, assumed, run, ui).await?;
        Ok(rehearsed.insert(own).outcome)
    })
    .await?;
    rehearsed.context("the rehearsal was stopped")
}

fn refuse_another(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    match STATE.iter().find(|name| folder.join(name).exists()) {
        Some(name) => bail!(Guarded(format!(
            "the folder {shown} has a rehearsal that was kept ({name}): nothing was written\nhint: name another folder with --out, or remove the rehearsal's files"
        ))),
        None => Ok(()),
    }
}

/// Plan, push, read back, report.
async fn through(
    session: &Session,
    ledger: &mut Ledger,
    args: &RehearseArgs,
    assumed: Vec<String>,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Rehearsed> {
    session.begins(run, ui);
    let (made, _) = session.unless_stopped(plan::make(session, ledger, ui)).await?;
    ui.say(&crate::report::plan::summary(&made));
    let pushed = push::send_all(session, ledger, made, &GuardArgs::default(), run, ui).await?;
    if matches!(pushed, Outcome::Interrupted(_)) {
        bail!("the rehearsal was interrupted: nothing of it is kept");
    }
    let client = session.netsuite()?;
    let references = books::fetch(&client, ledger).await?;
    let read_back = ReadBack::read(session, ledger, &client).await?;
    let tieout = read_back.statements(session, ledger)?;
    let base = read_back.policy.books.base_currency;
    let reader = Reader { client: &client, references: &references, base_currency: base };
    let trial = trial_balance(&reader).await.context("the trial balance")?;
    let folder = &session.settings.netsuite.rehearsal;
    report::write_html(&tieout, ledger, &folder.join("tieout.html"))?;
    let month = args.period.or_else(|| Some(Month::of(trial.last_period()?.first_day)));
    if let Some(month) = month {
        close_reports(session, ledger, &read_back, &references, month, folder).await?;
    }
    let (again, _) = plan::make(session, ledger, ui).await?;
    Ok(Rehearsed {
        trial,
        posted: read_back
            .rows
            .iter()
            .filter_map(|(id, row)| Some((id.clone(), row.posted.clone()?)))
            .collect(),
        waiting: [again.blocked.len() + again.changes.len(), again.exceptions.len()],
        outcome: pushed.or_worse(report::outcome(&tieout)),
        tieout,
        assumed,
    })
}

/// Every report of a month, as `tieout report close` writes them.
async fn close_reports(
    session: &Session,
    ledger: &Ledger,
    read_back: &ReadBack,
    references: &References,
    month: Month,
    folder: &Path,
) -> anyhow::Result<()> {
    let client = session.netsuite()?;
    let policy = &read_back.policy;
    let period = close::of_month(month, policy.zone)?;
    let books = (policy, references);
    let facts = close::gathered(session, ledger, books, Some(&client), period).await?;
    let folder = folder.join(format!("close-{month}"));
    folder_of_reports(&facts, &Report::ALL, CLOSE, &ReportFolder::made(&folder)?)?;
    Ok(())
}

/// What NetSuite has on every account, read like anything else of it.
pub async fn trial_balance(reader: &Reader<'_>) -> anyhow::Result<TrialBalance> {
    let references = reader.references;
    let periods: HashMap<&InternalId, Period> = references
        .periods
        .iter()
        .map(|own| (&own.id, Period { first_day: own.first_day, name: own.name.clone() }))
        .collect();
    let names = books::Names(references);
    let mut lines = Vec::new();
    for own in reader.trial_balance().await? {
        let period = periods.get(&own.period).cloned();
        lines.push(Line {
            account: names.name(&own.account),
            period: period.with_context(|| format!("the posting period {}", own.period))?,
            in_books: own.base_debit - own.base_credit,
            in_records: own.foreign,
        });
    }
    Ok(TrialBalance { base: reader.base_currency, lines })
}
