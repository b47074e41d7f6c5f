//! `tieout sandbox`: the two embedded systems, served until interrupted.

use crate::cli::SandboxArgs;
use crate::commands::demo::spec;
use crate::commands::embedded;
use crate::commands::exit::Outcome;
use crate::ui::Ui;

pub(super) async fn run(args: &SandboxArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let ports = [args.stripe_port, args.netsuite_port];
    let embedded = embedded::start(&args.dir, &spec(args.charges, args.seed), ports).await?;
    ui.data(&format!("stripe {}\nnetsuite {}\n", embedded.stripe_url, embedded.netsuite_url));
    ui.say(&format!(
        "Both answer until you press Ctrl-C. Try `tieout --config {} run --dry-run --since {}`.",
        embedded.config.display(),
        "2026-06-01"
    ));
    tokio::signal::ctrl_c().await?;
    Ok(Outcome::Done)
}
