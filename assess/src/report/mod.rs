//! The report: what a check found, as data.
//!
//! The same target, policy and date give the same bytes: no times, no paths of this machine, no counts of what was
//! remembered. Renderers (text, JSON, SARIF) live elsewhere; [`Report`] itself is the JSON form, and [`schema`] its
//! published description.

mod build;
mod finding;
mod summary;
mod suppressions;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use build::{AnalysisResult, Origins};
pub use finding::{Finding, Severity};
pub use summary::Summary;
pub use suppressions::{SuppressedFinding, SuppressionEntry, SuppressionState};

/// Raised with every change of the report that a reader could stumble over.
pub const SCHEMA_VERSION: u32 = 1;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The version of this layout.
    pub schema_version: u32,
    pub tool: Tool,
    pub policy: PolicyInfo,
    pub target: Target,
    /// The day that the check took for today, as `2026-11-21`.
    pub date: String,
    pub outcome: Outcome,
    /// What led to the outcome; empty for a pass.
    pub reasons: Vec<Reason>,
    /// The analyses that rest on answers imported from another machine, for which nobody vouches. Left out where there are none,
    /// which is so unless the check was told to use them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imported: Vec<String>,
    /// What the report says of what this machine remembers of the repository. Left out where no analysis asks for it: then the same target,
    /// policy and day give the same report on every machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateInfo>,
    pub score: ScoreInfo,
    /// Categories and analyses in the order of the policy.
    pub tree: Vec<Entry>,
    /// The policy's suppressions, in its order. Left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<SuppressionEntry>,
}

/// The program that made the report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// The policy that the verdicts follow.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PolicyInfo {
    /// SHA-256 in hexadecimal: of what the policy says and of its plugins' configuration.
    pub digest: String,
    pub source: PolicySource,
}

/// Where the policy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicySource {
    /// The one that comes with the program.
    BuiltIn,
    /// A file that the user named.
    File,
    /// A file of the target, which the user trusts.
    Trusted,
}

/// What was assessed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Target {
    /// The id of the commit.
    pub commit: String,
    /// The id of the tree, which is another one than the commit's where the working tree was changed.
    pub tree: String,
    /// Whether changes that are not committed were assessed too.
    pub dirty: bool,
    /// Whether the history is cut.
    pub shallow: bool,
}

/// What the check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Pass,
    /// A person should look at the target.
    Investigate,
    /// Nothing that counts could be judged.
    NothingJudged,
    /// An analysis has no verdict because something broke.
    Error,
}

/// One reason of the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Reason {
    /// The policy's expression over the score is true.
    Score,
    /// An analysis that must pass failed, abstained or erred.
    MustPass { analysis: String },
    /// An analysis that must not fail did.
    MustNotFail { analysis: String },
    /// An analysis erred.
    Errored { analysis: String },
    /// No analysis with a weight was judged.
    NothingJudged,
}

/// Which part memory has in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateInfo {
    /// The analyses that ask for what is remembered.
    pub analyses: Vec<String>,
    /// Whether they were told; `false` where the check was told to use no state.
    pub used: bool,
    /// The day from which on the repository is remembered; null if nothing was remembered before this check.
    pub since: Option<String>,
}

/// The score and what it is made of. Shares are parts of 1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScoreInfo {
    /// The failed share divided by the judged share; null where nothing that counts was judged.
    pub value: Option<f64>,
    /// The policy's expression over `score`; true means to investigate.
    pub investigate: String,
    /// Of the analyses that failed or erred.
    pub failed_share: f64,
    /// Of all analyses but those that abstained.
    pub judged_share: f64,
    /// Of the analyses that abstained.
    pub abstained_share: f64,
}

/// A part of the policy's tree.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Entry {
    Category(CategoryEntry),
    Analysis(Box<AnalysisEntry>),
}

/// A category and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CategoryEntry {
    pub name: String,
    /// As the policy gives it, relative to its neighbours.
    pub weight: f64,
    /// The part of the score that it decides.
    pub share: f64,
    /// The part of that share which failed or erred.
    pub failed_share: f64,
    /// The part of that share which abstained.
    pub abstained_share: f64,
    pub children: Vec<Entry>,
}

/// An analysis and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AnalysisEntry {
    /// Also the id of the rule in other formats.
    pub name: String,
    /// In full: `publisher/namespace/name`.
    pub plugin: String,
    pub query: String,
    /// As the policy gives it, relative to its neighbours.
    pub weight: f64,
    /// The part of the score that it decides.
    pub share: f64,
    /// What it adds to the score.
    pub contribution: f64,
    pub verdict: VerdictKind,
    /// Why it abstained or erred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The answer; long lists are summarised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Summary>,
    /// The expression that judged the answer.
    pub policy: String,
    /// Whether the expression is the plugin's own.
    pub default_policy: bool,
    /// The two numbers that the expression compared, where it is such a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<ComparedNumbers>,
    /// Whether anything but a pass leads to an investigation.
    pub must_pass: bool,
    /// Whether a failure leads to an investigation, but not an abstention.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub must_not_fail: bool,
    /// What to look at, the worst first.
    pub concerns: Vec<ReportedConcern>,
    /// What the policy's suppressions took out before it was judged. Left out where that is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<SuppressedFinding>,
}

/// The verdict on an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    Pass,
    Fail,
    Abstain,
    Error,
}

/// Two numbers that an expression compared: `left operator right`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ComparedNumbers {
    pub left: f64,
    pub operator: String,
    pub right: f64,
}

/// A hint of a plugin to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Concern {
    pub message: String,
    /// Id of the plugin's rule that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// Where a concern is in the target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Relative to the top of the tree; in double quotes with escapes if it is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// A concern with the fingerprint that it keeps between checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReportedConcern {
    /// SHA-256 in hexadecimal, of the analysis' name and of the commit and path, or of the message if there are none.
    pub fingerprint: String,
    #[serde(flatten)]
    pub concern: Concern,
}

impl Report {
    /// The analyses in the order of the tree, whatever categories they are in.
    pub fn analyses(&self) -> Vec<&AnalysisEntry> {
        fn collect<'a>(entries: &'a [Entry], found: &mut Vec<&'a AnalysisEntry>) {
            for entry in entries {
                match entry {
                    Entry::Category(category) => collect(&category.children, found),
                    Entry::Analysis(analysis) => found.push(analysis),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.tree, &mut found);
        found
    }
}

impl Concern {
    /// Reads the concerns of an answer, a JSON array.
    ///
    /// # Errors
    /// If it is no such array; a plugin that answers so is at fault.
    pub fn list(raw: &str) -> Result<Vec<Concern>, serde_json::Error> {
        serde_json::from_str(raw)
    }
}

/// The JSON Schema of the report, indented.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Report).to_value())
}
