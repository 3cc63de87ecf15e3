//! A plugin's schemas: compiled once for a process, when they are first needed, then every key and every fresh answer is held against them.
//!
//! Both schemas and values come from a plugin, so what is compiled is bounded first ([`bounds`]), patterns run on
//! an engine without backtracking, nothing is ever fetched, and no message repeats a value.

mod bounds;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

pub(crate) use bounds::Unbounded;

/// A compiled schema.
#[derive(Debug)]
pub(crate) enum Shape {
    /// `true` or `{}`: values need not even be parsed.
    Anything,
    /// Everything else.
    Schema(Box<Validator>),
}

/// Why a plugin's schema is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error(transparent)]
    Unbounded(#[from] Unbounded),
    #[error("it is no JSON Schema: {0}")]
    Invalid(String),
}

/// Where a value departs from its schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// A JSON pointer into the value; empty for the whole.
    pub(crate) path: String,
    pub(crate) reason: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}", self.reason),
            path => write!(f, "{} at {path}", self.reason),
        }
    }
}

/// How large one compiled pattern may become, in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// How much of a message about a mismatch is shown, in bytes.
const MAX_TEXT: usize = 300;

/// More schemas, or patterns, take long enough to compile that somebody may not want to wait for them.
const MANY_SCHEMAS: usize = 500;
const MANY_PATTERNS: usize = 20;

/// A schema that can be compiled and applied within bounds.
#[derive(Debug)]
pub(crate) struct Bounded {
    schema: Value,
    small: bool,
}

impl Bounded {
    pub(crate) fn new(schema: Value) -> Result<Bounded, SchemaError> {
        let size = bounds::check(&schema)?;
        let small = size.schemas <= MANY_SCHEMAS && size.patterns <= MANY_PATTERNS;
        Ok(Bounded { schema, small })
    }

    /// Whether it is compiled in no time.
    pub(crate) fn is_small(&self) -> bool {
        self.small
    }

    pub(crate) fn compile(&self) -> Result<Shape, SchemaError> {
        let Bounded { schema, .. } = self;
        if matches!(schema, Value::Bool(true)) || schema.as_object().is_some_and(|o| o.is_empty()) {
            return Ok(Shape::Anything);
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
            .should_validate_formats(false)
            .offline()
            .build(schema)
            .map_err(|error| SchemaError::Invalid(text(&error.masked().to_string())))?;
        Ok(Shape::Schema(Box::new(validator)))
    }
}

impl Shape {
    pub(crate) fn check(&self, json: &str) -> Result<(), Mismatch> {
        let Shape::Schema(validator) = self else { return Ok(()) };
        let value: Value = serde_json::from_str(json)
            .map_err(|error| Mismatch { path: String::new(), reason: text(&error.to_string()) })?;
        validator.validate(&value).map_err(|error| Mismatch {
            path: text(&place(&error)),
            reason: text(&error.masked().to_string()),
        })
    }
}

/// Where a value departs: at the member itself if that is one too many.
fn place(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => match unexpected.first() {
            Some(member) => format!("{path}/{}", member.replace('~', "~0").replace('/', "~1")),
            None => path.to_owned(),
        },
        _ => path.to_owned(),
    }
}

fn text(from: &str) -> String {
    crate::plain::plain(from, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(schema: Value) -> Result<Shape, SchemaError> {
        Bounded::new(schema)?.compile()
    }

    fn shape(schema: Value) -> Shape {
        compiled(schema).unwrap()
    }

    #[test]
    fn a_value_of_another_shape_is_told_with_its_place_and_without_the_value() {
        let shape = shape(json!({
            "type": "object",
            "properties": { "days": { "type": "array", "items": { "$ref": "#/$defs/day" } } },
            "$defs": { "day": { "type": "integer" } },
        }));
        assert_eq!(shape.check(r#"{"days":[1,2]}"#), Ok(()));
        let mismatch = shape.check(r#"{"days":[1,"\u001b[31msecret"]}"#).unwrap_err();
        assert_eq!(mismatch.to_string(), r#"value is not of type "integer" at /days/1"#);
    }

    #[test]
    fn a_schema_that_allows_everything_costs_no_parsing() {
        assert!(matches!(shape(json!(true)), Shape::Anything));
        assert!(matches!(shape(json!({})), Shape::Anything));
    }

    #[test]
    fn what_is_nested_too_deeply_to_be_read_is_a_mismatch() {
        let shape = shape(json!({ "type": "array" }));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(shape.check(&deep).unwrap_err().reason.contains("recursion limit exceeded"));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let error = compiled(json!({ "type": "commit" })).unwrap_err().to_string();
        assert!(error.starts_with("it is no JSON Schema"), "{error}");
        assert!(compiled(json!({ "pattern": "(?=look)a" })).is_err(), "needs backtracking");
        assert!(compiled(json!({ "pattern": "(a{1000}){1000}" })).is_err(), "needs a lot of memory");
    }
}
