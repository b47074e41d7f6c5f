//! `tieout report` for a period: gather or take what was kept, write the reports, hold the differences
//! against what is let pass.

mod gather;
mod movements;
mod payouts;
mod period;
mod records;
mod seen;
mod subjects;
mod write;

use anyhow::{Context, bail};

use crate::accounting::Policy;
use crate::cli::{Global, ReportArgs, ReportName};
use crate::commands::books;
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::log::logged;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::commands::siblings;
use crate::ledger::{Ledger, Packed};
use crate::netsuite::client::Client;
use crate::netsuite::references::References;
use crate::reconcile::close::facts::Period;
use crate::reconcile::close::sheet::Proof;
use crate::reconcile::close::{FACTS_VERSION, Facts, Report, proofs};
use crate::report::close::Written;
use crate::ui::Ui;

pub use super::balance::Balances;
pub use super::bank::add_statements;
pub use gather::{Inputs, gather};
pub use period::of_month;

pub(super) async fn run(args: &ReportArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    taken(args, global, None, ui).await
}

/// Takes what a close was made of, and what its reports prove.
pub(super) type Taker<'a> = &'a mut dyn FnMut(&Facts, Vec<Proof>);

/// The same, for somebody who takes what the reports are made of and shows it: then they are written and
/// not printed.
pub(super) async fn taken(
    args: &ReportArgs,
    global: &Global,
    taker: Option<Taker<'_>>,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let period = period::of(args, session.settings.stripe.zone)?;
    let tolerance = period::tolerance(&args.fail_over)?;
    let report = report(args.name);
    let wanted = report.map_or_else(|| Report::ALL.to_vec(), |report| vec![report]);
    let finish = |facts: &Facts, written: Option<&Written>| -> anyhow::Result<Outcome> {
        let is_shown = taker.is_none();
        let (outcome, proofs) =
            write::rest(args, facts, &wanted, written, tolerance, is_shown, ui)?;
        if let Some(take) = taker {
            take(facts, proofs);
        }
        Ok(outcome)
    };
    if let Some(facts) = kept(args, &session, &period)? {
        let written = write::in_folder(args, &facts, &wanted, ui)?;
        return finish(&facts, written.as_ref());
    }
    let _lock = session.lock("report", ui)?;
    let mut ledger = session.existing_ledger()?;
    let command = format!("report {}", report.map_or("close", Report::word));
    let parameters = serde_json::json!({ "period": period.name }).to_string();
    logged(&mut ledger, &command, &parameters, async |ledger, _| {
        let facts = read(args, &session, ledger, period).await?;
        let is_close = args.name == ReportName::Close;
        let (packed, written) = std::thread::scope(|scope| {
            let packed = is_close.then(|| scope.spawn(|| Packed::new(&facts)));
            let written = write::in_folder(args, &facts, &wanted, ui);
            let ended = packed.map(std::thread::ScopedJoinHandle::join);
            (ended.map(|own| own.unwrap_or_else(|panic| std::panic::resume_unwind(panic))), written)
        });
        let written = written?;
        if let (Some(packed), Some(written)) = (packed.transpose()?, &written) {
            let Period { name, window, .. } = &facts.period;
            let figures = &written.figures;
            let id = ledger.put_reading(name, *window, facts.read_at, packed, figures)?;
            warn_of_void(ledger, name, id, ui)?;
            ui.say(&format!(
                "Kept as reading {id}: `--as-read {id}` makes the same reports again."
            ));
        }
        if let Some(what) = &facts.cover.broke_off {
            ui.warn(&format!("The last pull broke off: {what} may be missing in part."));
        }
        finish(&facts, written.as_ref())
    })
    .await
}

/// The name of the period that was asked for, where the whole request makes sense for any account.
pub(super) fn asked(args: &ReportArgs) -> anyhow::Result<String> {
    period::tolerance(&args.fail_over)?;
    Ok(period::of(args, crate::calendar::Zone::UTC)?.name)
}

/// How many proofs show a difference.
pub(super) fn differing(facts: &Facts) -> usize {
    proofs(facts).iter().filter(|(_, proof)| !proof.difference.is_zero()).count()
}

