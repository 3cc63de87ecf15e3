//! Answers in the report: small ones as they are, long lists by what is worth knowing of them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Lists up to this length are shown whole.
const SHOWN_ELEMENTS: usize = 10;
/// Members of an object that are shown.
const SHOWN_MEMBERS: usize = 20;
/// Characters of a string that are shown.
const SHOWN_CHARACTERS: usize = 200;
/// Levels of objects and lists that are shown.
const SHOWN_LEVELS: usize = 4;

/// An answer, or what there is to know of one that is too long to show.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Summary {
    /// The answer itself.
    Value { value: Value },
    /// A long list of numbers.
    Numbers { count: usize, min: f64, max: f64, mean: f64 },
    /// A long list of yes and no.
    Flags { count: usize, yes: usize },
    /// Another long list.
    List { count: usize },
    /// An object with long members; those beyond the first are left out.
    Object { members: Map<String, Value>, left_out: usize },
}

impl Summary {
    /// Summarises an answer.
    pub fn of(answer: &Value) -> Summary {
        match answer {
            Value::Array(items) if items.len() > SHOWN_ELEMENTS => of_list(items),
            Value::Object(members) if !is_small(answer, 0) => {
                let shown =
                    members.iter().take(SHOWN_MEMBERS).map(|(name, value)| (name.clone(), shortened(value)));
                let left_out = members.len().saturating_sub(SHOWN_MEMBERS);
                Summary::Object { members: shown.collect(), left_out }
            }
            small => Summary::Value { value: shortened(small) },
        }
    }
}

fn of_list(items: &[Value]) -> Summary {
    let numbers: Vec<f64> = items.iter().map_while(Value::as_f64).collect();
    let flags: Vec<bool> = items.iter().map_while(Value::as_bool).collect();
    let count = items.len();
    if numbers.len() == count {
        let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Summary::Numbers { count, min, max, mean: mean(&numbers) }
    } else if flags.len() == count {
        Summary::Flags { count, yes: flags.iter().filter(|flag| **flag).count() }
    } else {
        Summary::List { count }
    }
}

/// The mean; where the sum would be infinite, which JSON cannot say, each number is divided first.
fn mean(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    if sum.is_finite() { sum / count } else { numbers.iter().map(|number| number / count).sum() }
}

/// Whether a value can be shown whole.
fn is_small(value: &Value, level: usize) -> bool {
    match value {
        Value::Array(items) => {
            level < SHOWN_LEVELS
                && items.len() <= SHOWN_ELEMENTS
                && items.iter().all(|item| is_small(item, level + 1))
        }
        Value::Object(members) => {
            level < SHOWN_LEVELS
                && members.len() <= SHOWN_MEMBERS
                && members.values().all(|member| is_small(member, level + 1))
        }
        Value::String(text) => text.chars().nth(SHOWN_CHARACTERS).is_none(),
        _ => true,
    }
}

/// A value that can be shown: long strings are cut, what else is too large becomes its summary.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(SHOWN_CHARACTERS).is_some() => {
            let cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
            Value::String(format!("{cut}…"))
        }
        small if is_small(small, 0) => small.clone(),
        Value::Array(items) if items.len() <= SHOWN_ELEMENTS => {
            Value::Array(items.iter().map(shortened_inside).collect())
        }
        large => shortened_inside(large),
    }
}

fn shortened_inside(value: &Value) -> Value {
    match value {
        Value::Array(items) => serde_json::json!({ "count": items.len() }),
        Value::Object(members) => serde_json::json!({ "members": members.len() }),
        other => shortened(other),
    }
}
