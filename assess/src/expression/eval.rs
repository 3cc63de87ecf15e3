//! Evaluates a checked expression.
//!
//! Own rather than the CEL crate's: that one needs 4 to 9 ms for one macro over 16,000 numbers and copies the whole
//! answer into values of its own first, more than a whole unchanged re-check may take. It also refuses `int + double`,
//! which the JSON numbers of plugins make common, and lets NaN and infinity through, which turn comparisons into
//! passes.
//!
//! Differences from CEL are on the strict side: what is evaluated and fails, fails the expression (`&&` and `||` skip
//! only their right side), and no double is ever NaN or infinite.

use std::rc::Rc;

use serde_json::Value;

use super::arithmetic;
use super::builtin;
use super::error::EvalError;
use super::ir::{Body, Constant, Each, Kind, Node};
use super::types::Type;
use super::value::{self, List, Val};

/// Steps that one evaluation may take: about a second. Only a macro within a macro over a large list comes near.
pub(super) const MAX_STEPS: u64 = 50_000_000;

/// Evaluates an expression over one answer.
pub(super) fn evaluate<'a>(
    text: &'a str,
    node: &'a Node,
    answer: &'a Value,
    ty: &'a Type,
) -> Result<Val<'a>, Box<EvalError>> {
    let variable = Val::read(answer, ty).map_err(|found| unexpected(ty, found))?;
    let mut run = Run { text, variable, locals: Vec::new(), steps_left: MAX_STEPS };
    run.eval(node)
}

/// Boxed, so that the result of each step stays small.
pub(super) type Evaluated<'a> = Result<Val<'a>, Box<EvalError>>;

pub(super) struct Run<'a> {
    text: &'a str,
    variable: Val<'a>,
    locals: Vec<Val<'a>>,
    steps_left: u64,
}

impl<'a> Run<'a> {
    pub(super) fn eval(&mut self, node: &'a Node) -> Evaluated<'a> {
        self.spend(1)?;
        match &node.kind {
            Kind::Constant(constant) => Ok(constant_value(constant)),
            Kind::Variable => Ok(self.variable.clone()),
            Kind::Local(slot) => Ok(self.locals[*slot].clone()),
            Kind::Field { of, name } => self.field(node, of, name),
            Kind::Has { of, name } => match self.eval(of)? {
                Val::Object(members, _) => Ok(Val::Bool(members.contains_key(name))),
                other => Err(self.wrong_type(node, "an object", &other)),
            },
            Kind::Index { of, at } => self.index(node, of, at),
            Kind::Not(operand) => Ok(Val::Bool(!self.truth(operand)?)),
            Kind::Negate(operand) => {
                let operand = self.eval(operand)?;
                arithmetic::negate(&operand).map_err(|failure| self.arithmetic_error(node, failure))
            }
            Kind::And(left, right) => Ok(Val::Bool(self.truth(left)? && self.truth(right)?)),
            Kind::Or(left, right) => Ok(Val::Bool(self.truth(left)? || self.truth(right)?)),
            Kind::If { condition, then, otherwise } => match self.truth(condition)? {
                true => self.eval(then),
                false => self.eval(otherwise),
            },
            Kind::Compare { operator, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                match arithmetic::compare(*operator, &left, &right) {
                    Some(truth) => Ok(Val::Bool(truth)),
                    None => Err(self.wrong_type(node, left.type_name(), &right)),
                }
            }
            Kind::Arithmetic { operator, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                arithmetic::compute(*operator, &left, &right)
                    .map_err(|failure| self.arithmetic_error(node, failure))
            }
            Kind::In { item, list } => self.membership(node, item, list),
            Kind::List(elements) => {
                let made: Result<Vec<Val<'a>>, _> =
                    elements.iter().map(|element| self.eval(element)).collect();
                Ok(Val::List(List::Made(Rc::new(made?))))
            }
            Kind::Each(each) => self.each(each),
            Kind::Call { function, arguments } => {
                let values: Result<Vec<Val<'a>>, _> =
                    arguments.iter().map(|argument| self.eval(argument)).collect();
                builtin::call(self, node, *function, &values?)
            }
        }
    }

    fn truth(&mut self, node: &'a Node) -> Result<bool, Box<EvalError>> {
        match self.eval(node)? {
            Val::Bool(truth) => Ok(truth),
            other => Err(self.wrong_type(node, "true or false", &other)),
        }
    }

    fn field(&mut self, node: &'a Node, of: &'a Node, name: &str) -> Evaluated<'a> {
        match self.eval(of)? {
            Val::Object(members, ty) => match members.get(name) {
                Some(member) => self.read(member, value::member_type(ty, name)),
                None => Err(Box::new(EvalError::NoField { at: self.quote(of), field: name.to_owned() })),
            },
            other => Err(self.wrong_type(node, "an object", &other)),
        }
    }

