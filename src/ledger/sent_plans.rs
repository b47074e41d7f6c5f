//! The plans that were sent, as they were sent. The journal says which run sent which.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Read, Write};

use rusqlite::{OptionalExtension, params};

use super::journal::append;
use super::{Ledger, LedgerError, RunId};
use crate::digest::{Digesting, sha256_hex};

/// How hard a plan is packed: a push must not wait for it.
const LEVEL: i32 = 3;
/// The journal's word for a plan that is about to be sent.
const NOTED_AS: &str = "plan_sent";

impl Ledger {
    /// Keeps a plan before anything of it is sent. `write` writes its file and gives its digest.
    pub fn keep_plan(
        &mut self,
        run: RunId,
        write: impl FnOnce(&mut dyn Write) -> io::Result<String>,
    ) -> Result<(), LedgerError> {
        let pack = || -> io::Result<(String, Vec<u8>, String)> {
            let packer = zstd::stream::Encoder::new(Vec::new(), LEVEL)?;
            let mut to = Digesting::new(BufWriter::new(packer));
            let digest = write(&mut to)?;
            let (buffer, sha256, _) = to.end();
            let packed = buffer.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
            Ok((digest, packed, sha256))
        };
        let (digest, packed, sha256) =
            pack().map_err(|cause| LedgerError::File { path: "a plan".into(), cause })?;
        let note = serde_json::json!({ "plan": digest, "run": run.0, "sha256": sha256 });
        let now = self.now();
        self.in_transaction(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO sent_plan (digest, content) VALUES (?1, ?2)",
                params![digest, packed],
            )?;
            append(tx, now, NOTED_AS, &note.to_string())
        })
    }

    /// Digest and file of each plan that one of these runs sent, proven to be as it was; in order of
    /// digests.
    pub fn plans_of(&self, runs: &BTreeSet<i64>) -> Result<Vec<(String, String)>, LedgerError> {
        let mut plans = Vec::new();
        for (digest, noted) in self.noted_plans()? {
            if !runs.contains(&noted.run) {
                continue;
            }
            match self.sent_plan(&digest, &noted.sha256)? {
                Sent::Whole(text) => plans.push((digest, text)),
                Sent::Changed | Sent::Removed => return Err(LedgerError::PlanChanged { digest }),
            }
        }
        Ok(plans)
    }

    /// A sentence about each plan that is not as it was sent, or not there any more.
    pub(super) fn check_plans(&self) -> Result<Vec<String>, LedgerError> {
        let mut findings = Vec::new();
        for (digest, Noted { sha256, run }) in self.noted_plans()? {
            match self.sent_plan(&digest, &sha256)? {
                Sent::Whole(_) => {}
                Sent::Removed => {
                    findings.push(format!("The plan that run {run} sent was removed."));
                }
                Sent::Changed => {
                    findings.push(format!("The plan that run {run} sent was changed since."));
                }
            }
        }
        Ok(findings)
    }

    fn sent_plan(&self, digest: &str, sha256: &str) -> Result<Sent, LedgerError> {
        let packed: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT content FROM sent_plan WHERE digest = ?1", [digest], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| self.fail(error))?;
        let Some(packed) = packed else { return Ok(Sent::Removed) };
        let mut text = String::new();
        let read = zstd::stream::Decoder::new(packed.as_slice())
            .and_then(|mut decoder| decoder.read_to_string(&mut text));
        let is_whole = read.is_ok() && sha256 == sha256_hex(text.as_bytes());
        Ok(if is_whole { Sent::Whole(text) } else { Sent::Changed })
    }

    /// Every plan that was sent, by its digest, as the journal first had it.
    fn noted_plans(&self) -> Result<BTreeMap<String, Noted>, LedgerError> {
        let run = || -> rusqlite::Result<BTreeMap<String, Noted>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT json_extract(content, '$.plan'), json_extract(content, '$.sha256'),
                        json_extract(content, '$.run')
                 FROM journal WHERE kind = ?1 ORDER BY seq",
            )?;
            let mut rows = statement.query([NOTED_AS])?;
            let mut plans = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let noted = Noted { sha256: row.get(1)?, run: row.get(2)? };
                plans.entry(row.get(0)?).or_insert(noted);
            }
            Ok(plans)
        };
        run().map_err(|error| self.fail(error))
    }
}

/// What the journal says of a plan.
struct Noted {
    /// Of its file.
    sha256: String,
    run: i64,
}

/// What became of a plan's file.
enum Sent {
    Whole(String),
    Changed,
    Removed,
}
