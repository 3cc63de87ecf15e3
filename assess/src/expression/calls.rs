//! Checks operators and function calls.

use cel::common::ast::{CallExpr, IdedExpr, operators};

use super::check::{Checker, Typed, typed};
use super::duration;
use super::error::Mistake;
use super::functions::{self, Function, SIGNATURES, Signature, Style};
use super::ir::{Arithmetic, Comparison, Constant, Kind, Node};
use super::suggest;
use super::types::Type;

impl Checker<'_> {
    pub(super) fn call(&mut self, id: u64, call: &CallExpr) -> Typed {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [operand]) => self.not(id, operand),
            (operators::NEGATE, [operand]) => self.negate(id, operand),
            (operators::LOGICAL_AND, [left, right]) => self.logic(id, left, right, true),
            (operators::LOGICAL_OR, [left, right]) => self.logic(id, left, right, false),
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                self.conditional(id, condition, then, otherwise)
            }
            (operators::INDEX, [of, at]) => self.index(id, of, at),
            (operators::IN, [item, list]) => self.membership(id, item, list),
            (name, [left, right]) if call.target.is_none() && comparison(name).is_some() => {
                self.comparison(id, comparison(name).unwrap_or(Comparison::Equal), left, right)
            }
            (name, [left, right]) if call.target.is_none() && arithmetic(name).is_some() => {
                self.arithmetic(id, arithmetic(name).unwrap_or(Arithmetic::Add), left, right)
            }
            _ => self.function(id, call),
        }
    }

    fn not(&mut self, id: u64, operand: &IdedExpr) -> Typed {
        let operand = self.lower(operand);
        self.must_be_bool(&operand, "`!` turns true into false and false into true");
        let span = self.places.whole(id, [&operand.node.span]);
        typed(Kind::Not(Box::new(operand.node)), span, Type::Bool)
    }

    fn negate(&mut self, id: u64, operand: &IdedExpr) -> Typed {
        let operand = self.lower(operand);
        let span = self.places.whole(id, [&operand.node.span]);
        let ty = operand.ty.present().clone();
        if !ty.may_be_number() && ty != Type::Duration {
            let message = format!("`-` needs a number, found {ty}");
            return self.wrong(Mistake::new(operand.node.span, message, format!("this is {ty}")));
        }
        typed(Kind::Negate(Box::new(operand.node)), span, ty)
    }

    fn logic(&mut self, id: u64, left: &IdedExpr, right: &IdedExpr, and: bool) -> Typed {
        let (left, right) = (self.lower(left), self.lower(right));
        let rule =
            if and { "both sides of `&&` are true or false" } else { "both sides of `||` are true or false" };
        self.must_be_bool(&left, rule);
        self.must_be_bool(&right, rule);
        let span = self.places.whole(id, [&left.node.span, &right.node.span]);
        let (left, right) = (Box::new(left.node), Box::new(right.node));
        let kind = if and { Kind::And(left, right) } else { Kind::Or(left, right) };
        typed(kind, span, Type::Bool)
    }

    fn conditional(&mut self, id: u64, condition: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> Typed {
        let (condition, then, otherwise) = (self.lower(condition), self.lower(then), self.lower(otherwise));
        self.must_be_bool(&condition, "what stands before `?` must be true or false");
        let ty = then.ty.join(&otherwise.ty);
        let span = self.places.whole(id, [&condition.node.span, &then.node.span, &otherwise.node.span]);
        let kind = Kind::If {
            condition: Box::new(condition.node),
            then: Box::new(then.node),
            otherwise: Box::new(otherwise.node),
        };
        typed(kind, span, ty)
    }

    fn index(&mut self, id: u64, of: &IdedExpr, at: &IdedExpr) -> Typed {
        let (of, at) = (self.lower(of), self.lower(at));
        let span = self.places.whole(id, [&of.node.span, &at.node.span]);
        let (wanted, ty) = match of.ty.present() {
            Type::Any => (Type::Any, Type::Any),
            Type::List(element) => (Type::Int, element.as_ref().clone()),
            Type::Map(member) => (Type::String, member.as_ref().clone()),
            other => {
                let message = format!("{other} cannot be indexed");
                return self.wrong(Mistake::new(of.node.span, message, format!("this is {other}")));
            }
        };
        if wanted != Type::Any && *at.ty.present() != Type::Any && *at.ty.present() != wanted {
            let message = format!("expected {wanted} between the brackets, found {}", at.ty);
            return self.wrong(Mistake::new(at.node.span, message, format!("this is {}", at.ty)));
        }
        typed(Kind::Index { of: Box::new(of.node), at: Box::new(at.node) }, span, ty)
    }

    fn membership(&mut self, id: u64, item: &IdedExpr, list: &IdedExpr) -> Typed {
        let (item, list) = (self.lower(item), self.lower(list));
        let span = self.places.whole(id, [&item.node.span, &list.node.span]);
        let fits = match list.ty.present() {
            Type::Any => true,
            Type::List(element) => equatable(&item.ty, element),
            Type::Map(_) | Type::Object(_) => matches!(item.ty.present(), Type::String | Type::Any),
            _ => false,
        };
        if !fits {
            let message = format!("{} cannot be in {}", item.ty, list.ty);
            return self.wrong(Mistake::new(span, message, "never true"));
        }
        typed(Kind::In { item: Box::new(item.node), list: Box::new(list.node) }, span, Type::Bool)
    }

    fn comparison(&mut self, id: u64, operator: Comparison, left: &IdedExpr, right: &IdedExpr) -> Typed {
        let (left, right) = (self.lower(left), self.lower(right));
        let span = self.places.whole(id, [&left.node.span, &right.node.span]);
        let fits = match operator.is_equality() {
            true => equatable(&left.ty, &right.ty),
            false => orderable(&left.ty, &right.ty),
        };
        if !fits {
            let message = format!("`{}` cannot compare {} with {}", operator.symbol(), left.ty, right.ty);
            let mut mistake = Mistake::new(span, message, "these do not compare");
            if matches!(left.ty.present(), Type::List(_)) && right.ty.may_be_number() {
                mistake =
                    mistake.hint("compare a number made of the list, such as count(value) or max(value)");
            } else if let Type::Object(fields) = left.ty.present() {
                let known: Vec<&str> = fields.known.keys().map(String::as_str).collect();
                mistake = mistake.hint(format!("compare one of its fields: {}", known.join(", ")));
            }
            return self.wrong(mistake);
        }
        self.warn_of_lost_fraction(&left, &right);
        let kind = Kind::Compare { operator, left: Box::new(left.node), right: Box::new(right.node) };
        typed(kind, span, Type::Bool)
    }

    fn arithmetic(&mut self, id: u64, operator: Arithmetic, left: &IdedExpr, right: &IdedExpr) -> Typed {
        let (left, right) = (self.lower(left), self.lower(right));
        let span = self.places.whole(id, [&left.node.span, &right.node.span]);
        let Some(ty) = arithmetic_type(operator, left.ty.present(), right.ty.present()) else {
            let message = format!("`{}` is not defined for {} and {}", operator.symbol(), left.ty, right.ty);
            return self.wrong(Mistake::new(span, message, "these do not go together"));
        };
        if ty == Type::Double {
            self.warn_of_lost_fraction(&left, &right);
        }
        typed(Kind::Arithmetic { operator, left: Box::new(left.node), right: Box::new(right.node) }, span, ty)
    }

    /// `3 / 100 <= 0.02` is true because whole numbers divide without fraction: nearly never what was meant, and
    /// it errs on the side of passing. So a quotient of ints must not meet a double.
    fn warn_of_lost_fraction(&mut self, left: &Typed, right: &Typed) {
        for (quotient, other) in [(left, right), (right, left)] {
            let is_quotient =
                matches!(quotient.node.kind, Kind::Arithmetic { operator: Arithmetic::Divide, .. });
            if is_quotient && quotient.ty == Type::Int && *other.ty.present() == Type::Double {
                let message = "this division of whole numbers drops the fraction before it meets a double";
                self.mistakes.push(
                    Mistake::new(quotient.node.span.clone(), message, "an int divided by an int")
                        .hint("divz(a, b) divides as doubles and gives 0.0 where b is 0"),
                );
            }
        }
    }

    fn function(&mut self, id: u64, call: &CallExpr) -> Typed {
        let receiver = call.target.as_deref();
        let arguments: Vec<Typed> =
            receiver.into_iter().chain(&call.args).map(|argument| self.lower(argument)).collect();
        let mut span = self.places.whole(id, arguments.iter().map(|argument| &argument.node.span));
        let name = call.func_name.as_str();
        if receiver.is_none() {
            span = self.places.with_name(span, name);
        }
        let mistake = match functions::find(name) {
            None => Some(unknown(name)),
            Some(signature) => misuse(signature, receiver.is_some(), &arguments),
        };
        match (mistake, functions::find(name)) {
            (None, Some(signature)) => {
                if let Some(constant) = self.constant_duration(signature.function, &arguments) {
                    return constant;
                }
                let types: Vec<Type> = arguments.iter().map(|argument| argument.ty.clone()).collect();
                let nodes = arguments.into_iter().map(|argument| argument.node).collect();
                let ty = signature.function.result(&types);
                typed(Kind::Call { function: signature.function, arguments: nodes }, span, ty)
            }
            (Some(mistake), _) => {
                let span = if mistake.span.is_empty() { span } else { mistake.span.clone() };
                self.wrong(Mistake { span, ..mistake })
            }
            (None, None) => self.wrong(Mistake { span, ..unknown(name) }),
        }
    }

    /// A duration that is written out is read here, so that a slip in it is found before the check starts.
    fn constant_duration(&mut self, function: Function, arguments: &[Typed]) -> Option<Typed> {
        let [Typed { node: Node { kind: Kind::Constant(Constant::Text(text)), span }, .. }] = arguments
        else {
            return None;
        };
        if function != Function::ToDuration {
            return None;
        }
        Some(match duration::parse(text) {
            Some(nanoseconds) => {
                typed(Kind::Constant(Constant::Duration(nanoseconds)), span.clone(), Type::Duration)
            }
            None => self.wrong(
                Mistake::new(span.clone(), format!("`{text}` is not a duration"), "cannot be read")
                    .hint("write 36h, 52w or P1DT2H; months and years have no fixed length"),
            ),
        })
    }
}

