//! Findings: what of a report asks for a person, flat and with ids that stay the same between checks. Formats with
//! rules and results are made of them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{AnalysisEntry, Concern, Location, Report, ReportedConcern, VerdictKind};

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding<'a> {
    /// The analysis' name.
    pub rule: &'a str,
    /// SHA-256 in hexadecimal, the same in each check as long as the finding is about the same place.
    pub fingerprint: String,
    pub severity: Severity,
    pub message: String,
    /// Absent for what concerns the repository as a whole.
    pub location: Option<&'a Location>,
    /// What the analysis adds to the score.
    pub contribution: f64,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Of an analysis that informs only.
    Note,
    /// Of an analysis that counts.
    Warning,
    /// Of an analysis that leads to an investigation by itself, or that erred.
    Error,
}

impl Report {
    /// The findings of the analyses that failed or erred: for each the verdict itself, then its concerns. Those with
    /// the greatest severity come first, then those that add most to the score; equals stay in the policy's order.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings: Vec<Finding<'_>> = self.analyses().into_iter().flat_map(of_analysis).collect();
        // The sort is stable, which keeps a verdict before its concerns and these worst first.
        findings.sort_by(|one, two| {
            let contributions = || two.contribution.total_cmp(&one.contribution);
            two.severity.cmp(&one.severity).then_with(contributions)
        });
        findings
    }
}

fn of_analysis(analysis: &AnalysisEntry) -> Vec<Finding<'_>> {
    let severity = match analysis.verdict {
        VerdictKind::Pass | VerdictKind::Abstain => return Vec::new(),
        VerdictKind::Error => Severity::Error,
        VerdictKind::Fail if analysis.must_pass || analysis.must_not_fail => Severity::Error,
        VerdictKind::Fail if analysis.share > 0.0 => Severity::Warning,
        VerdictKind::Fail => Severity::Note,
    };
    let finding = |fingerprint, message, location| Finding {
        rule: &analysis.name,
        fingerprint,
        severity,
        message,
        location,
        contribution: analysis.contribution,
    };
    let verdict = finding(fingerprint(&analysis.name, "verdict"), verdict_message(analysis), None);
    let concerns = analysis.concerns.iter().map(|reported| {
        let concern = &reported.concern;
        finding(reported.fingerprint.clone(), concern.message.clone(), concern.location.as_ref())
    });
    std::iter::once(verdict).chain(concerns).collect()
}

/// The verdict in one line.
fn verdict_message(analysis: &AnalysisEntry) -> String {
    let AnalysisEntry { name, policy, .. } = analysis;
    match (analysis.verdict, &analysis.compared, &analysis.reason) {
        (VerdictKind::Error, _, Some(reason)) => format!("{name} has no verdict: {reason}"),
        (_, Some(compared), _) => {
            format!("{name} failed: {policy} ({} {} {})", compared.left, compared.operator, compared.right)
        }
        _ => format!("{name} failed: {policy}"),
    }
}

/// The concerns of an analysis with their fingerprints. The fingerprint follows the place, not the message, which may
/// hold numbers that change, nor the line, which moves; several concerns of one place are told apart by their order.
pub(super) fn fingerprinted(rule: &str, concerns: &[Concern]) -> Vec<ReportedConcern> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let with_fingerprint = |concern: &Concern| {
        let key = stable_key(concern);
        let nth = seen.entry(key.clone()).and_modify(|nth| *nth += 1).or_insert(0);
        let key = if *nth == 0 { key } else { format!("{key}\u{0}{nth}") };
        ReportedConcern { fingerprint: fingerprint(rule, &key), concern: concern.clone() }
    };
    concerns.iter().map(with_fingerprint).collect()
}

fn stable_key(concern: &Concern) -> String {
    match &concern.location {
        Some(Location { commit: None, path: None, .. }) | None => format!("message\u{0}{}", concern.message),
        Some(Location { commit, path, .. }) => {
            format!("place\u{0}{}\u{0}{}", commit.as_deref().unwrap_or(""), path.as_deref().unwrap_or(""))
        }
    }
}

fn fingerprint(rule: &str, key: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(rule.as_bytes());
    hasher.update([0]);
    hasher.update(key.as_bytes());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