    fn index(&mut self, node: &'a Node, of: &'a Node, at: &'a Node) -> Evaluated<'a> {
        match (self.eval(of)?, self.eval(at)?) {
            (Val::List(list), Val::Int(index)) => match usize::try_from(index) {
                Ok(place) if place < list.len() => self.element(&list, place),
                _ => Err(Box::new(EvalError::NoElement { at: self.quote(node), index, length: list.len() })),
            },
            (Val::Object(members, ty), Val::Text(name)) => match members.get(name.as_ref()) {
                Some(member) => self.read(member, value::member_type(ty, &name)),
                None => Err(Box::new(EvalError::NoField { at: self.quote(of), field: name.into_owned() })),
            },
            (Val::List(_), other) => Err(self.wrong_type(node, "a whole number", &other)),
            (other, _) => Err(self.wrong_type(node, "a list or an object", &other)),
        }
    }

    fn membership(&mut self, node: &'a Node, item: &'a Node, list: &'a Node) -> Evaluated<'a> {
        match (self.eval(item)?, self.eval(list)?) {
            (item, Val::List(list)) => {
                self.spend(list.len() as u64)?;
                for place in 0..list.len() {
                    if value::equal(&item, &self.element(&list, place)?) {
                        return Ok(Val::Bool(true));
                    }
                }
                Ok(Val::Bool(false))
            }
            (Val::Text(name), Val::Object(members, _)) => Ok(Val::Bool(members.contains_key(name.as_ref()))),
            (_, other) => Err(self.wrong_type(node, "a list or an object", &other)),
        }
    }

    fn each(&mut self, each: &'a Each) -> Evaluated<'a> {
        let list = match self.eval(&each.list)? {
            Val::List(list) => list,
            other => return Err(self.wrong_type(&each.list, "a list", &other)),
        };
        let depth = self.locals.len();
        let result = self.walk(&list, &each.body);
        self.locals.truncate(depth);
        result
    }

    /// Runs the body for each element, which stands in a local of its own meanwhile.
    fn walk(&mut self, list: &List<'a>, body: &'a Body) -> Evaluated<'a> {
        let slot = self.locals.len();
        self.locals.push(Val::Null);
        let mut found: u64 = 0;
        let mut made = Vec::new();
        for place in 0..list.len() {
            let element = self.element(list, place)?;
            self.locals[slot] = element;
            match body {
                Body::Any(test) if self.truth(test)? => return Ok(Val::Bool(true)),
                Body::All(test) if !self.truth(test)? => return Ok(Val::Bool(false)),
                Body::Any(_) | Body::All(_) => {}
                Body::One(test) => found += u64::from(self.truth(test)?),
                Body::Filter(test) => {
                    if self.truth(test)? {
                        self.spend(10)?;
                        made.push(self.locals[slot].clone());
                    }
                }
                Body::Map { condition, result } => {
                    let wanted = condition.as_ref().map_or(Ok(true), |condition| self.truth(condition))?;
                    if wanted {
                        self.spend(10)?;
                        let result = self.eval(result)?;
                        made.push(result);
                    }
                }
            }
        }
        Ok(match body {
            Body::Any(_) => Val::Bool(false),
            Body::All(_) => Val::Bool(true),
            Body::One(_) => Val::Bool(found == 1),
            Body::Filter(_) | Body::Map { .. } => Val::List(List::Made(Rc::new(made))),
        })
    }

    pub(super) fn element(&self, list: &List<'a>, place: usize) -> Evaluated<'a> {
        list.at(place).map_err(|found| match list {
            List::Answer(_, ty) => unexpected(ty, found),
            List::Made(_) => unexpected(&Type::Any, found),
        })
    }

    fn read(&self, value: &'a Value, ty: &'a Type) -> Evaluated<'a> {
        Val::read(value, ty).map_err(|found| unexpected(ty, found))
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Box<EvalError>> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Box::new(EvalError::TooCostly { limit: MAX_STEPS })),
        }
    }

    pub(super) fn quote(&self, node: &Node) -> String {
        self.text.get(node.span.clone()).unwrap_or_default().to_owned()
    }

    pub(super) fn wrong_type(&self, node: &Node, expected: &str, found: &Val<'_>) -> Box<EvalError> {
        let (expected, found) = (expected.to_owned(), found.type_name().to_owned());
        Box::new(EvalError::WrongType { at: self.quote(node), expected, found })
    }

    fn arithmetic_error(&self, node: &Node, failure: arithmetic::Failure) -> Box<EvalError> {
        let at = self.quote(node);
        Box::new(match failure {
            arithmetic::Failure::DivisionByZero => EvalError::DivisionByZero { at },
            arithmetic::Failure::Overflow => EvalError::Overflow { at },
            arithmetic::Failure::NotFinite => EvalError::NotFinite { at },
            arithmetic::Failure::WrongType { expected, found } => {
                EvalError::WrongType { at, expected: expected.to_owned(), found: found.to_owned() }
            }
        })
    }
}

fn constant_value(constant: &Constant) -> Val<'_> {
    match constant {
        Constant::Null => Val::Null,
        Constant::Bool(truth) => Val::Bool(*truth),
        Constant::Int(int) => Val::Int(*int),
        Constant::Double(double) => Val::Double(*double),
        Constant::Text(text) => Val::Text(text.as_str().into()),
        Constant::Duration(nanoseconds) => Val::Duration(*nanoseconds),
    }
}

fn unexpected(ty: &Type, found: String) -> Box<EvalError> {
    Box::new(EvalError::UnexpectedAnswer { expected: ty.to_string(), found })
}
