//! Stripe's report files: CSV that anybody with access to the dashboard can download.
//!
//! Read by the names of their columns, because which columns there are differs by version and by
//! what was ticked. Amounts are in major units; they are read as exact decimals.

mod facts;

use std::collections::BTreeMap;
use std::io::Read;

use chrono::NaiveDateTime;

use crate::calendar::UnixTime;
use crate::money::{Amount, Currency};

pub use facts::{Facts, facts};

/// Which report a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// `payout_reconciliation.itemized.*`: balance transactions by automatic payout.
    PayoutReconciliation,
    /// `balance_change_from_activity.itemized.*`: every balance transaction but payouts.
    BalanceChange,
    /// `payouts.itemized.*`: the balance transactions of payouts.
    Payouts,
    /// `balance.summary.*`: four rows per currency.
    BalanceSummary,
}

impl ReportKind {
    pub const fn title(self) -> &'static str {
        match self {
            Self::PayoutReconciliation => "Payout reconciliation, itemized",
            Self::BalanceChange => "Balance change from activity, itemized",
            Self::Payouts => "Payouts, itemized",
            Self::BalanceSummary => "Balance summary",
        }
    }
}

/// One balance transaction of an itemized report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    pub line: u64,
    pub balance_transaction: String,
    /// In UTC, when the report says so.
    pub created: Option<UnixTime>,
    pub gross: Amount,
    pub fee: Amount,
    pub net: Amount,
    pub category: String,
    /// The automatic payout that it was paid out with; for a payout's own row, the payout.
    pub payout: Option<String>,
    /// Every other column that is filled.
    pub more: BTreeMap<String, String>,
}

/// One row of the balance summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    pub category: String,
    pub net: Amount,
}

/// A report, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Itemized { kind: ReportKind, rows: Vec<ReportRow> },
    Summary(Vec<SummaryRow>),
}

/// Why a file is no report that can be compared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReportError {
    #[error("the file is no CSV: {0}")]
    NotCsv(String),
    #[error(
        "the columns are those of the dashboard's list of all activity\nhint: export a report instead: Dashboard > Reports, “Payout reconciliation” or “Balance change from activity”, itemized"
    )]
    DashboardExport,
    #[error(
        "these are no columns of a report that is known: {0}\nhint: payout reconciliation, balance change and payouts (itemized) and the balance summary can be compared"
    )]
    UnknownColumns(String),
    #[error("the report has no column `{0}`\nhint: tick it when the report is made")]
    MissingColumn(&'static str),
    #[error(
        "line {line}: `{column}` is `{value}`: {cause}\nhint: make the report again with `.` as its decimal separator"
    )]
    Unreadable { line: u64, column: &'static str, value: String, cause: String },
}

/// Reads a report.
pub fn read(source: impl Read) -> Result<Report, ReportError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let not_csv = |error: csv::Error| ReportError::NotCsv(error.to_string());
    let header: Vec<String> = reader
        .headers()
        .map_err(not_csv)?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let kind = recognise(&header)?;
    let mut rows = Vec::new();
    let mut summary = Vec::new();
    // As a spreadsheet counts them: the header is the first.
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.map_err(not_csv)?;
        let cells: BTreeMap<&str, &str> = header
            .iter()
            .map(String::as_str)
            .zip(record.iter())
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if cells.is_empty() {
            continue;
        }
        let row = Cells { line, cells };
        match kind {
            ReportKind::BalanceSummary => summary.push(row.summary()?),
            _ => rows.push(row.itemized(kind)?),
        }
    }
    Ok(match kind {
        ReportKind::BalanceSummary => Report::Summary(summary),
        kind => Report::Itemized { kind, rows },
    })
}

fn recognise(header: &[String]) -> Result<ReportKind, ReportError> {
    let has = |name: &str| header.iter().any(|column| column == name);
    if has("balance_transaction_id") {
        return Ok(if has("automatic_payout_id") {
            ReportKind::PayoutReconciliation
        } else if has("payout_id") {
            ReportKind::Payouts
        } else {
            ReportKind::BalanceChange
        });
    }
    if has("category") && has("net_amount") {
        return Ok(ReportKind::BalanceSummary);
    }
    if has("Amount") && has("Fee") && has("Net") {
        return Err(ReportError::DashboardExport);
    }
    Err(ReportError::UnknownColumns(header.iter().take(8).cloned().collect::<Vec<_>>().join(", ")))
}

/// One line of the file.
struct Cells<'a> {
    line: u64,
    cells: BTreeMap<&'a str, &'a str>,
}

