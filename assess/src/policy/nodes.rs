//! Reading KDL nodes strictly: what is not known is a problem, and reading goes on after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kdl::{KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;

use crate::expression::{ExpressionError, Reading, suggest};

use super::model::{Expr, Spanned};
use super::problem::{Cause, Problem};

/// Collects the problems of a file while it is read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
    /// The expressions so far, by their texts.
    readings: BTreeMap<String, Arc<Reading>>,
}

impl Reader {
    pub(super) fn problem(&mut self, cause: Cause, span: SourceSpan, label: &str) {
        self.problems.push(Problem { cause, span, label: label.to_owned(), hint: None });
    }

    pub(super) fn problem_with_hint(
        &mut self,
        cause: Cause,
        span: SourceSpan,
        label: &str,
        hint: impl Into<String>,
    ) {
        self.problems.push(Problem { cause, span, label: label.to_owned(), hint: Some(hint.into()) });
    }

    /// The node's properties by name. Unknown ones and those given twice are problems.
    pub(super) fn properties<'n>(
        &mut self,
        node: &'n KdlNode,
        known: &[&str],
    ) -> BTreeMap<&'n str, &'n KdlEntry> {
        let mut properties = BTreeMap::new();
        for entry in node.entries() {
            let Some(name) = entry.name() else { continue };
            if !known.contains(&name.value()) {
                let cause = Cause::UnknownProperty {
                    name: name.value().to_owned(),
                    node: node.name().value().to_owned(),
                };
                let hint = match known {
                    [] => "this node has no properties".to_owned(),
                    known => suggest::hint(name.value(), known),
                };
                self.problem_with_hint(cause, name.span(), "not known here", hint);
            } else if properties.insert(name.value(), entry).is_some() {
                let cause = Cause::Duplicate { what: format!("property `{}`", name.value()) };
                self.problem(cause, entry.span(), "the second one");
            }
        }
        properties
    }

    /// The node's one argument, a string. `what` says in messages what it is.
    pub(super) fn text_argument(&mut self, node: &KdlNode, what: &str) -> Option<Spanned<String>> {
        let mut arguments = node.entries().iter().filter(|entry| entry.name().is_none());
        let first = arguments.next();
        for superfluous in arguments {
            let cause = Cause::Superfluous {
                node: node.name().value().to_owned(),
                what: "second argument".to_owned(),
            };
            self.problem(cause, superfluous.span(), "one too many");
        }
        match first {
            Some(entry) => self.text(entry, what),
            None => {
                let node_name = node.name().value();
                let cause = Cause::Missing { node: format!("`{node_name}`"), what: what.to_owned() };
                self.problem_with_hint(
                    cause,
                    node.name().span(),
                    "here",
                    format!("write: {node_name} \"…\""),
                );
                None
            }
        }
    }

    /// The text of an argument or a property.
    pub(super) fn text(&mut self, entry: &KdlEntry, what: &str) -> Option<Spanned<String>> {
        match entry.value() {
            KdlValue::String(text) => Some(Spanned { value: text.clone(), span: value_span(entry) }),
            other => {
                let cause = Cause::WrongType {
                    what: what.to_owned(),
                    expected: "a string".to_owned(),
                    found: other.to_string(),
                };
                self.problem(cause, value_span(entry), "not a string");
                None
            }
        }
    }

    /// An expression; whether it is one is not checked here.
    pub(super) fn expression(&mut self, entry: &KdlEntry) -> Option<Expr> {
        let Spanned { value: text, span } = self.text(entry, "an expression")?;
        let verbatim_at = verbatim_offset(entry, &text).map(|offset| span.offset() + offset);
        let reading = self.readings.entry(text.clone()).or_insert_with_key(|text| Reading::new(text).into());
        Some(Expr { reading: reading.clone(), text, span, verbatim_at })
    }

    /// The weight: a finite number, not negative. 1 where there is none.
    pub(super) fn weight(&mut self, entry: Option<&&KdlEntry>) -> f64 {
        let Some(entry) = entry else { return 1.0 };
        let weight = match entry.value() {
            KdlValue::Integer(integer) => *integer as f64,
            KdlValue::Float(float) => *float,
            _ => f64::NAN,
        };
        if weight.is_finite() && (0.0..=1e9).contains(&weight) {
            return weight;
        }
        let cause = Cause::BadWeight { found: entry.value().to_string() };
        self.problem_with_hint(
            cause,
            value_span(entry),
            "not a weight",
            "a weight is a number from 0 to 1000000000; 0 informs without counting",
        );
        1.0
    }

    /// Arguments of a node that has none.
    pub(super) fn no_arguments(&mut self, node: &KdlNode) {
        for entry in node.entries().iter().filter(|entry| entry.name().is_none()) {
            let cause =
                Cause::Superfluous { node: node.name().value().to_owned(), what: "argument".to_owned() };
            self.problem(cause, entry.span(), "one too many");
        }
    }

    /// Children of a node that has none.
    pub(super) fn no_children(&mut self, node: &KdlNode) {
        if let Some(first) = node.children().and_then(|children| children.nodes().first()) {
            let cause =
                Cause::Superfluous { node: node.name().value().to_owned(), what: "children".to_owned() };
            self.problem(cause, first.name().span(), "not expected");
        }
    }

    pub(super) fn unknown_node(&mut self, node: &KdlNode, parent: &str, known: &[&str]) {
        let name = node.name().value();
        let cause = Cause::UnknownNode { name: name.to_owned(), parent: parent.to_owned() };
        self.problem_with_hint(cause, node.name().span(), "not known here", suggest::hint(name, known));
    }

    /// The mistakes of an expression, at their places in the file.
    pub(super) fn expression_problems(&mut self, expr: &Expr, error: ExpressionError) {
        for mistake in error.mistakes {
            let span = match expr.verbatim_at {
                Some(start) => (start + mistake.span.start, mistake.span.len()).into(),
                None => expr.span,
            };
            let cause = Cause::Expression { message: mistake.message };
            self.problems.push(Problem { cause, span, label: mistake.label, hint: mistake.hint });
        }
    }
}

/// Where the value of an argument or property is, without the property's name.
pub(super) fn value_span(entry: &KdlEntry) -> SourceSpan {
    let whole = entry.span();
    let length = entry.format().map_or(whole.len(), |format| format.value_repr.len()).min(whole.len());
    (whole.offset() + whole.len() - length, length).into()
}

/// How far behind the start of the value its text stands unchanged: behind the quotes, if there are no escapes.
fn verbatim_offset(entry: &KdlEntry, text: &str) -> Option<usize> {
    let written = entry.format()?.value_repr.as_str();
    let inner = written.trim_matches('#');
    let inner = match inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted,
        None => inner,
    };
    if inner != text {
        return None;
    }
    written.find(inner)
}
