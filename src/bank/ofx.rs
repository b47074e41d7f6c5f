//! OFX: version 1, which is SGML whose leaves have no end, and version 2, which is the same as XML.
//!
//! One reader of tags serves both, because an end that is there can be passed over: a leaf is a tag with
//! words behind it, whatever is closed afterwards.

use chrono::NaiveDate;

use super::Wrong;
use super::amount::plain;
use super::date::compact;
use super::statement::{Entry, Parsed};
use super::wrong::WHOLE_FILE;
use crate::money::{Amount, Currency};

/// A tag of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    /// An aggregate begins.
    Begin(String),
    Leaf(String, String),
    End(String),
}

/// What is being gathered of one statement.
#[derive(Default)]
struct Gathered {
    line: usize,
    currency: Option<Currency>,
    bank: String,
    account: String,
    first_day: Option<NaiveDate>,
    last_day: Option<NaiveDate>,
    ledger_balance: (Option<String>, Option<NaiveDate>),
    entries: Vec<Entry>,
    /// The one that is being read.
    entry: Option<Draft>,
}

/// One `STMTTRN`, as far as it was read.
#[derive(Default)]
struct Draft {
    line: usize,
    posted: Option<String>,
    value: Option<NaiveDate>,
    amount: Option<String>,
    id: Option<String>,
    references: Vec<String>,
    words: Vec<String>,
    /// Of the amount, where it is not the account's.
    currency: Option<String>,
}

