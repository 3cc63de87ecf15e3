//! The types of expressions: what a JSON Schema says of an answer, as far as a policy needs to know.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The type of a value inside an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Not known before the expression runs; every use is checked then.
    Any,
    Null,
    Bool,
    /// A whole number, 64 bits signed.
    Int,
    /// A finite number, 64 bits.
    Double,
    String,
    /// A span of time; in JSON a string of ISO 8601.
    Duration,
    List(Arc<Type>),
    /// An object whose members have names that are not known beforehand.
    Map(Arc<Type>),
    Object(Arc<Fields>),
    /// The type or null. Using a null as the type is an error when the expression runs.
    Nullable(Arc<Type>),
}

/// The members of an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields {
    pub known: BTreeMap<String, Type>,
    /// Whether the object may hold members that are not known.
    pub open: bool,
}

impl Type {
    /// The type of the elements of a list of `element`.
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// The type itself where it may not be null, else what it is when it is not null.
    pub fn present(&self) -> &Type {
        match self {
            Type::Nullable(inner) => inner.present(),
            other => other,
        }
    }

    /// Whether a value of this type can be null.
    pub(super) fn may_be_null(&self) -> bool {
        matches!(self, Type::Any | Type::Null | Type::Nullable(_))
    }

    pub(super) fn may_be_number(&self) -> bool {
        matches!(self.present(), Type::Any | Type::Int | Type::Double)
    }

    /// The one type that fits two branches, or two elements of a list: `int` and `double` meet in `double`.
    pub(super) fn join(&self, other: &Type) -> Type {
        match (self, other) {
            (one, two) if one == two => one.clone(),
            (Type::Null, some) | (some, Type::Null) => some.clone().or_null(),
            (Type::Nullable(one), two) | (two, Type::Nullable(one)) => one.join(two.present()).or_null(),
            (Type::Int, Type::Double) | (Type::Double, Type::Int) => Type::Double,
            (Type::List(one), Type::List(two)) => Type::list(one.join(two)),
            _ => Type::Any,
        }
    }

    pub(super) fn or_null(self) -> Type {
        match self {
            Type::Any | Type::Null | Type::Nullable(_) => self,
            other => Type::Nullable(Arc::new(other)),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Double => f.write_str("double"),
            Type::String => f.write_str("string"),
            Type::Duration => f.write_str("duration"),
            Type::List(element) => write!(f, "list of {element}"),
            Type::Map(member) => write!(f, "map to {member}"),
            Type::Nullable(inner) => write!(f, "{inner} or null"),
            Type::Object(fields) => {
                let names: Vec<&str> = fields.known.keys().map(String::as_str).collect();
                write!(f, "object with {}", names.join(", "))
            }
        }
    }
}
