//! The section on bank statements: accounts of the bank, how their CSV is read, and what is a payout's line.

use serde::Deserialize;

use super::masters::Wrong;
use crate::bank::{Amounts, CsvMapping, DatePattern, Direction, canonical};
use crate::money::Currency;

/// Bank days between a payout's arrival and its line, where nobody says otherwise.
const DAYS: u32 = 3;
/// More would take the payout of another week for it.
const DAYS_MAX: u32 = 20;
/// What Stripe's lines say, where nobody says otherwise.
const TEXT: &str = "STRIPE";

/// What was configured about bank statements, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankSettings {
    /// A line belongs to a payout whose arrival is at most so many bank days away.
    pub days: u32,
    /// What a line of Stripe's says, in capitals.
    pub text: Vec<String>,
    pub accounts: Vec<BankAccount>,
}

/// One account of a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    pub name: String,
    /// As statements name it, without blanks and in capitals; several where formats differ.
    pub numbers: Vec<String>,
    pub currency: Currency,
    /// The currencies of payouts that it receives.
    pub payouts: Vec<Currency>,
    pub csv: Option<CsvMapping>,
}

/// One, or several in a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn all(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BankFile {
    days: Option<u32>,
    text: Option<Vec<String>>,
    #[serde(default)]
    accounts: Vec<AccountFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    name: String,
    number: OneOrMany<String>,
    currency: Currency,
    payouts: Option<Vec<Currency>>,
    csv: Option<CsvFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvFile {
    #[serde(default)]
    skip_lines: usize,
    separator: Option<String>,
    date: String,
    date_format: String,
    value_date: Option<String>,
    amount: Option<String>,
    sign: Option<Sign>,
    direction: Option<DirectionFile>,
    debit: Option<String>,
    credit: Option<String>,
    decimal: Option<String>,
    currency: Option<String>,
    account: Option<String>,
    balance: Option<String>,
    id: Option<String>,
    reference: Option<OneOrMany<String>>,
    text: Option<OneOrMany<String>>,
}

/// What a positive amount is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sign {
    CreditPositive,
    DebitPositive,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectionFile {
    column: String,
    debit: OneOrMany<String>,
    credit: OneOrMany<String>,
}

impl BankFile {
    pub(super) fn check(self) -> Result<BankSettings, Wrong> {
        let days = self.days.unwrap_or(DAYS);
        if days > DAYS_MAX {
            return Err((
                format!("bank.days is {days}"),
                format!("Use at most {DAYS_MAX} bank days: a wider net catches other payouts."),
            ));
        }
        let text: Vec<String> = match self.text {
            Some(text) => text.iter().map(|text| text.trim().to_uppercase()).collect(),
            None => vec![TEXT.into()],
        };
        if text.iter().any(String::is_empty) {
            let fix = "Write what Stripe's lines say, or an empty list.".into();
            return Err(("a text in bank.text is empty".into(), fix));
        }
        let accounts: Vec<BankAccount> =
            self.accounts.into_iter().map(AccountFile::check).collect::<Result<_, _>>()?;
        distinct("name", accounts.iter().map(|account| &account.name))?;
        distinct("number", accounts.iter().flat_map(|account| &account.numbers))?;
        Ok(BankSettings { days, text, accounts })
    }
}

fn distinct<'a>(what: &str, values: impl Iterator<Item = &'a String>) -> Result<(), Wrong> {
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            let fix = format!("Give each its own {what}.");
            return Err((format!("two of bank.accounts have the {what} {value}"), fix));
        }
    }
    Ok(())
}

impl AccountFile {
    fn check(self) -> Result<BankAccount, Wrong> {
        let name = self.name;
        let numbers: Vec<String> =
            self.number.all().iter().map(|number| canonical(number)).collect();
        if name.trim().is_empty() || numbers.is_empty() || numbers.iter().any(String::is_empty) {
            return Err((
                format!("the bank account `{name}` has no name or no number"),
                "Give it a name, and the number or IBAN that its statements show.".into(),
            ));
        }
        let number = numbers[0].clone();
        let csv = self.csv.map(|csv| csv.check(&name, number, self.currency)).transpose()?;
        let payouts = self.payouts.unwrap_or_else(|| vec![self.currency]);
        Ok(BankAccount { name, numbers, currency: self.currency, payouts, csv })
    }
}

