//! From the JSON Schema of a query's answer to the [`Type`] of `value`.
//!
//! What the types cannot say (`pattern`, `minimum`, a union of unlike types) is left to [`Type::Any`]: such a
//! value is checked when the expression runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::types::{Fields, Type};

/// Schemas nested deeper than this are `any` below; also what ends a schema that refers to itself.
const MAX_DEPTH: usize = 24;
/// Parts of one schema that are looked at, references followed; a plugin's schema is hostile input.
const MAX_PARTS: usize = 4096;

impl Type {
    /// Reads a JSON Schema. Never fails: what is not understood is [`Type::Any`].
    pub fn from_schema(schema: &Value) -> Type {
        let mut reader = Reader { root: schema, parts_left: MAX_PARTS };
        reader.read(schema, 0)
    }
}

struct Reader<'a> {
    root: &'a Value,
    parts_left: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self, schema: &'a Value, depth: usize) -> Type {
        let Some(members) = schema.as_object() else { return Type::Any };
        if depth > MAX_DEPTH || self.parts_left == 0 {
            return Type::Any;
        }
        self.parts_left -= 1;
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            return self.referred(reference, depth);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = members.get(keyword).and_then(Value::as_array) {
                return self.union(choices, depth);
            }
        }
        if let Some([only]) = members.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.read(only, depth + 1);
        }
        if let Some(values) = members.get("enum").and_then(Value::as_array) {
            return join_all(values.iter().map(of_value));
        }
        if let Some(value) = members.get("const") {
            return of_value(value);
        }
        match members.get("type") {
            Some(Value::String(name)) => self.named(name, members, depth),
            Some(Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                join_all(names.iter().map(|name| self.named(name, members, depth)))
            }
            _ if members.contains_key("properties") => self.object(members, depth),
            _ => Type::Any,
        }
    }

    fn referred(&mut self, reference: &str, depth: usize) -> Type {
        let Some(pointer) = reference.strip_prefix('#') else { return Type::Any };
        let root = self.root;
        match root.pointer(pointer) {
            Some(schema) => self.read(schema, depth + 1),
            None => Type::Any,
        }
    }

    fn union(&mut self, choices: &'a [Value], depth: usize) -> Type {
        let types: Vec<Type> = choices.iter().map(|choice| self.read(choice, depth + 1)).collect();
        join_all(types.into_iter())
    }

    fn named(&mut self, name: &str, members: &'a Map<String, Value>, depth: usize) -> Type {
        match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "integer" => Type::Int,
            "number" => Type::Double,
            "string" if members.get("format").and_then(Value::as_str) == Some("duration") => Type::Duration,
            "string" => Type::String,
            "array" => Type::list(self.element(members, depth)),
            "object" => self.object(members, depth),
            _ => Type::Any,
        }
    }

    fn element(&mut self, members: &'a Map<String, Value>, depth: usize) -> Type {
        if let Some(places) = members.get("prefixItems").and_then(Value::as_array) {
            return self.union(places, depth);
        }
        members.get("items").map_or(Type::Any, |items| self.read(items, depth + 1))
    }

    fn object(&mut self, members: &'a Map<String, Value>, depth: usize) -> Type {
        let rest = members.get("additionalProperties");
        let Some(properties) = members.get("properties").and_then(Value::as_object) else {
            let member = rest.map_or(Type::Any, |rest| self.read(rest, depth + 1));
            return Type::Map(Arc::new(member));
        };
        let mut known = BTreeMap::new();
        for (name, schema) in properties {
            known.insert(name.clone(), self.read(schema, depth + 1));
        }
        // Schemas made from Rust types say nothing of other members unless there are some, so silence means closed:
        // a misspelt field is then found before the check starts.
        let open = !matches!(rest, None | Some(Value::Bool(false)));
        Type::Object(Arc::new(Fields { known, open }))
    }
}

fn of_value(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Number(number) if number.is_f64() => Type::Double,
        Value::Number(_) => Type::Int,
        Value::String(_) => Type::String,
        Value::Array(_) => Type::list(Type::Any),
        Value::Object(_) => Type::Map(Arc::new(Type::Any)),
    }
}

fn join_all(types: impl Iterator<Item = Type>) -> Type {
    types.reduce(|one, two| one.join(&two)).unwrap_or(Type::Any)
}
