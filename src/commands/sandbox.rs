//! `tieout sandbox`: the two embedded systems, served until interrupted.

use std::time::Duration;

use crate::cli::SandboxArgs;
use crate::commands::demo::spec;
use crate::commands::embedded;
use crate::commands::exit::Outcome;
use crate::sandbox::stripe;
use crate::ui::Ui;

pub(super) async fn run(args: &SandboxArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let ports = [args.stripe_port, args.netsuite_port];
    let mut spec = spec(args.charges, args.seed);
    if args.charges.is_some() {
        spec.months = args.months;
    }
    let options = stripe::Options {
        limits: args.limits.then_some(stripe::Limits::LIVE),
        latency: Duration::from_millis(args.latency_ms),
        ..stripe::Options::default()
    };
    let embedded = embedded::start_with(&args.dir, &spec, ports, options).await?;
    ui.data(&format!("stripe {}\nnetsuite {}\n", embedded.stripe_url, embedded.netsuite_url));
    ui.say(&format!(
        "Both answer until you press Ctrl-C. Try `tieout --config {} run --dry-run --since {}`.",
        embedded.config.display(),
        "2026-06-01"
    ));
    tokio::signal::ctrl_c().await?;
    Ok(Outcome::Done)
}
