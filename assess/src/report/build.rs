//! Makes the report of a checked policy and the verdicts on its analyses.

use serde_json::Value;

use crate::expression::EvalError;
use crate::policy::{CheckedAnalysis, CheckedPolicy, Origin, Part};
use crate::score::{self, Decision, Score};
use crate::suppress::Suppressed;
use crate::verdict::{Judged, Verdict};

use super::finding::fingerprinted;
use super::{
    AnalysisEntry, CategoryEntry, ComparedNumbers, Concern, Entry, Outcome, PolicyInfo, PolicySource, Reason,
    Report, ReportedConcern, SCHEMA_VERSION, ScoreInfo, Summary, SuppressedFinding, Target, Tool,
    VerdictKind, suppressions,
};

/// What became of one analysis.
#[derive(Debug, Clone)]
pub struct AnalysisResult {
    pub judged: Judged,
    /// The plugin's answer, if there is one.
    pub answer: Option<Value>,
    /// As the plugin gave them, the worst first; where findings were suppressed, theirs and those made in their stead too.
    pub concerns: Vec<Concern>,
    /// What the policy's suppressions came to in the answer.
    pub suppressed: Suppressed,
}

/// What a report says of its making.
#[derive(Debug, Clone)]
pub struct Origins {
    /// The version of the program.
    pub version: String,
    pub policy: PolicySource,
    pub target: Target,
    /// The day that the check took for today, as `2026-11-21`.
    pub date: String,
}

impl Report {
    /// Decides and reports. `results` are in the order of [`CheckedPolicy::analyses`], one for each.
    ///
    /// # Errors
    /// Where the expression over the score cannot judge it.
    pub fn of(
        policy: &CheckedPolicy,
        origins: Origins,
        results: &[AnalysisResult],
    ) -> Result<Report, EvalError> {
        let verdicts: Vec<&Verdict> = results.iter().map(|result| &result.judged.verdict).collect();
        let Decision { score, outcome, reasons } = Decision::of(policy, &verdicts)?;
        let suppressions = suppressions::entries(policy, &origins.date, results);
        let builder = Builder { policy, results, score };
        Ok(Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "probity".to_owned(), version: origins.version },
            policy: PolicyInfo { digest: policy.digest.clone(), source: origins.policy },
            target: origins.target,
            date: origins.date,
            outcome: outcome.into(),
            reasons: reasons.into_iter().map(Reason::from).collect(),
            imported: Vec::new(),
            state: None,
            score: ScoreInfo {
                value: score.value,
                investigate: policy.investigate.text().to_owned(),
                failed_share: score.failed_share,
                judged_share: score.judged_share,
                abstained_share: score.abstained_share,
            },
            tree: builder.entries(&policy.tree),
            suppressions,
        })
    }
}

struct Builder<'a> {
    policy: &'a CheckedPolicy,
    results: &'a [AnalysisResult],
    score: Score,
}

