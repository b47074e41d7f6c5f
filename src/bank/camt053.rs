//! CAMT.053, ISO 20022's statement, versions 2 and up: the same elements since 2009, under a namespace
//! that names the version, some of them deeper in later ones.

use chrono::NaiveDate;

use super::Wrong;
use super::amount::plain;
use super::date::iso;
use super::statement::{Entry, Parsed};
use super::wrong::WHOLE_FILE;
use super::xml::{Element, Step, Xml};
use crate::money::{Amount, Currency};

/// What the namespace of a statement begins with, whatever its version.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
/// Version 1 was a draft with other elements; what comes after the last one is not known.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=13;
/// Where a party's references stand in a transaction's details.
const REFERENCES: [&str; 9] = [
    "Refs/EndToEndId",
    "Refs/TxId",
    "Refs/InstrId",
    "Refs/PmtInfId",
    "Refs/MsgId",
    "Refs/ChqNb",
    "Refs/UETR",
    "Refs/AcctSvcrRef",
    "RmtInf/Strd/CdtrRefInf/Ref",
];
/// Where the other party's name stands: up to version 3, and since.
const NAMES: [&str; 6] = [
    "RltdPties/Dbtr/Nm",
    "RltdPties/Dbtr/Pty/Nm",
    "RltdPties/UltmtDbtr/Nm",
    "RltdPties/Cdtr/Nm",
    "RltdPties/Cdtr/Pty/Nm",
    "RltdPties/TradgPty/Nm",
];
/// What says that there is no reference.
const NO_REFERENCE: [&str; 2] = ["NOTPROVIDED", "NONREF"];

/// Every statement of a message.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, Wrong> {
    let mut xml = Xml::new(text);
    let mut statements = Vec::new();
    while xml.enter("Stmt", is_known)? {
        statements.push(statement(&mut xml)?);
    }
    Ok(statements)
}

/// Refuses what is no statement of a known version, by the namespace of the document.
fn is_known(element: &Element) -> Result<(), Wrong> {
    if element.name != "Document" {
        return Ok(());
    }
    let spaces = element.attributes.iter().map(|(_, value)| value.as_str());
    let Some(space) = spaces
        .filter(|space| space.contains(":xsd:"))
        .find(|space| space.starts_with("urn:iso:std:iso:20022:"))
    else {
        return Ok(());
    };
    let version = space.strip_prefix(NAMESPACE).and_then(|version| version.parse::<u32>().ok());
    if version.is_some_and(|version| VERSIONS.contains(&version)) {
        return Ok(());
    }
    let name = space.rsplit(':').next().unwrap_or(space);
    let fix = "ask the bank for camt.053, the statement of days that are over";
    Err(Wrong::at(element.line, format!("this is {name}, and no camt.053.001.02 or later"), fix))
}

/// Which balance an element tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Opening,
    Closing,
    /// Between two pages of one statement.
    Interim,
}

fn statement(xml: &mut Xml) -> Result<Parsed, Wrong> {
    let line = xml.line();
    let (mut number, mut days, mut named) = (None, (None, None), None);
    let (mut balances, mut entries): (Vec<(Told, Amount)>, Vec<Entry>) = Default::default();
    let mut not_booked = 0;
    while let Step::Child(child) = xml.next_in()? {
        match child.name.as_str() {
            "Id" => number = Some(child.text.clone()).filter(|number| !number.is_empty()),
            "FrToDt" => days = period(&child),
            "Acct" => named = Some(account(&child)?),
            "Bal" => {
                let (told, day, amount) = balance(&child)?;
                if let Some(told) = told {
                    balances.push((told, amount));
                    let end = if told == Told::Closing { &mut days.1 } else { &mut None };
                    *end = end.or(day);
                }
            }
            "Ntry" => match entry(&child)? {
                Some(entry) => entries.push(entry),
                None => not_booked += 1,
            },
            _ => {}
        }
    }
    let (account, currency) = named.ok_or_else(|| Wrong::missing(line, "Acct"))?;
    let amounts = entries.iter().map(|entry| entry.amount);
    let first = balances.iter().map(|(_, amount)| *amount).chain(amounts).next();
    let currency = currency.or_else(|| first.map(Amount::currency));
    let currency = currency.ok_or_else(|| Wrong::missing(line, "the account's Ccy"))?;
    let mut parsed = Parsed { number, entries, not_booked, ..Parsed::new(&account, currency) };
    (parsed.first_day, parsed.last_day) = days;
    of_one_currency(&parsed, &balances, line)?;
    put_balances(&mut parsed, &balances);
    Ok(parsed)
}

fn put_balances(parsed: &mut Parsed, balances: &[(Told, Amount)]) {
    let of = |wanted: Told| balances.iter().filter(move |(told, _)| *told == wanted);
    let interim: Vec<Amount> = of(Told::Interim).map(|(_, amount)| *amount).collect();
    parsed.opening = of(Told::Opening).map(|(_, amount)| *amount).next();
    parsed.closing = of(Told::Closing).map(|(_, amount)| *amount).next();
    // A page of a long statement begins and ends between two others.
    match (parsed.opening, parsed.closing, interim.as_slice()) {
        (None, None, [first, .., last]) => {
            (parsed.opening, parsed.closing) = (Some(*first), Some(*last));
        }
        (Some(_), None, [.., last]) => parsed.closing = Some(*last),
        (None, Some(_), [first, ..]) => parsed.opening = Some(*first),
        _ => {}
    }
}

