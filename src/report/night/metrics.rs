//! How a run ended, as Prometheus reads text files.
//!
//! Times are instants and not ages, because the file grows old between two nights: the rule that
//! alerts does the subtraction. Amounts are printed from integers, exactly.

use std::fmt::{Display, Write};

use super::{Account, Standing, Summary};
use crate::accounting::exception::ExceptionClass;

/// The metrics, each with what it is; written in this order.
const FAMILIES: [(&str, &str); 17] = [
    ("tieout_run_finished_timestamp_seconds", "When the last run ended, however it ended."),
    ("tieout_run_duration_seconds", "How long the last run took."),
    ("tieout_run_exit_code", "Exit code of the last run."),
    ("tieout_run_outcome", "Records of the last run by what became of them."),
    ("tieout_run_objects", "Objects of Stripe that the last run pulled."),
    ("tieout_run_requests", "Requests of the last run, repetitions and logins included."),
    ("tieout_last_success_timestamp_seconds", "When a run that ended with 0 last ended."),
    (
        "tieout_last_through_timestamp_seconds",
        "When a run that came to its end, whatever it left to a person, last ended.",
    ),
    ("tieout_missed_nights", "Nights before the last run in which none came to its end."),
    ("tieout_findings", "What somebody must look at, by who that is."),
    ("tieout_records", "Records of the ledger by state."),
    ("tieout_in_doubt", "Records that were sent, and nobody knows what became of them."),
    ("tieout_exceptions", "Exceptions that ask for a person."),
    ("tieout_exceptions_accepted", "Exceptions that may stand for now."),
    (
        "tieout_source_covered_timestamp_seconds",
        "Up to when a list of Stripe's is known to its end.",
    ),
    ("tieout_source_lag_seconds", "How long ago that was when the last run ended."),
    ("tieout_difference", "What a proof of the last run comes to, in units of its currency."),
];

type Labels<'a> = &'a [(&'a str, &'a str)];

/// The lines of each metric.
struct Page([String; FAMILIES.len()]);

impl Page {
    fn add(&mut self, name: &str, labels: Labels, value: &dyn Display) {
        let place = FAMILIES.iter().position(|(known, _)| *known == name);
        let lines = &mut self.0[place.expect("every metric is in the table above")];
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        writeln!(lines, "{name}{{{}}} {value}", labels.join(","))
            .expect("writing to a string cannot fail");
    }
}

/// The whole file.
pub fn metrics(summary: &Summary) -> String {
    let mut page = Page(Default::default());
    let command = ("command", summary.command);
    page.add("tieout_run_finished_timestamp_seconds", &[command], &summary.finished.0);
    let seconds = format!("{}.{:03}", summary.duration_ms / 1000, summary.duration_ms % 1000);
    page.add("tieout_run_duration_seconds", &[command], &seconds);
    let findings = &summary.findings;
    page.add("tieout_findings", &[("route", "accounting")], &findings.accounting.count);
    page.add("tieout_findings", &[("route", "technical")], &findings.technical.count);
    for account in &summary.accounts {
        of_the_run(&mut page, account, command);
        if let Some(standing) = &account.standing {
            of_the_ledger(&mut page, account, standing, command);
        }
    }
    let mut text = String::new();
    for ((name, help), lines) in FAMILIES.into_iter().zip(page.0) {
        if !lines.is_empty() {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n{lines}"));
        }
    }
    text
}

fn of_the_run(page: &mut Page, account: &Account, command: (&str, &str)) {
    let own = ("account", key(account));
    page.add("tieout_run_exit_code", &[own, command], &account.exit_code);
    let counts = account.counts;
    for (outcome, count) in [
        ("planned", counts.planned),
        ("posted", counts.posted.sum()),
        ("failed", counts.failed),
        ("blocked", counts.blocked),
        ("in_doubt", counts.in_doubt),
    ] {
        page.add("tieout_run_outcome", &[own, ("outcome", outcome)], &count);
    }
    let pulled = counts.pulled;
    for (what, count) in
        [("new", pulled.new), ("changed", pulled.changed), ("unchanged", pulled.unchanged)]
    {
        page.add("tieout_run_objects", &[own, ("what", what)], &count);
    }
    let asked = account.requests;
    for (system, count) in [("stripe", asked.stripe), ("netsuite", asked.netsuite)] {
        page.add("tieout_run_requests", &[own, ("system", system)], &count);
    }
    for proof in account.differences.iter().flatten() {
        let labels = [own, ("statement", proof.statement), ("currency", proof.currency.code())];
        page.add("tieout_difference", &labels, &proof.difference.to_decimal());
    }
}

