//! Refuses schemas that could keep a validator busy for ever.
//!
//! With references written out in full, a schema must be a tree of a limited number of schemas. So the work for
//! one value is bounded by its size times that number: no reference leads back to itself, and no pyramid of
//! references doubles with each level.

use serde_json::{Map, Value};

/// Schemas in a schema, references written out.
const MAX_SCHEMAS: usize = 10_000;
/// Schemas inside each other, references written out.
const MAX_DEPTH: usize = 100;
/// Patterns in a schema, references written out. Each may take some memory: see [`super::MAX_PATTERN_BYTES`].
const MAX_PATTERNS: usize = 500;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords whose value is one schema.
const ONE: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LIST: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords whose value maps names to schemas. `$defs` is entered by reference only.
const MAP: &[&str] = &["dependencies", "dependentSchemas", "patternProperties", "properties"];
/// Keywords by which a reference could mean something that is not seen here.
const REFUSED: &[&str] =
    &["$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef", "$vocabulary"];

/// Why a schema is not bounded, or cannot be seen to be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unbounded {
    #[error("with its references written out it has more than {MAX_SCHEMAS} schemas")]
    TooLarge,
    #[error("with its references written out it is more than {MAX_DEPTH} schemas deep")]
    TooDeep,
    #[error("with its references written out it has more than {MAX_PATTERNS} patterns")]
    TooManyPatterns,
    #[error("{0:?} refers to itself, and recursive schemas are not supported")]
    Recursive(String),
    #[error("{0:?} is no reference to a place in the same schema that is there")]
    Reference(String),
    #[error("{0:?} is not supported in a schema")]
    Keyword(&'static str),
    #[error("the dialect {0:?} is not supported, only {DIALECT:?}")]
    Dialect(String),
}

/// How many schemas and patterns it has, references written out.
pub(super) fn check(schema: &Value) -> Result<Size, Unbounded> {
    let mut count = Count { root: schema, left: MAX_SCHEMAS, patterns: MAX_PATTERNS, open: Vec::new() };
    count.schema(schema, 0)?;
    Ok(Size { schemas: MAX_SCHEMAS - count.left, patterns: MAX_PATTERNS - count.patterns })
}

/// How much there is to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) schemas: usize,
    pub(super) patterns: usize,
}

struct Count<'a> {
    root: &'a Value,
    left: usize,
    patterns: usize,
    /// The references that are being written out.
    open: Vec<&'a str>,
}