impl CsvFile {
    fn check(self, name: &str, account: String, currency: Currency) -> Result<CsvMapping, Wrong> {
        let wrong =
            |what: &str, fix: &str| (format!("csv of bank account {name}: {what}"), fix.to_owned());
        let separator = match self.separator.as_deref() {
            None => b',',
            Some("tab") => b'\t',
            Some(text) => match text.as_bytes() {
                [one] if one.is_ascii_punctuation() || *one == b'\t' => *one,
                _ => {
                    return Err(wrong(
                        "separator is no single sign",
                        "Use \",\", \";\", \"|\" or \"tab\".",
                    ));
                }
            },
        };
        let decimal = match self.decimal.as_deref() {
            None | Some(".") => '.',
            Some(",") => ',',
            Some(_) => {
                return Err(wrong("decimal is neither \".\" nor \",\"", "Use one of the two."));
            }
        };
        let date_format = DatePattern::new(&self.date_format).ok_or_else(|| {
            let fix = "Write a day, a month and a year, such as \"DD.MM.YYYY\" or \"M/D/YY\".";
            wrong(&format!("date_format is `{}`", self.date_format), fix)
        })?;
        let is_reversed = matches!(self.sign, Some(Sign::DebitPositive));
        let amounts = match (self.amount, self.direction, self.debit, self.credit) {
            (Some(column), None, None, None) => Amounts::Signed { column, reversed: is_reversed },
            (Some(column), Some(way), None, None) if self.sign.is_none() => {
                let (debit, credit) = (way.debit.all(), way.credit.all());
                let direction = Direction { column: way.column, debit, credit };
                Amounts::Directed { column, direction }
            }
            (None, None, Some(debit), Some(credit)) if self.sign.is_none() => {
                Amounts::Split { debit, credit }
            }
            _ => {
                let fix = "Name amount (with sign, if it is not credit_positive), amount and direction, \
                           or debit and credit.";
                return Err(wrong("how amounts are written is not said in one way", fix));
            }
        };
        let list =
            |columns: Option<OneOrMany<String>>| columns.map(OneOrMany::all).unwrap_or_default();
        Ok(CsvMapping {
            account,
            currency,
            skip_lines: self.skip_lines,
            separator,
            date: self.date,
            date_format,
            value_date: self.value_date,
            amounts,
            decimal,
            currency_column: self.currency,
            account_column: self.account,
            balance: self.balance,
            id: self.id,
            references: list(self.reference),
            text: list(self.text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<BankSettings, String> {
        let file: BankFile = toml::from_str(text).map_err(|error| error.to_string())?;
        file.check().map_err(|(message, _)| message)
    }

    /// A mapping that cannot work must be found when it is written and not at the month-end.
    #[test]
    fn a_csv_mapping_is_checked_when_it_is_read() {
        let with = |csv: &str| {
            check(&format!(
                "[[accounts]]\nname = \"main\"\nnumber = [\"DE 89\", \"1/2\"]\ncurrency = \"EUR\"\ncsv = {{ {csv} }}"
            ))
        };
        let settings = with(
            "date = \"D\", date_format = \"DD.MM.YY\", amount = \"A\", decimal = \",\", separator = \";\"",
        );
        let account = settings.unwrap().accounts.remove(0);
        assert_eq!(
            (account.numbers, account.payouts),
            (vec!["DE89".into(), "1/2".into()], vec![account.currency])
        );
        for (csv, words) in [
            ("date = \"D\", date_format = \"DMY\", amount = \"A\"", "date_format is `DMY`"),
            ("date = \"D\", date_format = \"DD.MM.YY\"", "not said in one way"),
            ("date = \"D\", date_format = \"DD.MM.YY\", amount = \"A\", debit = \"B\"", "one way"),
            (
                "date = \"D\", date_format = \"DD.MM.YY\", debit = \"A\", credit = \"B\", sign = \"debit_positive\"",
                "one way",
            ),
            (
                "date = \"D\", date_format = \"DD.MM.YY\", amount = \"A\", separator = \"ab\"",
                "separator",
            ),
            (
                "date = \"D\", date_format = \"DD.MM.YY\", amount = \"A\", decimal = \"'\"",
                "decimal",
            ),
            ("date = \"D\", date_format = \"DD.MM.YY\", amout = \"A\"", "amout"),
        ] {
            let message = with(csv).unwrap_err();
            assert!(message.contains(words), "{csv}: {message}");
        }
    }

    #[test]
    fn accounts_are_told_apart_by_name_and_number() {
        let account = |name: &str, number: &str| {
            format!("[[accounts]]\nname = \"{name}\"\nnumber = \"{number}\"\ncurrency = \"EUR\"\n")
        };
        let two = |one: &str, other: &str| check(&(one.to_owned() + other));
        assert!(two(&account("a", "1"), &account("b", "2")).is_ok());
        assert!(two(&account("a", "1"), &account("a", "2")).unwrap_err().contains("the name a"));
        assert!(two(&account("a", "1 2"), &account("b", "12")).unwrap_err().contains("number 12"));
        assert!(check("days = 21").unwrap_err().contains("bank.days is 21"));
        assert!(check("text = [\" \"]").unwrap_err().contains("is empty"));
        assert_eq!(check("").unwrap().text, ["STRIPE"]);
    }
}
