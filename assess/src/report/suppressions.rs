//! What became of the policy's suppressions, and the findings that they took out.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::{CheckedPolicy, CheckedSuppression, PathPattern, Suppression};
use crate::settings::Day;
use crate::suppress::{Held, Looked};
use crate::verdict::Verdict;

use super::{AnalysisResult, ReportedConcern};

/// A line of the policy that takes findings out of what is judged, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SuppressionEntry {
    /// The rule with its plugin: `content/private-key`, a stranger's plugin in full.
    pub rule: String,
    /// A path from the top of the tree, or a pattern of paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The full id of a commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Why the findings are of no concern, in the words of the policy.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Its line in the policy, from 1.
    pub line: usize,
    pub state: SuppressionState,
    /// How many findings it fits: taken out where it is used; where it has expired or is not applied those that count, which no other
    /// line takes out.
    pub findings: usize,
    /// Why it could not be looked at, or is not applied, or whom nobody asks; and which other lines take out what it fits and does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What became of a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionState {
    /// It took findings out.
    Used,
    /// There is nothing that it fits.
    Unused,
    /// Its last day is over: what it fits counts again.
    Expired,
    /// It may fit something, but an analysis that could tell has no answer to look at.
    NotLookedAt,
    /// What it fits counts, since the list may have been cut.
    NotApplied,
}

/// A finding that was taken out before its analysis was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SuppressedFinding {
    /// The hint, with the fingerprint that it would have as a finding.
    #[serde(flatten)]
    pub finding: ReportedConcern,
    /// The places of the suppressions that fit it in the report's `suppressions`, from 0.
    pub by: Vec<usize>,
}

/// What became of each suppression, in the policy's order. `today` is the day of the check.
pub(super) fn entries(
    policy: &CheckedPolicy,
    today: &str,
    results: &[AnalysisResult],
) -> Vec<SuppressionEntry> {
    let entry = |(at, checked): (usize, &CheckedSuppression)| {
        let looked = results.iter().flat_map(|result| &result.suppressed.looked);
        let looked: Vec<&Looked> = looked.filter(|looked| looked.suppression == at).collect();
        let (state, note) = state(policy, checked, at, today, results, &looked);
        let counts = |looked: &&&Looked| state != SuppressionState::Used || looked.held == Held::Taken;
        let findings = looked.iter().filter(counts).map(|looked| looked.found - looked.taken_by_others).sum();
        let others = (state != SuppressionState::Used).then(|| by_others(policy, &looked)).flatten();
        let note = note.into_iter().chain(others).reduce(|note, others| format!("{note}; {others}"));
        of(&checked.said, state, findings, note)
    };
    policy.suppressions.iter().enumerate().map(entry).collect()
}

fn of(
    said: &Suppression,
    state: SuppressionState,
    findings: usize,
    note: Option<String>,
) -> SuppressionEntry {
    SuppressionEntry {
        rule: said.rule_name(),
        path: said.place.path.as_ref().map(PathPattern::as_str).map(str::to_owned),
        commit: said.place.commit.clone(),
        package: said.place.package.clone(),
        reason: said.reason.clone(),
        until: said.until.as_ref().map(Day::as_str).map(str::to_owned),
        line: said.line,
        state,
        findings,
        note,
    }
}

fn state(
    policy: &CheckedPolicy,
    checked: &CheckedSuppression,
    at: usize,
    today: &str,
    results: &[AnalysisResult],
    looked: &[&Looked],
) -> (SuppressionState, Option<String>) {
    let has = |held: Held| looked.iter().any(|looked| looked.held == held && looked.found > 0);
    if checked.said.is_expired(today) {
        return (SuppressionState::Expired, None);
    }
    if has(Held::Cut) {
        let note = "the list of findings is so long that it may have been cut: what was left out need not be suppressed";
        return (SuppressionState::NotApplied, Some(note.to_owned()));
    }
    if has(Held::Taken) {
        return (SuppressionState::Used, None);
    }
    let unlooked = checked.reach.iter().filter_map(|place| {
        let (analysis, result) = (policy.analyses.get(*place)?, results.get(*place)?);
        Some(format!("{} {}", analysis.name, unlooked(result, at)?))
    });
    let unlooked: Vec<String> = unlooked.collect();
    if !unlooked.is_empty() {
        return (SuppressionState::NotLookedAt, Some(unlooked.join("; ")));
    }
    let unasked = |query: &String| format!("no analysis asks plugin {} for {query}", checked.said.plugin);
    (SuppressionState::Unused, checked.unasked.as_ref().map(unasked))
}

/// Which lines of the policy take out what one that does not take it out would fit, too.
fn by_others(policy: &CheckedPolicy, looked: &[&Looked]) -> Option<String> {
    let taken: usize = looked.iter().map(|looked| looked.taken_by_others).sum();
    let others: BTreeSet<usize> = looked.iter().flat_map(|looked| &looked.others).copied().collect();
    let lines = others.into_iter().filter_map(|at| policy.suppressions.get(at));
    let lines: Vec<String> = lines.map(|other| other.said.line.to_string()).collect();
    let taken = if taken == 1 { "1 finding".to_owned() } else { format!("{taken} findings") };
    match &lines[..] {
        [] => None,
        [line] => Some(format!("line {line} suppresses {taken} there")),
        lines => Some(format!("lines {} suppress {taken} there", lines.join(", "))),
    }
}

/// Why a suppression could not be looked for in the answer of an analysis; nothing if it was.
fn unlooked(result: &AnalysisResult, suppression: usize) -> Option<&'static str> {
    let looked = result.suppressed.looked.iter().find(|looked| looked.suppression == suppression);
    match (looked.map(|looked| looked.held), &result.judged.verdict) {
        (Some(Held::NoFindings), _) => Some("has no findings to suppress: its answer is no list of them"),
        (Some(_), _) => None,
        (None, Verdict::Abstain { .. }) => Some("abstained"),
        (None, _) => Some("erred"),
    }
}
