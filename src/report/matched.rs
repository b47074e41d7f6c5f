//! Payouts and lines of bank statements beside one another.

use chrono::NaiveDate;
use serde::Serialize;

use crate::calendar::Month;
use crate::money::Amount;
use crate::reconcile::bank::{BankSide, How, Line, Row, Sent, State};
use crate::report::plan::counted;
use crate::report::pretty;
use crate::report::table::{Align, render};

/// The version of the JSON's shape.
const SCHEMA_VERSION: u32 = 1;

/// A payout, or a line that is of none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    #[serde(serialize_with = "word")]
    pub state: State,
    pub payout: Option<String>,
    /// Whether it is the way back of a payout that failed.
    pub is_back: bool,
    pub day: NaiveDate,
    pub amount: Option<Amount>,
    pub line: Option<BankLine>,
    pub found_by: Option<&'static str>,
    /// Lines that it could be.
    pub candidates: Vec<BankLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankLine {
    pub id: String,
    pub account: String,
    pub booked: NaiveDate,
    pub amount: Amount,
    pub words: String,
}

impl Matched {
    pub fn new(row: &Row, sent: &[Sent], side: &BankSide) -> Self {
        let line = |place: usize| {
            let Line { id, account, booked, amount, words } = &side.lines[place];
            BankLine {
                id: id.clone(),
                account: side.accounts[*account].name.clone(),
                booked: *booked,
                amount: *amount,
                words: words.clone(),
            }
        };
        Self {
            state: row.state,
            payout: row.payout.map(|payout| sent[payout].id.clone()),
            is_back: row.is_back,
            day: row.day,
            amount: row.payout.map(|_| row.amount),
            line: row.line.map(line),
            found_by: row.how.map(How::word),
            candidates: row.candidates.iter().map(|place| line(*place)).collect(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn word<S: serde::Serializer>(state: &State, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(state.word())
}

/// For people: what is wrong first, then timing, then what ties.
pub fn text(matched: &[Matched], columns: u16) -> String {
    if matched.is_empty() {
        return "No payout and no line of Stripe's is of this month.\n".into();
    }
    let mut order: Vec<State> = State::ALL.to_vec();
    order.sort_by_key(|state| (!state.is_wrong(), *state == State::Ties));
    let mut text = String::new();
    for state in order {
        let own: Vec<&Matched> = matched.iter().filter(|one| one.state == state).collect();
        if own.is_empty() {
            continue;
        }
        let mut title = state.word().to_owned();
        title[..1].make_ascii_uppercase();
        text.push_str(&format!("\n{title}: {}\n", counted(own.len(), "row")));
        let rows: Vec<Vec<String>> = own.iter().map(|one| row_of(one)).collect();
        let header = [
            ("Day", Align::Whole),
            ("Payout", Align::Whole),
            ("Stripe", Align::Right),
            ("Bank", Align::Right),
            ("Line", Align::Left),
        ];
        text.push_str(&render(&header, &rows, columns));
    }
    text.trim_start().to_owned()
}

fn row_of(one: &Matched) -> Vec<String> {
    let shown = |line: &BankLine| format!("{} {} {}", line.booked, line.id, line.words);
    let line = match &one.line {
        Some(line) => shown(line),
        None => {
            let ids = one.candidates.iter().map(|line| format!("{} {}", line.booked, line.id));
            ids.collect::<Vec<_>>().join(" or ")
        }
    };
    let payout = one.payout.clone().unwrap_or_default();
    vec![
        one.day.to_string(),
        if one.is_back { payout + " (back)" } else { payout },
        one.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        one.line.as_ref().map(|line| line.amount.to_string()).unwrap_or_default(),
        line,
    ]
}

/// For programs.
pub fn json(month: Month, matched: &[Matched]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        month: Month,
        matched: &'a [Matched],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, month, matched })
}
