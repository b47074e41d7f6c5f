//! Makes the pack from what a close has kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirEntry, File};
use std::io::{self, Seek, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;

use super::{JOURNAL, NOTED_AS, PLANS, READING, REPORTS};
use crate::calendar::{Month, UnixTime};
use crate::cli::{EvidenceArgs, Global};
use crate::commands::close::of_month;
use crate::commands::exit::{Guarded, Outcome, UsageError};
use crate::commands::files::{ReportFolder, write_private_by};
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::digest::{sha256_hex, sha256_of};
use crate::evidence::{
    Archive, Counted, JournalHead, Manifest, PACK_VERSION, Proven, ReadingEntry, Signature, Total,
    seal,
};
use crate::ledger::{KindStats, Ledger, Run, SignOff, unpacked_reading};
use crate::money::{Amount, Currency};
use crate::reconcile::close::cover::Query;
use crate::reconcile::close::sheet::Proof;
use crate::reconcile::close::{Facts, Report};
use crate::report::close::{CLOSE, Written, folder};
use crate::report::plan::counted;
use crate::ui::Ui;

const READ_ME: &str = "\
What is in here
  reports/           the close: each report as CSV and JSON, all of them as a page and a workbook,
                     and balances, items and transactions as CSV for other programs
  reading.json.zst   what Stripe, the ledger and NetSuite showed, from which the reports are made
  plans/             the plans that posted into the period, as they were sent
  settings.json      every setting, its value and where it was set; no secrets
  queries.sql        what NetSuite was asked
  runs.json          every run of the program up to the pack
  journal.jsonl      the journal, each row sealed by the one before it
  manifest.json      the digest of every other file, counts, control totals, proofs, signatures

How it is proven
  tieout evidence verify FILE

  It holds every file against the manifest, the journal against its chain, the reading against the
  journal, and the reports against what the reading gives. Whoever made the pack could have made
  another one: its SHA-256, which is told when it is made and when it is verified, is in the journal
  of the ledger that it came from.
";

pub(super) fn pack(args: &EvidenceArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let (Some(month), Some(out)) = (args.period, &args.out) else {
        bail!(UsageError(
            "the evidence of which month?\nhint: name it with --period 2026-10".into()
        ));
    };
    let session = Session::open(global)?;
    let _lock = session.lock("evidence", ui)?;
    let mut ledger = session.existing_ledger()?;
    let reading = reading_of(&session, &ledger, month, args.as_read)?;
    let packed = ledger.packed_reading(reading)?.with_context(|| {
        format!("the ledger has no reading {reading}\nhint: `tieout report close` tells its number")
    })?;
    let facts: Facts = unpacked_reading(packed.as_slice())
        .with_context(|| format!("reading {reading} was kept by another version of tieout"))?;
    if facts.period.name != month.to_string() {
        let text = format!("reading {reading} is of {}, not of {month}", facts.period.name);
        bail!(UsageError(text));
    }
    // A journal that was changed proves nothing.
    ledger.check_journal()?;
    let pack = Pack { session: &session, ledger: &ledger, month, reading, packed, facts };
    let (sha256, file_count) = pack.write(out)?;
    let note = serde_json::json!({
        "period": month, "reading": reading, "sha256": sha256, "files": file_count,
    });
    ledger.journal(NOTED_AS, &note.to_string())?;
    ui.say(&format!(
        "Wrote {}: {} about {month}, from reading {reading}.\nIts SHA-256 is {sha256}; the journal keeps it.",
        out.display(),
        counted(file_count, "file"),
    ));
    Ok(Outcome::Done)
}

fn reading_of(
    session: &Session,
    ledger: &Ledger,
    month: Month,
    asked: Option<i64>,
) -> anyhow::Result<i64> {
    if let Some(id) = asked {
        return Ok(id);
    }
    let period = of_month(month, session.settings.stripe.zone)?;
    let Some(id) = ledger.last_reading(period.window)? else {
        bail!(Guarded(format!(
            "{month} was not closed yet: there is nothing to show\nhint: `tieout report close --period \
             {month}` comes first"
        )));
    };
    Ok(id)
}

/// The files of a folder that this program wrote, by name.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let name = |entry: DirEntry| entry.file_name().to_string_lossy().into_owned();
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(name(entry?)));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

struct Pack<'a> {
    session: &'a Session,
    ledger: &'a Ledger,
    month: Month,
    reading: i64,
    packed: Vec<u8>,
    facts: Facts,
}

