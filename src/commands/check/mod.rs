//! `tieout check`: proves the configuration against both systems.
//!
//! What is asked of whom is here; what an answer means for the configuration is for `file`, `stripe`
//! and `netsuite`, which ask nobody. Whether a record may be created cannot be tried without creating
//! one. Everything that can be found is in `catalogue`, and every permission in `guide`.

pub mod catalogue;
mod file;
mod finding;
mod fixture;
pub mod guide;
mod mapping;
mod netsuite;
mod private;
mod stripe;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::{CheckArgs, Format, Global};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ids::InternalId;
use crate::netsuite::client::Client as NetSuiteClient;
use crate::netsuite::error::{Class, NetSuiteError};
use crate::netsuite::lookup::{Table, by_id};
use crate::netsuite::references::References;
use crate::push::write_back::LISTS;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::stripe::client::Client;
use crate::stripe::error::ErrorKind;
use crate::stripe::objects::{self, Account, Balance};
use crate::stripe::resource::Resource;
use crate::ui::{Ui, width};
use file::audit_file;
use finding::{Finding, Verdict};
pub(super) use netsuite::types_of;
use netsuite::{audit_concurrency, audit_netsuite, audit_records, named_records};
use private::audit_files;
use stripe::{audit_clock, audit_key, audit_stripe};

#[derive(Serialize)]
struct Checked<'a> {
    schema_version: u32,
    findings: &'a [Finding],
}

pub(super) async fn run(args: &CheckArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    if args.show_config {
        show_config(&session, ui)?;
        return Ok(Outcome::Done);
    }
    if let Some(fixture) = &args.mapping {
        return mapping::run(&session, fixture, args.output.output, ui);
    }
    let today = session.clock.now().date_in(session.settings.stripe.zone);
    let mut findings = audit_file(&session.settings, today);
    findings.extend(audit_files(&session.settings));
    if !args.offline {
        check_stripe(&session, &mut findings).await;
        check_write_back(&session, &mut findings).await;
        findings.extend(session.clock_ahead_s().await.map(audit_clock));
        check_netsuite(&session, &mut findings).await;
    }
    match args.output.output {
        Format::Json => {
            let checked = Checked { schema_version: 1, findings: &findings };
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&checked)?))?;
        }
        Format::Table => ui.data(&text(&findings))?,
    }
    Ok(outcome(&findings))
}

fn outcome(findings: &[Finding]) -> Outcome {
    let problems = || findings.iter().filter(|finding| finding.verdict == Verdict::Problem);
    if problems().next().is_none() {
        Outcome::Done
    } else if problems().any(|finding| finding.is_access) {
        Outcome::NoAccess
    } else if problems().all(|finding| finding.is_transient) {
        Outcome::TryLater
    } else {
        Outcome::Misconfigured
    }
}

fn show_config(session: &Session, ui: Ui) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = session
        .settings
        .shown
        .iter()
        .map(|shown| vec![shown.name.clone(), shown.value.clone(), shown.from.clone()])
        .collect();
    let header = [("Setting", Align::Left), ("Value", Align::Left), ("From", Align::Left)];
    Ok(ui.data(&render(&header, &rows, width()))?)
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&format!("{:<8} {:<28} {}\n", finding.verdict, finding.id, finding.message));
        if let Some(fix) = &finding.fix {
            text.push_str(&format!("{:<8} {:<28} → {fix}\n", "", ""));
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    text.push_str(&format!(
        "\n{}, {}.",
        counted(problems, "problem"),
        counted(warnings, "warning")
    ));
    text.push_str(" Whether records may be created is only seen when the first one is.\n");
    text
}