impl<'a> Count<'a> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Result<(), Unbounded> {
        self.left = self.left.checked_sub(1).ok_or(Unbounded::TooLarge)?;
        if depth > MAX_DEPTH {
            return Err(Unbounded::TooDeep);
        }
        let Value::Object(keywords) = schema else { return Ok(()) };
        refuse(keywords)?;
        for (keyword, value) in keywords {
            let keyword = keyword.as_str();
            if keyword == "$ref" {
                self.reference(value, depth)?;
            }
            let patterns = match value {
                Value::Object(map) if keyword == "patternProperties" => map.len(),
                _ => usize::from(keyword == "pattern"),
            };
            self.patterns = self.patterns.checked_sub(patterns).ok_or(Unbounded::TooManyPatterns)?;
            if ONE.contains(&keyword) && !value.is_array() {
                self.schema(value, depth + 1)?;
            }
            match value {
                Value::Array(list) if LIST.contains(&keyword) => self.all(list.iter(), depth)?,
                Value::Object(map) if MAP.contains(&keyword) => self.all(map.values(), depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn all(&mut self, mut schemas: impl Iterator<Item = &'a Value>, depth: usize) -> Result<(), Unbounded> {
        schemas.try_for_each(|schema| self.schema(schema, depth + 1))
    }

    fn reference(&mut self, to: &'a Value, depth: usize) -> Result<(), Unbounded> {
        let wrong = || Unbounded::Reference(crate::plain::plain(&to.to_string(), 100));
        let text = to.as_str().ok_or_else(wrong)?;
        if self.open.contains(&text) || text == "#" {
            return Err(Unbounded::Recursive(crate::plain::plain(text, 100)));
        }
        // Percent-encoding could spell one place in two ways.
        let pointer = text.strip_prefix('#').filter(|p| !p.contains('%')).ok_or_else(wrong)?;
        let target = self.root.pointer(pointer).ok_or_else(wrong)?;
        // An identifier on the way would give the references behind it another root than the one here.
        for (end, _) in pointer.match_indices('/') {
            if let Some(Value::Object(passed)) = self.root.pointer(&pointer[..end]) {
                refuse(passed)?;
            }
        }
        self.open.push(text);
        let done = self.schema(target, depth + 1);
        self.open.pop();
        done
    }
}

fn refuse(keywords: &Map<String, Value>) -> Result<(), Unbounded> {
    if let Some(keyword) = REFUSED.iter().find(|k| keywords.contains_key(**k)) {
        return Err(Unbounded::Keyword(keyword));
    }
    match keywords.get("$schema") {
        None => Ok(()),
        Some(Value::String(dialect)) if dialect == DIALECT => Ok(()),
        Some(other) => Err(Unbounded::Dialect(crate::plain::plain(&other.to_string(), 100))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shared_definitions_are_fine() {
        let schema = json!({
            "$schema": DIALECT,
            "properties": { "a": { "$ref": "#/$defs/id" }, "b": { "items": { "$ref": "#/$defs/id" } } },
            "$defs": { "id": { "type": "string" } },
        });
        assert_eq!(check(&schema), Ok(Size { schemas: 6, patterns: 0 }));
    }

    #[test]
    fn a_reference_back_to_itself_is_refused() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "allOf": [{ "$ref": "#/allOf/0" }] }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "not": { "$ref": "#/$defs/a" } } } }),
            json!({ "$ref": "#/properties/enum", "properties": { "enum": { "$ref": "#/properties/enum" } } }),
        ] {
            assert!(matches!(check(&schema), Err(Unbounded::Recursive(_))), "{schema}");
        }
    }

    #[test]
    fn a_pyramid_of_references_is_refused() {
        let level = |n: usize| json!({ "anyOf": [{ "$ref": format!("#/$defs/{n}") }, { "$ref": format!("#/$defs/{n}") }] });
        let mut defs: Map<String, Value> = (1..30).map(|n| ((n - 1).to_string(), level(n))).collect();
        defs.insert("29".into(), json!({ "type": "integer" }));
        assert_eq!(check(&json!({ "$ref": "#/$defs/0", "$defs": defs })), Err(Unbounded::TooLarge));
    }

    #[test]
    fn more_patterns_than_can_be_held_are_refused() {
        let named: Map<String, Value> = (0..=MAX_PATTERNS).map(|n| (n.to_string(), json!(true))).collect();
        let listed: Vec<Value> = (0..=MAX_PATTERNS).map(|n| json!({ "pattern": n.to_string() })).collect();
        for schema in [json!({ "patternProperties": named }), json!({ "anyOf": listed })] {
            assert_eq!(check(&schema), Err(Unbounded::TooManyPatterns));
        }
    }

    #[test]
    fn references_elsewhere_and_other_dialects_are_refused() {
        for (schema, reason) in [
            (json!({ "$ref": "https://example.org/x" }), r#""https://example.org/x""#),
            (json!({ "$ref": "file:///etc/passwd" }), "file:///etc/passwd"),
            (json!({ "$ref": "#/$defs/absent" }), "#/$defs/absent"),
            (json!({ "items": { "$id": "x", "$ref": "#" } }), "$id"),
            (json!({ "$dynamicRef": "#a" }), "$dynamicRef"),
            (
                json!({
                    "$ref": "#/$defs/a/$defs/b",
                    "$defs": {
                        "a": { "$id": "x:a", "$defs": {
                            "b": { "not": { "$ref": "#/$defs/c" } },
                            "c": { "not": { "$ref": "#/$defs/b" } },
                        } },
                        "c": true,
                    },
                }),
                "$id",
            ),
            (json!({ "$schema": "http://json-schema.org/draft-04/schema#" }), "draft-04"),
        ] {
            let error = check(&schema).unwrap_err().to_string();
            assert!(error.contains(reason.trim_matches('"')), "{schema}: {error}");
        }
    }
}