/// Every statement of a bank account in a file.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, Wrong> {
    let mut statements = Vec::new();
    let mut open: Option<Gathered> = None;
    let mut path: Vec<String> = Vec::new();
    for (line, tag) in tags(text)? {
        match tag {
            Tag::Begin(name) => {
                match name.as_str() {
                    "STMTRS" => open = Some(Gathered { line, ..Gathered::default() }),
                    "CCSTMTRS" | "INVSTMTRS" => {
                        let cause = "this is the statement of a card or of investments";
                        let fix = "export the bank account that payouts reach";
                        return Err(Wrong::at(line, cause, fix));
                    }
                    "STMTTRN" => {
                        let open = open.as_mut().ok_or_else(|| Wrong::missing(line, "STMTRS"))?;
                        open.entry = Some(Draft { line, ..Draft::default() });
                    }
                    _ => {}
                }
                path.push(name);
            }
            Tag::Leaf(name, value) => {
                let parent = path.last().map_or("", String::as_str);
                if let Some(open) = open.as_mut() {
                    open.take(parent, &name, value, line)?;
                }
            }
            Tag::End(name) => {
                // A leaf that is closed is not on the path.
                let Some(place) = path.iter().rposition(|open| *open == name) else { continue };
                path.truncate(place);
                match name.as_str() {
                    "STMTTRN" => {
                        if let Some(open) = open.as_mut() {
                            open.close_entry()?;
                        }
                    }
                    "STMTRS" => {
                        if let Some(open) = open.take() {
                            statements.push(open.statement()?);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    if let Some(open) = open {
        return Err(Wrong::at(open.line, "the file ends in the middle of a statement", WHOLE_FILE));
    }
    Ok(statements)
}

impl Gathered {
    fn take(&mut self, parent: &str, name: &str, value: String, line: usize) -> Result<(), Wrong> {
        let date = |value: &str| {
            compact(value).ok_or_else(|| {
                Wrong::value(line, name, value, "it is no date such as 20261031", WHOLE_FILE)
            })
        };
        if let Some(draft) = self.entry.as_mut() {
            return draft.take(parent, name, value, date);
        }
        match (parent, name) {
            ("STMTRS", "CURDEF") => {
                let code = value.parse();
                self.currency = Some(
                    code.map_err(|error| Wrong::value(line, name, &value, error, WHOLE_FILE))?,
                );
            }
            ("BANKACCTFROM", "BANKID") => self.bank = value,
            ("BANKACCTFROM", "ACCTID") => self.account = value,
            ("BANKTRANLIST", "DTSTART") => self.first_day = Some(date(&value)?),
            ("BANKTRANLIST", "DTEND") => self.last_day = Some(date(&value)?),
            ("LEDGERBAL", "BALAMT") => self.ledger_balance.0 = Some(value),
            ("LEDGERBAL", "DTASOF") => self.ledger_balance.1 = Some(date(&value)?),
            _ => {}
        }
        Ok(())
    }

    fn close_entry(&mut self) -> Result<(), Wrong> {
        let Some(draft) = self.entry.take() else { return Ok(()) };
        let currency = self.currency.ok_or_else(|| Wrong::missing(self.line, "CURDEF"))?;
        self.entries.push(draft.entry(currency)?);
        Ok(())
    }

    fn statement(self) -> Result<Parsed, Wrong> {
        let currency = self.currency.ok_or_else(|| Wrong::missing(self.line, "CURDEF"))?;
        if self.account.is_empty() {
            return Err(Wrong::missing(self.line, "ACCTID"));
        }
        let mut parsed = Parsed::new(&self.account, currency);
        (parsed.first_day, parsed.last_day) = (self.first_day, self.last_day);
        // A balance of another day than the last closes nothing.
        if let (Some(amount), day) = self.ledger_balance
            && day.is_some()
            && day == self.last_day
        {
            let amount = plain(&amount, currency);
            let wrong = |error| Wrong::at(self.line, format!("LEDGERBAL: {error}"), WHOLE_FILE);
            parsed.closing = Some(amount.map_err(wrong)?);
        }
        parsed.entries = self.entries;
        Ok(parsed)
    }
}

impl Draft {
    fn take(
        &mut self,
        parent: &str,
        name: &str,
        value: String,
        date: impl Fn(&str) -> Result<NaiveDate, Wrong>,
    ) -> Result<(), Wrong> {
        match (parent, name) {
            (_, "DTPOSTED") => {
                date(&value)?;
                self.posted = Some(value);
            }
            (_, "DTAVAIL") => self.value = Some(date(&value)?),
            (_, "TRNAMT") => self.amount = Some(value),
            (_, "FITID") => self.id = Some(value),
            (_, "REFNUM" | "CHECKNUM") => self.references.push(value),
            (_, "NAME" | "MEMO" | "EXTDNAME") => self.words.push(value),
            ("CURRENCY", "CURSYM") => self.currency = Some(value),
            (_, "CORRECTFITID") => {
                let cause = "the bank corrects or deletes a line that it has sent before";
                let fix = "export the days anew: the file then has the lines as they are";
                return Err(Wrong::at(self.line, cause, fix));
            }
            _ => {}
        }
        Ok(())
    }

    fn entry(self, currency: Currency) -> Result<Entry, Wrong> {
        let missing = |what: &str| Wrong::missing(self.line, what);
        let booked = self.posted.as_deref().and_then(compact).ok_or_else(|| missing("DTPOSTED"))?;
        let text = self.amount.as_deref().ok_or_else(|| missing("TRNAMT"))?;
        let amount: Amount = plain(text, currency)
            .map_err(|error| Wrong::value(self.line, "TRNAMT", text, error, WHOLE_FILE))?;
        if self.currency.as_deref().is_some_and(|own| own != currency.code()) {
            let why = format!("the account is kept in {currency}");
            let own = self.currency.as_deref().unwrap_or_default();
            return Err(Wrong::value(self.line, "CURSYM", own, why, WHOLE_FILE));
        }
        Ok(Entry {
            place: self.line,
            booked,
            value: self.value,
            amount,
            bank_id: self.id,
            references: self.references,
            text: self.words.join(" "),
        })
    }
}

/// Every tag with its line. A tag with words behind it is a leaf.
fn tags(text: &str) -> Result<Vec<(usize, Tag)>, Wrong> {
    let start = text.find("<OFX>").or_else(|| text.find("<ofx>")).ok_or_else(|| {
        Wrong::file("there is no <OFX> in this file", "name its --format, or export it as OFX")
    })?;
    let mut found = Vec::new();
    let mut line = 1 + text[..start].matches('\n').count();
    for piece in text[start..].split('<').skip(1) {
        let own = line;
        line += piece.matches('\n').count();
        if piece.starts_with(['?', '!']) {
            continue;
        }
        let Some((name, words)) = piece.split_once('>') else {
            return Err(Wrong::at(own, "a tag has no end", WHOLE_FILE));
        };
        let name = name.trim().to_ascii_uppercase();
        let words = words.trim();
        found.push((
            own,
            match name.strip_prefix('/') {
                Some(name) => Tag::End(name.to_owned()),
                None if name.ends_with('/') => continue,
                None if words.is_empty() => Tag::Begin(name),
                None => Tag::Leaf(name, unescaped(words)),
            },
        ));
    }
    Ok(found)
}

fn unescaped(words: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&quot;", "\""), ("&apos;", "'")];
    let text = known.iter().fold(words.to_owned(), |text, (code, sign)| text.replace(code, sign));
    text.replace("&amp;", "&")
}
