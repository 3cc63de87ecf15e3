//! What the functions of expressions compute.

use std::cmp::Ordering;

use super::arithmetic;
use super::duration;
use super::error::EvalError;
use super::eval::{Evaluated, Run};
use super::functions::Function;
use super::ir::{Arithmetic, Node};
use super::value::{List, Val};

/// Calls a function with arguments that the checker accepted; those of type `any` are checked here.
pub(super) fn call<'a>(
    run: &mut Run<'a>,
    node: &'a Node,
    function: Function,
    arguments: &[Val<'a>],
) -> Evaluated<'a> {
    match (function, arguments) {
        (Function::Divz, [left, right]) => divide_or_zero(run, node, left, right),
        (Function::Count, [Val::List(list)]) => Ok(Val::Int(list.len() as i64)),
        (Function::Size, [sized]) => size(run, node, sized),
        (Function::Sum, [Val::List(list)]) => sum(run, node, list),
        (Function::Avg, [Val::List(list)]) => average(run, node, list),
        (Function::Median, [Val::List(list)]) => median(run, node, list),
        (Function::Max, [Val::List(list)]) => extreme(run, node, list, Ordering::Greater),
        (Function::Min, [Val::List(list)]) => extreme(run, node, list, Ordering::Less),
        (Function::ToInt, [convertible]) => to_int(run, node, convertible),
        (Function::ToDouble, [convertible]) => to_double(run, node, convertible),
        (Function::ToDuration, [Val::Text(text)]) => {
            duration::parse(text).map(Val::Duration).ok_or_else(|| {
                Box::new(EvalError::BadDuration { at: run.quote(node), text: text.clone().into_owned() })
            })
        }
        (Function::StartsWith, [Val::Text(text), Val::Text(part)]) => {
            Ok(Val::Bool(text.starts_with(part.as_ref())))
        }
        (Function::EndsWith, [Val::Text(text), Val::Text(part)]) => {
            Ok(Val::Bool(text.ends_with(part.as_ref())))
        }
        (Function::Contains, [Val::Text(text), Val::Text(part)]) => {
            run.spend(text.len() as u64 / 8)?;
            Ok(Val::Bool(text.contains(part.as_ref())))
        }
        (_, arguments) => Err(mistyped(run, node, function, arguments)),
    }
}

fn mistyped(run: &Run<'_>, node: &Node, function: Function, arguments: &[Val<'_>]) -> Box<EvalError> {
    let parameters = function.signature().map_or(&[][..], |signature| signature.parameters);
    let expected: Vec<&str> = parameters.iter().map(|parameter| parameter.description()).collect();
    let found: Vec<&str> = arguments.iter().map(Val::type_name).collect();
    Box::new(EvalError::WrongType {
        at: run.quote(node),
        expected: expected.join(" and "),
        found: found.join(" and "),
    })
}

fn divide_or_zero<'a>(run: &Run<'a>, node: &Node, left: &Val<'a>, right: &Val<'a>) -> Evaluated<'a> {
    let (Some(left_number), Some(right_number)) = (left.as_double(), right.as_double()) else {
        return Err(mistyped(run, node, Function::Divz, &[left.clone(), right.clone()]));
    };
    if right_number == 0.0 {
        return Ok(Val::Double(0.0));
    }
    finite(run, node, left_number / right_number)
}

fn size<'a>(run: &Run<'a>, node: &Node, sized: &Val<'a>) -> Evaluated<'a> {
    match sized {
        Val::List(list) => Ok(Val::Int(list.len() as i64)),
        Val::Object(members, _) => Ok(Val::Int(members.len() as i64)),
        Val::Text(text) => Ok(Val::Int(text.chars().count() as i64)),
        other => Err(run.wrong_type(node, "a list, an object or a string", other)),
    }
}

