//! Readings: what a close gathered, kept so that its reports can be made again, byte for byte.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use rusqlite::blob::Blob;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::append;
use super::sign_offs::void_others;
use super::{Ledger, LedgerError, Pages};
use crate::calendar::{UnixTime, Window};
use crate::digest::{Digesting, sha256_of};

/// What was gathered for a period, packed, in a file that nobody else sees and that goes with this: the
/// packed bytes of a large month are fifty megabytes.
pub struct Packed {
    file: File,
    length: u64,
    digest: String,
}

impl Packed {
    /// Packs what was gathered for a period.
    ///
    /// # Errors
    /// Where the content cannot be written as JSON, or the system's folder for such files is full.
    pub fn new(content: &impl Serialize) -> io::Result<Self> {
        let file = Digesting::new(tempfile::tempfile()?);
        let mut packer = zstd::stream::Encoder::new(file, LEVEL)?;
        let mut to = BufWriter::new(&mut packer);
        serde_json::to_writer(&mut to, content)?;
        to.flush()?;
        drop(to);
        let (mut file, digest, length) = packer.finish()?.end();
        file.rewind()?;
        Ok(Self { file, length, digest })
    }
}

/// What a reading's packed bytes hold.
pub fn unpacked_reading<T: DeserializeOwned>(packed: impl Read) -> Result<T, serde_json::Error> {
    let content = zstd::stream::Decoder::new(packed).map_err(serde_json::Error::io)?;
    serde_json::from_reader(BufReader::new(content))
}

/// How hard a reading is packed: it is written once, and a month may have a million movements.
const LEVEL: i32 = 1;
/// The journal's word for a row about a reading.
const NOTED_AS: &str = "reading";

fn into_sqlite(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

impl Ledger {
    /// Keeps what was gathered for a period, packed, whose figures have the fingerprint `figures`; gives
    /// its number. Who signed other figures of the period has not signed these.
    pub fn put_reading(
        &mut self,
        period: &str,
        window: Window,
        read_at: UnixTime,
        packed: Packed,
        figures: &str,
    ) -> Result<i64, LedgerError> {
        let Packed { mut file, length, digest } = packed;
        let length = i64::try_from(length).expect("no file is longer than an i64 counts");
        let now = self.now();
        // It is written once and in order: what of it stays in memory serves nobody.
        self.keep_pages(Pages::Few)?;
        let kept = self.in_transaction(|tx| {
            tx.execute(
                "INSERT INTO reading (period, since, until, read_at, digest, content)
                 VALUES (?1, ?2, ?3, ?4, ?5, zeroblob(?6))",
                params![period, window.since.0, window.until.0, read_at.0, digest, length],
            )?;
            let id = tx.last_insert_rowid();
            // Written in place: as a value it would be in memory as a whole.
            let mut content = tx.blob_open("main", "reading", "content", id, false)?;
            io::copy(&mut file, &mut content).map_err(into_sqlite)?;
            content.close()?;
            let note = serde_json::json!({
                "reading": id, "period": period, "sha256": digest, "figures": figures,
            });
            append(tx, now, NOTED_AS, &note.to_string())?;
            void_others(tx, now, period, (id, figures))?;
            Ok(id)
        });
        self.keep_pages(Pages::Many)?;
        kept
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
        let Some(packed) = self.proven(id)? else { return Ok(None) };
        let unreadable =
            |cause| LedgerError::Unreadable { external_id: format!("reading {id}"), cause };
        unpacked_reading(packed).map(Some).map_err(unreadable)
    }

    /// The packed bytes of a reading, proven to be as they were kept; their digest is in the journal.
    pub fn packed_reading(&self, id: i64) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(mut content) = self.proven(id)? else { return Ok(None) };
        let mut packed = Vec::new();
        content.read_to_end(&mut packed).map_err(|error| self.fail(into_sqlite(error)))?;
        Ok(Some(packed))
    }

    /// The packed bytes of a reading where they are, after they were proven to be as they were kept.
    fn proven(&self, id: i64) -> Result<Option<Blob<'_>>, LedgerError> {
        let found: Option<String> = self
            .connection
            .query_row("SELECT digest FROM reading WHERE id = ?1", [id], |row| row.get(0))
            .optional()
            .map_err(|error| self.fail(error))?;
        let Some(digest) = found else { return Ok(None) };
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
        let run = || -> rusqlite::Result<(Blob<'_>, String)> {
            let mut content = self.connection.blob_open("main", "reading", "content", id, true)?;
            let found = sha256_of(&mut content).map_err(into_sqlite)?;
            content.rewind().map_err(into_sqlite)?;
            Ok((content, found))
        };
        let (content, found) = run().map_err(|error| self.fail(error))?;
        if noted.as_deref() != Some(found.as_str()) || digest != found {
            return Err(LedgerError::ReadingChanged { id });
        }
        Ok(Some(content))
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
            match self.proven(id) {
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
