//! What can be wrong with an expression, before it runs ([`Mistake`]) and while it runs ([`EvalError`]).

use std::ops::Range;

/// The expression was not accepted. Holds at least one mistake, in the order of the text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct ExpressionError {
    pub mistakes: Vec<Mistake>,
}

impl ExpressionError {
    fn summary(&self) -> String {
        let messages: Vec<&str> = self.mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        messages.join("; ")
    }
}

/// One mistake, with its place in the expression's own text.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// The words to set below the marked text.
    pub label: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// Bytes of the expression's text; may be empty at its end.
    pub span: Range<usize>,
}

impl Mistake {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), hint: None, span }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An accepted expression could not judge a value. Counts as an errored analysis, never as a pass.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalError {
    #[error("cannot divide by zero in `{at}`")]
    DivisionByZero { at: String },
    #[error("the result of `{at}` is too large for its type")]
    Overflow { at: String },
    #[error("the result of `{at}` is not a finite number")]
    NotFinite { at: String },
    #[error("`{at}` has no value for an empty list")]
    EmptyList { at: String },
    #[error("there is no field `{field}` in the value of `{at}`")]
    NoField { at: String, field: String },
    #[error("`{at}` asks for element {index} of a list of {length}")]
    NoElement { at: String, index: i64, length: usize },
    #[error("`{at}` needs {expected} but got {found}")]
    WrongType { at: String, expected: String, found: String },
    #[error("`{at}`: \"{text}\" is not a duration such as 36h, 52w or P1DT2H")]
    BadDuration { at: String, text: String },
    #[error("the answer is not of the type {expected}: it holds {found}")]
    UnexpectedAnswer { expected: String, found: String },
    #[error("the expression takes more than {limit} steps on this answer")]
    TooCostly { limit: u64 },
}
