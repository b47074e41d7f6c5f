//! `tieout check --mapping FIXTURE`: what the field mapping gives the records of an example object,
//! field by field. Asks nobody: accounts go by their numbers, and links are taken on trust.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::fixture;
use crate::accounting::chart::{Chart, Role};
use crate::accounting::links::Needs;
use crate::accounting::mapping::{self, FieldRule, Given};
use crate::accounting::masters::Naming;
use crate::accounting::policy::{Books, BooksCurrency};
use crate::accounting::question::{Answers, By, Hit, Question};
use crate::accounting::{Case, Exception, Policy, Record, derive};
use crate::cli::Format;
use crate::commands::ask;
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::config::Settings;
use crate::ids::InternalId;
use crate::ledger::Ledger;
use crate::money::Currency;
use crate::netsuite::record::RecordKind;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

/// What `--output json` prints.
#[derive(Serialize)]
struct Mapped {
    schema_version: u32,
    records: Vec<MappedRecord>,
    /// Rules for these records that gave nothing.
    silent: Vec<Silent>,
    assumed: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Serialize)]
struct MappedRecord {
    kind: RecordKind,
    external_id: String,
    fields: Vec<MappedField>,
}

#[derive(Serialize)]
struct MappedField {
    /// The sublist and the place in it, from 1; absent on the record itself.
    line: Option<String>,
    field: String,
    value: String,
    from: String,
    /// The line of the configuration file.
    rule: usize,
}

#[derive(Serialize)]
struct Silent {
    rule: usize,
    record: &'static str,
    field: String,
}

