//! A JSON value held against a published schema: the part of JSON Schema that ours use.

use serde_json::Value;

/// Everything in which `value` is not as `schema` says, by path.
pub fn differences(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    check(schema, value, "$", &mut wrong);
    wrong
}

fn check(schema: &Value, value: &Value, path: &str, wrong: &mut Vec<String>) {
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        wrong.push(format!("{path} is {value}, not {expected}"));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        wrong.push(format!("{path} is {value}, which is none of {known:?}"));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    };
    if !types.is_empty() && !types.iter().any(|name| is_a(name.as_str().expect("a name"), value)) {
        wrong.push(format!("{path} is {value}, no {}", schema["type"]));
    }
    let limit = schema["minimum"].as_i64();
    if limit.is_some_and(|limit| value.as_i64().is_some_and(|number| number < limit)) {
        wrong.push(format!("{path} is {value}"));
    }
    if let Value::Object(fields) = value {
        let properties = schema["properties"].as_object();
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if !fields.contains_key(name) {
                wrong.push(format!("{path}.{name} is missing"));
            }
        }
        for (name, value) in fields {
            let path = format!("{path}.{name}");
            match (properties.and_then(|known| known.get(name)), &schema["additionalProperties"]) {
                (Some(schema), _) | (None, schema @ Value::Object(_)) => {
                    check(schema, value, &path, wrong);
                }
                (None, Value::Bool(false)) => wrong.push(format!("{path} is not in the schema")),
                (None, _) => {}
            }
        }
    }
    for (place, value) in value.as_array().into_iter().flatten().enumerate() {
        check(&schema["items"], value, &format!("{path}[{place}]"), wrong);
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type of ours"),
    }
}
