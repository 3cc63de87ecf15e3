//! From the replies of plugins to what the report tells of each analysis.

use std::num::NonZero;
use std::thread;

use parking_lot::Mutex;
use probity_engine::{Outcome, Refusal, Reply};
use serde_json::Value;

use crate::policy::{CheckedAnalysis, CheckedPolicy};
use crate::report::{AnalysisResult, Concern};
use crate::session::told;
use crate::settings::Day;
use crate::suppress::{self, Applied, Suppressed};
use crate::verdict::Verdict;

/// A thread is begun for so many bytes of answers: reading fewer takes less than that.
const WORTH_A_THREAD: usize = 1 << 18;
/// More threads would wait for one another's memory.
const MOST_THREADS: usize = 4;

/// All replies, in the order of the policy's analyses. Reading long answers is most of what an unchanged check does, so it is shared out.
pub(crate) fn all(policy: &CheckedPolicy, day: &Day, replies: Vec<Reply>) -> Vec<AnalysisResult> {
    let length: usize = replies.iter().map(length).sum();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (length / WORTH_A_THREAD).min(processors.min(MOST_THREADS) - 1);
    let results: Mutex<Vec<Option<AnalysisResult>>> = Mutex::new(replies.iter().map(|_| None).collect());
    let work = Mutex::new(policy.analyses.iter().zip(replies).enumerate());
    // The lock is held for this alone, not while one is judged.
    let next = || work.lock().next();
    let judge = || {
        while let Some((at, (analysis, reply))) = next() {
            let result = judged(policy, day, analysis, reply);
            results.lock()[at] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            // Without this one the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, judge);
        }
        judge();
    });
    results.into_inner().into_iter().flatten().collect()
}

fn length(reply: &Reply) -> usize {
    match reply {
        Ok(Outcome::Answered(answer)) => answer.value.len(),
        _ => 0,
    }
}

/// One reply, without what the policy suppresses on that day.
pub(crate) fn judged(
    policy: &CheckedPolicy,
    day: &Day,
    analysis: &CheckedAnalysis,
    reply: Reply,
) -> AnalysisResult {
    let verdict = match reply {
        Ok(Outcome::Answered(answer)) => {
            match (serde_json::from_str::<Value>(&answer.value), Concern::list(&answer.concerns)) {
                (Ok(value), Ok(concerns)) => {
                    let Applied { value, concerns, suppressed } =
                        suppress::applied(policy, analysis, day.as_str(), value, concerns);
                    let judged = analysis.judge(&value);
                    return AnalysisResult { judged, answer: Some(value), concerns, suppressed };
                }
                (Err(error), _) | (_, Err(error)) => {
                    Verdict::Error { message: format!("its answer cannot be read: {error}") }
                }
            }
        }
        Ok(Outcome::Refused(refusal)) => refused(refusal),
        Err(failure) => Verdict::Error { message: told(&failure) },
    };
    let (concerns, suppressed) = (Vec::new(), Suppressed::default());
    AnalysisResult { judged: verdict.into(), answer: None, concerns, suppressed }
}

/// An abstention is told apart from an error by the kind that the plugin gave it.
fn refused(refusal: Refusal) -> Verdict {
    let data: Value =
        refusal.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    match data["kind"].as_str() {
        Some("abstain") => Verdict::Abstain { reason: refusal.message },
        _ => Verdict::Error { message: refusal.message },
    }
}