pub(super) fn run(
    session: &Session,
    fixture: &Path,
    format: Format,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let (mut ledger, assumed) = fixture::read(fixture, Arc::clone(&session.clock))?;
    let policy = policy(&session.settings, currencies(&ledger)?);
    let mut mapped = Mapped {
        schema_version: 1,
        records: Vec::new(),
        silent: Vec::new(),
        assumed,
        exceptions: Vec::new(),
    };
    let (mut spoke, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    let payouts = ledger.payout_index()?;
    for key in ledger.dirty_cases(&payouts, &policy, &mut || {})? {
        let mut case = ledger.load_case(&key, &payouts, &policy)?;
        let answers = trusting(&case, &policy);
        ask::tell_one(&ledger, &mut case, answers, &policy)?;
        let derived = derive(&case, &policy);
        mapped.exceptions.extend(derived.exceptions);
        for record in &derived.records {
            let given = match mapping::given(record, &case, &policy) {
                Ok(given) => given,
                Err(exception) => {
                    mapped.exceptions.push(exception);
                    continue;
                }
            };
            kinds.insert(record.kind());
            spoke.extend(given.iter().map(|given| given.rule));
            mapped.records.push(shown(record, given));
        }
    }
    let is_silent =
        |rule: &&FieldRule| kinds.contains(&rule.place.kind) && !spoke.contains(&rule.line);
    let silent = policy.masters.mapping.rules.iter().filter(is_silent);
    mapped.silent.extend(silent.map(|rule| Silent {
        rule: rule.line,
        record: rule.place.name,
        field: rule.field.clone(),
    }));
    match format {
        Format::Json => ui.data(&format!("{}\n", serde_json::to_string_pretty(&mapped)?)),
        Format::Table => ui.data(&text(&mapped)),
    }?;
    Ok(if mapped.exceptions.is_empty() { Outcome::Done } else { Outcome::Partly })
}

fn shown(record: &Record, given: Vec<Given>) -> MappedRecord {
    let fields = given.into_iter().map(|given| MappedField {
        line: given.line.map(|(sublist, index)| format!("{sublist} {}", index + 1)),
        field: given.field,
        value: given.value.shown(),
        from: given.from,
        rule: given.rule,
    });
    MappedRecord {
        kind: record.kind(),
        external_id: record.external_id().to_string(),
        fields: fields.collect(),
    }
}

/// The configured policy without NetSuite: each account stands for itself.
fn policy(settings: &Settings, currencies: BTreeSet<Currency>) -> Policy {
    let accounts = settings.accounts.iter();
    let chart = accounts.map(|(role, number)| (*role, InternalId::new(number.as_str())));
    let movements = settings
        .movements
        .iter()
        .map(|(movement, number)| (movement.clone(), InternalId::new(number.as_str())));
    let first_bank = settings.accounts.keys().find_map(|role| match role {
        Role::Bank(currency) => Some(*currency),
        _ => None,
    });
    let base = settings.netsuite.base_currency.or(first_bank).unwrap_or(Currency::USD);
    let all: BTreeMap<Currency, BooksCurrency> = currencies
        .into_iter()
        .chain([base])
        .map(|currency| {
            let id = InternalId::new(currency.code());
            (currency, BooksCurrency { id, places: currency.netsuite_places() })
        })
        .collect();
    let mut masters = settings.masters.clone();
    // Plain ids, so that each record is recognised.
    masters.naming = Naming::default();
    Policy {
        account: settings.stripe.account.clone(),
        zone: settings.stripe.zone,
        start: None,
        chart: Chart::new(chart).with_movements(movements),
        books: Books {
            base_currency: base,
            currencies: all,
            subsidiary: settings.netsuite.subsidiary.clone(),
        },
        options: settings.options,
        suitetax: settings.suitetax.clone(),
        masters,
    }
}

fn currencies(ledger: &Ledger) -> anyhow::Result<BTreeSet<Currency>> {
    #[derive(serde::Deserialize)]
    struct Priced {
        currency: Option<Currency>,
    }
    let mut found = BTreeSet::new();
    for (kind, _) in ledger.count_by_kind()? {
        for id in ledger.ids(&kind)? {
            found.extend(ledger.view::<Priced>(&id)?.and_then(|priced| priced.currency));
        }
    }
    Ok(found)
}

/// Every named record is taken to be there, and no field to match.
fn trusting(case: &Case, policy: &Policy) -> Answers {
    let answer = |question: Question| {
        let hits = match &question.by {
            By::Field { .. } => Vec::new(),
            By::Id(id) => vec![Hit {
                id: id.clone(),
                external_id: None,
                label: format!("id {id}"),
                kind: question.sought.usual_kind().to_owned(),
                account: None,
                is_inactive: false,
            }],
        };
        (question, hits)
    };
    Needs::of([case], policy).questions.into_iter().map(answer).collect()
}

fn text(mapped: &Mapped) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in &mapped.records {
        let name = format!("{} {}", record.kind.title(), record.external_id);
        if record.fields.is_empty() {
            rows.push(vec![
                name,
                String::new(),
                "nothing".into(),
                String::new(),
                String::new(),
                String::new(),
            ]);
            continue;
        }
        for (place, field) in record.fields.iter().enumerate() {
            rows.push(vec![
                if place == 0 { name.clone() } else { String::new() },
                field.line.clone().unwrap_or_default(),
                field.field.clone(),
                field.value.clone(),
                field.from.clone(),
                format!("line {}", field.rule),
            ]);
        }
    }
    let header =
        ["Record", "Line", "Field", "Value", "From", "Rule"].map(|name| (name, Align::Left));
    let mut text = if rows.is_empty() {
        "The example makes no record.\n".to_owned()
    } else {
        render(&header, &rows, width())
    };
    for note in &mapped.assumed {
        text.push_str(&format!("\nAssumed: {note}"));
    }
    for silent in &mapped.silent {
        let (record, field, rule) = (silent.record, &silent.field, silent.rule);
        text.push_str(&format!("\nGave nothing: {record} `{field}` (line {rule})."));
    }
    for exception in &mapped.exceptions {
        text.push_str(&format!(
            "\n{}: {}\n  → {}",
            exception.subject, exception.message, exception.fix
        ));
    }
    text.push('\n');
    text
}
