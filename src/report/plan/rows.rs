//! The whole plan as sections of rows, for every format: what is blocked first, then what it moves, then
//! each change with its fields and its debits and credits.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::Value;

use super::groups::{Group, groups};
use super::payouts::payouts;
use super::words::words;
use super::{counted, summary};
use crate::accounting::posting::Posting;
use crate::money::{Amount, Currency};
use crate::plan::effect::effect;
use crate::plan::{Change, Plan};
use crate::reconcile::close::sheet::{
    Cell, Column, Head, Kind, Proof, STATEMENT, Sink, Term, Writer,
};
use crate::report::AccountNames;

const BLOCKED: [Column; 7] = [
    Column::id("item", "Record"),
    Column::text("why", "Why"),
    Column::text("fix", "What to do"),
    FIGURE,
    Column::text("currency", "Currency"),
    Column::text("kind", "Kind"),
    Column::id("behind", "Behind"),
];

const EXCEPTIONS: [Column; 6] = [
    Column::id("item", "Object"),
    Column::text("why", "Why"),
    Column::text("fix", "What to do"),
    FIGURE,
    Column::text("currency", "Currency"),
    Column::text("class", "Class"),
];

const ACCEPTED: [Column; 6] = [
    Column::id("item", "Object"),
    Column::date("until", "Until"),
    FIGURE,
    Column::text("currency", "Currency"),
    Column::text("why", "What"),
    Column::text("reason", "Why it may stand"),
];

const BESIDE: [Column; 2] = [Column::text("what", "What"), Column::number("count", "Records")];

const KINDS: [Column; 4] = [
    Column::text("kind", "Record"),
    Column::count("create", "Create"),
    Column::count("update", "Update"),
    Column::amount("amount", "To create"),
];

const EFFECT: [Column; 3] = [
    Column::text("account", "Account"),
    Column::amount("debit", "Debit"),
    Column::amount("credit", "Credit"),
];

const CHANGES: [Column; 9] = [
    Column::text("group", "Of"),
    Column::id("item", "Record"),
    Column::text("kind", "Kind"),
    FIGURE,
    Column::text("currency", "Currency"),
    Column::text("action", "Action"),
    Column::date("date", "Date"),
    Column::text("period", "Period"),
    Column::text("why", "Why"),
];

const FIELDS: [Column; 5] = [
    Column::id("item", "Record"),
    Column::text("label", "Field"),
    Column::text("field", "In NetSuite's interface"),
    Column::text("from", "From"),
    Column::text("to", "To"),
];

const POSTINGS: [Column; 4] = [
    Column::id("item", "Record"),
    Column::text("account", "Account"),
    Column::amount("debit", "Debit"),
    Column::amount("credit", "Credit"),
];

/// An amount among others of other currencies: it is not added up.
pub(super) const FIGURE: Column =
    Column { key: "amount", title: "Amount", kind: Kind::Amount, sums: false };

/// Hands the plan to a sink; gives its proofs: debits are credits, in every currency and period.
pub fn rows(plan: &Plan, names: &dyn AccountNames, sink: &mut dyn Sink) -> Vec<Proof> {
    let mut writer = Writer::new(sink);
    let out = &mut writer;
    waiting(plan, out);
    beside(plan, out);
    kinds(plan, out);
    trial_balances(plan, names, out);
    let groups = groups(plan);
    payouts(&groups, out);
    changes(groups, names, out);
    fields(plan, out);
    postings(plan, names, out);
    writer.proofs
}

/// The cells of an amount and of its currency.
pub(super) fn figure(amount: Option<Amount>) -> [Cell<'static>; 2] {
    [
        Cell::or_empty(amount, Cell::Amount),
        Cell::or_empty(amount, |amount| Cell::text(amount.currency().to_string())),
    ]
}

fn waiting(plan: &Plan, out: &mut Writer) {
    let blocked = plan.blocked.iter().map(|own| {
        let [amount, currency] = figure(own.amount);
        vec![
            Cell::id(own.external_id.as_str()),
            Cell::text(&own.reason),
            Cell::text(&own.fix),
            amount,
            currency,
            Cell::text(own.kind.title()),
            Cell::or_empty(own.behind.as_ref(), |id| Cell::id(id.as_str())),
        ]
    });
    out.list(&Head::new("blocked", "Blocked", &BLOCKED), blocked);
    let exceptions = plan.exceptions.iter().map(|own| {
        let [amount, currency] = figure(own.amount);
        vec![
            Cell::id(&own.subject),
            Cell::text(&own.message),
            Cell::text(&own.fix),
            amount,
            currency,
            Cell::text(own.class.to_string()),
        ]
    });
    out.list(&Head::new("exceptions", "Needs a person", &EXCEPTIONS), exceptions);
    let accepted = plan.accepted.iter().map(|own| {
        let [amount, currency] = figure(own.exception.amount);
        vec![
            Cell::id(&own.exception.subject),
            Cell::Date(own.until),
            amount,
            currency,
            Cell::text(&own.exception.message),
            Cell::text(&own.reason),
        ]
    });
    out.list(&Head::new("accepted", "Accepted for now", &ACCEPTED), accepted);
}

