//! What one plan has and another has not.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{FIGURE, figure};
use crate::ids::ExternalId;
use crate::money::{Amount, Currency};
use crate::plan::diff::fields;
use crate::plan::effect::effect;
use crate::plan::{Change, Plan};
use crate::reconcile::close::sheet::{Cell, Column, Head, Proof, Sink, Writer};
use crate::report::AccountNames;

const RECORDS: [Column; 6] = [
    Column::text("what", "In the second plan"),
    Column::id("item", "Record"),
    Column::text("kind", "Kind"),
    Column::text("action", "Action"),
    FIGURE,
    Column::text("currency", "Currency"),
];

const FIELDS: [Column; 4] = [
    Column::id("item", "Record"),
    Column::text("field", "Field"),
    Column::text("from", "In the first"),
    Column::text("to", "In the second"),
];

const WAITING: [Column; 3] = [
    Column::text("what", "In the second plan"),
    Column::id("item", "Record or object"),
    Column::text("why", "Why"),
];

const EFFECT: [Column; 4] = [
    Column::text("account", "Account"),
    Column::amount("before", "In the first"),
    Column::amount("after", "In the second"),
    Column::amount("change", "Change"),
];

/// Two plans, held against each other.
pub struct Compared<'a> {
    before: &'a Plan,
    after: &'a Plan,
    added: Vec<&'a Change>,
    removed: Vec<&'a Change>,
    /// First and second.
    changed: Vec<(&'a Change, &'a Change)>,
}

/// Compares two plans by the requests that they would send.
pub fn compared<'a>(before: &'a Plan, after: &'a Plan) -> Compared<'a> {
    let by_id = |plan: &'a Plan| -> BTreeMap<&'a ExternalId, &'a Change> {
        plan.changes.iter().map(|change| (&change.external_id, change)).collect()
    };
    let (first, second) = (by_id(before), by_id(after));
    let only = |one: &BTreeMap<&'a ExternalId, &'a Change>,
                other: &BTreeMap<&ExternalId, &Change>| {
        let own = one.iter().filter(|(id, _)| !other.contains_key(*id));
        own.map(|(_, change)| *change).collect()
    };
    let both = first.iter().filter_map(|(id, one)| Some((*one, *second.get(id)?)));
    let changed = both.filter(|(one, other)| one.request.digest() != other.request.digest());
    Compared {
        before,
        after,
        added: only(&second, &first),
        removed: only(&first, &second),
        changed: changed.collect(),
    }
}

impl Compared<'_> {
    /// Whether both would send the same, and hold the same back.
    pub fn is_same(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && waiting(self.before) == waiting(self.after)
    }

    /// Hands the comparison to a sink.
    pub fn rows(&self, names: &dyn AccountNames, sink: &mut dyn Sink) -> Vec<Proof> {
        let mut writer = Writer::new(sink);
        self.write_waiting(&mut writer);
        self.write_records(&mut writer);
        self.write_fields(&mut writer);
        self.write_effect(names, &mut writer);
        writer.proofs
    }

    fn write_records(&self, out: &mut Writer) {
        fn row<'a>(what: &'a str, change: &'a Change) -> Vec<Cell<'a>> {
            let [amount, currency] = figure(change.record.body.total());
            vec![
                Cell::text(what),
                Cell::id(change.external_id.as_str()),
                Cell::text(change.kind.title()),
                Cell::text(change.action.verb()),
                amount,
                currency,
            ]
        }
        let added = self.added.iter().map(|change| row("new", change));
        let removed = self.removed.iter().map(|change| row("not any more", change));
        let changed = self.changed.iter().map(|(_, change)| row("different", change));
        let head = Head::new("records", "Records", &RECORDS);
        out.list(&head, added.chain(removed).chain(changed));
    }

    fn write_fields(&self, out: &mut Writer) {
        let rows = self.changed.iter().flat_map(|(one, other)| {
            let fields = fields(&one.record.body, &other.record.body);
            let id = one.external_id.as_str();
            fields.into_iter().map(move |own| {
                vec![Cell::id(id), Cell::text(own.field), Cell::text(own.from), Cell::text(own.to)]
            })
        });
        out.list(&Head::new("fields", "Fields that differ", &FIELDS), rows);
    }

    fn write_waiting(&self, out: &mut Writer) {
        fn row<'a>(what: &'a str, (id, why): &'a (String, String)) -> Vec<Cell<'a>> {
            vec![Cell::text(what), Cell::id(id), Cell::text(why)]
        }
        let (before, after) = (waiting(self.before), waiting(self.after));
        let added = after.difference(&before).map(|own| row("new", own));
        let removed = before.difference(&after).map(|own| row("not any more", own));
        let head = Head::new("waiting", "Blocked, and what needs a person", &WAITING);
        out.list(&head, added.chain(removed));
    }

    fn write_effect(&self, names: &dyn AccountNames, out: &mut Writer) {
        let nets = |plan: &Plan| -> BTreeMap<(Currency, String), Amount> {
            let moved = effect(plan.changes.iter().flat_map(|change| &change.postings));
            let net = moved
                .into_iter()
                .map(|((currency, account), own)| ((currency, names.name(&account)), own.net()));
            net.collect()
        };
        let (before, after) = (nets(self.before), nets(self.after));
        let keys: BTreeSet<&(Currency, String)> = before.keys().chain(after.keys()).collect();
        let currencies: BTreeSet<Currency> = keys.iter().map(|(currency, _)| *currency).collect();
        for currency in currencies {
            let zero = Amount::zero(currency);
            let of = |sums: &BTreeMap<(Currency, String), Amount>, key: &(Currency, String)| {
                sums.get(key).copied().unwrap_or(zero)
            };
            let own = keys.iter().filter(|(own, _)| *own == currency);
            let rows = own.filter(|key| of(&before, key) != of(&after, key)).map(|key| {
                let (one, other) = (of(&before, key), of(&after, key));
                vec![
                    Cell::text(&key.1),
                    Cell::Amount(one),
                    Cell::Amount(other),
                    Cell::Amount(other - one),
                ]
            });
            let title = format!("What it moves otherwise in the general ledger, {currency}");
            let head = Head::new(format!("effect-{currency}"), title, &EFFECT).of(currency);
            out.list(&head, rows);
        }
    }
}

/// What a plan holds back, and why.
fn waiting(plan: &Plan) -> BTreeSet<(String, String)> {
    let blocked = plan.blocked.iter().map(|own| (own.external_id.to_string(), own.reason.clone()));
    let exceptions = plan.exceptions.iter().map(|own| (own.subject.clone(), own.message.clone()));
    blocked.chain(exceptions).collect()
}
