//! `tieout adopt`: takes over records that another tool has made in NetSuite.

use std::collections::BTreeSet;

use crate::cli::{AdoptArgs, Global};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{books, plan};
use crate::ids::InternalId;
use crate::ledger::Ledger;
use crate::push::adopt::{FoundBy, Match, find_matches};
use crate::reconcile::drift::Drift;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

pub(super) async fn run(args: &AdoptArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("adopt", ui)?;
    let mut ledger = session.existing_ledger()?;
    let command = if args.plan { "adopt --plan" } else { "adopt" };
    let parameters = serde_json::json!({ "records": args.records }).to_string();
    logged(&mut ledger, command, &parameters, async |ledger, _| {
        take_over(args, &session, ledger, ui).await
    })
    .await
}

async fn take_over(
    args: &AdoptArgs,
    session: &Session,
    ledger: &mut Ledger,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    // Making a plan derives what changed, so that every record that is wanted is known.
    let (_, references) = plan::make(session, ledger, ui).await?;
    let client = session.netsuite()?;
    let policy = books::policy(&session.settings, &references)?;
    let witness = Session::witness(&client, &references, &policy);
    let wanted: BTreeSet<&str> = args.records.iter().map(String::as_str).collect();
    let rows: Vec<_> = ledger
        .records_to_plan()?
        .into_iter()
        .filter(|row| wanted.is_empty() || wanted.contains(row.external_id.as_str()))
        .collect();
    let matches = find_matches(ledger, &witness, &rows).await?;
    let mut table = Vec::new();
    let (mut taken, mut different) = (0, 0);
    for (id, kind, found) in &matches {
        let (state, what) = match found {
            Match::Equal { internal_id, by, .. } => {
                taken += 1;
                ("equal", format!("{internal_id}, by {}", by.words()))
            }
            Match::Different { internal_id, by, drifts } => {
                different += 1;
                let words: Vec<String> = drifts.iter().map(Drift::sentence).collect();
                ("differs", format!("{internal_id}, by {}: {}", by.words(), words.join("; ")))
            }
            Match::Suggested { ids } => {
                let ids: Vec<&str> = ids.iter().map(InternalId::as_str).collect();
                ("perhaps", format!("{}: same day, customer and amount", ids.join(", ")))
            }
        };
        table.push(vec![format!("{} {id}", kind.title()), state.to_owned(), what]);
        if let (Match::Equal { body, internal_id, by }, false) = (found, args.plan) {
            ledger.adopt(body, internal_id, *by != FoundBy::ExternalId)?;
        }
    }
    let header = [("Record", Align::Left), ("NetSuite's", Align::Left), ("Which", Align::Left)];
    if table.is_empty() {
        ui.say("NetSuite has nothing that could be taken over.");
    } else {
        ui.data(&render(&header, &table, width()))?;
    }
    let verb = if args.plan { "would be taken over" } else { "taken over" };
    ui.say(&format!("{} {verb}, {different} differ.", counted(taken, "record")));
    Ok(if different == 0 { Outcome::Done } else { Outcome::Partly })
}
