//! Bank statements: files as banks export them in, statements with their lines out.
//!
//! Belongs here: the formats, one file each, exact amounts, the check that a statement's lines lead from
//! its opening to its closing balance, and an id per line that is the same whenever the line is read.
//! Does not belong here: which payout a line is of (`reconcile::bank`), and where lines are kept (`ledger`).

mod amount;
mod bai2;
mod camt053;
mod chain;
mod csv;
mod date;
mod mt940;
mod ofx;
mod statement;
mod text;
mod wrong;
mod xml;

pub use chain::Chain;
pub use csv::{Amounts, CsvMapping, Direction};
pub use date::DatePattern;
pub use statement::{Entry, Statement, StatementLine, canonical};
pub use wrong::Wrong;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use statement::{Parsed, finish};

/// The largest file that is read: a month of a large company is a tenth of it.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// How much of a file is looked at to tell its format.
const LOOKED_AT: usize = 4096;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    Ofx,
    Camt053,
    Bai2,
    Mt940,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Csv, Self::Ofx, Self::Camt053, Self::Bai2, Self::Mt940];

    /// A stable word, as it is typed and kept.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ofx => "ofx",
            Self::Camt053 => "camt053",
            Self::Bai2 => "bai2",
            Self::Mt940 => "mt940",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Ofx => "OFX",
            Self::Camt053 => "CAMT.053",
            Self::Bai2 => "BAI2",
            Self::Mt940 => "MT940",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// What is known of a file besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// `None`: told from the content.
    pub format: Option<Format>,
    /// How its columns are called, where it is CSV.
    pub csv: Option<&'a CsvMapping>,
    /// The days that it covers, where it does not say so itself: the first and the last.
    pub days: (Option<NaiveDate>, Option<NaiveDate>),
}

/// Reads every statement of a file, each proven to lead from its opening to its closing balance.
pub fn read(bytes: &[u8], given: Given) -> Result<(Format, Vec<Statement>), Wrong> {
    let text = text::decode(bytes)?;
    let format = given.format.unwrap_or_else(|| format_of(&text));
    let parsed: Vec<Parsed> = match format {
        Format::Csv => {
            let mapping = given.csv.ok_or_else(|| {
                Wrong::file(
                    "this looks like CSV, and nothing says what its columns mean",
                    "describe the columns in bank.accounts of the configuration and name the account \
                     with --bank, or name another --format",
                )
            })?;
            vec![csv::parse(&text, mapping)?]
        }
        Format::Ofx => ofx::parse(&text)?,
        Format::Camt053 => camt053::parse(&text)?,
        Format::Bai2 => bai2::parse(&text)?,
        Format::Mt940 => mt940::parse(&text)?,
    };
    let statements = parsed.into_iter().map(|one| finish(one, given.days));
    let statements: Vec<Statement> = statements.collect::<Result<_, _>>()?;
    if statements.is_empty() {
        let cause = format!("there is no statement in this {} file", format.title());
        return Err(Wrong::file(cause, "export the statement again, for days that have passed"));
    }
    Ok((format, statements))
}

/// The format of a file, by what stands in it; what is nothing else is CSV.
pub fn format_of(text: &str) -> Format {
    let head: String = text.trim_start().chars().take(LOOKED_AT).collect();
    let upper = head.to_ascii_uppercase();
    if upper.starts_with("OFXHEADER") || upper.contains("<OFX>") || upper.contains("<?OFX") {
        Format::Ofx
    } else if head.starts_with('<') {
        Format::Camt053
    } else if head.starts_with("01,") {
        Format::Bai2
    } else if head.contains(":20:") && (head.contains(":60F:") || head.contains(":60M:")) {
        Format::Mt940
    } else {
        Format::Csv
    }
}

#[cfg(test)]
mod tests;