impl Cells<'_> {
    fn itemized(mut self, kind: ReportKind) -> Result<ReportRow, ReportError> {
        let currency = self.currency()?;
        let payout_column = match kind {
            ReportKind::Payouts => "payout_id",
            _ => "automatic_payout_id",
        };
        let row = ReportRow {
            line: self.line,
            balance_transaction: self.text("balance_transaction_id")?.to_owned(),
            created: self.instant("created_utc")?.or(self.instant("effective_at_utc")?),
            gross: self.amount("gross", currency)?,
            fee: self.amount("fee", currency)?,
            net: self.amount("net", currency)?,
            category: self.text("reporting_category")?.to_owned(),
            payout: self.cells.get(payout_column).map(|id| (*id).to_owned()),
            more: BTreeMap::new(),
        };
        for known in ["balance_transaction_id", "gross", "fee", "net", "reporting_category"] {
            self.cells.remove(known);
        }
        let more = self.cells.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(ReportRow { more: more.collect(), ..row })
    }

    fn summary(&self) -> Result<SummaryRow, ReportError> {
        let currency = self.currency()?;
        Ok(SummaryRow {
            category: self.text("category")?.to_owned(),
            net: self.amount("net_amount", currency)?,
        })
    }

    fn text(&self, column: &'static str) -> Result<&str, ReportError> {
        self.cells.get(column).copied().ok_or(ReportError::MissingColumn(column))
    }

    fn currency(&self) -> Result<Currency, ReportError> {
        let text = self.text("currency")?;
        text.parse().map_err(|cause| self.unreadable("currency", text, &cause))
    }

    fn amount(&self, column: &'static str, currency: Currency) -> Result<Amount, ReportError> {
        let text = self.text(column)?;
        Amount::parse_decimal(text, currency).map_err(|cause| self.unreadable(column, text, &cause))
    }

    fn instant(&self, column: &'static str) -> Result<Option<UnixTime>, ReportError> {
        let Some(text) = self.cells.get(column) else { return Ok(None) };
        let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
        match read {
            Ok(instant) => Ok(Some(UnixTime(instant.and_utc().timestamp()))),
            Err(cause) => Err(self.unreadable(column, text, &cause)),
        }
    }

    fn unreadable(
        &self,
        column: &'static str,
        value: &str,
        cause: &dyn std::fmt::Display,
    ) -> ReportError {
        ReportError::Unreadable {
            line: self.line,
            column,
            value: value.chars().take(60).collect(),
            cause: cause.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECONCILIATION: &str = "\u{feff}automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,description\r\n\
        po_1,2026-07-03 00:00:00,txn_1,2026-07-01 10:00:00,usd,20.00,0.88,19.12,charge,\"Team plan, July\"\r\n\
        po_1,2026-07-03 00:00:00,txn_2,2026-07-01 11:00:00,jpy,-300,0,-300,refund,\r\n";

    #[test]
    fn a_reconciliation_is_read_by_its_column_names() {
        let Report::Itemized { kind, rows } = read(RECONCILIATION.as_bytes()).unwrap() else {
            panic!("itemized");
        };
        assert_eq!(kind, ReportKind::PayoutReconciliation);
        assert_eq!(
            (rows[0].gross.minor(), rows[0].fee.minor(), rows[0].net.minor()),
            (2000, 88, 1912)
        );
        assert_eq!(rows[0].created, Some(UnixTime(1_782_900_000)));
        assert_eq!(rows[0].more["description"], "Team plan, July");
        assert_eq!((rows[1].gross.minor(), rows[1].payout.as_deref()), (-300, Some("po_1")));
    }

    /// Were a decimal comma read as a separator of thousands, every amount would be wrong.
    #[test]
    fn amounts_that_are_not_plain_decimals_are_refused_with_their_line() {
        let comma = RECONCILIATION.replace("20.00,0.88", "\"20,00\",0.88");
        let error = read(comma.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("line 2: `gross` is `20,00`"), "{error}");
        let precise = RECONCILIATION.replace("-300,0,-300", "-300.5,0,-300.5");
        assert!(read(precise.as_bytes()).is_err(), "yen have no decimals");
    }

    #[test]
    fn other_files_are_refused_with_what_to_do() {
        let activity = "id,Type,Source,Amount,Fee,Net,Currency\n";
        assert_eq!(read(activity.as_bytes()), Err(ReportError::DashboardExport));
        assert!(matches!(read(&b"a,b\n1,2\n"[..]), Err(ReportError::UnknownColumns(_))));
        let no_fee =
            "balance_transaction_id,currency,gross,net,reporting_category\ntxn_1,usd,1,1,charge\n";
        assert_eq!(read(no_fee.as_bytes()), Err(ReportError::MissingColumn("fee")));
    }

    #[test]
    fn the_summary_is_read() {
        let text = "category,currency,description,net_amount\nstarting_balance,usd,,1.00\nactivity,usd,,2.50\n";
        let Report::Summary(rows) = read(text.as_bytes()).unwrap() else { panic!("summary") };
        assert_eq!((rows[1].category.as_str(), rows[1].net.minor()), ("activity", 250));
    }
}
