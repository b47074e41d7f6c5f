//! What several Stripe accounts come to, after each has had its turn: the overview over their closes, and
//! the tables at the end of `verify` and `status`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::calendar::Month;
use crate::cli::{Cli, ReportArgs, ReportFormat, StatusArgs, VerifyArgs};
use crate::commands::accounts::{Turn, each, of, worst};
use crate::commands::exit::{self, Outcome};
use crate::commands::files::ReportFolder;
use crate::commands::night::Watch;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::commands::siblings::books;
use crate::commands::{close as one, status as standing, verify as verified};
use crate::config::Settings;
use crate::ledger::{Ledger, Signer};
use crate::reconcile::close::Facts;
use crate::reconcile::close::brief::Brief;
use crate::reconcile::overview::{Account, End, Overview, Signature, Standing};
use crate::report::accounts::{Line, table, total};
use crate::report::close::CLOSE;
use crate::report::overview;
use crate::ui::{Ui, width};

/// Closes each account into a folder of its own, and says beside them what they come to.
pub(super) async fn close(
    args: &ReportArgs,
    cli: &Cli,
    names: &[String],
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let period = one::asked(args)?;
    let folder = args.out.clone();
    let folder = folder.unwrap_or_else(|| format!("close-{}", period.replace(' ', "-")).into());
    let turns = each(cli, names, watch, ui, async |global, ui| {
        let name = global.account.as_deref().unwrap_or_default();
        let own = ReportArgs { out: Some(folder.join(name)), ..args.clone() };
        let mut brief = None;
        let mut take = |facts: &Facts, proofs| brief = Some(Brief::of(facts, proofs));
        let outcome = one::taken(&own, global, Some(&mut take), ui).await?;
        Ok((outcome, brief))
    })
    .await?;
    let code = worst(&turns);
    let overview = Overview { period, accounts: accounts(args.period, cli, turns)? };
    write(args, &overview, &folder, ui)?;
    Ok(Outcome::Several(code))
}

fn write(args: &ReportArgs, overview: &Overview, folder: &Path, ui: Ui) -> anyhow::Result<()> {
    let made_by = made_by();
    overview::folder(overview, &made_by, &ReportFolder::made(folder)?)?;
    ui.say(&format!("Wrote {}, over all accounts.", folder.join("overview.html").display()));
    let mut bytes = Vec::new();
    match args.output {
        ReportFormat::Table => bytes = overview::text(overview, width()).into_bytes(),
        ReportFormat::Csv => overview::csv(overview, &mut bytes)?,
        ReportFormat::Json => overview::json(overview, &made_by, &mut bytes)?,
        ReportFormat::Html => bytes = overview::page(overview, &made_by).into_bytes(),
    }
    Ok(ui.data(&String::from_utf8(bytes)?)?)
}

/// The accounts as they stand after their turns, with whose records each found among those of others.
fn accounts(
    month: Option<Month>,
    cli: &Cli,
    turns: Vec<Turn<Option<Brief>>>,
) -> anyhow::Result<Vec<Account>> {
    let mut accounts = Vec::new();
    let mut ledgers: Vec<Option<Ledger>> = Vec::new();
    for turn in turns {
        // What cannot be opened has failed, and said why.
        let session = Session::open(&of(cli, &turn.name)).ok();
        let ledger = session.as_ref().and_then(|session| session.ledger_to_read().ok());
        let standing = match (&session, &ledger, month) {
            (Some(session), Some(ledger), Some(month)) => {
                Some(standing_of(ledger, month, &session.settings)?)
            }
            _ => None,
        };
        let settings = session.as_ref().map(|session| &session.settings);
        accounts.push(account(turn, settings, standing));
        ledgers.push(ledger);
    }
    let made = |place: usize, other: usize, accounts: &[Account]| {
        let (own, theirs) = (&accounts[place], &accounts[other]);
        let is_same = place != other && own.books == theirs.books;
        let (brief, ledger) = own.brief().zip(ledgers[other].as_ref()).filter(|_| is_same)?;
        Some(ledger.made_of(&brief.made_by_others()))
    };
    for place in 0..accounts.len() {
        for other in 0..accounts.len() {
            let made: BTreeSet<_> = made(place, other, &accounts).transpose()?.unwrap_or_default();
            if let End::Closed { brief, .. } = &mut accounts[place].end {
                brief.name_maker(other, &made);
            }
        }
    }
    Ok(accounts)
}

