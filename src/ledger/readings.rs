//! Readings: what a close gathered, kept so that its reports can be made again, byte for byte.

use std::io::Read;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::append;
use super::sign_offs::void_others;
use super::{Ledger, LedgerError};
use crate::calendar::{UnixTime, Window};
use crate::digest::sha256_hex;

/// Packs what was gathered for a period.
///
/// # Errors
/// Where the content cannot be written as JSON.
pub fn packed_content(content: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut packer = zstd::stream::Encoder::new(Vec::new(), LEVEL)?;
    serde_json::to_writer(std::io::BufWriter::new(&mut packer), content)?;
    packer.finish()
}

/// What a reading's packed bytes hold.
pub fn unpacked_reading<T: DeserializeOwned>(packed: &[u8]) -> Result<T, serde_json::Error> {
    let mut text = Vec::new();
    zstd::stream::Decoder::new(packed)
        .and_then(|mut decoder| decoder.read_to_end(&mut text))
        .map_err(serde_json::Error::io)?;
    serde_json::from_slice(&text)
}

/// How hard a reading is packed: it is written once, and a month may have a million movements.
const LEVEL: i32 = 3;
/// The journal's word for a row about a reading.
const NOTED_AS: &str = "reading";

impl Ledger {
    /// Keeps what was gathered for a period, packed, whose figures have the fingerprint `figures`; gives
    /// its number. Who signed other figures of the period has not signed these.
    pub fn put_reading(
        &mut self,
        period: &str,
        window: Window,
        read_at: UnixTime,
        packed: &[u8],
        figures: &str,
    ) -> Result<i64, LedgerError> {
        let digest = sha256_hex(packed);
        let length = i64::try_from(packed.len()).expect("what is in memory has a length that fits");
        let now = self.now();
        self.in_transaction(|tx| {
            tx.execute(
                "INSERT INTO reading (period, since, until, read_at, digest, content)
                 VALUES (?1, ?2, ?3, ?4, ?5, zeroblob(?6))",
                params![period, window.since.0, window.until.0, read_at.0, digest, length],
            )?;
            let id = tx.last_insert_rowid();
            // Written in place: as a value it would be copied twice on its way.
            let mut content = tx.blob_open("main", "reading", "content", id, false)?;
            content.write_at(packed, 0)?;
            content.close()?;
            let note = serde_json::json!({
                "reading": id, "period": period, "sha256": digest, "figures": figures,
            });
            append(tx, now, NOTED_AS, &note.to_string())?;
            void_others(tx, now, period, (id, figures))?;
            Ok(id)
        })
    }

    /// The number of the last reading of exactly this window.
    pub fn last_reading(&self, window: Window) -> Result<Option<i64>, LedgerError> {
        self.connection
            .query_row(
                "SELECT max(id) FROM reading WHERE since = ?1 AND until = ?2",
                params![window.since.0, window.until.0],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))
    }

    /// The fingerprint of a reading's figures; `None` where an older program kept it.
    pub fn figures_of(&self, id: i64) -> Result<Option<String>, LedgerError> {
        self.connection
            .query_row(
                "SELECT json_extract(content, '$.figures') FROM journal
                 WHERE kind = ?1 AND json_extract(content, '$.reading') = ?2",
                params![NOTED_AS, id],
                |row| row.get(0),
            )
            .optional()
            .map(Option::flatten)
            .map_err(|error| self.fail(error))
    }

    /// A reading, proven to be as it was kept; `None` where there is none of this number.
    pub fn reading<T: DeserializeOwned>(&self, id: i64) -> Result<Option<T>, LedgerError> {
        let Some(packed) = self.packed_reading(id)? else { return Ok(None) };
        let unreadable =
            |cause| LedgerError::Unreadable { external_id: format!("reading {id}"), cause };
        unpacked_reading(&packed).map(Some).map_err(unreadable)
    }

    /// The packed bytes of a reading, proven to be as they were kept; their digest is in the journal.
    pub fn packed_reading(&self, id: i64) -> Result<Option<Vec<u8>>, LedgerError> {
        let found: Option<(String, Vec<u8>)> = self
            .connection
            .query_row("SELECT digest, content FROM reading WHERE id = ?1", [id], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(|error| self.fail(error))?;
        let Some((digest, packed)) = found else { return Ok(None) };
        let noted: Option<String> = self
            .connection
            .query_row(
                "SELECT json_extract(content, '$.sha256') FROM journal
                 WHERE kind = ?1 AND json_extract(content, '$.reading') = ?2",
                params![NOTED_AS, id],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| self.fail(error))?;
        let found = sha256_hex(&packed);
        if noted.as_deref() != Some(found.as_str()) || digest != found {
            return Err(LedgerError::ReadingChanged { id });
        }
        Ok(Some(packed))
    }

    /// A sentence about each reading that is not as it was kept, or not there any more.
    pub(super) fn check_readings(&self) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<i64>> {
            self.connection
                .prepare_cached(
                    "SELECT id FROM reading UNION
                     SELECT json_extract(content, '$.reading') FROM journal WHERE kind = ?1",
                )?
                .query_map([NOTED_AS], |row| row.get(0))?
                .collect()
        };
        let mut findings = Vec::new();
        for id in run().map_err(|error| self.fail(error))? {
            match self.packed_reading(id) {
                Ok(Some(_)) => {}
                Ok(None) => findings.push(format!("Reading {id} was removed.")),
                Err(LedgerError::ReadingChanged { .. }) => {
                    findings.push(format!("Reading {id} was changed since it was kept."));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(findings)
    }
}
