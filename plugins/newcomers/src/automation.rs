//! Workflows that somebody added who had hardly been seen before.

use probity_sdk::findings::{Finding, Severity};

use crate::newcomers::Newcomers;
use crate::paths::Interest;
use crate::rules::NEWCOMER_WORKFLOW;

/// Who has been around for so many days is no stranger.
const DAYS: i64 = 7;

pub(crate) fn findings(told: &Newcomers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in told.changes.iter().filter(|change| change.days < DAYS) {
        let severity = if change.alone { Severity::Medium } else { Severity::Low };
        let added = change.files.iter().filter(|file| file.before.is_empty());
        for file in added.filter(|file| Interest::of(&file.path).automation) {
            let message = format!("{}: it is a new workflow", change.told());
            let finding = Finding::new(NEWCOMER_WORKFLOW, severity, message);
            findings.push(finding.path(&file.path).commit(&change.id));
        }
    }
    findings
}
