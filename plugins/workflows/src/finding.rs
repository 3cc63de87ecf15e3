//! What is known of one file: what is found in it, and what it uses of others.

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::prelude::*;

/// So many findings, and so many references, are told of one file.
const MOST_IN_A_FILE: usize = 200;

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
    pub(crate) findings: Vec<Finding>,
    /// Those that are not pinned first.
    pub(crate) references: Vec<Reference>,
}

impl FileReport {
    pub(crate) fn find(&mut self, rule: &str, severity: Severity, line: u32, message: impl Into<String>) {
        self.findings.push(Finding::new(rule, severity, message).line(line));
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