fn of_the_ledger(page: &mut Page, account: &Account, standing: &Standing, command: (&str, &str)) {
    let own = ("account", key(account));
    for (name, instant) in [
        ("tieout_last_success_timestamp_seconds", standing.last_success),
        ("tieout_last_through_timestamp_seconds", standing.last_through),
    ] {
        if let Some(instant) = instant {
            page.add(name, &[own, command], &instant.0);
        }
    }
    page.add("tieout_missed_nights", &[own, command], &standing.catch_up.missed);
    for (state, count) in &standing.records {
        page.add("tieout_records", &[own, ("state", state)], count);
    }
    // What is on its way when nothing runs is as uncertain as what got no answer.
    let in_doubt = ["in_doubt", "sending"].map(|state| standing.records.get(state));
    let in_doubt: u64 = in_doubt.into_iter().flatten().sum();
    page.add("tieout_in_doubt", &[own], &in_doubt);
    for aged in &standing.exceptions.by_class_and_age {
        let labels = [own, ("class", word(aged.class)), ("age", aged.age)];
        page.add("tieout_exceptions", &labels, &aged.count);
    }
    page.add("tieout_exceptions_accepted", &[own], &standing.exceptions.accepted);
    for source in &standing.sources {
        let labels = [own, ("source", source.resource)];
        if let Some(until) = source.covered_until {
            page.add("tieout_source_covered_timestamp_seconds", &labels, &until.0);
        }
        if let Some(seconds) = source.lag_s {
            page.add("tieout_source_lag_seconds", &labels, &seconds);
        }
    }
}

/// What tells accounts apart: their name where there are several, else Stripe's id.
fn key(account: &Account) -> &str {
    account.name.as_deref().or(account.stripe_account.as_deref()).unwrap_or_default()
}

/// As it is in JSON: a label in small letters.
const fn word(class: ExceptionClass) -> &'static str {
    match class {
        ExceptionClass::Timing => "timing",
        ExceptionClass::Data => "data",
        ExceptionClass::Policy => "policy",
        ExceptionClass::Fx => "fx",
        ExceptionClass::Configuration => "configuration",
    }
}

/// The three characters that end a label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::calendar::UnixTime;
    use crate::money::{Amount, Currency};
    use crate::report::night::Totals;
    use crate::report::night::finding::Findings;
    use crate::report::night::{Aged, CatchUp, Difference, Exceptions, Source};

    fn summary() -> Summary {
        let standing = Standing {
            catch_up: CatchUp { last_through: None, nights: 3, missed: 2 },
            records: [("in_doubt", 2), ("sending", 1)].into(),
            exceptions: Exceptions {
                open: 4,
                accepted: 1,
                by_class_and_age: vec![Aged {
                    class: ExceptionClass::Data,
                    age: "4-7 days",
                    count: 4,
                }],
            },
            sources: vec![Source {
                resource: "charges",
                covered_until: Some(UnixTime(1_700_000_000)),
                lag_s: Some(600),
            }],
            last_success: Some(UnixTime(1_700_000_100)),
            last_through: None,
        };
        let account = Account {
            name: Some("e\"u\\".into()),
            exit_code: 3,
            differences: Some(vec![Difference {
                statement: "bridge",
                currency: Currency::USD,
                difference: Amount::new(-5, Currency::USD),
                is_unproven: false,
            }]),
            standing: Some(standing),
            ..Account::default()
        };
        Summary {
            schema_version: 1,
            run_id: "20261127T020000Z-3fa9c1".into(),
            made_by: "tieout".into(),
            command: "run",
            started: UnixTime(1_700_000_000),
            finished: UnixTime(1_700_000_200),
            duration_ms: 200_007,
            exit_code: 3,
            meaning: "",
            error: None,
            findings: Findings::default(),
            totals: Totals::default(),
            accounts: vec![account],
        }
    }

    /// A file that Prometheus cannot read hides the failure that it tells of: the exporter drops all
    /// of it over one line, over one metric in two places, or over one series told twice.
    #[test]
    fn the_page_is_what_prometheus_reads() {
        let text = metrics(&summary());
        let mut headed = BTreeSet::new();
        let mut series = BTreeSet::new();
        let mut family = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap();
                assert!(headed.insert(family), "{family} in two places");
                continue;
            }
            if line.starts_with("# TYPE ") {
                assert_eq!(line, format!("# TYPE {family} gauge"));
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(series.insert(name), "{name} twice");
            assert!(name.starts_with(&format!("{family}{{")) && name.ends_with('}'), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(text.ends_with('\n'));
        for line in [
            r#"tieout_in_doubt{account="e\"u\\"} 3"#,
            r#"tieout_run_duration_seconds{command="run"} 200.007"#,
            r#"tieout_difference{account="e\"u\\",statement="bridge",currency="USD"} -0.05"#,
            r#"tieout_exceptions{account="e\"u\\",class="data",age="4-7 days"} 4"#,
            r#"tieout_source_lag_seconds{account="e\"u\\",source="charges"} 600"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
    }
}
