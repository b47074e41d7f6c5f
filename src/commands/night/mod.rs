//! Nights: how a run ended, told to whoever asked to be told.
//!
//! Commands that pull or post are watched from before their configuration is read until after their
//! last message. Belongs here: gathering the value that `report::night` shows, and handing it out. Does
//! not belong here: anything that decides what a run does; whoever cannot be told never changes its
//! outcome, except a file that was asked for by name.

mod gather;
mod heartbeat;
mod hooks;
mod tally;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::calendar::{Clock, UnixTime};
use crate::cli::{Cli, Command, Global, OutcomeArgs};
use crate::commands::exit::{self, Outcome, UsageError};
use crate::commands::interrupt::AtOnce;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::config::{self, NetSuiteSettings, NightSettings};
use crate::digest::sha256_hex;
use crate::ledger::LedgerError;
use crate::net::gate::Gate;
use crate::netsuite::client::Limits;
use crate::report::night::finding::{Cause, Finding, Findings};
use crate::report::night::{
    Account, Requests, SCHEMA_VERSION, Summary, Totals, line, metrics, over_all,
};
use crate::ui::{Ui, width};

use self::gather::Turn;
pub(super) use self::tally::Tally;

/// Characters of a digest that keep two runs of one second apart.
const NAME_DIGEST_CHARS: usize = 6;

/// The name of this invocation: when it began, and something that no other has.
pub fn run_id() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let now = chrono::Utc::now();
        let nanos = now.timestamp_nanos_opt().unwrap_or_default();
        let own = sha256_hex(format!("{} {nanos}", std::process::id()).as_bytes());
        format!("{}-{}", now.format("%Y%m%dT%H%M%SZ"), &own[..NAME_DIGEST_CHARS])
    })
}

/// Watches one invocation. A command that leaves nothing behind is not watched, and costs nothing.
pub(super) struct Watch {
    /// As the run log has it.
    command: Option<&'static str>,
    files: OutcomeArgs,
    /// Who else is told; nobody of a dry run, or of what a person does by hand.
    told: NightSettings,
    has_begun: AtomicBool,
    clock: Arc<dyn Clock>,
    began: UnixTime,
    since: Instant,
    turns: Mutex<Vec<(Account, Vec<Finding>)>>,
    /// Of each account that has had its turn, or has it.
    tallies: Mutex<BTreeMap<Option<String>, Arc<Tally>>>,
    /// The places of each NetSuite account, where several Stripe accounts are at it at once.
    gates: Option<Mutex<BTreeMap<String, Arc<Gate>>>>,
}

