//! `tieout demo`: a company goes from Stripe to NetSuite on two embedded systems.

use std::sync::Arc;

use crate::calendar::{Clock, FixedClock, UnixTime, Window};
use crate::cli::{DemoArgs, GuardArgs, PlanOutputArgs};
use crate::commands::embedded::{Embedded, Wanted};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::{embedded, plan, pull, push, report, verify};
use crate::config::{self, Overrides};
use crate::ledger::{Ledger, RunId};
use crate::report::plan::counted;
use crate::report::tieout::text;
use crate::sandbox::stripe::Options;
use crate::stripe::client::Client;
use crate::ui::{Ui, width};

/// The demo looks at its company an hour after the last thing happened in it, so that the window is
/// old enough to be complete.
const LATER_S: i64 = 3600;

pub(super) async fn run(args: &DemoArgs, ui: Ui) -> anyhow::Result<Outcome> {
    let embedded = embedded::start(Wanted {
        folder: &args.dir,
        charges: args.charges,
        months: embedded::MONTHS,
        seed: args.seed,
        ports: [0, 0],
        stripe: Options::default(),
        latency_ms: 0,
    })
    .await?;
    let now = UnixTime(embedded.now.0 + LATER_S);
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(now));
    embedded.netsuite.set_clock(Arc::clone(&clock));
    let settings = config::load(&embedded.config, &Overrides::default())?;
    let session = Session::new(settings, clock);
    let _lock = session.lock("demo", ui)?;
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let parameters = serde_json::json!({ "dir": args.dir }).to_string();
    logged(&mut ledger, "demo", &parameters, async |ledger, run| {
        show(&session, client, &embedded, ledger, run, ui).await
    })
    .await
}

/// The four steps of the job, each under its heading.
async fn show(
    session: &Session,
    client: Arc<Client>,
    embedded: &Embedded,
    ledger: &mut Ledger,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let now = session.clock.now();
    let folder = &embedded.folder;
    ui.heading("1. Pull: what happened in Stripe");
    let window = Window::new(embedded.since, now)?;
    let stored = pull::pull(session, client, ledger, window, ui).await?;
    pull::say_what_was_stored(stored, ui);

    ui.heading("2. Plan: what the books need");
    let (mut made, references) = plan::make(session, ledger, ui).await?;
    plan::show(&mut made, &references, &PlanOutputArgs::default(), ui)?;
    plan::write(&mut made, &folder.join("plan.json"))?;

    ui.heading("3. Push: into NetSuite, each record exactly once");
    let guards = GuardArgs::default();
    let pushed = push::send_all(session, ledger, made, &guards, run, ui).await?;

    ui.heading("4. Reconcile: does everything tie?");
    let client = session.netsuite()?;
    let checked = verify::verify(session, ledger, &client).await?;
    ui.data(&verify::text(checked.count, &checked.drifts))?;
    let read_back = ReadBack::read(session, ledger, &client).await?;
    let tieout = read_back.statements(session, ledger)?;
    ui.data(&text(&tieout, width()))?;

    let page = folder.join("report.html");
    report::write_html(&tieout, ledger, &page)?;
    tell_the_story(embedded, ui);
    ui.say(&format!(
        "\nEverything is in {}: the ledger, the plan, and {} for a browser.",
        folder.display(),
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

fn tell_the_story(embedded: &Embedded, ui: Ui) {
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
