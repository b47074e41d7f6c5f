//! The overview over the closes of several Stripe accounts in every format, and the folder of them.

use std::io::{self, Write};

use maud::{Markup, html};
use serde_json::{Value, json};

use super::close::{self, Folder};
use super::plan::counted;
use crate::reconcile::close::brief::Brief;
use crate::reconcile::close::facts::Source;
use crate::reconcile::overview::{Account, End, Overview, State};

/// The version of the JSON's shape: `docs/schemas/overview.json` says what is where.
const SCHEMA_VERSION: u32 = 1;
/// What its files are called.
const WORD: &str = "overview";

/// As text within `columns`.
pub fn text(overview: &Overview, columns: u16) -> String {
    let make: &close::Make = &|sink| overview.write(sink);
    let (text, _) = close::text_of(make, &format!("{}\n", title(overview)), columns);
    let failed = failed(overview);
    if failed.is_empty() {
        return text;
    }
    let (count, names) = (counted(failed.len(), "account"), failed.join(", "));
    text + &format!("{count} without a close, and in no total: {names}.\n")
}

/// As CSV, every row of it.
///
/// # Errors
/// Where it cannot be written.
pub fn csv(overview: &Overview, to: &mut dyn Write) -> io::Result<()> {
    close::csv_of(&|sink| overview.write(sink), true, to).map(|_| ())
}

/// As JSON.
///
/// # Errors
/// Where it cannot be written.
pub fn json(overview: &Overview, made_by: &str, to: &mut dyn Write) -> io::Result<()> {
    let head = json!({
        "schema_version": SCHEMA_VERSION,
        "report": WORD,
        "title": title(overview),
        "period": overview.period,
        "accounts": (0..overview.accounts.len()).map(|place| told(overview, place)).collect::<Vec<_>>(),
        "made_by": made_by,
    });
    close::json_of(&|sink| overview.write(sink), &head, to).map(|_| ())
}

/// As a self-contained page, with links to the accounts' own.
pub fn page(overview: &Overview, made_by: &str) -> String {
    let top = top(overview);
    close::page(&|sink| overview.write(sink), WORD, &title(overview), &top, made_by)
}

/// As a workbook.
///
/// # Errors
/// Where the workbook cannot be put together.
#[cfg(feature = "xlsx")]
pub fn workbook(overview: &Overview, made_by: &str) -> io::Result<Vec<u8>> {
    let read = overview.accounts.iter().filter_map(|account| Some(account.brief()?.read_at));
    let properties = close::Properties {
        title: title(overview),
        author: made_by,
        made_at: read.max().unwrap_or(crate::calendar::UnixTime(0)),
    };
    close::xlsx_of(&|sink| overview.write(sink), &properties).map_err(io::Error::other)
}

/// Every format into a folder.
///
/// # Errors
/// Where a file cannot be written.
pub fn folder<F: Folder>(overview: &Overview, made_by: &str, to: &F) -> io::Result<()> {
    let put = |ending: &str, write: &dyn Fn(&mut F::File) -> io::Result<()>| {
        let name = format!("{WORD}.{ending}");
        let mut file = to.create(&name)?;
        write(&mut file)?;
        to.end(&name, file)
    };
    put("html", &|file| file.write_all(page(overview, made_by).as_bytes()))?;
    put("json", &|file| json(overview, made_by, file))?;
    put("csv", &|file| csv(overview, file))?;
    #[cfg(feature = "xlsx")]
    put("xlsx", &|file| file.write_all(&workbook(overview, made_by)?))?;
    Ok(())
}

fn title(overview: &Overview) -> String {
    format!("{} of Stripe, {}", counted(overview.accounts.len(), "account"), overview.period)
}

fn failed(overview: &Overview) -> Vec<&str> {
    let failed = overview.accounts.iter().filter(|account| account.brief().is_none());
    failed.map(|account| account.name.as_str()).collect()
}

/// One account, for programs.
fn told(overview: &Overview, place: usize) -> Value {
    let account = &overview.accounts[place];
    let brief = account.brief();
    let (report, error) = match &account.end {
        End::Closed { report, .. } => (Some(report), None),
        End::Failed { why, .. } => (None, Some(why)),
    };
    let source = |brief: &Brief| match brief.source {
        Source::NetSuite => "read",
        Source::Posted => "as_posted",
    };
    let standing = account.standing.as_ref();
    let signed = standing.into_iter().flat_map(|standing| &standing.signed).map(
        |own| json!({ "role": own.role, "by": own.by, "day": own.day, "is_void": own.is_void }),
    );
    json!({
        "name": account.name,
        "company": brief.and_then(|brief| brief.company.as_ref()),
        "stripe_account": account.stripe_account,
        "netsuite_account": account.netsuite_account,
        "zone": brief.map(|brief| brief.zone),
        "period": brief.map(|brief| &brief.period),
        "netsuite": brief.map(source),
        "read_at": brief.map(|brief| brief.read_at),
        "state": overview.state(place).word(),
        "exit_code": account.exit_code,
        "meaning": account.meaning,
        "error": error,
        "report": report,
        "is_locked": standing.map(|standing| standing.is_locked),
        "signed": signed.collect::<Vec<_>>(),
    })
}

/// What stands above the sections of the page: whether it ties, and the way to each account's own.
fn top(overview: &Overview) -> Markup {
    let states: Vec<State> =
        (0..overview.accounts.len()).map(|place| overview.state(place)).collect();
    let worst = states.iter().copied().max().unwrap_or(State::Ties);
    let is_good = worst < State::Differs;
    let count = |state: State| states.iter().filter(|own| **own == state).count();
    html! {
        p.kicker { "Stripe to NetSuite, " (overview.period) }
        h1 { "All accounts" }
        div class=(if is_good { "verdict good" } else { "verdict bad" }) {
            span.mark aria-hidden="true" { (if is_good { "✓" } else { "!" }) }
            p {
                @if is_good {
                    "Everything ties out: " (counted(states.len(), "account")) ", every difference nothing."
                } @else {
                    (counted(states.len(), "account")) ": " (count(State::Differs)) " with a difference, "
                    (count(State::Failed)) " without a close."
                }
            }
        }
        nav aria-label="Accounts" {
            ul.contents {
                @for (account, state) in overview.accounts.iter().zip(&states) {
                    li { (link(account)) (stamp(*state)) }
                }
            }
        }
    }
}

fn link(account: &Account) -> Markup {
    html! {
        @match &account.end {
            End::Closed { report, .. } => a href=(report) { (account.name) },
            End::Failed { .. } => span { (account.name) },
        }
    }
}

fn stamp(state: State) -> Markup {
    let class = match state {
        State::Ties => "stamp good",
        State::NotProven => "stamp unproven",
        State::Differs | State::Failed => "stamp bad",
    };
    html! { span class=(class) { (state.word()) } }
}
