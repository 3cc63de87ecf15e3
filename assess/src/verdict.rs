//! The verdict on one analysis.

use serde_json::Value;

use crate::expression::Compared;
use crate::policy::CheckedAnalysis;

/// What became of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Its policy expression is true.
    Pass,
    /// Its policy expression is false.
    Fail,
    /// The plugin says that it cannot judge this target, as a shallow history. Neither a pass nor a failure.
    Abstain { reason: String },
    /// No answer, or an answer that has no verdict. Counts as a failure.
    Error { message: String },
}

/// A verdict with the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub verdict: Verdict,
    /// Where the policy expression as a whole compares two numbers.
    pub compared: Option<Compared>,
}

impl CheckedAnalysis {
    /// Judges the plugin's answer.
    pub fn judge(&self, answer: &Value) -> Judged {
        match self.expression.judgement(answer) {
            Ok(judgement) => {
                let verdict = if judgement.holds { Verdict::Pass } else { Verdict::Fail };
                Judged { verdict, compared: judgement.comparison }
            }
            Err(error) => {
                let message = format!("its policy cannot judge the answer: {error}");
                Judged { verdict: Verdict::Error { message }, compared: None }
            }
        }
    }
}

impl Verdict {
    /// Whether the analysis counts against the target.
    pub fn counts_as_failed(&self) -> bool {
        matches!(self, Verdict::Fail | Verdict::Error { .. })
    }
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Judged { verdict, compared: None }
    }
}
