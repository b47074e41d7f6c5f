//! MT940, SWIFT's statement: tagged fields, some of them over several lines, with or without the blocks
//! that SWIFT puts around a message.

use chrono::NaiveDate;

use super::Wrong;
use super::amount::plain;
use super::date::{near, short};
use super::statement::{Entry, Parsed};
use super::wrong::WHOLE_FILE;
use crate::calendar::day_after;
use crate::money::{Amount, Currency};

/// What says that there is no reference.
const NO_REFERENCE: &str = "NONREF";

/// One field: its tag without colons, and its lines.
struct Field<'a> {
    line: usize,
    tag: &'a str,
    lines: Vec<&'a str>,
}

impl Field<'_> {
    fn first(&self) -> &str {
        self.lines.first().copied().unwrap_or_default().trim()
    }

    fn wrong(&self, why: impl std::fmt::Display) -> Wrong {
        Wrong::value(self.line, &format!(":{}:", self.tag), self.first(), why, WHOLE_FILE)
    }
}

/// Every statement of a file.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, Wrong> {
    let mut statements = Vec::new();
    let mut message: Vec<Field> = Vec::new();
    for field in fields(text) {
        if field.tag == "20" && !message.is_empty() {
            statements.push(statement(&message)?);
            message.clear();
        }
        // What stands before the first message is the file's own head.
        if field.tag == "20" || !message.is_empty() {
            message.push(field);
        }
    }
    if !message.is_empty() {
        statements.push(statement(&message)?);
    }
    Ok(statements)
}

fn fields(text: &str) -> Vec<Field<'_>> {
    let mut found: Vec<Field> = Vec::new();
    let mut is_inside = false;
    for (line, whole) in (1..).zip(text.lines()) {
        // `{4:` may stand on the line of the first field.
        let content = whole.rsplit_once("{4:").map_or(whole, |(_, rest)| rest).trim_end();
        if let Some((tag, rest)) = tag_of(content) {
            found.push(Field { line, tag, lines: vec![rest] });
            is_inside = true;
        } else if content == "-" || content.starts_with("-}") {
            is_inside = false;
        } else if let Some(field) = found.last_mut().filter(|_| is_inside) {
            field.lines.push(content);
        }
    }
    found
}

/// `:61:…` as `61` and the rest.
fn tag_of(content: &str) -> Option<(&str, &str)> {
    let (tag, rest) = content.strip_prefix(':')?.split_once(':')?;
    let is_tag = (2..=3).contains(&tag.len())
        && tag.as_bytes()[..2].iter().all(u8::is_ascii_digit)
        && tag[2..].bytes().all(|byte| byte.is_ascii_uppercase());
    is_tag.then_some((tag, rest))
}

fn statement(message: &[Field]) -> Result<Parsed, Wrong> {
    let start = message[0].line;
    let find = |tags: &[&str]| message.iter().find(|field| tags.contains(&field.tag));
    let account = find(&["25", "25P"]).ok_or_else(|| Wrong::missing(start, ":25:"))?;
    let opening = find(&["60F", "60M"]).ok_or_else(|| Wrong::missing(start, ":60F:"))?;
    let closing = find(&["62F", "62M"]).ok_or_else(|| Wrong::missing(start, ":62F:"))?;
    let (opened, opening_amount) = balance(opening)?;
    let (closed, closing_amount) = balance(closing)?;
    let currency = opening_amount.currency();
    if closing_amount.currency() != currency {
        return Err(closing.wrong(format!("the statement opened in {currency}")));
    }
    let mut parsed = Parsed::new(account.first(), currency);
    parsed.number = find(&["28C", "28"]).map(|field| field.first().to_owned());
    parsed.opening = Some(opening_amount);
    parsed.closing = Some(closing_amount);
    parsed.last_day = Some(closed);
    // The balance is of the end of a day, and the statement of those after it.
    parsed.first_day = Some(day_after(opened).min(closed));
    for field in message {
        match field.tag {
            "61" => parsed.entries.push(entry(field, currency)?),
            "86" => {
                // Before the first line it is about the statement itself.
                if let Some(entry) = parsed.entries.last_mut() {
                    let text = purpose(&field.lines);
                    entry.text = format!("{} {text}", entry.text).trim().into();
                }
            }
            _ => {}
        }
    }
    Ok(parsed)
}

