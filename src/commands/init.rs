//! `tieout init`: writes the commented configuration.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, bail};

use crate::cli::{Global, InitArgs};
use crate::commands::exit::Outcome;
use crate::config::template;
use crate::ui::Ui;

pub(super) fn run(args: &InitArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let path = &global.config;
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} exists already\nhint: `tieout init --force` replaces it", path.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be written", path.display()));
        }
    };
    file.write_all(template::TEXT.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))?;
    ui.say(&format!("Wrote {}.", path.display()));
    ui.say("Fill in the two accounts and the account numbers, then run `tieout check`.");
    Ok(Outcome::Done)
}