impl Watch {
    /// Begins to watch what was typed.
    ///
    /// # Errors
    /// A file that is to be written has no folder: better said before the run than after it.
    pub(super) fn of(cli: &Cli) -> anyhow::Result<Self> {
        let (command, files) = match &cli.command {
            Command::Run(args) if args.dry_run => (Some("run --dry-run"), args.outcome.clone()),
            Command::Run(args) => (Some("run"), args.outcome.clone()),
            Command::Push(args) => (Some("push"), args.outcome.clone()),
            Command::Backfill(args) => (Some("backfill"), args.outcome.clone()),
            _ => (None, OutcomeArgs::default()),
        };
        for (flag, path) in [("--summary", &files.summary), ("--metrics", &files.metrics)] {
            let Some(path) = path else { continue };
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                let message = format!(
                    "{flag} cannot be written: there is no folder {}\nhint: make it, or name another file",
                    folder.display()
                );
                return Err(UsageError(message).into());
            }
        }
        let is_night = matches!(&cli.command, Command::Run(args) if !args.dry_run);
        // What is wrong with it is said by the run, which reads the whole file and ends with that.
        let clock = cli.global.clock();
        let told = is_night.then(|| config::night(&cli.global.config).unwrap_or_default());
        Ok(Self {
            command,
            files,
            told: told.unwrap_or_default(),
            has_begun: AtomicBool::new(false),
            began: clock.now(),
            clock,
            since: Instant::now(),
            turns: Mutex::default(),
            tallies: Mutex::default(),
            gates: None,
        })
    }

    /// From here on turns are taken side by side.
    pub(super) fn side_by_side(&mut self) {
        self.gates = Some(Mutex::default());
    }

    /// What the turn of a Stripe account counts into.
    pub(super) fn tally(&self, global: &Global) -> Arc<Tally> {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tallies.entry(global.account.clone()).or_default())
    }

    /// What requests to a NetSuite account go through, where others send theirs at the same time.
    pub(super) fn gate(&self, netsuite: &NetSuiteSettings) -> Option<Arc<Gate>> {
        let gates = self.gates.as_ref()?;
        let mut gates = gates.lock().unwrap_or_else(PoisonError::into_inner);
        let address = netsuite.base_url.as_deref().unwrap_or_default();
        let places = netsuite.concurrency.map_or(Limits::default().in_flight_max, usize::from);
        let key = format!("{} {address}", netsuite.account.to_ascii_uppercase());
        Some(Arc::clone(gates.entry(key).or_insert_with(|| Arc::new(Gate::new(places)))))
    }

    /// Puts the turns into the order of the configuration, whichever ended first.
    pub(super) fn in_order(&self, names: &[String]) {
        let place =
            |account: &Account| names.iter().position(|own| Some(own) == account.name.as_ref());
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.sort_by_key(|(account, _)| place(account));
    }

    /// The first account's lock is held: from here on this run is the night.
    pub(super) async fn begin(&self, ui: Ui) {
        if let Some(heartbeat) = &self.told.heartbeat
            && !self.has_begun.swap(true, Ordering::Relaxed)
        {
            heartbeat::start(heartbeat, ui).await;
        }
    }

    /// The turn of a Stripe account begins.
    pub(super) fn enter(&self, global: &Global, ui: Ui) {
        ui.enter(global.account.as_deref());
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.insert(global.account.clone(), Arc::default());
    }

    /// The turn has ended: how the account stands now.
    pub(super) fn leave(&self, global: &Global, result: &anyhow::Result<Outcome>) {
        let Some(command) = self.command else { return };
        let tally = self.tally(global);
        let (stripe, netsuite) = tally.requests();
        let turn = Turn {
            command,
            name: global.account.as_deref(),
            began: self.began,
            exit_code: exit::code(result),
            error: result.as_ref().err().map(exit::message),
            seen: tally.seen(),
            requests: Requests { stripe, netsuite },
        };
        let mut account = turn.account();
        let mut findings = turn.findings();
        read(&turn, global, &mut account, &mut findings);
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push((account, findings));
    }

    /// The command has ended: says so on one line, and tells whoever asked.
    pub(super) async fn end(
        self,
        result: anyhow::Result<Outcome>,
        ui: Ui,
    ) -> anyhow::Result<Outcome> {
        let Some(command) = self.command else { return result };
        let code = exit::code(&result);
        if let Err(error) = &result {
            ui.error(&exit::message(error));
        }
        let mut summary = self.summary(command, code, result.err().as_ref());
        self.write(&mut summary, ui);
        let (code, line) = (summary.exit_code, line(&summary));
        // Everything is on disk: who waits no longer for others to be told need not wait.
        let at_once = AtOnce::listen()?;
        // The run that holds the lock has said that it began, and will say how it ended.
        let speaks = !is_locked_out(&summary);
        if let Some(heartbeat) = self.told.heartbeat.as_ref().filter(|_| speaks) {
            heartbeat::end(heartbeat, code, &line, ui).await;
        }
        if summary.accounts.len() > 1 {
            ui.say(over_all(&summary, width()).trim_end());
        }
        hooks::run(&self.told.hooks, &summary, ui);
        drop(at_once);
        // Quiet means only what went wrong, and cron sends a mail for every word.
        if code == exit::DONE {
            ui.say(&line);
        } else {
            ui.warn(&line);
        }
        Ok(Outcome::Said(code))
    }

    fn summary(&self, command: &'static str, code: u8, error: Option<&anyhow::Error>) -> Summary {
        let turns = std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner));
        let (accounts, findings): (Vec<Account>, Vec<Vec<Finding>>) = turns.into_iter().unzip();
        let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();
        // What an account ended with is said of the account.
        let error = error.filter(|_| accounts.is_empty()).map(exit::message);
        if let Some(message) = &error {
            findings.push(Finding::of_run(None, code, message));
        }
        Summary {
            schema_version: SCHEMA_VERSION,
            run_id: run_id().to_owned(),
            made_by: made_by(),
            command,
            started: self.began,
            finished: self.clock.now(),
            duration_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            exit_code: code,
            meaning: exit::meaning(code),
            error,
            findings: Findings::new(findings),
            totals: Totals::of(&accounts),
            accounts,
        }
    }

    /// Writes the files that were asked for. What cannot be written was not done as asked.
    fn write(&self, summary: &mut Summary, ui: Ui) {
        let mut results = Vec::new();
        if let Some(path) = &self.files.summary {
            results.push(super::write_private(path, summary.json().as_bytes()));
        }
        // The run that holds the lock speaks for the installation when it ends.
        if let Some(path) = self.files.metrics.as_ref().filter(|_| !is_locked_out(summary)) {
            results.push(write_metrics(path, &metrics(summary)));
        }
        for error in results.into_iter().filter_map(Result::err) {
            ui.error(&exit::message(&error));
            if matches!(summary.exit_code, exit::DONE | exit::CHANGES) {
                summary.exit_code = exit::FAILED;
                summary.meaning = exit::meaning(exit::FAILED);
            }
        }
    }
}

/// Whether no account had its turn, because another run holds the lock of each.
fn is_locked_out(summary: &Summary) -> bool {
    let mut accounts = summary.accounts.iter();
    !summary.accounts.is_empty() && accounts.all(|account| account.exit_code == exit::LOCKED)
}

/// Adds what the configuration and the ledger say, as far as they can be read.
fn read(turn: &Turn, global: &Global, account: &mut Account, findings: &mut Vec<Finding>) {
    let Ok(session) = Session::open(global) else { return };
    let stripe = session.settings.stripe.account.to_string();
    let netsuite = session.settings.netsuite.account.clone();
    let ledger = session.ledger_to_read();
    account.stripe_account = Some(stripe.clone());
    account.netsuite_account = Some(netsuite.clone());
    let read = ledger.and_then(|ledger| {
        ledger.check_accounts(&stripe, &netsuite)?;
        account.standing = Some(turn.read(&session, &ledger, findings)?);
        Ok(())
    });
    // Why there is no ledger, or none to be read, is why the run ended: that is said already.
    let Err(error) = read else { return };
    let is_missing = error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(LedgerError::File { cause, .. })
            if cause.kind() == std::io::ErrorKind::NotFound)
    });
    if turn.error.is_none() && !is_missing {
        findings.push(Finding::about(
            Cause::LedgerUnreadable,
            &stripe,
            turn.name,
            format!("How the ledger stands cannot be told: {}", exit::message(&error)),
            "`tieout ledger check` looks for what is wrong with it.",
        ));
    }
}

/// Beside its place, then moved there: who collects it sees all or nothing. It has counts and no
/// names, and the collector is another user: everybody may read it.
fn write_metrics(path: &Path, text: &str) -> anyhow::Result<()> {
    super::write_by(path, 0o644, |file| Ok(file.write_all(text.as_bytes())?))
}
