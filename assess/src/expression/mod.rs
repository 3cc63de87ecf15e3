//! Policy expressions: CEL over one variable, checked before anything runs.
//!
//! CEL's own parser reads the text; the check against the answer's JSON Schema and the evaluation are done here
//! (why: `eval.rs`). Start with [`Expression::compile`]. Nothing here knows of policies or plugins.

mod arithmetic;
mod builtin;
mod calls;
mod canonical;
mod check;
mod duration;
mod error;
mod eval;
mod functions;
mod ir;
mod macros;
mod parse;
mod schema;
pub mod suggest;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use canonical::canonical;
pub use error::{EvalError, ExpressionError, Mistake};
use serde_json::Value;
pub use types::{Fields, Type};

use ir::{Kind, Node};
use parse::Parsed;
use value::Val;

/// An expression that was read, be it with a mistake. What it speaks of was not looked at.
#[derive(Debug)]
pub(crate) struct Reading {
    text: String,
    parsed: Result<Parsed, Mistake>,
}

/// An expression that was accepted for a variable of one type.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    ty: Type,
    root: Node,
}

/// What an expression says of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether the expression is true.
    pub holds: bool,
    /// The two sides, where the expression as a whole compares numbers.
    pub comparison: Option<Compared>,
}

/// A comparison of two numbers, as in `0.013 <= 0.02`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    pub left: f64,
    /// `<`, `<=`, `>`, `>=`, `==` or `!=`
    pub operator: &'static str,
    pub right: f64,
}

impl Reading {
    /// Reads an expression, which takes CEL's parser longer than all that is done with it later.
    pub(crate) fn new(text: &str) -> Reading {
        Reading { text: text.to_owned(), parsed: parse::parse(text) }
    }

    /// Checks it as [`Expression::compile`] does.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn compile(&self, variable: &str, ty: &Type) -> Result<Expression, ExpressionError> {
        let parsed = match &self.parsed {
            Ok(parsed) => parsed,
            Err(mistake) => return Err(ExpressionError { mistakes: vec![mistake.clone()] }),
        };
        let root = check::check(&parsed.root, &parsed.places(&self.text), variable, ty)
            .map_err(|mistakes| ExpressionError { mistakes })?;
        Ok(Expression { text: self.text.clone(), ty: ty.clone(), root })
    }
}

impl Expression {
    /// Reads and checks an expression over one variable (`value` or `score`) of the given type.
    ///
    /// # Errors
    /// All mistakes at once, with their places in the text; of mistakes in its grammar the first alone.
    pub fn compile(text: &str, variable: &str, ty: &Type) -> Result<Expression, ExpressionError> {
        Reading::new(text).compile(variable, ty)
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the expression holds for the answer.
    ///
    /// # Errors
    /// Where the answer has no verdict: a division by zero, an element that is missing, a cost beyond the limit.
    pub fn judge(&self, answer: &Value) -> Result<bool, EvalError> {
        self.judgement(answer).map(|judgement| judgement.holds)
    }

    /// Whether the expression holds, with the two numbers that it compares, if it is such a comparison.
    ///
    /// # Errors
    /// As [`Expression::judge`].
    pub fn judgement(&self, answer: &Value) -> Result<Judgement, EvalError> {
        if let Kind::Compare { operator, left, right } = &self.root.kind {
            let (left_value, right_value) = (self.evaluate(left, answer)?, self.evaluate(right, answer)?);
            if let (Some(left), Some(right)) = (left_value.as_double(), right_value.as_double()) {
                let holds = arithmetic::compare(*operator, &left_value, &right_value).unwrap_or(false);
                let comparison = Some(Compared { left, operator: operator.symbol(), right });
                return Ok(Judgement { holds, comparison });
            }
        }
        match self.evaluate(&self.root, answer)? {
            Val::Bool(holds) => Ok(Judgement { holds, comparison: None }),
            other => Err(EvalError::WrongType {
                at: self.text.clone(),
                expected: "true or false".to_owned(),
                found: other.type_name().to_owned(),
            }),
        }
    }

    fn evaluate<'a>(&'a self, node: &'a Node, answer: &'a Value) -> Result<Val<'a>, EvalError> {
        eval::evaluate(&self.text, node, answer, &self.ty).map_err(|error| *error)
    }
}

/// The language of expressions in a few lines: for the description of the policy file.
pub(crate) fn language() -> String {
    let mut lines = vec![LANGUAGE.to_owned()];
    lines.extend(functions::SIGNATURES.iter().map(|signature| format!("  {}", signature.meaning)));
    lines.join("\n")
}

const LANGUAGE: &str = "\
Expressions are CEL over one variable and give true or false. Literals: true, false, null, 3, 3.0, 'text', [1, 2].
Operators: ! - * / % + < <= > >= == != in && || ?: . []. An int that meets a double becomes one; ints divide without
fraction; dividing by zero, and whatever is not a finite number, is an error. A part that is evaluated and fails
fails the expression.
Macros: list.exists(x, test), list.all(x, test), list.exists_one(x, test), list.filter(x, test), list.map(x, result),
list.map(x, test, result), has(object.field).
Functions:";