/// What is not in the plan: a plan has an end, and nothing is cut off silently.
fn beside(plan: &Plan, out: &mut Writer) {
    let rows = [
        (plan.left_count, "Records for the next plan, once this is posted"),
        (plan.unchanged_count, "Records that are as they should be"),
    ];
    let rows = rows.into_iter().filter(|(count, _)| *count > 0);
    let rows = rows.map(|(count, what)| vec![Cell::text(what), Cell::count(count)]);
    out.list(&Head::new("beside", "Not in this plan", &BESIDE), rows);
}

/// What would be posted, by kind: of each currency, and of none.
fn kinds(plan: &Plan, out: &mut Writer) {
    let currency = |change: &Change| change.record.body.total().map(Amount::currency);
    let currencies: BTreeSet<Option<Currency>> = plan.changes.iter().map(currency).collect();
    for own in currencies {
        let changes = plan.changes.iter().filter(|change| currency(change) == own);
        let mut kinds: BTreeMap<_, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            kinds.entry(change.kind).or_default().push(change);
        }
        let rows = kinds.into_iter().map(|(kind, changes)| {
            let is_new = |change: &&&Change| change.internal_id.is_none();
            let created = changes.iter().filter(is_new).count();
            let totals = changes.iter().filter(is_new).filter_map(|own| own.record.body.total());
            vec![
                Cell::text(kind.title()),
                Cell::count(created),
                Cell::count(changes.len() - created),
                Cell::or_empty(totals.reduce(|one, other| one + other), Cell::Amount),
            ]
        });
        let head = match own {
            Some(own) => {
                let title = format!("What would be posted, {own}");
                Head::new(format!("kinds-{own}"), title, &KINDS).of(own)
            }
            None => Head::new("kinds", "Customers and items", &KINDS),
        };
        out.list(&head, rows);
    }
}

/// The period of a record as NetSuite calls it, or its month.
fn period_of(change: &Change, names: &dyn AccountNames) -> Option<String> {
    let header = change.record.body.header()?;
    let named = header.posting_period.as_ref().and_then(|id| names.period(id));
    Some(named.unwrap_or_else(|| header.tran_date.format("%Y-%m").to_string()))
}

/// What it moves in the general ledger: a small trial balance for each currency and period.
fn trial_balances(plan: &Plan, names: &dyn AccountNames, out: &mut Writer) {
    /// The first day of what is in it, and its postings.
    type Own<'a> = (Option<NaiveDate>, Vec<&'a Posting>);
    let mut by_period: BTreeMap<(Currency, String), Own> = BTreeMap::new();
    for change in &plan.changes {
        let period = period_of(change, names).unwrap_or_default();
        let date = change.record.body.header().map(|header| header.tran_date);
        for posting in &change.postings {
            let own = by_period.entry((posting.amount.currency(), period.clone())).or_default();
            own.0 = own.0.into_iter().chain(date).min();
            own.1.push(posting);
        }
    }
    // Names of periods do not sort as time does.
    let mut in_order: Vec<_> = by_period.into_iter().collect();
    in_order.sort_by_key(|((currency, _), (first, _))| (*currency, *first));
    for (number, ((currency, period), (_, postings))) in in_order.into_iter().enumerate() {
        let moved = effect(postings.iter().copied());
        let sum = |side: fn(&crate::plan::effect::Movement) -> Amount| {
            moved.values().map(side).reduce(|one, other| one + other)
        };
        let (Some(debits), Some(credits)) = (sum(|own| own.debit), sum(|own| own.credit)) else {
            continue;
        };
        let mut named: Vec<_> =
            moved.iter().map(|((_, account), own)| (names.name(account), *own)).collect();
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        let show = |amount: Amount| {
            if amount.is_zero() { Cell::Empty } else { Cell::Amount(amount) }
        };
        let rows = named
            .into_iter()
            .map(|(name, own)| vec![Cell::text(name), show(own.debit), show(own.credit)]);
        let key = format!("effect-{currency}-{}", number + 1);
        let title = format!("What it moves in the general ledger, {period}, {currency}");
        out.list(&Head::new(key.clone(), title, &EFFECT).of(currency), rows);
        if debits != credits {
            let head = Head::new(format!("{key}-differs"), "Debits are not credits", &STATEMENT);
            let terms = vec![Term::new("Debits", postings.len(), debits)];
            out.proof(&head.of(currency), terms, "Debits", Some(("Credits", credits)));
        }
    }
}

