//! Who signed which figures of a month. The journal alone keeps it: what was signed, and that it became
//! void, can be added to and never taken back.

use rusqlite::{Connection, params};

use super::journal::append;
use super::{Ledger, LedgerError};
use crate::calendar::{Month, UnixTime};

const SIGNED: &str = "signed";
const VOID: &str = "sign_off_void";

/// What a person signs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer {
    Preparer,
    Reviewer,
}

impl Signer {
    pub const ALL: [Self; 2] = [Self::Preparer, Self::Reviewer];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Preparer => "preparer",
            Self::Reviewer => "reviewer",
        }
    }
}

/// A signature under the figures of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOff {
    pub at: UnixTime,
    pub role: Signer,
    pub by: String,
    pub note: Option<String>,
    /// The reading that was seen, and the fingerprint of its figures.
    pub reading: i64,
    pub figures: String,
    /// When other figures were found, and in which reading.
    pub void: Option<(UnixTime, i64)>,
}

/// A signature that is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    pub month: Month,
    pub role: Signer,
    pub by: &'a str,
    pub note: Option<&'a str>,
    pub reading: i64,
    pub figures: &'a str,
}

impl Ledger {
    /// Keeps a signature; it takes the place of an earlier one in the same role.
    pub fn sign(&mut self, signing: Signing) -> Result<(), LedgerError> {
        let Signing { month, role, by, note, reading, figures } = signing;
        let content = serde_json::json!({
            "month": month, "role": role.word(), "by": by, "note": note, "reading": reading,
            "figures": figures,
        });
        self.journal(SIGNED, &content.to_string())
    }

    /// Every signature under a month, in order; void ones too.
    pub fn sign_offs(&self, month: Month) -> Result<Vec<SignOff>, LedgerError> {
        sign_offs(&self.connection, &month.to_string()).map_err(|error| self.fail(error))
    }

    /// The months that somebody signed, in order.
    pub fn signed_months(&self) -> Result<Vec<Month>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT json_extract(content, '$.month') FROM journal
                     WHERE kind = ?1 ORDER BY 1",
                )?
                .query_map([SIGNED], |row| row.get(0))?
                .collect()
        };
        let months = run().map_err(|error| self.fail(error))?;
        // Only this program writes months here, in one form.
        Ok(months.iter().filter_map(|month| month.parse().ok()).collect())
    }
}

/// Notes that signatures under a period are void, whose figures are not those of a new reading.
pub(super) fn void_others(
    connection: &Connection,
    at: i64,
    period: &str,
    (reading, figures): (i64, &str),
) -> rusqlite::Result<()> {
    let signed = sign_offs(connection, period)?;
    for role in Signer::ALL {
        let last = signed.iter().rfind(|own| own.role == role);
        if last.is_some_and(|own| own.void.is_none() && own.figures != figures) {
            let content = serde_json::json!({
                "month": period, "role": role.word(), "reading": reading, "figures": figures,
            });
            append(connection, at, VOID, &content.to_string())?;
        }
    }
    Ok(())
}

fn sign_offs(connection: &Connection, month: &str) -> rusqlite::Result<Vec<SignOff>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, kind, json_extract(content, '$.role'), json_extract(content, '$.reading'),
                json_extract(content, '$.by'), json_extract(content, '$.note'),
                json_extract(content, '$.figures')
         FROM journal WHERE kind IN (?1, ?2) AND json_extract(content, '$.month') = ?3
         ORDER BY seq",
    )?;
    let mut rows = statement.query(params![SIGNED, VOID, month])?;
    let mut signed: Vec<SignOff> = Vec::new();
    while let Some(row) = rows.next()? {
        let (at, kind, role): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (at, reading) = (UnixTime(at), row.get(3)?);
        let Some(role) = Signer::ALL.into_iter().find(|own| own.word() == role) else { continue };
        if kind == VOID {
            if let Some(last) = signed.iter_mut().rfind(|own| own.role == role) {
                last.void = Some((at, reading));
            }
            continue;
        }
        signed.push(SignOff {
            at,
            role,
            by: row.get(4)?,
            note: row.get(5)?,
            reading,
            figures: row.get(6)?,
            void: None,
        });
    }
    Ok(signed)
}
