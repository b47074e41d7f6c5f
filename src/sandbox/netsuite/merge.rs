//! What an update leaves: body fields are set or cleared, sublists are merged as NetSuite does.

use super::json::Json;
use super::schema::{Kind, Sublist};

/// The record that `patch` makes of `stored`. Sublists named in `replace` keep only what `patch`
/// holds; in the others, a line whose key matches is updated and any other line is added.
pub(super) fn merge(kind: Kind, stored: &Json, patch: &Json, replace: &[String]) -> Json {
    let mut merged = stored.clone();
    for (name, value) in patch.fields() {
        let Some(list) = kind.sublist(name) else {
            if *value == Json::Null {
                merged.remove(name);
            } else {
                merged.set(name, value.clone());
            }
            continue;
        };
        let old = stored.get(name).map_or(&[][..], Json::items);
        let emptied = *value == Json::Null;
        let replaced = emptied || replace.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        let lines = merge_lines(list, old, value.items(), replaced);
        merged.set(name, Json::object([("items", Json::List(lines))]));
    }
    tidy(kind, &mut merged);
    merged
}

/// Numbers the lines that have a number, and drops applications that are switched off.
pub(super) fn tidy(kind: Kind, body: &mut Json) {
    for list in kind.sublists() {
        let Some(sublist) = body.get(list.name) else { continue };
        let mut items = sublist.items().to_vec();
        match list.key {
            Some("line") => number_lines(&mut items),
            Some("doc") => items.retain(is_applied),
            Some("id") if list.name == "payment" => {
                items.retain(|line| line.bool_of("deposit") != Some(false));
            }
            _ => {}
        }
        body.set(list.name, Json::object([("items", Json::List(items))]));
    }
}

fn merge_lines(list: &Sublist, old: &[Json], new: &[Json], replaced: bool) -> Vec<Json> {
    let key = |line: &Json| list.key.and_then(|key| line.ref_id(key).or(line.get(key)?.as_id()));
    let mut lines = if replaced { Vec::new() } else { old.to_vec() };
    for line in new {
        let wanted = key(line);
        let known = old.iter().find(|before| wanted.is_some() && key(before) == wanted);
        let mut updated = known.cloned().unwrap_or_else(|| Json::Object(Vec::new()));
        for (name, value) in line.fields() {
            updated.set(name, value.clone());
        }
        match lines.iter_mut().find(|before| wanted.is_some() && key(before) == wanted) {
            Some(place) => *place = updated,
            None => lines.push(updated),
        }
    }
    lines
}

fn number_lines(items: &mut [Json]) {
    let number = |item: &Json| item.get("line").and_then(Json::as_id);
    let mut last = items.iter().filter_map(number).max().unwrap_or(0);
    for item in items {
        if number(item).is_none() {
            last += 1;
            item.set("line", Json::Number(last.to_string()));
        }
    }
}

fn is_applied(line: &Json) -> bool {
    let zero = |digits: &str| digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    let amount_is_zero = matches!(line.get("amount"), Some(Json::Number(n)) if zero(n));
    line.bool_of("apply") != Some(false) && !amount_is_zero
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    fn lines(record: &Json, list: &str) -> String {
        Json::List(record.get(list).unwrap().items().to_vec()).to_text()
    }

    #[test]
    fn lines_sent_again_without_a_number_are_doubled_as_in_netsuite() {
        let mut stored = json(r#"{"item":{"items":[{"item":{"id":"1"},"amount":5}]}}"#);
        tidy(Kind::Invoice, &mut stored);
        let again = json(r#"{"item":{"items":[{"item":{"id":"1"},"amount":5}]}}"#);
        let doubled = merge(Kind::Invoice, &stored, &again, &[]);
        assert_eq!(doubled.get("item").unwrap().items().len(), 2);
        let replaced = merge(Kind::Invoice, &stored, &again, &["ITEM".into()]);
        assert_eq!(replaced.get("item").unwrap().items().len(), 1);
        let updated = merge(
            Kind::Invoice,
            &stored,
            &json(r#"{"item":{"items":[{"line":1,"amount":7}]}}"#),
            &[],
        );
        assert_eq!(lines(&updated, "item"), r#"[{"item":{"id":"1"},"amount":7,"line":1}]"#);
    }

    #[test]
    fn an_application_is_found_by_its_document_and_can_be_switched_off() {
        let stored = json(r#"{"apply":{"items":[{"doc":{"id":"7"},"amount":5,"apply":true}]}}"#);
        let patch = json(r#"{"apply":{"items":[{"doc":{"id":"7"},"apply":false}]}}"#);
        assert_eq!(lines(&merge(Kind::CustomerPayment, &stored, &patch, &[]), "apply"), "[]");
        let patch = json(r#"{"apply":{"items":[{"doc":{"id":"8"},"amount":1}]}}"#);
        let both = merge(Kind::CustomerPayment, &stored, &patch, &[]);
        assert_eq!(both.get("apply").unwrap().items().len(), 2);
        let only = merge(Kind::CustomerPayment, &stored, &patch, &["apply".into()]);
        assert_eq!(lines(&only, "apply"), r#"[{"doc":{"id":"8"},"amount":1}]"#);
    }

    #[test]
    fn null_clears_a_field_and_empties_a_list() {
        let stored = json(r#"{"memo":"a","other":{"items":[{"amount":1}]}}"#);
        let patch = json(r#"{"memo":null,"other":null}"#);
        let cleared = merge(Kind::Deposit, &stored, &patch, &[]);
        assert_eq!(cleared.to_text(), r#"{"other":{"items":[]}}"#);
    }
}
