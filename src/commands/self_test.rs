//! `tieout self-test`: whether the program works on this machine, told by a small company that goes from
//! Stripe to NetSuite on the embedded systems, in a folder that is gone afterwards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};

use crate::calendar::{Clock, FixedClock, UnixTime, Window};
use crate::cli::GuardArgs;
use crate::commands::embedded::{Embedded, Wanted};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::{embedded, plan, pull, push, report, verify};
use crate::config::{self, Overrides};
use crate::ledger::{Ledger, RunId};
use crate::report::plan::counted;
use crate::sandbox::stripe::Options;
use crate::ui::Ui;

/// As many as show every kind of record, and as few as take a moment.
const CHARGES: u32 = 40;
const SEED: u64 = 1;
/// As in the demo: long enough after the last thing happened for the window to be complete.
const LATER_S: i64 = 3600;

pub(super) async fn run(ui: Ui) -> anyhow::Result<Outcome> {
    let folder = Folder::new()?;
    let embedded = embedded::start(Wanted {
        folder: &folder.0,
        charges: Some(CHARGES),
        months: embedded::MONTHS,
        seed: SEED,
        ports: [0, 0],
        stripe: Options::default(),
        latency_ms: 0,
    })
    .await
    .context("the embedded systems do not start")?;
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(UnixTime(embedded.now.0 + LATER_S)));
    embedded.netsuite.set_clock(Arc::clone(&clock));
    let settings = config::load(&embedded.config, &Overrides::default())?;
    let session = Session::new(settings, clock);
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    passed(ui, "A ledger can be kept in the folder for temporary files.")?;
    logged(&mut ledger, "self-test", "{}", async |ledger, run| {
        prove(&session, &embedded, ledger, run, ui).await
    })
    .await
}

/// The job, step by step; each says that it went well, or the command fails with what did not.
async fn prove(
    session: &Session,
    embedded: &Embedded,
    ledger: &mut Ledger,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let quiet = Ui::new(true);
    let window = Window::new(embedded.since, session.clock.now())?;
    let client = session.own_stripe().await?;
    pull::pull(session, client, ledger, window, quiet).await?;
    passed(ui, "The company's facts were pulled.")?;
    let (made, _) = plan::make(session, ledger, quiet).await?;
    let count = made.changes.len();
    ensure!(count > 0, "the plan of a company with {CHARGES} charges is empty");
    let pushed = push::send_all(session, ledger, made, &GuardArgs::default(), run, quiet).await?;
    ensure!(matches!(pushed, Outcome::Done | Outcome::Partly), "the plan could not be sent");
    passed(ui, &format!("{} were planned and sent.", counted(count, "record")))?;
    let client = session.netsuite()?;
    let checked = verify::verify(session, ledger, &client).await?;
    ensure!(checked.drifts.is_empty(), "what was posted is not what was sent");
    passed(ui, "Each is in NetSuite as it was sent.")?;
    let read_back = ReadBack::read(session, ledger, &client).await?;
    let tieout = read_back.statements(session, ledger)?;
    ensure!(report::outcome(&tieout) == Outcome::Done, "the totals do not tie");
    passed(ui, "Every total ties.")?;
    let (again, _) = plan::make(session, ledger, quiet).await?;
    ensure!(again.is_empty(), "a second plan is not empty");
    passed(ui, "A second plan is empty.")?;
    Ok(Outcome::Done)
}

fn passed(ui: Ui, what: &str) -> anyhow::Result<()> {
    Ok(ui.data(&format!("ok  {what}\n"))?)
}

/// A folder of one's own that is gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("tieout-self-test-{}", std::process::id()));
        make(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }
}

/// For its owner alone, and never somebody else's.
fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is a temporary file, and the system will.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