impl Pack<'_> {
    /// Writes the archive; gives its digest and how many files are in it.
    fn write(&self, out: &Path) -> anyhow::Result<(String, usize)> {
        // Beside the pack, because the system's folder for such files may be too small, or in memory.
        let beside = out.parent().filter(|path| !path.as_os_str().is_empty());
        let reports = tempfile::Builder::new()
            .prefix("tieout-evidence-")
            .tempdir_in(beside.unwrap_or(Path::new(".")))
            .with_context(|| format!("{} cannot be written", out.display()))?;
        let written =
            folder(&self.facts, &Report::ALL, CLOSE, &ReportFolder::made(reports.path())?)?;
        let mut count = 0;
        write_private_by(out, |file| {
            let mut archive = Archive::new(file);
            let journal = self.fill(&mut archive, reports.path(), &mut count)?;
            let file = archive.end(self.manifest(journal, written)?)?;
            file.flush()?;
            Ok(seal(file.get_mut())?)
        })?;
        Ok((sha256_of(File::open(out)?)?, count))
    }

    /// Adds every file but the manifest; gives the end of the journal as it was written.
    fn fill<W: Write + Seek>(
        &self,
        archive: &mut Archive<W>,
        reports: &Path,
        count: &mut usize,
    ) -> anyhow::Result<JournalHead> {
        let mut add = |name: &str, write: &mut dyn FnMut(&mut dyn Write) -> anyhow::Result<()>| {
            *count += 1;
            archive.add(name, write)
        };
        add("README.txt", &mut |to| Ok(to.write_all(READ_ME.as_bytes())?))?;
        for name in names_in(reports)? {
            let mut from = File::open(reports.join(&name))?;
            add(&format!("{REPORTS}{name}"), &mut |to| {
                io::copy(&mut from, to)?;
                Ok(())
            })?;
        }
        add(READING, &mut |to| Ok(to.write_all(&self.packed)?))?;
        let runs: BTreeSet<i64> = self.facts.runs.iter().map(|run| run.run).collect();
        for (digest, text) in self.ledger.plans_of(&runs)? {
            add(&format!("{PLANS}{digest}.json"), &mut |to| Ok(to.write_all(text.as_bytes())?))?;
        }
        add("settings.json", &mut |to| self.write_settings(to))?;
        add("queries.sql", &mut |to| Ok(to.write_all(self.queries().as_bytes())?))?;
        add("runs.json", &mut |to| self.write_runs(to))?;
        let mut head = JournalHead { rows: 0, hash: String::new() };
        add(JOURNAL, &mut |to| {
            self.ledger.for_each_journal_row(|row| -> anyhow::Result<()> {
                serde_json::to_writer(&mut *to, &row)?;
                to.write_all(b"\n")?;
                head = JournalHead { rows: head.rows + 1, hash: row.hash };
                Ok(())
            })
        })?;
        Ok(head)
    }

    fn manifest(&self, journal: JournalHead, written: Written) -> anyhow::Result<Manifest> {
        let Self { facts, .. } = self;
        let stats = self.ledger.stats()?;
        let count = |kind: KindStats| Counted { kind: kind.kind, count: kind.count };
        let signed = self.ledger.sign_offs(self.month)?;
        Ok(Manifest {
            schema_version: PACK_VERSION,
            made_by: made_by(),
            made_at: self.session.clock.now(),
            company: facts.company.clone(),
            stripe_account: facts.stripe_account.clone(),
            netsuite_account: facts.netsuite_account.clone(),
            zone: facts.zone.to_string(),
            period: facts.period.clone(),
            reading: ReadingEntry {
                id: self.reading,
                read_at: facts.read_at,
                sha256: sha256_hex(&self.packed),
                figures: written.figures,
            },
            journal,
            objects: stats.kinds.into_iter().map(count).collect(),
            facts: stats.digest,
            totals: totals(facts),
            proofs: proven(written.proofs),
            signatures: signed.into_iter().map(signature).collect(),
            files: BTreeMap::new(),
        })
    }

    fn write_settings(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Setting<'a> {
            name: &'a str,
            value: &'a str,
            from: &'a str,
        }
        let shown = self.session.settings.shown.iter();
        let all: Vec<Setting> = shown
            .map(|own| Setting { name: &own.name, value: &own.value, from: &own.from })
            .collect();
        Ok(serde_json::to_writer_pretty(to, &all)?)
    }

    fn queries(&self) -> String {
        let queries = &self.facts.cover.queries;
        if queries.is_empty() {
            return "-- NetSuite was not asked for this reading, or by a program that did not keep the queries.\n"
                .into();
        }
        let told = |own: &Query| {
            let (requests, rows) = (own.requests, own.rows);
            format!("-- requests: {requests}, rows: {rows}\n{};\n\n", own.text)
        };
        queries.iter().map(told).collect()
    }

    fn write_runs(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Told {
            id: i64,
            command: String,
            parameters: String,
            started: String,
            ended: Option<String>,
            exit_code: Option<u8>,
        }
        let mut runs = self.ledger.last_runs(u32::MAX)?;
        runs.reverse();
        let told = |run: Run| Told {
            id: run.id,
            command: run.command,
            parameters: run.parameters,
            started: run.started.to_string(),
            ended: run.ended.map(|at: UnixTime| at.to_string()),
            exit_code: run.exit_code,
        };
        Ok(serde_json::to_writer_pretty(to, &runs.into_iter().map(told).collect::<Vec<_>>())?)
    }
}

/// Control totals over the balance transactions of the period.
fn totals(facts: &Facts) -> Vec<Total> {
    let mut sums: BTreeMap<Currency, (usize, [i64; 3])> = BTreeMap::new();
    let own = facts.movements.all().iter().filter(|own| own.created >= facts.period.window.since);
    for movement in own {
        let (count, [gross, fee, net]) = sums.entry(movement.currency).or_default();
        *count += 1;
        *gross += movement.gross().minor();
        *fee += movement.fee().minor();
        *net += movement.net().minor();
    }
    let total = |(currency, (count, [gross, fee, net])): (Currency, (usize, [i64; 3]))| {
        let decimal = |minor| Amount::new(minor, currency).to_decimal();
        Total {
            currency: currency.code().to_owned(),
            count,
            gross: decimal(gross),
            fee: decimal(fee),
            net: decimal(net),
        }
    };
    sums.into_iter().map(total).collect()
}

fn proven(proofs: Vec<(Report, Proof)>) -> Vec<Proven> {
    let told = |(report, proof): (Report, Proof)| Proven {
        report: report.word().into(),
        section: proof.section,
        title: proof.title,
        currency: proof.currency.code().to_owned(),
        difference: proof.difference.to_decimal(),
    };
    proofs.into_iter().map(told).collect()
}

fn signature(own: SignOff) -> Signature {
    Signature {
        role: own.role.word().into(),
        by: own.by,
        at: own.at,
        figures: own.figures,
        is_void: own.void.is_some(),
    }
}
