//! `tieout sandbox`: the two embedded systems, served until interrupted.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::cli::{Global, SandboxArgs, SandboxCommand, StatementFormat};
use crate::commands::embedded::{self, Wanted};
use crate::commands::exit::Outcome;
use crate::report::plan::counted;
use crate::sandbox::bank;
use crate::sandbox::stripe::world::World;
use crate::sandbox::stripe::{Faults, Limits, Options, export};
use crate::ui::Ui;

pub(super) async fn run(args: &SandboxArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    if let Some(SandboxCommand::Statement { period, currency, format }) = &args.what {
        let company = wanted(args).company()?;
        let (first, last) = (period.first_day(), period.last_day());
        let statement = bank::statement(&company, *currency, first, last);
        ui.data(&statement.write(match format {
            StatementFormat::Csv => bank::Format::Csv,
            StatementFormat::Ofx => bank::Format::Ofx,
            StatementFormat::Auto | StatementFormat::Camt053 => bank::Format::Camt053,
            StatementFormat::Bai2 => bank::Format::Bai2,
            StatementFormat::Mt940 => bank::Format::Mt940,
        }))?;
        return Ok(Outcome::Done);
    }
    if let Some(SandboxCommand::Export { out }) = &args.what {
        let count = write_export(wanted(args).company()?.world, out)?;
        ui.say(&format!(
            "Wrote {} to {}: `tieout pull --from {}` reads it.",
            counted(count, "object"),
            out.display(),
            out.display()
        ));
        return Ok(Outcome::Done);
    }
    let embedded = embedded::start(wanted(args)).await?;
    if global.sandbox_clock.is_some() {
        embedded.netsuite.set_clock(global.clock());
    }
    ui.data(&format!("stripe {}\nnetsuite {}\n", embedded.stripe_url, embedded.netsuite_url))?;
    ui.say(&format!(
        "Both answer until you press Ctrl-C. Try `tieout --config {} run --dry-run --since {}`.",
        embedded.config.display(),
        embedded.since.utc_date()
    ));
    tokio::signal::ctrl_c().await?;
    Ok(Outcome::Done)
}

/// The company and its systems, as they were asked for.
fn wanted(args: &SandboxArgs) -> Wanted<'_> {
    let faults = Faults { seed: args.seed, per_mille: args.faults };
    Wanted {
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
    }
}

/// Writes the account as exported JSON; gives how many objects there are.
fn write_export(world: World, folder: &Path) -> anyhow::Result<usize> {
    let count = world.kinds().map(|kind| world.objects(kind).len()).sum();
    for (name, content) in export::files(world) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("the folder {} cannot be made", parent.display()))?;
        }
        super::write_private(&path, content.as_bytes())?;
    }
    Ok(count)
}
