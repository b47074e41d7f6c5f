//! `tieout ledger`: looking after the file itself.

mod export;
#[cfg(feature = "parquet")]
mod parquet;

use serde::Serialize;

use crate::cli::{Format, Global, LedgerArgs, LedgerCommand};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ledger::Stats;
use crate::money::grouped;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

/// What `stats --output json` prints.
#[derive(Serialize)]
struct StatsJson<'a> {
    schema_version: u32,
    digest: &'a str,
    file_bytes: u64,
    unused_bytes: u64,
    objects: u64,
    revisions: u64,
    kinds: Vec<KindJson<'a>>,
}

#[derive(Serialize)]
struct KindJson<'a> {
    kind: &'a str,
    count: u64,
    packed_bytes: u64,
}

pub(super) fn run(args: &LedgerArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    match &args.what {
        LedgerCommand::Stats { output } => {
            let stats = session.existing_ledger()?.stats()?;
            match output.output {
                Format::Json => ui.data(&format!("{}\n", json(&stats)?))?,
                Format::Table => ui.data(&text(&stats))?,
            }
        }
        LedgerCommand::Check => return check(&session, ui),
        LedgerCommand::Export(args) => {
            let ledger = session.existing_ledger()?;
            let folder = &args.folder;
            let count = export::write(&ledger, folder, args.kind.as_deref())?;
            #[cfg(feature = "parquet")]
            if args.parquet {
                parquet::write(&ledger, folder)?;
            }
            ui.say(&format!("Wrote {} to {}.", counted(count, "object"), folder.display()));
        }
        LedgerCommand::Compact => {
            let _lock = session.lock("ledger compact", ui)?;
            let mut ledger = session.existing_ledger()?;
            let before = ledger.stats()?;
            ledger.compact()?;
            let after = ledger.stats()?;
            anyhow::ensure!(before.digest == after.digest, "the facts changed while being packed");
            let bytes = |stats: &Stats| grouped(&stats.file_bytes.to_string());
            ui.say(&format!("{} bytes before, {} now.", bytes(&before), bytes(&after)));
        }
        LedgerCommand::Backup { path } => {
            session.existing_ledger()?.backup(path)?;
            ui.say(&format!("Copied the ledger to {}.", path.display()));
        }
    }
    Ok(Outcome::Done)
}

fn check(session: &Session, ui: Ui) -> anyhow::Result<Outcome> {
    let checked = session.existing_ledger()?.check()?;
    for finding in &checked.findings {
        ui.warn(finding);
    }
    if checked.more > 0 {
        ui.warn(&format!("{} more findings.", checked.more));
    }
    let number = |count: u64| grouped(&count.to_string());
    ui.data(&format!(
        "{} objects, {} earlier revisions and {} journal rows checked: {}.\n",
        number(checked.objects),
        number(checked.revisions),
        grouped(&checked.journal.to_string()),
        if checked.findings.is_empty() { "each is as it was written" } else { "see above" }
    ))?;
    Ok(if checked.findings.is_empty() { Outcome::Done } else { Outcome::OutOfTolerance })
}

fn total(stats: &Stats) -> u64 {
    stats.kinds.iter().map(|kind| kind.count).sum()
}

fn json(stats: &Stats) -> anyhow::Result<String> {
    let kinds = stats
        .kinds
        .iter()
        .map(|kind| KindJson {
            kind: &kind.kind,
            count: kind.count,
            packed_bytes: kind.packed_bytes,
        })
        .collect();
    Ok(serde_json::to_string_pretty(&StatsJson {
        schema_version: 1,
        digest: &stats.digest,
        file_bytes: stats.file_bytes,
        unused_bytes: stats.unused_bytes,
        objects: total(stats),
        revisions: stats.revisions,
        kinds,
    })?)
}

fn text(stats: &Stats) -> String {
    let number = |count: u64| grouped(&count.to_string());
    let rows: Vec<Vec<String>> = stats
        .kinds
        .iter()
        .map(|kind| {
            let each = kind.packed_bytes.checked_div(kind.count).unwrap_or_default();
            let name = kind.kind.replace('_', " ");
            vec![name, number(kind.count), number(kind.packed_bytes), number(each)]
        })
        .collect();
    let header = [
        ("Stripe objects", Align::Left),
        ("Count", Align::Right),
        ("Packed bytes", Align::Right),
        ("Each", Align::Right),
    ];
    let objects = total(stats);
    format!(
        "{}\n{} objects, {} earlier revisions; {} bytes on disk, {} of them unused: {} a Stripe object with all indices.\nFacts {}\n",
        render(&header, &rows, width()),
        number(objects),
        number(stats.revisions),
        number(stats.file_bytes),
        number(stats.unused_bytes),
        number((stats.file_bytes - stats.unused_bytes).checked_div(objects).unwrap_or_default()),
        stats.digest
    )
}
