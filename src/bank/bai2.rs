//! BAI2: records of comma-separated fields. Totals of accounts, groups and the file prove that nothing
//! was cut off; an account's opening and closing balances are summary amounts of its record.

use chrono::NaiveDate;

use super::Wrong;
use super::amount::implied;
use super::date::short;
use super::statement::{Entry, Parsed};
use super::wrong::WHOLE_FILE;
use crate::money::{Amount, Currency};

/// Where a group or an account names no currency.
const USUAL: Currency = Currency::USD;
/// Summary types: the balance of the ledger when the day began and when it ended.
const OPENING: &str = "010";
const CLOSING: &str = "015";

/// A record with its continuations.
struct Record {
    line: usize,
    code: String,
    /// Behind the code.
    fields: Vec<String>,
    /// How many lines of the file it takes.
    lines: usize,
}

impl Record {
    fn field(&self, place: usize) -> &str {
        self.fields.get(place).map_or("", |field| field.trim())
    }

    fn wrong(&self, field: &str, value: &str, why: impl std::fmt::Display) -> Wrong {
        Wrong::value(self.line, field, value, why, WHOLE_FILE)
    }
}

/// The group that is open.
struct Group {
    day: NaiveDate,
    currency: Currency,
}

/// The account that is open, with what its trailer is held against.
struct Account {
    parsed: Parsed,
    total: i128,
    lines: usize,
}

/// Every account of every group: a statement of one day each.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, Wrong> {
    let mut statements = Vec::new();
    let mut group: Option<Group> = None;
    let mut account: Option<Account> = None;
    let mut is_ended = false;
    for record in records(text)? {
        if let Some(open) = account.as_mut().filter(|_| record.code == "16" || record.code == "49")
        {
            open.lines += record.lines;
        }
        match record.code.as_str() {
            "01" | "98" => {}
            "02" => group = Some(group_of(&record)?),
            "03" => {
                let group =
                    group.as_ref().ok_or_else(|| Wrong::missing(record.line, "record 02"))?;
                if let Some(open) = account {
                    let what = format!("the trailer of account {}", open.parsed.account);
                    return Err(Wrong::missing(record.line, &what));
                }
                account = Some(account_of(&record, group)?);
            }
            "16" => {
                let open =
                    account.as_mut().ok_or_else(|| Wrong::missing(record.line, "record 03"))?;
                take(&record, open)?;
            }
            "49" => {
                let open =
                    account.take().ok_or_else(|| Wrong::missing(record.line, "record 03"))?;
                statements.push(close(&record, open)?);
            }
            "99" => is_ended = true,
            other => {
                return Err(record.wrong("a record's code", other, "BAI2 has no such record"));
            }
        }
    }
    if !is_ended || account.is_some() {
        let cause = "the file ends before its trailer (record 99)";
        return Err(Wrong::file(cause, WHOLE_FILE));
    }
    Ok(statements)
}

/// Lines put together: `88` goes on with the record before it.
fn records(text: &str) -> Result<Vec<Record>, Wrong> {
    let mut whole: Vec<(usize, String, usize)> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() {
            continue;
        }
        if let Some(rest) = content.strip_prefix("88,") {
            let missing = || Wrong::at(line, "record 88 goes on with nothing", WHOLE_FILE);
            let (_, record, lines) = whole.last_mut().ok_or_else(missing)?;
            // A slash ends a field; without one, words go on.
            match record.strip_suffix('/').map(str::to_owned) {
                Some(ended) => *record = format!("{ended},{rest}"),
                None => *record = format!("{record} {rest}"),
            }
            *lines += 1;
        } else {
            whole.push((line, content.to_owned(), 1));
        }
    }
    let record = |(line, content, lines): (usize, String, usize)| {
        let content = content.strip_suffix('/').unwrap_or(&content);
        let mut fields = content.split(',').map(str::to_owned);
        let code = fields.next().unwrap_or_default().trim().to_owned();
        Record { line, code, fields: fields.collect(), lines }
    };
    Ok(whole.into_iter().map(record).collect())
}

/// `02,receiver,originator,status,day,time,currency,modifier`.
fn group_of(record: &Record) -> Result<Group, Wrong> {
    let status = record.field(2);
    if status != "1" {
        let fix = "export the days anew: a file of updates has the lines as they are";
        let cause = format!("the group's status is `{status}`: it deletes, corrects or tests");
        return Err(Wrong::at(record.line, cause, fix));
    }
    if matches!(record.field(6), "1" | "3") {
        let fix = "take the file of previous days";
        return Err(Wrong::at(record.line, "the group is of a day that is not over", fix));
    }
    let day = short(record.field(3))
        .ok_or_else(|| record.wrong("the group's day", record.field(3), "it is no YYMMDD"))?;
    Ok(Group { day, currency: currency(record, record.field(5), USUAL)? })
}

