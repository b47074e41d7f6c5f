//! Hooks: commands of the operator's own that are started when a run has ended, with the summary on
//! standard input.
//!
//! They get an environment without secrets and a time limit. One that fails is a warning, and changes
//! nothing.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::config::Hooks;
use crate::net::redact::redact_shapes;
use crate::report::night::Summary;
use crate::report::night::finding::Route;
use crate::ui::Ui;

/// Variables that say where programs are and how to write to a person, and nothing secret.
const HARMLESS: [&str; 8] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// How often it is looked whether a hook has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What a hook says is waited for so long after its end: something it left behind may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Of what it says, the end is kept.
const WORDS_BYTES_MAX: usize = 2_000;

/// Starts those that are meant, one after the other.
pub(super) fn run(hooks: &Hooks, summary: &Summary, ui: Ui) {
    let findings = &summary.findings;
    let sum = (
        findings.accounting.count + findings.technical.count,
        findings.accounting.new + findings.technical.new,
    );
    let of = |route: Route| {
        let routed = findings.of(route);
        (routed.count, routed.new)
    };
    let accounting = of(Route::Accounting);
    let technical = of(Route::Technical);
    for (name, command, counts, is_meant) in [
        (Route::Accounting.as_str(), &hooks.accounting, accounting, accounting.0 > 0),
        (Route::Technical.as_str(), &hooks.technical, technical, technical.0 > 0),
        ("always", &hooks.always, sum, true),
    ] {
        let Some(command) = command.as_ref().filter(|_| is_meant) else { continue };
        let told = [
            ("TIEOUT_RUN_ID", summary.run_id.clone()),
            ("TIEOUT_EXIT_CODE", summary.exit_code.to_string()),
            ("TIEOUT_ROUTE", name.to_owned()),
            ("TIEOUT_FINDINGS", counts.0.to_string()),
            ("TIEOUT_NEW_FINDINGS", counts.1.to_string()),
        ];
        if let Err(cause) = start(hooks, command, &told, summary.json().into_bytes()) {
            ui.warn(&format!("The hook `hooks.{name}` failed: {cause}."));
        }
    }
}

/// Runs one command to its end, or to the end of its time.
fn start(
    hooks: &Hooks,
    command: &str,
    told: &[(&str, String)],
    summary: Vec<u8>,
) -> Result<(), String> {
    let passed = HARMLESS.iter().copied().chain(hooks.pass_env.iter().map(String::as_str));
    let folder = if hooks.folder.as_os_str().is_empty() { ".".as_ref() } else { &*hooks.folder };
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env_clear()
        .envs(passed.filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(told.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Of its own, so that what it started can be ended with it.
        .process_group(0)
        .spawn()
        .map_err(|cause| format!("it cannot be started: {cause}"))?;
    let mut stdin = child.stdin.take().expect("it was asked for above");
    // A hook that does not read its input is none that fails.
    std::thread::spawn(move || stdin.write_all(&summary).ok());
    let words = words(&mut child);
    let status = wait(&mut child, Duration::from_secs(u64::from(hooks.timeout_s)))
        .map_err(|cause| format!("it cannot be waited for: {cause}"))?;
    let Some(status) = status else {
        return Err(format!("it was still running after {} s and was ended", hooks.timeout_s));
    };
    if status.success() {
        return Ok(());
    }
    let said = words.recv_timeout(LAST_WORDS).unwrap_or_default();
    let said = redact_shapes(said.trim());
    let colon = if said.is_empty() { "" } else { ": " };
    Err(format!("{status}{colon}{said}"))
}

/// The end of what a child says on standard error, once it has ended.
fn words(child: &mut Child) -> mpsc::Receiver<String> {
    let mut stderr = child.stderr.take().expect("it was asked for above");
    let (sink, source) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept: Vec<u8> = Vec::new();
        let mut piece = [0; 1024];
        while let Ok(count @ 1..) = stderr.read(&mut piece) {
            kept.extend_from_slice(&piece[..count]);
            kept.drain(..kept.len().saturating_sub(WORDS_BYTES_MAX));
        }
        sink.send(String::from_utf8_lossy(&kept).into_owned()).ok();
    });
    source
}

/// How it ended; `None` when its time was over and it was ended with all that it had started.
fn wait(
    child: &mut Child,
    patience: Duration,
) -> std::io::Result<Option<std::process::ExitStatus>> {
    let until = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            let group = format!("kill -KILL -{}", child.id());
            Command::new("sh").args(["-c", &group]).status()?;
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks() -> Hooks {
        Hooks { timeout_s: 1, folder: std::env::temp_dir(), ..Hooks::default() }
    }

    /// A hook that hangs would hold up every night after this one, and one that fails would be lost.
    #[test]
    fn a_hook_that_hangs_is_ended_and_one_that_fails_is_told() {
        let begun = Instant::now();
        let cause = start(&hooks(), "sleep 60 & wait", &[], Vec::new()).unwrap_err();
        assert!(cause.contains("still running after 1 s"), "{cause}");
        assert!(begun.elapsed() < Duration::from_secs(20));
        let cause = start(&hooks(), "echo no sk_live_abcdef1 >&2; exit 3", &[], Vec::new());
        let cause = cause.unwrap_err();
        assert!(cause.contains('3') && cause.contains("no [redacted]"), "{cause}");
        assert_eq!(start(&hooks(), "true", &[], vec![b'x'; 1 << 20]), Ok(()), "it need not read");
    }

    /// A key of Stripe's would reach whatever an operator pastes into the file.
    #[test]
    fn a_hook_has_the_summary_and_nothing_of_our_environment() {
        let told = [("TIEOUT_ROUTE", "technical".to_owned())];
        // The test runner has such variables; none is passed on unless it is named.
        let set = "test -z \"$CARGO_MANIFEST_DIR\" && test -n \"$PATH\"";
        let read = "test \"$TIEOUT_ROUTE $(cat)\" = 'technical {}'";
        let command = format!("{set} && {read}");
        assert_eq!(start(&hooks(), &command, &told, b"{}".to_vec()), Ok(()));
        let hooks = Hooks { pass_env: vec!["CARGO_MANIFEST_DIR".into()], ..hooks() };
        assert_eq!(start(&hooks, "test -n \"$CARGO_MANIFEST_DIR\"", &told, Vec::new()), Ok(()));
    }
}