fn unknown(name: &str) -> Mistake {
    let mut known: Vec<&str> = SIGNATURES.iter().map(|signature| signature.name).collect();
    known.extend(["exists", "all", "exists_one", "filter", "map", "has"]);
    Mistake::new(0..0, format!("unknown function `{name}`"), "not a function")
        .hint(suggest::hint(name, &known))
}

/// What is wrong with a call of a known function; the span is empty where the whole call is meant.
fn misuse(signature: &Signature, as_method: bool, arguments: &[Typed]) -> Option<Mistake> {
    let name = signature.name;
    match (signature.style, as_method) {
        (Style::Global, true) => {
            let message = format!("`{name}` is not called on a value");
            return Some(Mistake::new(0..0, message, "here").hint(signature.meaning));
        }
        (Style::Method, false) => {
            let message = format!("`{name}` is called on a string");
            return Some(Mistake::new(0..0, message, "here").hint(signature.meaning));
        }
        _ => {}
    }
    if arguments.len() != signature.parameters.len() {
        let expected = signature.parameters.len() - usize::from(as_method);
        let found = arguments.len() - usize::from(as_method);
        let message = format!("`{name}` takes {expected} argument(s), found {found}");
        return Some(Mistake::new(0..0, message, "here").hint(signature.meaning));
    }
    let (argument, parameter) = arguments
        .iter()
        .zip(signature.parameters)
        .find(|(argument, parameter)| !parameter.accepts(&argument.ty))?;
    let message = format!("`{name}` needs {}, found {}", parameter.description(), argument.ty);
    let label = format!("this is {}", argument.ty);
    Some(Mistake::new(argument.node.span.clone(), message, label).hint(signature.meaning))
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}

