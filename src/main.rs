//! The door: parse, run one command, turn its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use tieout::cli::Cli;
use tieout::commands;
use tieout::ui::Ui;

/// Threads that send requests and read answers: more than one reads no faster on a small machine.
const REQUEST_THREADS: usize = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(cli.global.quiet);
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

/// The command itself runs on the main thread, which alone writes the ledger; requests go on beside it.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(REQUEST_THREADS).enable_all().build()
}

/// `--help` and `--version` are answers; anything else is a mistake in the usage.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() {
        return ExitCode::from(commands::exit::USAGE);
    }
    // A reader that went away is not an error; a full disk is.
    let failed = printed.is_err_and(|cause| cause.kind() != std::io::ErrorKind::BrokenPipe);
    ExitCode::from(if failed { commands::exit::FAILED } else { commands::exit::DONE })
}
