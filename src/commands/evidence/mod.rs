//! `tieout evidence`: everything that a close rests on in one file, and the proof that it is whole.

mod pack;
mod verify;

use crate::cli::{EvidenceArgs, EvidenceCommand, Global};
use crate::commands::exit::Outcome;
use crate::ui::Ui;

/// What the reports were made of, as the ledger has it: its digest is in the journal.
const READING: &str = "reading.json.zst";
/// Every row, one to a line.
const JOURNAL: &str = "journal.jsonl";
/// The files of the close are in this folder, and the plans in the other.
const REPORTS: &str = "reports/";
const PLANS: &str = "plans/";
/// The journal's word for a pack that was made.
const NOTED_AS: &str = "evidence";

pub(super) fn run(args: &EvidenceArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    match &args.what {
        Some(EvidenceCommand::Verify { file, with_ledger, output }) => {
            let global = with_ledger.then_some(global);
            verify::verify(file, global, output.output, ui)
        }
        None => pack::pack(args, global, ui),
    }
}
