//! The commands that tell more of a check. They repeat its target and options as they were given, so they are no part of the report, which
//! is the same bytes wherever the repository lies.

use probity_assess::report::{PolicySource, Report};

use crate::args::Subject;
use crate::printer::tame;
use crate::subject;

/// What to do after reading the report of this check.
pub(crate) fn next(report: &Report, subject: &Subject) -> String {
    let findings = report.findings();
    let first = findings
        .first()
        .map(|finding| finding.rule)
        .or_else(|| report.analyses().first().map(|analysis| analysis.name.as_str()));
    let first = tame(first.unwrap_or("score"));
    let words = tame(&subject::words(subject));
    let mut next = format!("next: `probity explain {first}{words}` for what a line means");
    if report.policy.source == PolicySource::BuiltIn {
        let folder = subject::target_word(&subject.target).map(|folder| format!(" {}", tame(&folder)));
        next.push_str(&format!(", `probity init{}` for a policy of your own", folder.unwrap_or_default()));
    }
    next
}
