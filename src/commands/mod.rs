//! The commands: each file reads as the story of one. Here the rooms meet; nothing here knows SQL,
//! HTTP or a rule of accounting.

pub mod exit;
mod init;

use crate::cli::{Cli, Command};
use crate::ui::Ui;
use exit::Outcome;

/// Runs the command that was typed.
pub async fn run(cli: Cli, ui: &Ui) -> anyhow::Result<Outcome> {
    match &cli.command {
        Command::Init(args) => init::run(args, &cli.global, ui),
        _ => Ok(Outcome::Done),
    }
}