fn changes(groups: Vec<Group>, names: &dyn AccountNames, out: &mut Writer) {
    let rows = groups.into_iter().flat_map(|group| {
        let name = group.name;
        group.changes.into_iter().map(move |change| {
            let body = &change.record.body;
            let [amount, currency] = figure(body.total());
            vec![
                Cell::text(name.clone()),
                Cell::id(change.external_id.as_str()),
                Cell::text(change.kind.title()),
                amount,
                currency,
                Cell::text(change.action.verb()),
                Cell::or_empty(body.header(), |header| Cell::Date(header.tran_date)),
                Cell::or_empty(period_of(change, names), Cell::text),
                Cell::text(change.record.rule.because()),
            ]
        })
    });
    out.list(&Head::new("changes", "Each change", &CHANGES), rows);
}

/// Old and new of what is updated; of what is created, every field that is sent.
fn fields(plan: &Plan, out: &mut Writer) {
    let rows = plan.changes.iter().flat_map(|change| {
        let id = change.external_id.as_str();
        let updated = change.fields.iter().map(move |own| {
            let [from, to] = [&own.from, &own.to].map(Cell::text);
            vec![Cell::id(id), Cell::text(words(&own.field)), Cell::text(&own.field), from, to]
        });
        let sent: Vec<(String, String)> =
            if change.fields.is_empty() { sent(change) } else { Vec::new() };
        let sent = sent.into_iter().map(move |(field, value)| {
            let label = Cell::text(words(&field));
            vec![Cell::id(id), label, Cell::text(field), Cell::Empty, Cell::text(value)]
        });
        updated.chain(sent)
    });
    out.list(&Head::new("fields", "Fields in NetSuite", &FIELDS).detail(), rows);
}

/// Path and value of every field of the request.
fn sent(change: &Change) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // A body that is no JSON is a plan that `from_text` refuses.
    if let Ok(body) = serde_json::from_str::<Value>(change.request.body.get()) {
        flatten("", &body, &mut found);
    }
    found
}

fn flatten(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&below(name), value, found));
        }
        Value::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered.for_each(|(n, value)| flatten(&below(&(n + 1).to_string()), value, found));
        }
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

fn postings(plan: &Plan, names: &dyn AccountNames, out: &mut Writer) {
    let all = || {
        let of = |change: &'_ Change| change.postings.len();
        plan.changes.iter().filter(move |change| of(change) > 0)
    };
    let currencies: BTreeSet<Currency> = all()
        .flat_map(|change| change.postings.iter().map(|posting| posting.amount.currency()))
        .collect();
    for currency in currencies {
        let rows = all().flat_map(|change| {
            let own = change.postings.iter();
            own.filter(|posting| posting.amount.currency() == currency).map(move |posting| {
                let amount = posting.amount;
                let (debit, credit) = if amount.is_negative() {
                    (Cell::Empty, Cell::Amount(-amount))
                } else {
                    (Cell::Amount(amount), Cell::Empty)
                };
                vec![
                    Cell::id(change.external_id.as_str()),
                    Cell::text(names.name(&posting.account)),
                    debit,
                    credit,
                ]
            })
        });
        let title = format!("Debits and credits of each record, {currency}");
        let head = Head::new(format!("postings-{currency}"), title, &POSTINGS).of(currency);
        out.list(&head.detail(), rows);
    }
}

/// The plan as a page. `standing` says whether it can still be sent.
pub fn page(plan: &Plan, names: &dyn AccountNames, standing: &str) -> String {
    let basis = &plan.basis;
    let title = format!("Plan of {}, {}", basis.stripe_account, plan.made_at);
    let count = plan.blocked.len() + plan.exceptions.len();
    let top: Markup = html! {
        p.kicker { "What would be posted to NetSuite, days in " (plan.zone) }
        h1 { "Plan of " (plan.made_at) }
        dl.facts {
            div { dt { "Stripe account" } dd { (basis.stripe_account) @if !basis.livemode { " (test mode)" } } }
            div { dt { "NetSuite account" } dd { (basis.netsuite_account) } }
            div { dt { "Digest" } dd { (plan.digest.chars().take(12).collect::<String>()) } }
        }
        p { (summary(plan)) }
        p { (standing) }
        @if count > 0 { p { strong { (counted(count, "thing")) " wait for a person." } } }
    };
    super::super::close::page(&|sink| rows(plan, names, sink), "plan", &title, &top, &plan.made_by)
}
