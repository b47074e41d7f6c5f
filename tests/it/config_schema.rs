//! The JSON Schema of the configuration, which editors read: it is made by asking the parser itself, so it
//! cannot say anything else than the parser does. `TIEOUT_REWRITE=1` writes it.

use std::path::Path;

use serde_json::{Map, Value, json};
use tieout::config::{Overrides, parse, template};

use crate::support::page::assert_file;

const SCHEMA: &str = "docs/schemas/tieout-config.json";

/// What the parser says of a configuration that has nothing but `path = value`.
fn said(path: &str, value: &str) -> String {
    let text = format!("{path} = {value}\n");
    let parsed = parse(&text, Path::new("t.toml"), &Overrides::default());
    let message = parsed.expect_err("a single setting is no configuration").to_string();
    message.trim_end().rsplit('\n').next().unwrap_or_default().to_owned()
}

/// The names between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The schema of the setting at `path`, by what the parser says to values of each kind.
fn schema_of(path: &str) -> Value {
    let to_text = said(path, "\"zzz\"");
    if let Some((_, known)) = to_text.split_once("unknown variant `zzz`, expected ") {
        return json!({ "enum": quoted(known) });
    }
    let Some((_, expected)) = to_text.split_once("invalid type: string \"zzz\", expected ") else {
        return text_schema(path);
    };
    match expected {
        "a boolean" => json!({ "type": "boolean" }),
        "a sequence" => json!({ "type": "array", "items": schema_of_item(path) }),
        "a map" => {
            let value = schema_of(&format!("{path}.USD"));
            json!({ "type": "object", "additionalProperties": value })
        }
        number
            if ["u16", "u32", "u64", "usize", "i64", "integer"]
                .iter()
                .any(|t| number.contains(t)) =>
        {
            json!({ "type": "integer", "minimum": 0 })
        }
        table if table.contains("struct") => table_schema(path),
        other => panic!("{path}: nothing is known of {other}"),
    }
}

/// The items of the list at `path`: texts, or tables, whose fields are asked for in a table of that list.
fn schema_of_item(path: &str) -> Value {
    let said = said(path, "[\"zzz\"]");
    if said.contains("struct") {
        item_table_schema(path)
    } else if said.contains("expected u8") {
        json!({ "type": "integer", "minimum": 0 })
    } else {
        json!({ "type": "string" })
    }
}

/// A text, or the text-like values; what takes anything is a secret, which has no place in a file.
fn text_schema(path: &str) -> Value {
    let takes = |value: &str| {
        let said = said(path, value);
        !said.contains("invalid type") && !said.contains("did not match")
    };
    match (takes("1"), takes("true"), takes("[]")) {
        (true, true, true) => json!(false),
        (true, true, false) => json!({ "type": ["string", "integer", "boolean"] }),
        (true, false, false) => json!({ "type": ["string", "integer"] }),
        (false, false, true) => {
            let one = json!({ "type": "string" });
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        _ => json!({ "type": "string" }),
    }
}

fn fields_of(said: &str, path: &str) -> Vec<String> {
    let (_, known) = said
        .split_once("unknown field `zzz`, expected ")
        .unwrap_or_else(|| panic!("{path}: {said}"));
    quoted(known)
}

fn table_schema(path: &str) -> Value {
    let dot = if path.is_empty() { String::new() } else { format!("{path}.") };
    let fields = fields_of(&said(&format!("{dot}zzz"), "true"), path);
    let schemas = fields.iter().map(|field| (field.clone(), schema_of(&format!("{dot}{field}"))));
    object(&schemas.collect())
}

/// The same for a table of a list, which has no path of its own: `[[path]]` above each question.
fn item_table_schema(path: &str) -> Value {
    let inside = |field: &str| match path.rsplit_once('\n') {
        // A list in a table of a list.
        Some((outer, list)) => {
            let name = outer.rsplit('\n').next().unwrap_or(outer).trim_matches(['[', ']']);
            format!("{outer}\n[[{name}.{list}]]\n{field}")
        }
        None => format!("[[{path}]]\n{field}"),
    };
    let fields = fields_of(&said(&inside("zzz"), "true"), path);
    let schemas = fields.iter().map(|field| (field.clone(), schema_of(&inside(field))));
    object(&schemas.collect())
}

fn object(properties: &Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The template's lines with everything in comments brought to life that is a setting; the first of each
/// name in its section, because alternatives stand below one another.
fn uncommented() -> String {
    let mut seen = std::collections::BTreeSet::new();
    let (mut section, mut text) = (String::new(), String::new());
    for line in template::TEXT.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split_once(" = ").map_or("", |(key, _)| key);
        let is_key = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '"'));
        if bare.starts_with('[') && bare.trim_end().ends_with(']')
            || bare.starts_with("[bank.accounts.csv]")
        {
            let header = bare
                .split_inclusive(']')
                .take_while(|part| !part.starts_with(' '))
                .collect::<String>();
            section.clone_from(&header);
            if header.starts_with("[[") {
                seen.retain(|name: &String| !name.starts_with(&header));
            }
            text.push_str(&format!("{header}\n"));
        } else if is_key && seen.insert(format!("{section}{key}")) {
            text.push_str(&format!("{bare}\n"));
        }
    }
    text
}