/// `C261031EUR1234,56`.
fn balance(field: &Field) -> Result<(NaiveDate, Amount), Wrong> {
    let text = field.first();
    let shape = || field.wrong("it is not C or D, a date, a currency and an amount");
    let is_debit = match text.as_bytes().first() {
        Some(b'C') => false,
        Some(b'D') => true,
        _ => return Err(shape()),
    };
    let parts = (text.get(1..7), text.get(7..10), text.get(10..));
    let (Some(date), Some(code), Some(amount)) = parts else { return Err(shape()) };
    let date = short(date).ok_or_else(shape)?;
    let currency: Currency = code.parse().map_err(|error| field.wrong(error))?;
    let amount = plain(amount, currency).map_err(|error| field.wrong(error))?;
    Ok((date, if is_debit { -amount } else { amount }))
}

/// `2610311102CR1234,56NTRFREFERENCE//BANKREF`, with words of the bank on the next line.
fn entry(field: &Field, currency: Currency) -> Result<Entry, Wrong> {
    let shape = |what: &str| field.wrong(format!("{what} cannot be read"));
    let text = field.first();
    let value = text.get(..6).and_then(short).ok_or_else(|| shape("its value date"))?;
    let mut rest = &text[6..];
    let mut booked = value;
    if let Some(day) = rest.get(..4).filter(|day| day.bytes().all(|byte| byte.is_ascii_digit())) {
        booked = near(day, value).ok_or_else(|| shape("its entry date"))?;
        rest = &rest[4..];
    }
    // A reversed credit takes money away, a reversed debit brings it.
    let marks = [("RC", true), ("RD", false), ("C", false), ("D", true)];
    let (mark, is_debit) = marks
        .into_iter()
        .find(|(mark, _)| rest.starts_with(mark))
        .ok_or_else(|| shape("whether it is a credit or a debit"))?;
    rest = &rest[mark.len()..];
    // The third letter of the currency may stand before the amount.
    rest = rest.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(rest);
    let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let amount = plain(&rest[..digits], currency).map_err(|error| field.wrong(error))?;
    // One letter and three: the kind of transaction, which says nothing that is needed.
    let named = rest[digits..].get(4..).unwrap_or_default();
    let (own, bank) = named.split_once("//").unwrap_or((named, ""));
    let is_reference = |text: &&str| !text.is_empty() && *text != NO_REFERENCE;
    let references = [own, bank].into_iter().map(str::trim).filter(is_reference);
    let more: Vec<&str> = field.lines[1..].iter().map(|line| line.trim()).collect();
    Ok(Entry {
        place: field.line,
        booked,
        value: Some(value),
        amount: if is_debit { -amount } else { amount },
        // A bank's reference may be of a batch, and be the same on several lines.
        bank_id: None,
        references: references.map(str::to_owned).collect(),
        text: more.join(" ").trim().to_owned(),
    })
}

/// The words of a `:86:`. The subfields of German banks (`?20…`) are cut anywhere in a word, so the
/// first words of each are put behind the last of the one before.
fn purpose(lines: &[&str]) -> String {
    let joined = lines.concat();
    let is_structured = joined.get(3..4) == Some("?");
    if !is_structured {
        return lines
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" ")
            .trim()
            .to_owned();
    }
    let mut text = String::new();
    for part in joined.split('?').skip(1) {
        let (Some(code), Some(words)) = (part.get(..2), part.get(2..)) else {
            text.push_str(part);
            continue;
        };
        let goes_on = matches!(code.as_bytes(), [b'2', b'1'..=b'9'] | [b'6', b'0'..=b'3'] | b"33");
        if !goes_on && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(words);
    }
    text.trim().to_owned()
}
