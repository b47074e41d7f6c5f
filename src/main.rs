//! The door: parse, run one command, turn its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use tieout::cli::Cli;
use tieout::commands;
use tieout::ui::Ui;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(cli.global.quiet);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
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