fn sum<'a>(run: &mut Run<'a>, node: &'a Node, list: &List<'a>) -> Evaluated<'a> {
    run.spend(list.len() as u64)?;
    let mut total = Val::Int(0);
    for place in 0..list.len() {
        let element = run.element(list, place)?;
        total = arithmetic::compute(Arithmetic::Add, &total, &element).map_err(|failure| match failure {
            arithmetic::Failure::NotFinite => Box::new(EvalError::NotFinite { at: run.quote(node) }),
            arithmetic::Failure::WrongType { .. } => run.wrong_type(node, "a list of numbers", &element),
            _ => Box::new(EvalError::Overflow { at: run.quote(node) }),
        })?;
    }
    Ok(total)
}

fn average<'a>(run: &mut Run<'a>, node: &'a Node, list: &List<'a>) -> Evaluated<'a> {
    let numbers = numbers(run, node, list)?;
    if numbers.is_empty() {
        return Err(Box::new(EvalError::EmptyList { at: run.quote(node) }));
    }
    finite(run, node, numbers.iter().sum::<f64>() / numbers.len() as f64)
}

fn median<'a>(run: &mut Run<'a>, node: &'a Node, list: &List<'a>) -> Evaluated<'a> {
    let mut places: Vec<(f64, usize)> =
        numbers(run, node, list)?.into_iter().enumerate().map(|(place, number)| (number, place)).collect();
    if places.is_empty() {
        return Err(Box::new(EvalError::EmptyList { at: run.quote(node) }));
    }
    let middle = places.len() / 2;
    let (_, (_, place), _) = places.select_nth_unstable_by(middle, |one, two| one.0.total_cmp(&two.0));
    run.element(list, *place)
}

fn extreme<'a>(run: &mut Run<'a>, node: &'a Node, list: &List<'a>, wanted: Ordering) -> Evaluated<'a> {
    let numbers = numbers(run, node, list)?;
    let mut best: Option<usize> = None;
    for (place, number) in numbers.iter().enumerate() {
        if best.is_none_or(|best| number.total_cmp(&numbers[best]) == wanted) {
            best = Some(place);
        }
    }
    match best {
        Some(place) => run.element(list, place),
        None => Err(Box::new(EvalError::EmptyList { at: run.quote(node) })),
    }
}

fn numbers<'a>(run: &mut Run<'a>, node: &'a Node, list: &List<'a>) -> Result<Vec<f64>, Box<EvalError>> {
    run.spend(list.len() as u64 * 2)?;
    let mut numbers = Vec::with_capacity(list.len());
    for place in 0..list.len() {
        let element = run.element(list, place)?;
        numbers.push(element.as_double().ok_or_else(|| run.wrong_type(node, "a list of numbers", &element))?);
    }
    Ok(numbers)
}

fn to_int<'a>(run: &Run<'a>, node: &Node, convertible: &Val<'a>) -> Evaluated<'a> {
    match convertible {
        Val::Int(int) => Ok(Val::Int(*int)),
        Val::Double(double) if double.abs() < 9.2e18 => Ok(Val::Int(*double as i64)),
        Val::Double(_) => Err(Box::new(EvalError::Overflow { at: run.quote(node) })),
        Val::Text(text) => match text.parse() {
            Ok(int) => Ok(Val::Int(int)),
            Err(_) => Err(run.wrong_type(node, "a string of digits", convertible)),
        },
        other => Err(run.wrong_type(node, "a number or a string", other)),
    }
}

fn to_double<'a>(run: &Run<'a>, node: &Node, convertible: &Val<'a>) -> Evaluated<'a> {
    match convertible {
        Val::Text(text) => match text.parse::<f64>() {
            Ok(double) => finite(run, node, double),
            Err(_) => Err(run.wrong_type(node, "a string that is a number", convertible)),
        },
        other => match other.as_double() {
            Some(double) => Ok(Val::Double(double)),
            None => Err(run.wrong_type(node, "a number or a string", other)),
        },
    }
}

fn finite<'a>(run: &Run<'a>, node: &Node, double: f64) -> Evaluated<'a> {
    match arithmetic::finite(double) {
        Ok(double) => Ok(Val::Double(double)),
        Err(_) => Err(Box::new(EvalError::NotFinite { at: run.quote(node) })),
    }
}
