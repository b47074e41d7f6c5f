//! `tieout completions` and `tieout man`: what the parser knows of itself, for shells and for `man`.

use anyhow::Context;
use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::commands::exit::Outcome;
use crate::report::plan::counted;
use crate::ui::Ui;

pub(super) fn completions(args: &CompletionsArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tieout", &mut script);
    ui.data(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}

pub(super) fn man(args: &ManArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let folder = &args.out;
    let failed = || format!("the manual cannot be written to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
    let pages = std::fs::read_dir(folder).with_context(failed)?.count();
    ui.say(&format!("The manual is in {}: {}.", folder.display(), counted(pages, "page")));
    Ok(Outcome::Done)
}
