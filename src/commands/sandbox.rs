//! `tieout sandbox`: the two embedded systems, served until interrupted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::cli::{Global, SandboxArgs, SandboxCommand, StatementFormat};
use crate::commands::embedded::{self, Wanted};
use crate::commands::exit::Outcome;
use crate::report::plan::counted;
use crate::sandbox::bank;
use crate::sandbox::stripe::world::World;
use crate::sandbox::stripe::{Faults, Limits, Options};
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
        let count = export(&wanted(args).company()?.world, out)?;
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

/// Writes every object, one per line and kind, and for each payout the list of what it is made of, which no
/// object says; gives how many objects there are.
fn export(world: &World, folder: &Path) -> anyhow::Result<usize> {
    let members = folder.join("balance_transactions");
    std::fs::create_dir_all(&members)
        .with_context(|| format!("the folder {} cannot be made", members.display()))?;
    super::write_private(&folder.join("account.json"), world.account().as_bytes())?;
    super::write_private(&folder.join("balance.json"), world.balance().as_bytes())?;
    let mut count = 0;
    for kind in world.kinds() {
        let objects = world.objects(kind);
        count += objects.len();
        let lines = objects.iter().map(|object| shown(world, kind, &object.json));
        let lines = lines.collect::<serde_json::Result<Vec<String>>>()?;
        super::write_private(&folder.join(format!("{kind}.jsonl")), lines.join("\n").as_bytes())?;
    }
    let mut of_payouts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in world.objects("balance_transaction") {
        if let Some(payout) = world.payout_of(&object.id) {
            of_payouts.entry(payout).or_default().push(&object.json);
        }
    }
    for (payout, objects) in of_payouts {
        let url = format!("/v1/balance_transactions?payout={payout}");
        let data = objects.join(",");
        let list = format!(r#"{{"object":"list","url":"{url}","has_more":false,"data":[{data}]}}"#);
        super::write_private(&members.join(format!("{payout}.json")), list.as_bytes())?;
    }
    Ok(count)
}

/// An object as a pull asks for it: an invoice with its discounts, and not with their ids alone.
fn shown(world: &World, kind: &str, json: &str) -> serde_json::Result<String> {
    if kind != "invoice" {
        return Ok(json.to_owned());
    }
    let mut invoice: Value = serde_json::from_str(json)?;
    with_discounts(world, &mut invoice);
    for line in invoice["lines"]["data"].as_array_mut().into_iter().flatten() {
        with_discounts(world, line);
    }
    Ok(invoice.to_string())
}

fn with_discounts(world: &World, object: &mut Value) {
    for discount in object["discounts"].as_array_mut().into_iter().flatten() {
        let found = discount.as_str().and_then(|id| world.get("discount", id));
        if let Some(whole) = found.and_then(|found| serde_json::from_str(&found.json).ok()) {
            *discount = whole;
        }
    }
}
