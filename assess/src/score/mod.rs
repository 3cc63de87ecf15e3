//! The score: the weighted share of what failed, and what follows from it.
//!
//! The weights of neighbours are taken relative to their sum; an analysis has the product of these parts along its
//! path as its *share*, and all shares together are 1. The score is the share of the failed analyses divided by the
//! share of the judged ones: who abstains leaves the sum, so that nothing passes because nothing ran. It is never
//! rounded before it is compared.

use crate::expression::EvalError;
use crate::policy::{Branch, CheckedPolicy};
use crate::verdict::Verdict;

#[cfg(test)]
mod tests;

/// How the shares of one check fell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Failed share by judged share, from 0 to 1. Nothing if nothing with a weight was judged.
    pub value: Option<f64>,
    /// The shares of the analyses that failed or erred.
    pub failed_share: f64,
    /// The shares of the analyses that abstained.
    pub abstained_share: f64,
    /// The shares of all others, the failed among them.
    pub judged_share: f64,
}

impl Score {
    /// The score of verdicts, each with its share.
    pub fn of<'a>(shares_and_verdicts: impl IntoIterator<Item = (f64, &'a Verdict)>) -> Score {
        let (mut failed_share, mut abstained_share, mut judged_share) = (0.0, 0.0, 0.0);
        for (share, verdict) in shares_and_verdicts {
            match verdict {
                Verdict::Abstain { .. } => abstained_share += share,
                _ => judged_share += share,
            }
            if verdict.counts_as_failed() {
                failed_share += share;
            }
        }
        let value = if judged_share == 0.0 {
            None
        } else if abstained_share == 0.0 {
            // The judged share is 1 but for rounding: dividing by it could carry a score across its limit.
            Some(failed_share.min(1.0))
        } else {
            Some((failed_share / judged_share).min(1.0))
        };
        Score { value, failed_share, abstained_share, judged_share }
    }
}

/// What the check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    Investigate,
    /// Nothing that counts could be judged.
    NothingJudged,
    /// An analysis has no verdict because something broke.
    Error,
}

/// Why the check came to its outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The score is beyond the limit.
    Score,
    /// An analysis that must pass did not.
    MustPass { analysis: String },
    /// An analysis that must not fail did.
    MustNotFail { analysis: String },
    /// An analysis erred.
    Errored { analysis: String },
    /// No analysis with a weight was judged.
    NothingJudged,
}

/// An outcome with its reasons, in the order of the policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub score: Score,
    pub outcome: Outcome,
    /// Empty for a pass.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Decides on verdicts in the order of [`CheckedPolicy::analyses`].
    ///
    /// # Errors
    /// Where the expression over the score cannot judge it.
    pub fn of(policy: &CheckedPolicy, verdicts: &[&Verdict]) -> Result<Decision, EvalError> {
        let pairs = || policy.analyses.iter().zip(verdicts.iter().copied());
        let score = Score::of(pairs().map(|(analysis, verdict)| (analysis.share, verdict)));
        let mut reasons = Vec::new();
        let (mut errored, mut hard_failure) = (false, false);
        for (analysis, verdict) in pairs() {
            let name = || analysis.name.clone();
            if matches!(verdict, Verdict::Error { .. }) {
                errored = true;
                reasons.push(Reason::Errored { analysis: name() });
            }
            if analysis.must_pass && *verdict != Verdict::Pass {
                hard_failure |= *verdict == Verdict::Fail;
                reasons.push(Reason::MustPass { analysis: name() });
            }
            if analysis.must_not_fail && *verdict == Verdict::Fail {
                hard_failure = true;
                reasons.push(Reason::MustNotFail { analysis: name() });
            }
        }
        // A policy may count nothing and rest on the analyses that must pass: then there is no score to miss.
        let weighs = policy.analyses.iter().any(|analysis| analysis.share > 0.0);
        let all_abstained = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Abstain { .. }));
        let nothing_judged = score.value.is_none() && (weighs || all_abstained);
        match score.value {
            Some(value) if policy.investigate.judge(&value.into())? => reasons.push(Reason::Score),
            None if nothing_judged => reasons.push(Reason::NothingJudged),
            _ => {}
        }
        let outcome = if errored {
            Outcome::Error
        } else if nothing_judged && !hard_failure {
            Outcome::NothingJudged
        } else if reasons.is_empty() {
            Outcome::Pass
        } else {
            Outcome::Investigate
        };
        Ok(Decision { score, outcome, reasons })
    }
}

/// The shares of all analyses of a tree, in its order.
pub(crate) fn shares(branches: &[Branch]) -> Vec<f64> {
    fn collect(branches: &[Branch], whole: f64, out: &mut Vec<f64>) {
        let total = total_weight(branches);
        for branch in branches {
            let share = part_of(whole, weight(branch), total);
            match branch {
                Branch::Category(category) => collect(&category.children, share, out),
                Branch::Analysis(_) => out.push(share),
            }
        }
    }
    let mut out = Vec::new();
    collect(branches, 1.0, &mut out);
    out
}

/// The sum of the weights of neighbours.
pub(crate) fn total_weight(branches: &[Branch]) -> f64 {
    branches.iter().map(weight).sum()
}

/// The part of a share that one of several neighbours gets; nothing where all weigh nothing.
pub(crate) fn part_of(share: f64, weight: f64, total: f64) -> f64 {
    if total == 0.0 { 0.0 } else { share * (weight / total) }
}

fn weight(branch: &Branch) -> f64 {
    match branch {
        Branch::Category(category) => category.weight,
        Branch::Analysis(analysis) => analysis.weight,
    }
}