impl Builder<'_> {
    fn entries(&self, parts: &[Part]) -> Vec<Entry> {
        let entries = parts.iter().filter_map(|part| match part {
            Part::Category { name, weight, share, children } => {
                let (failed_share, abstained_share) = self.fallen(children);
                Some(Entry::Category(CategoryEntry {
                    name: name.clone(),
                    weight: *weight,
                    share: *share,
                    failed_share,
                    abstained_share,
                    children: self.entries(children),
                }))
            }
            Part::Analysis(place) => {
                let (analysis, result) = (self.policy.analyses.get(*place)?, self.results.get(*place)?);
                Some(Entry::Analysis(Box::new(self.analysis(analysis, result))))
            }
        });
        entries.collect()
    }

    /// The shares of what failed and of what abstained below.
    fn fallen(&self, parts: &[Part]) -> (f64, f64) {
        let (mut failed, mut abstained) = (0.0, 0.0);
        for part in parts {
            match part {
                Part::Category { children, .. } => {
                    let (below_failed, below_abstained) = self.fallen(children);
                    failed += below_failed;
                    abstained += below_abstained;
                }
                Part::Analysis(place) => {
                    let share = self.policy.analyses.get(*place).map_or(0.0, |analysis| analysis.share);
                    match self.results.get(*place).map(|result| &result.judged.verdict) {
                        Some(Verdict::Abstain { .. }) => abstained += share,
                        Some(verdict) if verdict.counts_as_failed() => failed += share,
                        _ => {}
                    }
                }
            }
        }
        (failed, abstained)
    }

    fn analysis(&self, analysis: &CheckedAnalysis, result: &AnalysisResult) -> AnalysisEntry {
        let Judged { verdict, compared } = &result.judged;
        let kind = VerdictKind::from(verdict);
        let reason = match verdict {
            Verdict::Pass | Verdict::Fail => None,
            Verdict::Abstain { reason: told } | Verdict::Error { message: told } => Some(told.clone()),
        };
        let (concerns, suppressed) = told(&analysis.name, result);
        AnalysisEntry {
            name: analysis.name.clone(),
            plugin: analysis.plugin.clone(),
            query: analysis.query.clone(),
            weight: analysis.weight,
            share: analysis.share,
            contribution: if verdict.counts_as_failed() { self.contribution(analysis.share) } else { 0.0 },
            verdict: kind,
            reason,
            value: result.answer.as_ref().map(Summary::of),
            policy: analysis.expression.text().to_owned(),
            default_policy: analysis.origin == Origin::Plugin,
            compared: compared.map(|compared| ComparedNumbers {
                left: compared.left,
                operator: compared.operator.to_owned(),
                right: compared.right,
            }),
            must_pass: analysis.must_pass,
            must_not_fail: analysis.must_not_fail,
            concerns,
            suppressed,
        }
    }

    /// What a failed share adds to the score, of which the abstained shares are no part.
    fn contribution(&self, share: f64) -> f64 {
        let whole = if self.score.abstained_share == 0.0 { 1.0 } else { self.score.judged_share };
        if whole == 0.0 { 0.0 } else { share / whole }
    }
}

/// The hints, and apart from them those of what was suppressed. A fingerprint is the same on either side.
fn told(analysis: &str, result: &AnalysisResult) -> (Vec<ReportedConcern>, Vec<SuppressedFinding>) {
    let (mut concerns, mut suppressed) = (Vec::new(), Vec::new());
    for (place, finding) in fingerprinted(analysis, &result.concerns).into_iter().enumerate() {
        match result.suppressed.hidden.get(&place) {
            None => concerns.push(finding),
            Some(by) => suppressed.push(SuppressedFinding { finding, by: by.clone() }),
        }
    }
    (concerns, suppressed)
}

impl From<score::Outcome> for Outcome {
    fn from(outcome: score::Outcome) -> Self {
        match outcome {
            score::Outcome::Pass => Outcome::Pass,
            score::Outcome::Investigate => Outcome::Investigate,
            score::Outcome::NothingJudged => Outcome::NothingJudged,
            score::Outcome::Error => Outcome::Error,
        }
    }
}

impl From<score::Reason> for Reason {
    fn from(reason: score::Reason) -> Self {
        match reason {
            score::Reason::Score => Reason::Score,
            score::Reason::MustPass { analysis } => Reason::MustPass { analysis },
            score::Reason::MustNotFail { analysis } => Reason::MustNotFail { analysis },
            score::Reason::Errored { analysis } => Reason::Errored { analysis },
            score::Reason::NothingJudged => Reason::NothingJudged,
        }
    }
}

impl From<&Verdict> for VerdictKind {
    fn from(verdict: &Verdict) -> VerdictKind {
        match verdict {
            Verdict::Pass => VerdictKind::Pass,
            Verdict::Fail => VerdictKind::Fail,
            Verdict::Abstain { .. } => VerdictKind::Abstain,
            Verdict::Error { .. } => VerdictKind::Error,
        }
    }
}