/// Says whose signature does not hold any more because of reading `id`.
fn warn_of_void(ledger: &Ledger, period: &str, id: i64, ui: Ui) -> anyhow::Result<()> {
    let Ok(month) = period.parse() else { return Ok(()) };
    for own in ledger.sign_offs(month)? {
        if own.void.is_some_and(|(_, reading)| reading == id) {
            let (by, role) = (&own.by, own.role.word());
            ui.warn(&format!(
                "What {by} signed as {role} is void: the figures of {period} are not those of reading \
                 {} any more.",
                own.reading
            ));
        }
    }
    Ok(())
}

/// The report of a name; `None` where it stands for all of them.
fn report(name: ReportName) -> Option<Report> {
    Some(match name {
        // The other two are not of a period, and are made elsewhere.
        ReportName::Close | ReportName::Tieout | ReportName::Cutover => return None,
        ReportName::Rollforward => Report::Rollforward,
        ReportName::Bridge => Report::Bridge,
        ReportName::Payouts => Report::Payouts,
        ReportName::Bank => Report::Bank,
        ReportName::OpenItems => Report::OpenItems,
        ReportName::Ar => Report::Ar,
        ReportName::Fees => Report::Fees,
        ReportName::Disputes => Report::Disputes,
        ReportName::Refunds => Report::Refunds,
        ReportName::Cutoff => Report::Cutoff,
        ReportName::CustomerBalance => Report::CustomerBalance,
        ReportName::Tax => Report::Tax,
        ReportName::Changes => Report::Changes,
        ReportName::Cover => Report::Cover,
        ReportName::Balances => Report::Balances,
        ReportName::Items => Report::Items,
        ReportName::Transactions => Report::Transactions,
    })
}

/// What an earlier close gathered, where that is asked for and there is one.
fn kept(args: &ReportArgs, session: &Session, period: &Period) -> anyhow::Result<Option<Facts>> {
    if !args.from_ledger && args.as_read.is_none() {
        return Ok(None);
    }
    let ledger = session.ledger_to_read()?;
    let (stripe, netsuite) = (&session.settings.stripe.account, &session.settings.netsuite.account);
    ledger.check_accounts(stripe.as_str(), netsuite)?;
    let id = match args.as_read {
        Some(id) => id,
        None => match ledger.last_reading(period.window)? {
            Some(id) => id,
            None => return Ok(None),
        },
    };
    let facts: Facts = ledger.reading(id)?.with_context(|| {
        format!("the ledger has no reading {id}\nhint: `tieout report close` keeps one and tells its number")
    })?;
    if facts.period.window != period.window {
        let text = format!("reading {id} is of {}, not of {}", facts.period.name, period.name);
        bail!(UsageError(text));
    }
    if facts.version != FACTS_VERSION {
        bail!("reading {id} was kept by another version of tieout ({})", facts.made_by);
    }
    Ok(Some(facts))
}

/// Gathers everything, from NetSuite or without it.
async fn read(
    args: &ReportArgs,
    session: &Session,
    ledger: &mut Ledger,
    period: Period,
) -> anyhow::Result<Facts> {
    let client = if args.from_ledger { None } else { Some(session.netsuite()?) };
    let references = match &client {
        Some(client) => books::fetch(client, ledger).await?,
        None => books::kept(ledger)?.context(
            "the ledger does not know NetSuite's accounts yet\nhint: plan once, or leave out --from-ledger",
        )?,
    };
    let policy = books::policy(&session.settings, &references)?;
    gathered(session, ledger, (&policy, &references), client.as_deref(), period).await
}

/// Says which records that are strange to this ledger were made for another Stripe account.
fn name_makers(facts: &mut Facts, session: &Session) -> anyhow::Result<()> {
    let keys = facts.by_others.iter().map(|other| other.internal_id.clone()).collect();
    let makers = siblings::makers(session, &keys)?;
    for other in &mut facts.by_others {
        other.maker = makers.get(&other.internal_id).cloned();
    }
    Ok(())
}

/// Gathers everything of a period for books that are known, bank statements included.
pub(super) async fn gathered(
    session: &Session,
    ledger: &Ledger,
    (policy, references): (&Policy, &References),
    client: Option<&Client>,
    period: Period,
) -> anyhow::Result<Facts> {
    let mut facts = gather(Inputs {
        ledger,
        policy,
        references,
        client,
        netsuite_account: session.settings.netsuite.account.clone(),
        period,
        balances: Balances::load(session, ledger)?,
        read_at: session.clock.now(),
        made_by: made_by(),
    })
    .await?;
    name_makers(&mut facts, session)?;
    add_statements(&mut facts, ledger, &session.settings.bank)?;
    ledger.forget_pages()?;
    Ok(facts)
}