/// Asks for one object of each list: what a restricted key may not read answers 403.
async fn check_stripe(session: &Session, findings: &mut Vec<Finding>) {
    let client = match session.stripe() {
        Ok(client) => client,
        Err(error) => {
            findings.push(Finding::no_access("stripe.key", error.to_string()));
            return;
        }
    };
    let account: Account = match read(&client, "/v1/account").await {
        Ok(account) => account,
        Err(finding) => {
            findings.push(finding);
            return;
        }
    };
    let balance: Option<Balance> = match read(&client, "/v1/balance").await {
        Ok(balance) => Some(balance),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let settings = &session.settings;
    findings.extend(audit_key(client.is_restricted()));
    findings.extend(audit_stripe(settings, client.mode(), &account, balance.as_ref()));
    let one = [("limit".to_owned(), "1".to_owned())];
    for resource in Resource::LISTS {
        match client.get(&resource.path(), &one).await {
            Ok(_) => {}
            Err(error) => {
                let what =
                    format!("{} ({})", resource.as_str(), guide::stripe_permission(resource));
                findings.push(refused(&what, &error));
            }
        }
    }
    if !findings.iter().any(|finding| finding.id == "stripe.permission") {
        findings.push(Finding::ok("stripe.permission", "The key may read every list."));
    }
}

/// Tries to write to an object that nobody has, of each list: a key that may not is refused before
/// Stripe looks for the object, and nothing is changed either way.
async fn check_write_back(session: &Session, findings: &mut Vec<Finding>) {
    let client = match session.stripe_writer() {
        Ok(Some(client)) => client,
        Ok(None) => return,
        Err(error) => {
            findings.push(Finding::no_access("stripe.write-key", error.to_string()));
            return;
        }
    };
    let metadata = BTreeMap::from([("tieout_check".to_owned(), "1".to_owned())]);
    let mut is_well = true;
    for list in LISTS {
        let path = list.path_of("tieout_check_of_permissions");
        let key = format!("tieout-check-{}-{}", list.as_str(), session.clock.now().0);
        if let Err(error) = client.add_metadata(&path, &metadata, &key).await
            && error.kind != ErrorKind::NotFound
        {
            is_well = false;
            findings.push(refused(list.as_str(), &error));
        }
    }
    if is_well {
        let message = "The write key may add to the metadata of every kind of object.";
        findings.push(Finding::ok("stripe.write-permission", message));
    }
}

async fn read<T: serde::de::DeserializeOwned>(client: &Client, path: &str) -> Result<T, Finding> {
    let answer = client.get(path, &[]).await.map_err(|error| refused(path, &error))?;
    objects::read(answer.get().as_bytes()).map_err(|error| {
        Finding::problem("stripe.answer", error.to_string(), "Check the address of Stripe.")
    })
}

fn refused(what: &str, error: &crate::stripe::error::StripeError) -> Finding {
    let text = error.to_string();
    let (message, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
    match error.kind {
        ErrorKind::Permission => Finding {
            is_access: true,
            ..Finding::problem("stripe.permission", format!("{what}: {message}"), hint)
        },
        ErrorKind::Authentication => {
            Finding { is_access: true, ..Finding::problem("stripe.key", message, hint) }
        }
        _ => Finding {
            is_transient: error.is_transient(),
            ..Finding::problem("stripe.reach", message, hint)
        },
    }
}

async fn check_netsuite(session: &Session, findings: &mut Vec<Finding>) {
    let client = match session.netsuite() {
        Ok(client) => client,
        Err(error) => {
            findings.push(Finding::no_access("netsuite.credentials", format!("{error:#}")));
            return;
        }
    };
    let references = match References::fetch(&client).await {
        Ok(references) => references,
        Err(error) => {
            findings.push(not_signed_in(&error));
            // Somebody was let in, and may not see a list: the guide tells which.
            if matches!(error.class, Class::Permission { .. }) {
                findings.extend(guide::check(&client).await);
            }
            return;
        }
    };
    findings.push(Finding::ok("netsuite.sign-in", "Signing in to NetSuite works."));
    let today = session.clock.now().date_in(session.settings.stripe.zone);
    findings.extend(audit_netsuite(&session.settings, &references, today));
    findings.extend(guide::check(&client).await);
    if let Err(error) = check_records(session, &client, findings).await {
        findings.push(not_signed_in(&error));
    }
}

/// What the file names by internal id, and how much NetSuite grants.
async fn check_records(
    session: &Session,
    client: &NetSuiteClient,
    findings: &mut Vec<Finding>,
) -> Result<(), NetSuiteError> {
    let named = named_records(&session.settings);
    for table in [Table::Customer, Table::Item] {
        let of_table = named.iter().filter(|(of, ..)| *of == table);
        let ids: Vec<InternalId> = of_table.map(|(.., id)| id.clone()).collect();
        if !ids.is_empty() {
            findings.extend(audit_records(&named, table, &by_id(client, table, &ids).await?));
        }
    }
    let granted = client.governance().await?;
    findings.push(audit_concurrency(&session.settings, granted.as_ref()));
    Ok(())
}

fn not_signed_in(error: &NetSuiteError) -> Finding {
    let is_access = matches!(error.class, Class::Authentication { .. } | Class::Permission { .. });
    let is_transient = error.is_transient();
    let (id, fix) = if is_access {
        (
            "netsuite.sign-in",
            "The role needs REST Web Services, SuiteAnalytics Workbook and the lists it reads: \
             see docs/setup.md.",
        )
    } else if is_transient {
        ("netsuite.reach", "Run it again later, or check the network.")
    } else {
        ("netsuite.reach", "Check netsuite.account, netsuite.base_url and any proxy.")
    };
    Finding { is_access, is_transient, ..Finding::problem(id, error.to_string(), fix) }
}
