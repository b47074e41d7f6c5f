//! `tieout demo`: a company goes from Stripe to NetSuite on two embedded systems.

use std::sync::Arc;

use crate::calendar::{Clock, FixedClock, UnixTime, Window};
use crate::cli::{DemoArgs, Format, GuardArgs};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::{embedded, plan, pull, push, report, verify};
use crate::config::{self, Overrides};
use crate::report::plan::counted;
use crate::report::tieout::text;
use crate::sandbox::company::CompanySpec;
use crate::ui::{Ui, width};

/// The demo looks at its company an hour after the last thing happened in it, so that the window is
/// old enough to be complete.
const LATER_S: i64 = 3600;
/// Longer than any generated company has lived.
const HISTORY_S: i64 = 2 * 366 * 24 * 3600;

pub(super) async fn run(args: &DemoArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let embedded = embedded::start(&args.dir, &spec(args.charges, args.seed), [0, 0]).await?;
    let now = UnixTime(embedded.now.0 + LATER_S);
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(now));
    embedded.netsuite.set_clock(Arc::clone(&clock));
    let settings = config::load(&embedded.config, &Overrides::default())?;
    let session = Session::new(settings, clock);
    let _lock = session.lock("demo")?;
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;

    ui.heading("1. Pull: what happened in Stripe");
    let window = Window::new(UnixTime(now.0 - HISTORY_S), now)?;
    let stored = pull::pull(&session, client, &mut ledger, window, ui).await?;
    pull::say_what_was_stored(stored, ui);

    ui.heading("2. Plan: what the books need");
    let (mut made, references) = plan::make(&session, &mut ledger, ui).await?;
    plan::show(&mut made, &references, Format::Table, ui);
    plan::write(&mut made, &args.dir.join("plan.json"))?;

    ui.heading("3. Push: into NetSuite, each record exactly once");
    let pushed = push::send(&session, &mut ledger, &made, &GuardArgs::default(), ui).await?;

    ui.heading("4. Reconcile: does everything tie?");
    let client = session.netsuite()?;
    let checked = verify::verify(&session, &mut ledger, &client).await?;
    ui.data(&verify::text(checked.count, &checked.drifts));
    let read_back = ReadBack::read(&session, &mut ledger, &client).await?;
    let tieout = read_back.statements(&session, &ledger)?;
    ui.data(&text(&tieout, width()));

    let page = args.dir.join("report.html");
    report::write_html(&tieout, &ledger, &page)?;
    tell_the_story(&embedded, ui);
    ui.say(&format!(
        "\nEverything is in {}: the ledger, the plan, and {} for a browser.",
        args.dir.display(),
        page.display()
    ));
    let settled =
        if checked.drifts.is_empty() { report::outcome(&tieout) } else { Outcome::OutOfTolerance };
    // What is blocked or needs a person belongs to the company's story.
    Ok(match pushed {
        Outcome::Done | Outcome::Partly => settled,
        other => other,
    })
}

fn tell_the_story(embedded: &embedded::Embedded, ui: Ui) {
    let expected = embedded.stories.iter().filter(|note| note.expected_exception).count();
    if expected > 0 {
        ui.say(&format!(
            "\nThe company's story leaves {} to a person on purpose:",
            counted(expected, "thing")
        ));
        for note in embedded.stories.iter().filter(|note| note.expected_exception) {
            ui.say(&format!("  {} – {}", note.id, note.what));
        }
    }
}

/// The demo company, or a generated one of about `charges` charges.
pub(super) fn spec(charges: Option<usize>, seed: u64) -> CompanySpec {
    charges.map_or_else(CompanySpec::demo, |charges| CompanySpec::with_charges(charges, seed))
}
