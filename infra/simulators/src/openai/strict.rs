//! Which JSON Schemas `OpenAI` takes when `strict` is set.

use serde_json::Value;

/// Deepest nesting of objects that every model family takes.
const DEEPEST: usize = 10;

/// Finds the first fault of a schema, in the words of the real service.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    if schema["type"] != "object" {
        let kind = schema["type"].as_str().unwrap_or("None");
        return Err(format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."));
    }
    if schema.get("anyOf").is_some() {
        return Err("schema must not have 'anyOf' at the root level.".to_owned());
    }
    visit(schema, "", 0)?;
    for section in ["$defs", "definitions"] {
        for (name, inner) in schema.get(section).and_then(Value::as_object).into_iter().flatten() {
            visit(inner, &below("", &[section, name]), 0)?;
        }
    }
    Ok(())
}

fn visit(schema: &Value, path: &str, depth: usize) -> Result<(), String> {
    let context = || format!("In context=({path}), ");
    let Some(fields) = schema.as_object() else {
        return Err(context() + "schema must be an object.");
    };
    if depth > DEEPEST {
        return Err(context() + "the schema is nested too deeply.");
    }
    if fields.contains_key("$ref") {
        return Ok(());
    }
    for keyword in ["default", "allOf", "oneOf", "not", "if", "dependentRequired", "patternProperties"] {
        if fields.contains_key(keyword) {
            return Err(format!("{}'{keyword}' is not permitted.", context()));
        }
    }
    if let Some(branches) = fields.get("anyOf").and_then(Value::as_array) {
        for (n, branch) in branches.iter().enumerate() {
            visit(branch, &below(path, &["anyOf", &n.to_string()]), depth)?;
        }
        return Ok(());
    }
    if !["type", "enum", "const"].iter().any(|keyword| fields.contains_key(*keyword)) {
        return Err(context() + "schema must have a 'type' key.");
    }
    if has_type(schema, "array") {
        let Some(items) = fields.get("items") else {
            return Err(context() + "array schema missing items.");
        };
        visit(items, &below(path, &["items"]), depth)?;
    }
    if has_type(schema, "object") {
        if schema["additionalProperties"] != false {
            return Err(context() + "'additionalProperties' is required to be supplied and to be false.");
        }
        let none = serde_json::Map::new();
        let properties = fields.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(name) = properties.keys().find(|name| !required.contains(&name.as_str())) {
            return Err(format!(
                "{}'required' is required to be supplied and to be an array including every key in properties. \
                 Missing '{name}'.",
                context()
            ));
        }
        if let Some(name) = required.iter().find(|name| !properties.contains_key(**name)) {
            return Err(format!("{}Extra required key '{name}' supplied.", context()));
        }
        for (name, inner) in properties {
            visit(inner, &below(path, &["properties", name]), depth + 1)?;
        }
    }
    Ok(())
}

/// The path of a place further down, as the real service prints it.
fn below(path: &str, parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| format!("'{part}'"));
    let all = Some(path.to_owned()).filter(|path| !path.is_empty()).into_iter().chain(parts);
    all.collect::<Vec<_>>().join(", ")
}

/// Whether a schema allows a type, alone or among others.
pub(super) fn has_type(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}
