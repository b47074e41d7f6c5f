//! Proves that a pack is as it was made, or says what in it is not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};

use super::{JOURNAL, NOTED_AS, PLANS, READING, REPORTS};
use crate::cli::{Format, Global};
use crate::commands::exit::Outcome;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::digest::{Digesting, sha256_hex, sha256_of};
use crate::evidence::{FileEntry, Opened, PACK_VERSION, is_sealed};
use crate::ledger::{JournalRow, unpacked_reading};
use crate::plan::Plan;
use crate::reconcile::close::{FACTS_VERSION, Facts, Report};
use crate::report::close::{CLOSE, Folder, folder};
use crate::report::evidence::{self, Verified};
use crate::ui::{Ui, width};

/// A folder of reports that are made again for their digests.
#[derive(Default)]
struct Digests(Mutex<BTreeMap<String, FileEntry>>);

impl Folder for Digests {
    type File = Digesting<io::Sink>;

    fn create(&self, _: &str) -> io::Result<Self::File> {
        Ok(Digesting::new(io::sink()))
    }

    fn end(&self, name: &str, file: Self::File) -> io::Result<()> {
        let (_, sha256, bytes) = file.end();
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert(format!("{REPORTS}{name}"), FileEntry { bytes, sha256 });
        Ok(())
    }
}

pub(super) fn verify(
    path: &Path,
    ledger: Option<&Global>,
    format: Format,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let open = || File::open(path).with_context(|| format!("{} cannot be read", path.display()));
    let sha256 = sha256_of(open()?)?;
    let mut opened = Opened::open(BufReader::new(open()?))
        .with_context(|| format!("{} is not an evidence pack", path.display()))?;
    let found = opened.manifest.schema_version;
    if found != PACK_VERSION {
        bail!("the pack is of version {found}; this program reads version {PACK_VERSION}");
    }
    let mut findings = opened.findings().context("the archive is damaged")?;
    if findings.is_empty() && !is_sealed(&mut open()?)? {
        findings
            .push("Its files are whole, and its bytes are not those it was sealed with.".into());
    }
    let mut not_made_again = None;
    // What was changed proves nothing more.
    if findings.is_empty() {
        let mut proof = Proof { opened: &mut opened, findings: Vec::new(), reading_noted: None };
        let rows = proof.journal()?;
        not_made_again = proof.reports()?;
        proof.plans()?;
        if let Some(global) = ledger {
            proof.ledger(global, &rows, &sha256)?;
        }
        findings = proof.findings;
    }
    let verified = Verified::new(sha256, findings, not_made_again, opened.manifest);
    ui.data(&match format {
        Format::Json => evidence::json(&verified),
        Format::Table => evidence::text(&verified, path, width()),
    })?;
    Ok(if verified.is_whole { Outcome::Done } else { Outcome::OutOfTolerance })
}

struct Proof<'a> {
    opened: &'a mut Opened<BufReader<File>>,
    findings: Vec<String>,
    /// Digest and figures of the reading, as the journal has them.
    reading_noted: Option<(String, String)>,
}

impl Proof<'_> {
    /// Every row is sealed by the one before it, up to the manifest's head. Gives the seals.
    fn journal(&mut self) -> anyhow::Result<Vec<String>> {
        let (id, head) = (self.opened.manifest.reading.id, self.opened.manifest.journal.clone());
        let mut seals: Vec<String> = Vec::new();
        let mut broken = None;
        for line in BufReader::new(self.opened.file(JOURNAL)?).lines() {
            let row: JournalRow = serde_json::from_str(&line?).context("a row of the journal")?;
            if !row.follows(seals.last().map_or("", String::as_str)) {
                broken = broken.or(Some(row.seq));
            }
            if row.kind == "reading" {
                let note: serde_json::Value = serde_json::from_str(&row.content)?;
                if note["reading"] == id {
                    let text = |key: &str| note[key].as_str().unwrap_or_default().to_owned();
                    self.reading_noted = Some((text("sha256"), text("figures")));
                }
            }
            seals.push(row.hash);
        }
        if let Some(seq) = broken {
            self.findings.push(format!("Row {seq} of the journal was changed or removed."));
        }
        let last = seals.last().cloned().unwrap_or_default();
        if u64::try_from(seals.len()) != Ok(head.rows) || last != head.hash {
            self.findings.push("The journal does not end where the manifest says.".into());
        }
        Ok(seals)
    }

    /// The reading is the journal's, and gives the reports. Says why it was not tried, if not.
    fn reports(&mut self) -> anyhow::Result<Option<String>> {
        let mut packed = Vec::new();
        self.opened.file(READING)?.read_to_end(&mut packed)?;
        let entry = self.opened.manifest.reading.clone();
        let found = sha256_hex(&packed);
        let noted = self.reading_noted.clone().unwrap_or_default();
        if found != entry.sha256 || found != noted.0 {
            self.findings.push(format!("Reading {} is not the one in the journal.", entry.id));
            return Ok(None);
        }
        let made_by = made_by();
        if self.opened.manifest.made_by != made_by {
            return Ok(Some(format!(
                "the pack was made by {}, and this is {made_by}",
                self.opened.manifest.made_by
            )));
        }
        let facts: Facts = unpacked_reading(packed.as_slice())?;
        drop(packed);
        if facts.version != FACTS_VERSION {
            return Ok(Some(format!("the reading was kept by {}", facts.made_by)));
        }
        let digests = Digests::default();
        let written = folder(&facts, &Report::ALL, CLOSE, &digests)?;
        if written.figures != entry.figures || written.figures != noted.1 {
            self.findings.push("The figures are not those that the journal noted.".into());
        }
        let made = digests.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (name, found) in made {
            match self.opened.manifest.files.get(&name) {
                Some(expected) if *expected == found => {}
                Some(_) => self.findings.push(format!("{name} is not what the reading gives.")),
                None => self.findings.push(format!("{name} is missing.")),
            }
        }
        Ok(None)
    }

    /// Every plan is as it was made, and under its own name.
    fn plans(&mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self
            .opened
            .manifest
            .files
            .keys()
            .filter(|name| name.starts_with(PLANS))
            .cloned()
            .collect();
        for name in names {
            let mut text = String::new();
            self.opened.file(&name)?.read_to_string(&mut text)?;
            match Plan::from_text(&text) {
                Ok(plan) if name == format!("{PLANS}{}.json", plan.digest) => {}
                Ok(_) => self.findings.push(format!("{name} is another plan.")),
                Err(error) => self.findings.push(format!("{name} cannot be used: {error}.")),
            }
        }
        Ok(())
    }

    /// The ledger's journal begins with the pack's, and knows the pack.
    fn ledger(&mut self, global: &Global, seals: &[String], sha256: &str) -> anyhow::Result<()> {
        let ledger = Session::open(global)?.ledger_to_read()?;
        ledger.check_journal()?;
        let mut own = 0;
        let (mut is_begin, mut is_known) = (true, false);
        ledger.for_each_journal_row(|row| -> anyhow::Result<()> {
            is_begin &= seals.get(own).is_none_or(|seal| *seal == row.hash);
            is_known |= row.kind == NOTED_AS && row.content.contains(sha256);
            own += 1;
            Ok(())
        })?;
        if !is_begin || own < seals.len() {
            self.findings.push("The journal is not the beginning of this ledger's.".into());
        }
        if !is_known {
            self.findings.push("This ledger's journal does not know the pack.".into());
        }
        Ok(())
    }
}
