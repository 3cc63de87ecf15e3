//! What can be wrong with a policy, told all at once, each with its place, cause and cure.

use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode, SourceSpan};

use super::Policy;

/// Everything that is wrong with one policy file. Holds at least one problem, in the order of the file.
#[derive(Debug, thiserror::Error)]
#[error("{} {} in {}", self.problems.len(), if self.problems.len() == 1 { "problem" } else { "problems" }, self.source_name())]
pub struct PolicyErrors {
    pub text: Text,
    pub problems: Vec<Problem>,
    /// What of the policy is sound, where enough is to ask the plugins about it, so that their problems with it can be
    /// told at the same time.
    pub sound: Option<Box<Policy>>,
}

/// The text of a policy with its name, shared by all that refers to places in it.
#[derive(Debug, Clone)]
pub struct Text {
    named: Arc<NamedSource<String>>,
}

impl Text {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { named: Arc::new(NamedSource::new(name, text.to_owned())) }
    }

    /// The name that messages use, as a path or `built-in policy`.
    pub fn name(&self) -> &str {
        self.named.name()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{cause}")]
pub struct Problem {
    pub cause: Cause,
    /// Bytes of the file.
    pub span: SourceSpan,
    /// The words below the marked text.
    pub label: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// Why a policy is not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    #[error("not valid KDL: {message}")]
    Syntax { message: String },
    #[error("the policy is larger or nested deeper than is read: {what}")]
    TooLarge { what: String },
    #[error("unknown node `{name}` in {parent}")]
    UnknownNode { name: String, parent: String },
    #[error("unknown property `{name}` of `{node}`")]
    UnknownProperty { name: String, node: String },
    #[error("{node} needs {what}")]
    Missing { node: String, what: String },
    #[error("`{node}` takes no {what}")]
    Superfluous { node: String, what: String },
    #[error("{what} is given twice")]
    Duplicate { what: String },
    #[error("{what} must be {expected}, found {found}")]
    WrongType { what: String, expected: String, found: String },
    #[error("{found} is no weight")]
    BadWeight { found: String },
    #[error("the policy counts nothing: every analysis weighs 0")]
    NothingCounts,
    #[error("category `{name}` is empty")]
    EmptyCategory { name: String },
    #[error("`{name}` is no {what} name")]
    BadName { name: String, what: String },
    #[error("unknown plugin `{name}`")]
    UnknownPlugin { name: String },
    #[error("unknown analysis `{name}`")]
    UnknownAnalysis { name: String },
    #[error("not a SHA-256 digest")]
    BadDigest,
    #[error("{message}")]
    BadConfiguration { message: String },
    #[error("{message}")]
    Expression { message: String },
    #[error("plugin `{plugin}` has no query `{query}`")]
    UnknownQuery { plugin: String, query: String },
    #[error("plugin `{plugin}` has no default query")]
    NoDefaultQuery { plugin: String },
    #[error("analysis `{analysis}` has no policy, and plugin `{plugin}` brings none")]
    NoPolicy { analysis: String, plugin: String },
    #[error("{what}")]
    BadPlace { what: String },
    #[error("plugin `{plugin}` has no rule `{rule}`")]
    UnknownRule { plugin: String, rule: String },
    #[error("{what}")]
    NothingToSuppress { what: String },
    #[error("the policy grants {thing} to plugin {plugin}, which does not ask for it")]
    UnaskedGrant { plugin: String, thing: String },
    #[error("plugin `{plugin}` was not asked")]
    NotAsked { plugin: String },
    #[error("plugin `{plugin}` {message}")]
    Plugin { plugin: String, message: String },
}

impl Cause {
    /// A stable code for tools that sort problems by kind.
    pub fn code(&self) -> &'static str {
        match self {
            Cause::Syntax { .. } => "policy::syntax",
            Cause::TooLarge { .. } => "policy::too-large",
            Cause::UnknownNode { .. } => "policy::unknown-node",
            Cause::UnknownProperty { .. } => "policy::unknown-property",
            Cause::Missing { .. } => "policy::missing",
            Cause::Superfluous { .. } => "policy::superfluous",
            Cause::Duplicate { .. } => "policy::duplicate",
            Cause::WrongType { .. } => "policy::wrong-type",
            Cause::BadWeight { .. } => "policy::weight",
            Cause::NothingCounts => "policy::nothing-counts",
            Cause::EmptyCategory { .. } => "policy::empty-category",
            Cause::BadName { .. } => "policy::name",
            Cause::UnknownPlugin { .. } => "policy::unknown-plugin",
            Cause::UnknownAnalysis { .. } => "policy::unknown-analysis",
            Cause::BadDigest => "policy::digest",
            Cause::BadConfiguration { .. } => "policy::configuration",
            Cause::Expression { .. } => "policy::expression",
            Cause::UnknownQuery { .. } => "policy::unknown-query",
            Cause::NoDefaultQuery { .. } => "policy::no-default-query",
            Cause::NoPolicy { .. } => "policy::no-policy",
            Cause::BadPlace { .. } => "policy::suppression",
            Cause::UnknownRule { .. } => "policy::unknown-rule",
            Cause::NothingToSuppress { .. } => "policy::nothing-to-suppress",
            Cause::UnaskedGrant { .. } => "policy::unasked-grant",
            Cause::NotAsked { .. } => "policy::not-asked",
            Cause::Plugin { .. } => "policy::plugin",
        }
    }
}

impl PolicyErrors {
    /// The problems sorted by place; nothing if there are none.
    pub(super) fn unless_empty(text: &Text, problems: Vec<Problem>) -> Result<(), PolicyErrors> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(PolicyErrors::new(text, problems, None)),
        }
    }

    pub(super) fn new(text: &Text, mut problems: Vec<Problem>, sound: Option<Box<Policy>>) -> PolicyErrors {
        problems.sort_by_key(|problem| (problem.span.offset(), problem.span.len()));
        PolicyErrors { text: text.clone(), problems, sound }
    }

    /// Problems that came up after the policy was read.
    pub(crate) fn of(policy: &Policy, problems: Vec<Problem>) -> PolicyErrors {
        PolicyErrors::new(&policy.source, problems, None)
    }

    /// Adds what was found out about the sound part, each problem once.
    #[must_use]
    pub(crate) fn and(self, further: PolicyErrors) -> PolicyErrors {
        let mut problems = self.problems;
        problems.extend(further.problems);
        let mut all = PolicyErrors::new(&self.text, problems, None);
        all.problems.dedup();
        all
    }

    fn source_name(&self) -> &str {
        self.text.name()
    }
}

impl Diagnostic for PolicyErrors {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.text.named.as_ref())
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.cause.code()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn std::fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some(self.label.clone()), self.span);
        Some(Box::new(std::iter::once(label)))
    }
}
