//! The door: parse, run one command, turn its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use tieout::cli::{Cli, LogFormat};
use tieout::commands;
use tieout::ui::Ui;

/// Threads that send requests and read answers: more than one reads no faster on a small machine.
const REQUEST_THREADS: usize = 2;

/// Threads that pack what came, on a machine that has as many cores: more wait for the one that writes.
const PACKING_THREADS_MAX: usize = 4;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    leave_no_core();
    let ui = messages(cli.global.log_format, cli.global.quiet);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            ui.error(&format!("the machine refuses to start the program: {error}"));
            return ExitCode::from(commands::exit::FAILED);
        }
    };
    let result = runtime.block_on(commands::run(cli, ui));
    if let Err(error) = &result {
        ui.error(&commands::exit::message(error));
    }
    ExitCode::from(commands::exit::code(&result))
}

/// How messages are written.
fn messages(format: LogFormat, quiet: bool) -> Ui {
    let ui = match format {
        LogFormat::Text => Ui::new(quiet),
        LogFormat::Json => Ui::json(quiet, commands::night::run_id()),
    };
    std::panic::set_hook(Box::new(move |panic| fault(&panic.to_string(), ui)));
    ui
}

/// A fault of the program ends it like any failure: with a message and a code that a night's script knows.
/// What was under way is left as a kill would leave it, which every command goes on from.
#[expect(
    clippy::exit,
    reason = "a thread of many has the fault, and no other may go on with half of it"
)]
fn fault(what: &str, ui: Ui) {
    ui.error(&format!(
        "tieout has a fault: {what}\nhint: run the same command again, nothing is posted twice; if it comes back, report this line"
    ));
    std::process::exit(commands::exit::FAILED.into());
}

/// A core of this process would hold its keys; where no limit can be set, the system's own stands.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Core).maximum;
        let _stands = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}

/// The command itself runs on the main thread, which alone writes the ledger; requests go on beside it.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(REQUEST_THREADS)
        .max_blocking_threads(cores.clamp(1, PACKING_THREADS_MAX))
        .enable_all()
        .build()
}

/// `--help` and `--version` are answers; anything else is a mistake in the usage.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asks_for_json() {
        let ui = Ui::json(false, commands::night::run_id());
        ui.error(&error.render().to_string());
        return ExitCode::from(commands::exit::USAGE);
    }
    let printed = error.print();
    if error.use_stderr() {
        return ExitCode::from(commands::exit::USAGE);
    }
    // A reader that went away is not an error; a full disk is.
    let failed = printed.is_err_and(|cause| cause.kind() != std::io::ErrorKind::BrokenPipe);
    ExitCode::from(if failed { commands::exit::FAILED } else { commands::exit::DONE })
}

/// Whether messages are for programs, of a command line that cannot be read.
fn asks_for_json() -> bool {
    let typed: Vec<String> = std::env::args().collect();
    let is_pair = |pair: &[String]| pair[0] == "--log-format" && pair[1] == "json";
    typed.windows(2).any(is_pair)
        || typed.iter().any(|word| word == "--log-format=json")
        || std::env::var("TIEOUT_LOG_FORMAT").is_ok_and(|format| format == "json")
}
