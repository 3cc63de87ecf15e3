//! The policy's suppressions as lines of text, for the report of a person and for notices in others.

use probity_assess::report::{SuppressionEntry, SuppressionState};

use crate::printer::tame;
use crate::render::count;

/// What became of one suppression, in one line.
pub(super) fn line(entry: &SuppressionEntry) -> String {
    let findings = count(entry.findings as u64, "finding");
    let what = what(entry);
    let until = entry.until.as_deref().unwrap_or_default();
    let note = entry.note.as_deref().map(tame);
    let also = |note: Option<String>| note.map(|note| format!(" ({note})")).unwrap_or_default();
    let line = entry.line;
    match entry.state {
        SuppressionState::Used => {
            let ends = if until.is_empty() { String::new() } else { format!(", until {until}") };
            format!("{findings} of {what}: {} (line {line}{ends})", tame(&entry.reason))
        }
        SuppressionState::Expired if entry.findings == 0 => match note {
            Some(note) => {
                format!("{what} expired {until}, which changes nothing, since {note}: remove line {line}")
            }
            None => format!("{what} expired {until}, and nothing is found there: remove line {line}"),
        },
        SuppressionState::Expired => {
            let verb = if entry.findings == 1 { "counts" } else { "count" };
            let beside = note.map(|note| format!("; {note}")).unwrap_or_default();
            format!("{what} expired {until}: active again, {findings} {verb} (line {line}{beside})")
        }
        SuppressionState::Unused => {
            format!("{what} suppresses nothing{}: remove line {line}", also(note))
        }
        SuppressionState::NotLookedAt => {
            format!("{what} could not be looked at: {} (line {line})", note.unwrap_or_default())
        }
        SuppressionState::NotApplied if entry.findings == 0 => {
            format!("{what} is not applied{} (line {line})", also(note))
        }
        SuppressionState::NotApplied => {
            format!("{what} is not applied to {findings}{} (line {line})", also(note))
        }
    }
}

/// Whether a person should do something about it.
pub(super) fn is_warning(state: SuppressionState) -> bool {
    matches!(state, SuppressionState::Unused | SuppressionState::Expired | SuppressionState::NotApplied)
}

/// The rule and the place.
fn what(entry: &SuppressionEntry) -> String {
    let mut what = tame(&entry.rule);
    if let Some(package) = &entry.package {
        what.push_str(&format!(" about {}", tame(package)));
    }
    if let Some(path) = &entry.path {
        what.push_str(&format!(" in {}", tame(path)));
    }
    if let Some(commit) = &entry.commit {
        what.push_str(&format!(" in commit {}", super::text::short(commit)));
    }
    what
}