fn account(
    turn: Turn<Option<Brief>>,
    settings: Option<&Settings>,
    standing: Option<Standing>,
) -> Account {
    let Turn { name, code, told } = turn;
    let end = match told {
        Ok(Some(brief)) => {
            End::Closed { brief: Box::new(brief), report: format!("{name}/{CLOSE}.html") }
        }
        Ok(None) => End::Failed { why: exit::meaning(code).to_owned(), fix: None },
        Err(message) => match message.rsplit_once("\nhint: ") {
            Some((why, fix)) => End::Failed { why: why.to_owned(), fix: Some(fix.to_owned()) },
            None => End::Failed { why: message, fix: None },
        },
    };
    Account {
        stripe_account: settings.map(|settings| settings.stripe.account.to_string()),
        netsuite_account: settings.map(|settings| settings.netsuite.account.clone()),
        books: settings.map_or_else(|| name.clone(), books),
        exit_code: code,
        meaning: exit::meaning(code),
        standing,
        end,
        name,
    }
}

fn standing_of(ledger: &Ledger, month: Month, settings: &Settings) -> anyhow::Result<Standing> {
    let signed = ledger.sign_offs(month)?;
    let last = |role: Signer| signed.iter().rfind(|own| own.role == role);
    Ok(Standing {
        is_locked: ledger.locked_months()?.contains(&month),
        signed: Signer::ALL
            .into_iter()
            .filter_map(last)
            .map(|own| Signature {
                role: own.role.word(),
                by: own.by.clone(),
                day: own.at.date_in(settings.stripe.zone),
                is_void: own.void.is_some(),
            })
            .collect(),
    })
}

/// Verifies each account, and ends with a table of them.
pub(super) async fn verify(
    args: &VerifyArgs,
    cli: &Cli,
    names: &[String],
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let turn = async |global: &_, ui| verified::records(args, global, ui).await;
    let turns = each(cli, names, watch, ui, turn).await?;
    let figures =
        |counts: &verified::Counts| vec![counts.records, counts.differences, counts.accepted];
    Ok(show(&["Records", "Differences", "Accepted"], &turns, figures, ui))
}

/// Says how each account stands, and ends with a table of them.
pub(super) async fn status(
    args: &StatusArgs,
    cli: &Cli,
    names: &[String],
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let turn = async |global: &_, ui| Ok((Outcome::Done, standing::told(args, global, ui)?));
    let turns = each(cli, names, watch, ui, turn).await?;
    let figures = |counts: &standing::Counts| {
        vec![counts.records, counts.unsent, counts.exceptions, counts.accepted]
    };
    Ok(show(&["Records", "Not sent", "Exceptions", "Accepted"], &turns, figures, ui))
}

fn show<T>(
    titles: &[&str],
    turns: &[Turn<T>],
    figures: impl Fn(&T) -> Vec<usize>,
    ui: Ui,
) -> Outcome {
    let code = worst(turns);
    let figures = |turn: &Turn<T>| match &turn.told {
        Ok(told) => figures(told).into_iter().map(|own| u64::try_from(own).ok()).collect(),
        Err(_) => vec![None; titles.len()],
    };
    let lines: Vec<Line> = turns
        .iter()
        .map(|turn| Line { name: &turn.name, exit_code: turn.code, figures: figures(turn) })
        .collect();
    let total = total(&lines, titles.len(), code);
    ui.heading("All accounts");
    ui.say(table(titles, &lines, &total, width()).trim_end());
    Outcome::Several(code)
}