fn currency(record: &Record, code: &str, otherwise: Currency) -> Result<Currency, Wrong> {
    if code.is_empty() {
        return Ok(otherwise);
    }
    code.parse().map_err(|error| record.wrong("the currency", code, error))
}

/// `03,account,currency,type,amount,count,funds,…`: balances, and other sums that are not needed.
fn account_of(record: &Record, group: &Group) -> Result<Account, Wrong> {
    let currency = currency(record, record.field(1), group.currency)?;
    if record.field(0).is_empty() {
        return Err(Wrong::missing(record.line, "the account's number"));
    }
    let mut parsed = Parsed::new(record.field(0), currency);
    (parsed.first_day, parsed.last_day) = (Some(group.day), Some(group.day));
    let mut total = 0;
    let mut place = 2;
    while place < record.fields.len() {
        let (kind, text) = (record.field(place), record.field(place + 1));
        if !text.is_empty() {
            let amount =
                implied(text, currency).map_err(|error| record.wrong("an amount", text, error))?;
            total += unscaled(text);
            match kind {
                OPENING => parsed.opening = Some(amount),
                CLOSING => parsed.closing = Some(amount),
                _ => {}
            }
        }
        place += 3 + 1 + funds(record, place + 3)?;
    }
    Ok(Account { parsed, total, lines: record.lines })
}

/// How many fields follow a funds type, to say when the money can be used.
fn funds(record: &Record, place: usize) -> Result<usize, Wrong> {
    Ok(match record.field(place) {
        "S" => 3,
        "V" => 2,
        "D" => {
            let count = record.field(place + 1);
            let pairs: usize =
                count.parse().map_err(|error| record.wrong("the count of days", count, error))?;
            1 + pairs.min(record.fields.len()) * 2
        }
        _ => 0,
    })
}

/// `16,type,amount,funds,…,bank reference,customer reference,words`.
fn take(record: &Record, open: &mut Account) -> Result<(), Wrong> {
    let currency = open.parsed.currency;
    let (kind, text) = (record.field(0), record.field(1));
    if kind == "890" {
        // Words about the account, and no money.
        return Ok(());
    }
    let number: u16 =
        kind.parse().map_err(|error| record.wrong("the type of a line", kind, error))?;
    let is_debit = match number {
        100..=399 | 920..=959 => false,
        400..=699 | 960..=999 => true,
        _ => {
            return Err(record.wrong("the type of a line", kind, "it is no credit and no debit"));
        }
    };
    let amount: Amount =
        implied(text, currency).map_err(|error| record.wrong("the amount", text, error))?;
    open.total += unscaled(text);
    let day = open.parsed.last_day.expect("set when the account was opened");
    let value = if record.field(2) == "V" { short(record.field(3)) } else { None };
    let after = 3 + funds(record, 2)?;
    let references = [record.field(after), record.field(after + 1)];
    let words = record.fields.get(after + 2..).unwrap_or_default().join(",");
    open.parsed.entries.push(Entry {
        place: record.line,
        booked: day,
        value,
        amount: if is_debit { -amount } else { amount },
        // A reference may be a batch's, and be the same on several lines.
        bank_id: None,
        references: references
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
        text: words.trim().to_owned(),
    });
    Ok(())
}

/// An amount as it is added up in control totals: its digits.
fn unscaled(text: &str) -> i128 {
    // Read as an amount before, so it is a sign and a few digits.
    text.parse().unwrap_or_default()
}

/// `49,total,lines`: the sum of every amount, and how many lines the account takes.
fn close(record: &Record, open: Account) -> Result<Parsed, Wrong> {
    let said = record.field(0);
    let total: i128 =
        said.parse().map_err(|error| record.wrong("the control total", said, error))?;
    if total != open.total {
        let cause = format!(
            "the control total of account {} is {total}, and its records come to {}",
            open.parsed.account, open.total
        );
        return Err(Wrong::at(record.line, cause, WHOLE_FILE));
    }
    let counted = record.field(1);
    if !counted.is_empty() && counted.parse() != Ok(open.lines) {
        let cause = format!(
            "account {} says that it has {counted} records, and it has {}",
            open.parsed.account, open.lines
        );
        return Err(Wrong::at(record.line, cause, WHOLE_FILE));
    }
    Ok(open.parsed)
}
