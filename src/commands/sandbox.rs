//! `tieout sandbox`: the two embedded systems, served until interrupted.

use std::time::Duration;

use crate::cli::SandboxArgs;
use crate::commands::embedded::{self, Wanted};
use crate::commands::exit::Outcome;
use crate::sandbox::stripe::{Faults, Limits, Options};
use crate::ui::Ui;

pub(super) async fn run(args: &SandboxArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let faults = Faults { seed: args.seed, per_mille: args.faults };
    let embedded = embedded::start(Wanted {
        folder: &args.dir,
        charges: args.charges,
        months: args.months,
        seed: args.seed,
        ports: [args.stripe_port, args.netsuite_port],
        stripe: Options {
            limits: args.limits.then_some(Limits::LIVE),
            latency: Duration::from_millis(args.latency_ms),
            faults: (args.faults > 0).then_some(faults),
            ..Options::default()
        },
        latency_ms: args.latency_ms,
    })
    .await?;
    ui.data(&format!("stripe {}\nnetsuite {}\n", embedded.stripe_url, embedded.netsuite_url))?;
    ui.say(&format!(
        "Both answer until you press Ctrl-C. Try `tieout --config {} run --dry-run --since {}`.",
        embedded.config.display(),
        embedded.since.utc_date()
    ));
    tokio::signal::ctrl_c().await?;
    Ok(Outcome::Done)
}
