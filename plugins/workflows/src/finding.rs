//! What is found in one file, and in all of them.

use probity_sdk::prelude::*;

use crate::rules::Severity;

/// So many findings, and so many references, are told of one file.
const MOST_IN_A_FILE: usize = 200;

/// A place in a file that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Found {
    /// `high`, `medium` or `low`.
    #[schemars(with = "String")]
    pub(crate) severity: Severity,
    /// Counted from 1.
    pub(crate) line: u32,
    /// The rule's id.
    pub(crate) rule: String,
    /// What is there, for a person.
    pub(crate) message: String,
}

/// Something of others that a file uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Reference {
    /// Whether it always means the same.
    pub(crate) pinned: bool,
    /// Whether it is used where there are secrets, or a token that may write.
    pub(crate) privileged: bool,
    /// Counted from 1.
    pub(crate) line: u32,
    /// The rule that speaks of it if it is not pinned.
    pub(crate) rule: String,
    /// As it stands there.
    pub(crate) uses: String,
}

/// What is known of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FileReport {
    /// The worst first.
    pub(crate) findings: Vec<Found>,
    /// Those that are not pinned first.
    pub(crate) references: Vec<Reference>,
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
    /// Counted from 1.
    pub(crate) line: u32,
}

impl FileReport {
    pub(crate) fn find(&mut self, rule: &str, severity: Severity, line: u32, message: impl Into<String>) {
        let message = message.into();
        self.findings.push(Found { severity, line, rule: rule.to_owned(), message });
    }

    pub(crate) fn refer(&mut self, rule: &str, uses: &str, pinned: bool, privileged: bool, line: u32) {
        let uses = shortened(uses);
        self.references.push(Reference { pinned, privileged, line, rule: rule.to_owned(), uses });
    }

    /// The same in its order, without repetitions and within bounds.
    pub(crate) fn finished(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self.findings.truncate(MOST_IN_A_FILE);
        self.references.sort();
        self.references.dedup();
        self.references.truncate(MOST_IN_A_FILE);
        self
    }
}

/// The beginning of a text on one line, for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 100;
    let line: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST + 1).collect();
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
