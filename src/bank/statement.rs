//! Statements and their lines: what every format comes to.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Wrong;
use super::wrong::WHOLE_FILE;
use crate::digest::sha256_hex;
use crate::money::{Amount, Currency, grouped};

/// How much of a line's digest its id shows: a billion lines differ in it.
const ID_HEX: usize = 16;

/// One booking as a format tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The line of the file on which it begins.
    pub place: usize,
    /// The day on which the bank booked it.
    pub booked: NaiveDate,
    /// The day from which it bears interest.
    pub value: Option<NaiveDate>,
    /// What the account changed by: below zero, money left it.
    pub amount: Amount,
    /// The bank's own id of it, where the bank gives one.
    pub bank_id: Option<String>,
    /// References that came with it: end-to-end, customer's, cheque number.
    pub references: Vec<String>,
    /// Names and purposes, as the bank shows them.
    pub text: String,
}

/// One line of a statement. Its id is the same whenever and from whichever file it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    pub id: String,
    #[serde(flatten)]
    pub entry: Entry,
}

/// Some days of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// As the file names it, without blanks and in capitals: an IBAN, or the bank's own number.
    pub account: String,
    pub currency: Currency,
    /// The bank's number of the statement.
    pub number: Option<String>,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub opening: Option<Amount>,
    pub closing: Option<Amount>,
    pub lines: Vec<StatementLine>,
    /// Entries that the bank announces and has not booked: they come with a later statement.
    pub not_booked: usize,
}

/// A statement as its format gives it, not proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    pub account: String,
    pub currency: Currency,
    pub number: Option<String>,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    pub opening: Option<Amount>,
    pub closing: Option<Amount>,
    pub entries: Vec<Entry>,
    pub not_booked: usize,
}

impl Parsed {
    pub(super) fn new(account: &str, currency: Currency) -> Self {
        Self {
            account: canonical(account),
            currency,
            number: None,
            first_day: None,
            last_day: None,
            opening: None,
            closing: None,
            entries: Vec::new(),
            not_booked: 0,
        }
    }
}

/// An account's number as it is compared: without blanks, in capitals.
pub fn canonical(account: &str) -> String {
    account.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Proves a statement and gives its lines their ids.
pub(super) fn finish(
    parsed: Parsed,
    (first, last): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Statement, Wrong> {
    balances(&parsed)?;
    let booked = || parsed.entries.iter().map(|entry| entry.booked);
    // Lines of other days than the file names are there all the same.
    let first_day = parsed.first_day.or(first).into_iter().chain(booked()).min();
    let last_day = parsed.last_day.or(last).into_iter().chain(booked()).max();
    let (Some(one), Some(other)) = (first_day.or(last_day), last_day.or(first_day)) else {
        let cause = format!("the statement of {} has no line and names no day", parsed.account);
        return Err(Wrong::file(cause, "name the days that it covers with --since and --until"));
    };
    let lines = with_ids(&parsed.account, parsed.entries);
    Ok(Statement {
        account: parsed.account,
        currency: parsed.currency,
        number: parsed.number,
        first_day: one.min(other),
        last_day: one.max(other),
        opening: parsed.opening,
        closing: parsed.closing,
        lines,
        not_booked: parsed.not_booked,
    })
}

/// Opening and lines come to the closing balance, or something is missing, doubled or misread.
fn balances(parsed: &Parsed) -> Result<(), Wrong> {
    let sum: i128 = parsed.entries.iter().map(|entry| i128::from(entry.amount.minor())).sum();
    let weight: i128 =
        parsed.entries.iter().map(|entry| i128::from(entry.amount.minor()).abs()).sum();
    // Below this nothing that is added up later can overflow.
    if weight > i128::from(i64::MAX / 8) {
        let cause = format!("the lines of {} come to more than can be counted", parsed.account);
        return Err(Wrong::file(cause, WHOLE_FILE));
    }
    let (Some(opening), Some(closing)) = (parsed.opening, parsed.closing) else { return Ok(()) };
    let difference = i128::from(closing.minor()) - i128::from(opening.minor()) - sum;
    if difference == 0 {
        return Ok(());
    }
    let shown = |minor: i128| {
        let minor = i64::try_from(minor).expect("sums of a few bounded amounts");
        let amount = Amount::new(minor, parsed.currency);
        format!("{} {}", grouped(&amount.to_decimal()), parsed.currency)
    };
    let number = parsed.number.as_ref().map(|number| format!(" {number}")).unwrap_or_default();
    Err(Wrong::file(
        format!(
            "statement{number} of {} does not add up: it opens with {opening}, its {} lines come to {}, \
             and it closes with {closing}, which is {} away",
            parsed.account,
            parsed.entries.len(),
            shown(sum),
            shown(difference),
        ),
        "take the whole statement from the bank; for CSV, look at the columns and signs in the mapping",
    ))
}

/// How often the same may stand on one day before it is no coincidence.
const TWINS_MAX: usize = 1_000;

impl StatementLine {
    /// Whether the line of an account still says what its id was made of.
    pub fn is_whole(&self, account: &str) -> bool {
        let content = content(account, &self.entry);
        (1..=TWINS_MAX).any(|count| self.id == id(&content, count))
    }
}

/// What a line is recognised by.
fn content(account: &str, entry: &Entry) -> String {
    let words = match &entry.bank_id {
        Some(id) => format!("id {id}"),
        None => {
            let references = entry.references.join("\u{1f}");
            let value = entry.value.map(|day| day.to_string()).unwrap_or_default();
            format!("words {value}\u{1e}{references}\u{1e}{}", entry.text)
        }
    };
    let (booked, amount) = (entry.booked, entry.amount);
    let (minor, currency) = (amount.minor(), amount.currency());
    format!("{account}\u{1e}{booked}\u{1e}{minor}\u{1e}{currency}\u{1e}{words}")
}

fn id(content: &str, count: usize) -> String {
    let digest = sha256_hex(format!("{content}\u{1e}{count}").as_bytes());
    format!("bl_{}", &digest[..ID_HEX])
}

/// Ids of what a line says. The bank's own id stands for its words, which banks reword; lines that say
/// the same on one day are told apart by counting them.
fn with_ids(account: &str, entries: Vec<Entry>) -> Vec<StatementLine> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let with_id = |entry: Entry| {
        let content = content(account, &entry);
        let count = seen.entry(content.clone()).and_modify(|count| *count += 1).or_insert(1);
        StatementLine { id: id(&content, *count), entry }
    };
    entries.into_iter().map(with_id).collect()
}
