//! What is found in one file, and in all of them.

use probity_sdk::prelude::*;

use crate::rules::Severity;

/// A place in a blob that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Found {
    /// `high`, `medium` or `low`.
    #[schemars(with = "String")]
    pub(crate) severity: Severity,
    /// The rule's id.
    pub(crate) rule: String,
    /// Counted from 1; 0 where the rule speaks of the whole file.
    pub(crate) line: u32,
    /// What is there, for a person. Never a secret itself.
    pub(crate) message: String,
}

impl Found {
    pub(crate) fn new(rule: &str, severity: Severity, line: u32, message: impl Into<String>) -> Self {
        Self { severity, rule: rule.to_owned(), line, message: message.into() }
    }
}

/// The same with its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlacedFound {
    #[serde(flatten)]
    pub(crate) found: Found,
    /// From the folder on; quoted as git does where it is not UTF-8.
    pub(crate) path: String,
}

/// The value of an analysis: one place that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Finding {
    /// `high`, `medium` or `low`.
    #[schemars(with = "String")]
    pub(crate) severity: Severity,
    /// The rule's id.
    pub(crate) rule: String,
    /// The file.
    pub(crate) path: String,
    /// Counted from 1; 0 where the rule speaks of the whole file.
    pub(crate) line: u32,
}
