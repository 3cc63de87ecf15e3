//! Arithmetic and comparison of values: whole numbers are checked, doubles stay finite, an int that meets a double
//! becomes one.

use std::cmp::Ordering;

use super::ir::{Arithmetic, Comparison};
use super::value::{self, Val};

/// Why two values have no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    DivisionByZero,
    Overflow,
    NotFinite,
    WrongType { expected: &'static str, found: &'static str },
}

/// The result of an operator.
pub(super) fn compute<'a>(operator: Arithmetic, left: &Val<'a>, right: &Val<'a>) -> Result<Val<'a>, Failure> {
    match (left, right) {
        (Val::Int(left), Val::Int(right)) => ints(operator, *left, *right).map(Val::Int),
        (Val::Text(left), Val::Text(right)) if operator == Arithmetic::Add => {
            Ok(Val::Text(format!("{left}{right}").into()))
        }
        (Val::Duration(left), Val::Duration(right)) => match operator {
            Arithmetic::Add => left.checked_add(*right).map(Val::Duration).ok_or(Failure::Overflow),
            Arithmetic::Subtract => left.checked_sub(*right).map(Val::Duration).ok_or(Failure::Overflow),
            _ => Err(Failure::WrongType { expected: "numbers", found: "duration" }),
        },
        _ => match (left.as_double(), right.as_double()) {
            (Some(left), Some(right)) => doubles(operator, left, right).map(Val::Double),
            (Some(_), None) => Err(Failure::WrongType { expected: "numbers", found: right.type_name() }),
            _ => Err(Failure::WrongType { expected: "numbers", found: left.type_name() }),
        },
    }
}

fn ints(operator: Arithmetic, left: i64, right: i64) -> Result<i64, Failure> {
    let result = match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide | Arithmetic::Remainder if right == 0 => return Err(Failure::DivisionByZero),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    result.ok_or(Failure::Overflow)
}

fn doubles(operator: Arithmetic, left: f64, right: f64) -> Result<f64, Failure> {
    let result = match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide if right == 0.0 => return Err(Failure::DivisionByZero),
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => {
            return Err(Failure::WrongType { expected: "whole numbers", found: "double" });
        }
    };
    finite(result)
}

/// The double, if it is one that comparisons can be trusted with.
pub(super) fn finite(double: f64) -> Result<f64, Failure> {
    if double.is_finite() { Ok(double) } else { Err(Failure::NotFinite) }
}

pub(super) fn negate<'a>(operand: &Val<'a>) -> Result<Val<'a>, Failure> {
    match operand {
        Val::Int(int) => int.checked_neg().map(Val::Int).ok_or(Failure::Overflow),
        Val::Double(double) => Ok(Val::Double(-double)),
        Val::Duration(nanoseconds) => nanoseconds.checked_neg().map(Val::Duration).ok_or(Failure::Overflow),
        other => Err(Failure::WrongType { expected: "a number", found: other.type_name() }),
    }
}

/// Whether the comparison holds; nothing where the two have no order.
pub(super) fn compare(operator: Comparison, left: &Val<'_>, right: &Val<'_>) -> Option<bool> {
    match operator {
        Comparison::Equal => return Some(value::equal(left, right)),
        Comparison::NotEqual => return Some(!value::equal(left, right)),
        _ => {}
    }
    let order = order(left, right)?;
    Some(match operator {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

/// The order of two numbers, strings (by code point) or durations.
pub(super) fn order(left: &Val<'_>, right: &Val<'_>) -> Option<Ordering> {
    match (left, right) {
        (Val::Int(left), Val::Int(right)) | (Val::Duration(left), Val::Duration(right)) => {
            Some(left.cmp(right))
        }
        (Val::Text(left), Val::Text(right)) => Some(left.cmp(right)),
        _ => left.as_double()?.partial_cmp(&right.as_double()?),
    }
}