/// The type of the result, or nothing where the operator is not defined. An int meeting a double becomes one.
fn arithmetic_type(operator: Arithmetic, left: &Type, right: &Type) -> Option<Type> {
    use Arithmetic::{Add, Remainder, Subtract};
    match (left, right) {
        (Type::Int, Type::Int) => Some(Type::Int),
        (Type::Any, Type::Any) => Some(Type::Any),
        _ if operator == Remainder => {
            matches!((left, right), (Type::Any | Type::Int, Type::Any | Type::Int)).then_some(Type::Any)
        }
        (Type::Int | Type::Double, Type::Int | Type::Double) => Some(Type::Double),
        (Type::Duration, Type::Duration) if matches!(operator, Add | Subtract) => Some(Type::Duration),
        (Type::String, Type::String) if operator == Add => Some(Type::String),
        (Type::Any, other) | (other, Type::Any) if other.may_be_number() => Some(Type::Any),
        (Type::Any, Type::String | Type::Duration) | (Type::String | Type::Duration, Type::Any) => {
            Some(Type::Any)
        }
        _ => None,
    }
}

fn orderable(left: &Type, right: &Type) -> bool {
    match (left.present(), right.present()) {
        (Type::Any, Type::Null | Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Bool)
        | (Type::Null | Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Bool, Type::Any) => false,
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::String, Type::String) | (Type::Duration, Type::Duration) => true,
        (left, right) => left.may_be_number() && right.may_be_number(),
    }
}

fn equatable(left: &Type, right: &Type) -> bool {
    if *left == Type::Null || *right == Type::Null {
        return left.may_be_null() && right.may_be_null();
    }
    match (left.present(), right.present()) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::List(left), Type::List(right)) => equatable(left, right),
        (Type::Map(_) | Type::Object(_), Type::Map(_) | Type::Object(_)) => true,
        (left, right) => left == right || (left.may_be_number() && right.may_be_number()),
    }
}