fn of_one_currency(parsed: &Parsed, balances: &[(Told, Amount)], line: usize) -> Result<(), Wrong> {
    let of_entries = parsed.entries.iter().map(|entry| (entry.place, entry.amount));
    let all = balances.iter().map(|(_, amount)| (line, *amount)).chain(of_entries);
    for (line, amount) in all {
        if amount.currency() != parsed.currency {
            let cause =
                format!("{amount} stands on an account that is kept in {}", parsed.currency);
            return Err(Wrong::at(line, cause, WHOLE_FILE));
        }
    }
    Ok(())
}

fn account(account: &Element) -> Result<(String, Option<Currency>), Wrong> {
    let id = account.text_at("Id/IBAN").or_else(|| account.text_at("Id/Othr/Id"));
    let id = id.ok_or_else(|| Wrong::missing(account.line, "the account's IBAN or number"))?;
    let currency = match account.text_at("Ccy") {
        Some(code) => Some(currency(code, account.line)?),
        None => None,
    };
    Ok((id.to_owned(), currency))
}

fn currency(code: &str, line: usize) -> Result<Currency, Wrong> {
    code.parse().map_err(|error| Wrong::value(line, "Ccy", code, error, WHOLE_FILE))
}

fn period(element: &Element) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let day =
        |names: [&str; 2]| names.into_iter().find_map(|name| element.text_at(name)).and_then(iso);
    (day(["FrDt", "FrDtTm"]), day(["ToDt", "ToDtTm"]))
}

fn balance(element: &Element) -> Result<(Option<Told>, Option<NaiveDate>, Amount), Wrong> {
    let told = match element.text_at("Tp/CdOrPrtry/Cd") {
        // The closing balance of the statement before is where this one opens.
        Some("OPBD" | "PRCD") => Some(Told::Opening),
        Some("CLBD") => Some(Told::Closing),
        Some("ITBD") => Some(Told::Interim),
        _ => None,
    };
    let day = element.text_at("Dt/Dt").or_else(|| element.text_at("Dt/DtTm")).and_then(iso);
    Ok((told, day, signed(element)?))
}

/// The amount of a balance or an entry, with the sign that its indicator gives it.
fn signed(element: &Element) -> Result<Amount, Wrong> {
    let amount = element.at("Amt").ok_or_else(|| Wrong::missing(element.line, "Amt"))?;
    let code = amount.attribute("Ccy").ok_or_else(|| Wrong::missing(amount.line, "Amt's Ccy"))?;
    let currency = currency(code, amount.line)?;
    let value = plain(&amount.text, currency)
        .map_err(|error| Wrong::value(amount.line, "Amt", &amount.text, error, WHOLE_FILE))?;
    // An entry that reverses another has the direction in which the money goes now.
    match element.text_at("CdtDbtInd") {
        Some("CRDT") => Ok(value),
        Some("DBIT") => Ok(-value),
        other => {
            let shown = other.unwrap_or_default();
            let why = "it is neither CRDT nor DBIT";
            Err(Wrong::value(element.line, "CdtDbtInd", shown, why, WHOLE_FILE))
        }
    }
}

/// A booked entry; `None` for one that is announced.
fn entry(element: &Element) -> Result<Option<Entry>, Wrong> {
    let line = element.line;
    let status = element.text_at("Sts/Cd").or_else(|| element.text_at("Sts"));
    match status {
        Some("BOOK") => {}
        Some("PDNG" | "INFO" | "FUTR") => return Ok(None),
        other => {
            let shown = other.unwrap_or_default();
            return Err(Wrong::value(line, "Sts", shown, "it is no known status", WHOLE_FILE));
        }
    }
    let amount = signed(element)?;
    let day = |name: &str| -> Result<Option<NaiveDate>, Wrong> {
        let paths = [format!("{name}/Dt"), format!("{name}/DtTm")];
        let Some(text) = paths.iter().find_map(|path| element.text_at(path)) else {
            return Ok(None);
        };
        let date = iso(text);
        date.map(Some).ok_or_else(|| Wrong::value(line, name, text, "it is no date", WHOLE_FILE))
    };
    let value = day("ValDt")?;
    let booked = day("BookgDt")?.or(value).ok_or_else(|| Wrong::missing(line, "BookgDt"))?;
    let (references, text) = words(element);
    Ok(Some(Entry {
        place: line,
        booked,
        value,
        amount,
        bank_id: element.text_at("AcctSvcrRef").map(str::to_owned),
        references,
        text,
    }))
}

/// References and words of an entry and of the transactions in it, each once.
fn words(element: &Element) -> (Vec<String>, String) {
    let (mut references, mut words): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let add = |found: &mut Vec<String>, text: &str| {
        if !text.is_empty() && !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    };
    if let Some(reference) = element.text_at("NtryRef") {
        add(&mut references, reference);
    }
    let details = element.all("NtryDtls").flat_map(|details| details.all("TxDtls"));
    for transaction in details {
        for reference in REFERENCES.iter().filter_map(|path| transaction.text_at(path)) {
            if !NO_REFERENCE.contains(&reference) {
                add(&mut references, reference);
            }
        }
        for name in NAMES.iter().filter_map(|path| transaction.text_at(path)) {
            add(&mut words, name);
        }
        let purposes = transaction.all("RmtInf").flat_map(|purpose| purpose.all("Ustrd"));
        for purpose in purposes {
            add(&mut words, &purpose.text);
        }
        if let Some(more) = transaction.text_at("AddtlTxInf") {
            add(&mut words, more);
        }
    }
    if let Some(more) = element.text_at("AddtlNtryInf") {
        add(&mut words, more);
    }
    (references, words.join(" "))
}