/// Where `value` is not what `schema` asks for.
fn misfits(value: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    if *schema == json!(false) {
        found.push(format!("{path} has no place here"));
        return;
    }
    if let Some(known) = schema["enum"].as_array() {
        if !known.contains(value) {
            found.push(format!("{path}: {value} is none of {known:?}"));
        }
        return;
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let fits = |way: &Value| {
            let mut misfit = Vec::new();
            misfits(value, way, path, &mut misfit);
            misfit.is_empty()
        };
        if !ways.iter().any(fits) {
            found.push(format!("{path}: {value} fits nothing"));
        }
        return;
    }
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        _ => "object",
    };
    let wanted = &schema["type"];
    if !(wanted == kind || wanted.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))) {
        found.push(format!("{path} is of type {kind}, not {wanted}"));
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                misfits(item, &schema["items"], path, found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let of_name = schema["properties"].get(name);
                let path = format!("{path}.{name}");
                match of_name.or(schema.get("additionalProperties")) {
                    Some(schema) if of_name.is_some() || *schema != json!(false) => {
                        misfits(field, schema, &path, found);
                    }
                    _ => found.push(format!("{path} is not known")),
                }
            }
        }
        _ => {}
    }
}

/// Every setting that the schema knows, but not those of `stripe_accounts`, which repeat the rest.
fn settings(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(properties) = schema["properties"].as_object() else {
        match schema.get("items") {
            Some(items) if items.get("properties").is_some() => settings(items, path, found),
            _ => found.push(path.to_owned()),
        }
        return;
    };
    for (name, schema) in properties {
        if *schema != json!(false) {
            let dot = if path.is_empty() { "" } else { "." };
            settings(schema, &format!("{path}{dot}{name}"), found);
        }
    }
}

/// Whether the template speaks of the last name of a path; of a secret's three forms, of any.
fn is_named(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let stem = ["_env", "_file", "_command"].iter().find_map(|end| name.strip_suffix(end));
    let names = match stem {
        Some(stem) => vec![format!("{stem}_env"), format!("{stem}_file")],
        None => vec![name.to_owned()],
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    template::TEXT.split(|c| !is_word(c)).any(|word| names.iter().any(|name| name == word))
}

/// An editor that follows the schema must not underline what the program takes, nor take what it refuses.
#[test]
fn the_schema_of_the_configuration_is_what_the_parser_takes() {
    let mut schema = table_schema("");
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("tieout.toml; what each setting does is said in `tieout init`'s file");
    let text = serde_json::to_string_pretty(&schema).unwrap();
    assert_file(SCHEMA, &format!("{text}\n"));

    let whole: Value = toml::from_str(&uncommented()).unwrap_or_else(|e| panic!("{e}"));
    let mut found = Vec::new();
    misfits(&whole, &schema, "", &mut found);
    assert!(found.is_empty(), "{found:#?}");

    let wrong = json!({ "policy": { "trials": "maybe" }, "stripe": { "api_key": "rk" }, "x": 1 });
    let mut found = Vec::new();
    misfits(&wrong, &schema, "", &mut found);
    assert_eq!(found.len(), 3, "{found:#?}");
}

/// The template is where people look for a setting: one that is not there does not exist for them.
#[test]
fn the_template_names_every_setting() {
    let mut all = Vec::new();
    settings(&table_schema(""), "", &mut all);
    let missing: Vec<&String> = all.iter().filter(|path| !is_named(path)).collect();
    assert!(all.len() > 150 && missing.is_empty(), "{}: {missing:#?}", all.len());
}
