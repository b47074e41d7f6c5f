//! `docs/configuration.md`: every setting, made of the template that `tieout init` writes and of the schema
//! that the parser gives. `TIEOUT_REWRITE=1` writes it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use tieout::config::template;

use crate::support::page::assert_section;

/// One setting, or several that are said together.
struct Entry {
    lines: Vec<(String, String)>,
    meaning: String,
    /// It stands behind the line, and not above it.
    is_remark: bool,
}

impl Entry {
    /// For the cell of a table; lines that share it repeat nothing.
    fn meaning_of(&self, place: usize) -> String {
        if place == 0 || self.meaning.is_empty() {
            return self.meaning.replace('|', "\\|");
        }
        "″".to_owned()
    }
}

/// A section of the file and what is in it.
struct Section {
    title: String,
    about: String,
    entries: Vec<Entry>,
}

/// The template as sections and entries: prose stands above what it is about.
fn sections() -> Vec<Section> {
    let mut all = vec![Section { title: String::new(), about: String::new(), entries: Vec::new() }];
    let mut prose: Vec<String> = Vec::new();
    for line in template::TEXT.lines() {
        let bare = line.strip_prefix("# ").or_else(|| line.strip_prefix('#')).unwrap_or(line);
        let section = all.last_mut().expect("the first one");
        if let Some(title) = header(bare) {
            let about = prose.join(" ");
            prose.clear();
            if all.iter().all(|section| section.title != title) {
                all.push(Section { title, about, entries: Vec::new() });
            }
        } else if let Some((name, value)) = setting(bare) {
            let (value, remark) = remark(value);
            let is_told = |entry: &Entry| entry.lines.iter().any(|(known, _)| *known == name);
            if section.entries.iter().any(is_told) {
                // An example of a rule says a second time what may be in one.
                prose.clear();
                continue;
            }
            // Prose is about all lines below it, up to the next; a remark about its own line alone.
            let is_continued = prose.is_empty() && remark.is_empty();
            let above = |entry: &&mut Entry| is_continued && !entry.is_remark;
            match section.entries.last_mut().filter(above) {
                Some(entry) => entry.lines.push((name, value)),
                None => {
                    let is_remark = prose.is_empty();
                    let meaning = [prose.join(" "), remark].join(" ").trim().to_owned();
                    section.entries.push(Entry { lines: vec![(name, value)], meaning, is_remark });
                }
            }
            prose.clear();
        } else if line.is_empty() || bare.is_empty() {
            let parts = [std::mem::take(&mut section.about), std::mem::take(&mut prose).join(" ")];
            parts.join(" ").trim().clone_into(&mut section.about);
        } else {
            prose.push(bare.trim().to_owned());
        }
    }
    all
}

/// `[name]`, whatever comes after it.
fn header(line: &str) -> Option<String> {
    let is_list = line.starts_with("[[");
    let end = if is_list { "]]" } else { "]" };
    let name = line.strip_prefix(if is_list { "[[" } else { "[" })?.split(end).next()?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._…".contains(c);
    let whole = line.find(end)? + end.len();
    name.chars().all(is_name).then(|| line[..whole].to_owned())
}

/// A line that sets something, also where it is in a comment.
fn setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(" = ")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain = !name.is_empty() && name.chars().all(is_name);
    let begins = value.starts_with(['"', '[', '{', '-']) || value.starts_with(char::is_numeric);
    let begins = begins || ["true", "false"].iter().any(|word| value.starts_with(word));
    (plain && begins).then(|| (name.to_owned(), value.to_owned()))
}

/// A value without what is said behind it.
fn remark(value: String) -> (String, String) {
    match value.split_once("  #").or_else(|| value.split_once(" # ")) {
        Some((value, remark)) => (value.trim().to_owned(), remark.trim().to_owned()),
        None => (value, String::new()),
    }
}

/// What a setting takes, as the schema says.
fn takes(schema: &Value, section: &str, name: &str) -> String {
    let path = section.trim_matches(['[', ']']).split('.').filter(|part| !part.is_empty());
    let mut place = schema;
    for part in path.chain([name]) {
        let inside = if place["properties"].is_object() { place } else { &place["items"] };
        place = match inside["properties"].get(part) {
            Some(found) => found,
            None => &inside["additionalProperties"],
        };
        if place.is_null() {
            place = &inside["items"];
        }
    }
    if let Some(known) = place["enum"].as_array() {
        return known.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    }
    if place["anyOf"].is_array() {
        return "text, or a list of texts".to_owned();
    }
    match &place["type"] {
        Value::String(kind) => match kind.as_str() {
            "boolean" => "`true`, `false`",
            "integer" => "whole number",
            "array" => "list",
            "object" => "table",
            _ => "text",
        }
        .to_owned(),
        Value::Array(_) => "text or number".to_owned(),
        _ => "text".to_owned(),
    }
}

/// Whoever looks a setting up finds it with what it takes and means, and finds none that is not there.
#[test]
fn the_page_of_the_configuration_is_the_template_and_the_schema() {
    let schema = include_str!("../../docs/schemas/tieout-config.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let (mut page, mut seen) = (String::new(), BTreeSet::new());
    for section in sections() {
        let title = if section.title.is_empty() { "Above all sections" } else { &section.title };
        let is_code = !section.title.is_empty();
        let tick = if is_code { "`" } else { "" };
        writeln!(page, "## {tick}{title}{tick}\n").expect("a string");
        if !section.about.is_empty() {
            writeln!(page, "{}\n", section.about).expect("a string");
        }
        if section.entries.is_empty() {
            continue;
        }
        page.push_str("| setting | takes | for example | meaning |\n| --- | --- | --- | --- |\n");
        for entry in &section.entries {
            for (place, (name, value)) in entry.lines.iter().enumerate() {
                seen.insert(name.clone());
                let meaning = entry.meaning_of(place);
                let takes = takes(&schema, &section.title, name);
                writeln!(page, "| `{name}` | {takes} | `{value}` | {meaning} |").expect("a string");
            }
        }
        page.push('\n');
    }
    assert!(seen.len() > 150, "{}: {seen:?}", seen.len());
    assert_section("docs/configuration.md", "settings", &page);
}
