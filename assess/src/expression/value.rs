//! The values that an expression works with while it runs.
//!
//! Lists and objects of the answer are looked at where they lie, never copied: an answer may hold a number for each
//! of a million commits.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::duration;
use super::types::Type;

/// A value at run time. Doubles are always finite.
#[derive(Debug, Clone)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    /// Nanoseconds.
    Duration(i64),
    List(List<'a>),
    Object(&'a Map<String, Value>, &'a Type),
}

#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    /// A list of the answer, and the type of its elements.
    Answer(&'a [Value], &'a Type),
    /// A list that the expression made.
    Made(Rc<Vec<Val<'a>>>),
}

static ANY: Type = Type::Any;

impl<'a> Val<'a> {
    /// A part of the answer, read as its type says: a `1` of a schema's `number` is a double.
    /// Fails with what was found where the answer is not of the type.
    pub(super) fn read(value: &'a Value, ty: &'a Type) -> Result<Val<'a>, String> {
        let ty = match (value, ty) {
            (Value::Null, Type::Nullable(_) | Type::Any | Type::Null) => return Ok(Val::Null),
            (_, ty) => ty.present(),
        };
        let read = match (value, ty) {
            (Value::Bool(flag), Type::Bool | Type::Any) => Val::Bool(*flag),
            (Value::Number(number), Type::Double) => {
                number.as_f64().map(Val::Double).ok_or_else(|| found(value))?
            }
            (Value::Number(number), Type::Int) => whole(number).map(Val::Int).ok_or_else(|| found(value))?,
            (Value::Number(number), Type::Any) => match number.as_i64() {
                Some(int) => Val::Int(int),
                None => number.as_f64().map(Val::Double).ok_or_else(|| found(value))?,
            },
            (Value::String(text), Type::String | Type::Any) => Val::Text(Cow::Borrowed(text)),
            (Value::String(text), Type::Duration) => {
                duration::parse(text).map(Val::Duration).ok_or_else(|| found(value))?
            }
            (Value::Array(items), Type::List(element)) => Val::List(List::Answer(items, element)),
            (Value::Array(items), Type::Any) => Val::List(List::Answer(items, &ANY)),
            (Value::Object(members), Type::Object(_) | Type::Map(_) | Type::Any) => Val::Object(members, ty),
            _ => return Err(found(value)),
        };
        Ok(read)
    }

    /// The name of the value's type, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Val::Null => "null",
            Val::Bool(_) => "bool",
            Val::Int(_) => "int",
            Val::Double(_) => "double",
            Val::Text(_) => "string",
            Val::Duration(_) => "duration",
            Val::List(_) => "list",
            Val::Object(..) => "object",
        }
    }

    /// The number as a double, if it is one.
    pub(super) fn as_double(&self) -> Option<f64> {
        match self {
            Val::Int(int) => Some(*int as f64),
            Val::Double(double) => Some(*double),
            _ => None,
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            List::Answer(items, _) => items.len(),
            List::Made(items) => items.len(),
        }
    }

    /// The element at a place that exists.
    pub(super) fn at(&self, index: usize) -> Result<Val<'a>, String> {
        match self {
            List::Answer(items, ty) => Val::read(&items[index], ty),
            List::Made(items) => Ok(items[index].clone()),
        }
    }
}

/// The type of a member of an object of the answer.
pub(super) fn member_type<'a>(object: &'a Type, name: &str) -> &'a Type {
    match object {
        Type::Object(fields) => fields.known.get(name).unwrap_or(&ANY),
        Type::Map(member) => member,
        _ => &ANY,
    }
}

/// Equality over all types: numbers by their value, whatever their type; unlike types are not equal.
pub(super) fn equal(left: &Val<'_>, right: &Val<'_>) -> bool {
    match (left, right) {
        (Val::Null, Val::Null) => true,
        (Val::Bool(left), Val::Bool(right)) => left == right,
        (Val::Int(left), Val::Int(right)) | (Val::Duration(left), Val::Duration(right)) => left == right,
        (Val::Text(left), Val::Text(right)) => left == right,
        (Val::Object(left, _), Val::Object(right, _)) => left == right,
        (Val::List(left), Val::List(right)) => {
            left.len() == right.len()
                && (0..left.len()).all(|index| match (left.at(index), right.at(index)) {
                    (Ok(left), Ok(right)) => equal(&left, &right),
                    _ => false,
                })
        }
        _ => match (left.as_double(), right.as_double()) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
    }
}

/// A whole number of JSON; `3.0` is one for JSON Schema.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let double = number.as_f64()?;
        (number.is_f64() && double.fract() == 0.0 && double.abs() < 9e15).then_some(double as i64)
    })
}

fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
