//! Checks an expression against the type of its variable and makes the form that is evaluated.
//!
//! Every mistake of an expression is found at once: a part that is wrong becomes [`Type::Any`], which fits
//! everything, and the check goes on.

use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr};

use super::error::Mistake;
use super::ir::{Body, Constant, Each, Kind, Node};
use super::macros::{self, Macro};
use super::parse::Places;
use super::suggest;
use super::types::Type;

/// Deepest expression that is walked; also bounds the stack of the evaluator.
const MAX_DEPTH: usize = 200;

/// A part that was checked.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) ty: Type,
}

/// The checked expression, or all that is wrong with it.
pub(super) fn check(
    root: &IdedExpr,
    places: &Places<'_>,
    variable: &str,
    ty: &Type,
) -> Result<Node, Vec<Mistake>> {
    let mut checker =
        Checker { places, variable, variable_type: ty, locals: Vec::new(), depth: 0, mistakes: Vec::new() };
    let typed = checker.lower(root);
    checker.must_be_bool(&typed, "a policy expression must say true (pass) or false");
    let mut mistakes = checker.mistakes;
    if mistakes.is_empty() {
        return Ok(typed.node);
    }
    mistakes.sort_by_key(|mistake| mistake.span.start);
    Err(mistakes)
}

pub(super) struct Checker<'a> {
    pub(super) places: &'a Places<'a>,
    variable: &'a str,
    variable_type: &'a Type,
    locals: Vec<(String, Type)>,
    depth: usize,
    pub(super) mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    pub(super) fn lower(&mut self, expression: &IdedExpr) -> Typed {
        if self.depth == MAX_DEPTH {
            let span = self.places.token(expression.id);
            let message = format!("the expression is nested more than {MAX_DEPTH} deep");
            return self.wrong(Mistake::new(span, message, "here"));
        }
        self.depth += 1;
        let typed = match &expression.expr {
            Expr::Literal(literal) => self.literal(expression.id, literal),
            Expr::Ident(name) => self.name(expression.id, name),
            Expr::Select(select) => self.select(expression.id, select),
            Expr::Call(call) => self.call(expression.id, call),
            Expr::List(list) => self.list(expression.id, list),
            Expr::Comprehension(comprehension) => self.each(expression.id, comprehension),
            Expr::Map(_) | Expr::Struct(_) => {
                self.unsupported(expression.id, "objects cannot be written here")
            }
            Expr::Unspecified => self.unsupported(expression.id, "this part is empty"),
        };
        self.depth -= 1;
        typed
    }

    fn literal(&mut self, id: u64, literal: &LiteralValue) -> Typed {
        let (constant, ty) = match literal {
            LiteralValue::Null => (Constant::Null, Type::Null),
            LiteralValue::Boolean(value) => (Constant::Bool(*value.inner()), Type::Bool),
            LiteralValue::Int(value) => (Constant::Int(*value.inner()), Type::Int),
            LiteralValue::Double(value) if value.inner().is_finite() => {
                (Constant::Double(*value.inner()), Type::Double)
            }
            LiteralValue::Double(_) => return self.unsupported(id, "the number is too large"),
            LiteralValue::String(text) => (Constant::Text(text.inner().to_owned()), Type::String),
            LiteralValue::UInt(_) => {
                return self.unsupported(id, "whole numbers are written without the `u`");
            }
            LiteralValue::Bytes(_) => return self.unsupported(id, "there are no values of bytes"),
        };
        typed(Kind::Constant(constant), self.places.token(id), ty)
    }

    fn name(&mut self, id: u64, name: &str) -> Typed {
        let span = self.places.token(id);
        if let Some(slot) = self.locals.iter().rposition(|(local, _)| local == name) {
            let ty = self.locals[slot].1.clone();
            return typed(Kind::Local(slot), span, ty);
        }
        if name == self.variable {
            return typed(Kind::Variable, span, self.variable_type.clone());
        }
        let mut known: Vec<&str> = vec![self.variable];
        known.extend(self.locals.iter().map(|(local, _)| local.as_str()));
        let hint = suggest::hint(name, &known);
        self.wrong(Mistake::new(span, format!("unknown name `{name}`"), "not known here").hint(hint))
    }

    fn select(&mut self, id: u64, select: &SelectExpr) -> Typed {
        let of = self.lower(&select.operand);
        let span = self.places.whole(id, [&of.node.span]);
        let name = select.field.clone();
        let span = match select.test {
            true => self.places.with_name(span, "has"),
            false => self.places.with_field(span, &name),
        };
        let ty = match self.field_type(&of.ty, &name) {
            Ok(ty) => ty,
            Err(mistake) => return self.wrong(Mistake { span, ..mistake }),
        };
        let of = Box::new(of.node);
        if select.test {
            return typed(Kind::Has { of, name }, span, Type::Bool);
        }
        typed(Kind::Field { of, name }, span, ty)
    }

    fn field_type(&self, of: &Type, name: &str) -> Result<Type, Mistake> {
        match of.present() {
            Type::Any => Ok(Type::Any),
            Type::Map(member) => Ok(member.as_ref().clone()),
            Type::Object(fields) => match fields.known.get(name) {
                Some(ty) => Ok(ty.clone()),
                None if fields.open => Ok(Type::Any),
                None => {
                    let known: Vec<&str> = fields.known.keys().map(String::as_str).collect();
                    Err(Mistake::new(0..0, format!("there is no field `{name}`"), "unknown field")
                        .hint(suggest::hint(name, &known)))
                }
            },
            other => Err(Mistake::new(0..0, format!("{other} has no fields"), format!("this is {other}"))),
        }
    }

    fn list(&mut self, id: u64, list: &ListExpr) -> Typed {
        let elements: Vec<Typed> = list.elements.iter().map(|element| self.lower(element)).collect();
        let span = self.places.whole(id, elements.iter().map(|element| &element.node.span));
        let element = elements.iter().map(|element| element.ty.clone()).reduce(|one, two| one.join(&two));
        let nodes = elements.into_iter().map(|element| element.node).collect();
        typed(Kind::List(nodes), span, Type::List(Arc::new(element.unwrap_or(Type::Any))))
    }

    fn each(&mut self, id: u64, comprehension: &ComprehensionExpr) -> Typed {
        let Some(found) = macros::recognise(comprehension) else {
            return self.unsupported(id, "this macro is not offered");
        };
        let list = self.lower(&comprehension.iter_range);
        let element = match list.ty.present() {
            Type::List(element) => element.as_ref().clone(),
            Type::Any => Type::Any,
            other => {
                let message = format!("`{}` is not a list", self.places.quote(&list.node.span));
                self.mistakes.push(Mistake::new(list.node.span.clone(), message, format!("this is {other}")));
                Type::Any
            }
        };
        self.locals.push((comprehension.iter_var.clone(), element));
        let (body, ty, end) = self.body(&found, &list.ty);
        self.locals.pop();
        let span = self.places.whole(id, [&list.node.span, &end]);
        typed(Kind::Each(Box::new(Each { list: list.node, body })), span, ty)
    }

    /// The body of a macro, the type of the macro's result, and the place of its last part.
    fn body(&mut self, found: &Macro<'_>, list: &Type) -> (Body, Type, Range<usize>) {
        match found {
            Macro::Any(test) | Macro::All(test) | Macro::One(test) | Macro::Filter(test) => {
                let test = self.condition(test);
                let end = test.span.clone();
                match found {
                    Macro::Any(_) => (Body::Any(test), Type::Bool, end),
                    Macro::All(_) => (Body::All(test), Type::Bool, end),
                    Macro::One(_) => (Body::One(test), Type::Bool, end),
                    _ => (Body::Filter(test), list.present().clone(), end),
                }
            }
            Macro::Map { condition, result } => {
                let condition = condition.map(|condition| self.condition(condition));
                let result = self.lower(result);
                let end = result.node.span.clone();
                (Body::Map { condition, result: result.node }, Type::list(result.ty), end)
            }
        }
    }

    fn condition(&mut self, test: &IdedExpr) -> Node {
        let test = self.lower(test);
        self.must_be_bool(&test, "the condition of a macro must be true or false");
        test.node
    }

    pub(super) fn must_be_bool(&mut self, part: &Typed, rule: &str) {
        if !matches!(part.ty.present(), Type::Bool | Type::Any) {
            let message = format!("expected bool, found {}", part.ty);
            let label = format!("this is {}", part.ty);
            self.mistakes.push(Mistake::new(part.node.span.clone(), message, label).hint(rule));
        }
    }

    pub(super) fn wrong(&mut self, mistake: Mistake) -> Typed {
        let span = mistake.span.clone();
        self.mistakes.push(mistake);
        typed(Kind::Constant(Constant::Null), span, Type::Any)
    }

    fn unsupported(&mut self, id: u64, message: &str) -> Typed {
        let span = self.places.token(id);
        self.wrong(Mistake::new(span, message, "not offered"))
    }
}

pub(super) fn typed(kind: Kind, span: Range<usize>, ty: Type) -> Typed {
    Typed { node: Node { kind, span }, ty }
}
