//! What the host remembers of the branches and tags, and what is found in that.

use std::collections::BTreeSet;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::names::is_fixed;
use crate::rules::{DELETED_TAG, MORE_HAPPENED, MOVED_FLOATING_TAG, MOVED_TAG, REWRITTEN_BRANCH};
use crate::tags::Tags;

/// The input `state/refs`.
#[derive(Debug, Deserialize)]
pub(crate) struct Past {
    since: Option<String>,
    truncated: bool,
    branches: Vec<Branch>,
    events: Vec<Event>,
    dropped: u64,
}

#[derive(Debug, Deserialize)]
struct Branch {
    name: String,
    since: Option<String>,
    unknown: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum Event {
    Rewritten { day: String, branch: String, main: bool, old: String, new: String },
    MovedTag { day: String, tag: String, old: String, new: String, same_commit: Option<bool> },
    DeletedTag { day: String, tag: String, old: String },
}

impl Past {
    /// What is remembered.
    pub(crate) fn of(engine: &Engine<Config>) -> Result<Past> {
        let past: Option<Past> = engine.input("state", "refs")?;
        let past = past.ok_or_else(|| abstain("nothing may be remembered of the repository (--no-state)"))?;
        if past.since.is_none() {
            return Err(abstain(
                "nothing was remembered of this repository before; the next check will compare with this one",
            ));
        }
        Ok(past)
    }

    /// Branches that were rewritten.
    pub(crate) fn rewritten(&self, engine: &Engine<Config>) -> Result<Vec<Finding>> {
        if self.branches.is_empty() {
            return Err(abstain("the checked branch follows none of another repository"));
        }
        let recent = self.recent(engine)?;
        let found = recent.into_iter().filter_map(|event| match event {
            Event::Rewritten { day, branch, main, old, new } => {
                let severity = if *main { Severity::High } else { Severity::Low };
                let (name, old) = (shortened(branch), id(old));
                let message =
                    format!("{name} was at {old}, and on {day} at a commit that does not follow it");
                Some(Finding::new(REWRITTEN_BRANCH, severity, message).commit(id(new)).package(name))
            }
            _ => None,
        });
        let found: Vec<Finding> = found.collect();
        if found.is_empty() {
            self.see_whether_all_is_known()?;
        }
        Ok(found)
    }

    /// Silence is no pass where a branch cannot be compared.
    fn see_whether_all_is_known(&self) -> Result<()> {
        if self.branches.iter().all(|branch| branch.since.is_none()) {
            return Err(abstain(
                "nothing was remembered of this branch before; the next check will compare with this one",
            ));
        }
        match self.branches.iter().find_map(|branch| Some((branch, branch.unknown.as_ref()?))) {
            Some((branch, reason)) => Err(abstain(format!(
                "whether {} was rewritten cannot be told: {}",
                shortened(&branch.name),
                shortened(reason)
            ))),
            None => Ok(()),
        }
    }

    /// Tags that name something else, or are gone.
    pub(crate) fn moved(&self, engine: &Engine<Config>) -> Result<Vec<Finding>> {
        if self.truncated {
            return Err(abstain("the repository has too many tags to compare them"));
        }
        let recent = self.recent(engine)?;
        if recent.is_empty() && self.dropped == 0 {
            return Ok(Vec::new());
        }
        let tags = Tags::of(engine)?;
        let names: BTreeSet<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
        let mut found: Vec<Finding> = recent.into_iter().filter_map(|event| event.of_tag(&names)).collect();
        if self.dropped > 0 {
            let message = format!("{} more branches and tags changed, long ago", self.dropped);
            found.push(Finding::new(MORE_HAPPENED, Severity::Medium, message));
        }
        Ok(found)
    }

    /// What happened in the time for which it is told.
    fn recent(&self, engine: &Engine<Config>) -> Result<Vec<&Event>> {
        if self.events.is_empty() {
            return Ok(Vec::new());
        }
        let today = day_number(&engine.input::<String>("time", "day")?);
        let most = i64::from(engine.config().days);
        let is_recent = |event: &&Event| match (today, day_number(event.day())) {
            (Some(today), Some(day)) => today - day <= most,
            // What has no day is told rather than forgotten.
            _ => true,
        };
        Ok(self.events.iter().filter(is_recent).collect())
    }
}

impl Event {
    fn day(&self) -> &str {
        match self {
            Event::Rewritten { day, .. } | Event::MovedTag { day, .. } | Event::DeletedTag { day, .. } => day,
        }
    }

    fn of_tag(&self, names: &BTreeSet<&str>) -> Option<Finding> {
        match self {
            Event::Rewritten { .. } => None,
            Event::MovedTag { day, tag, old, new, same_commit } => {
                let (name, old, new) = (shortened(tag), id(old), id(new));
                let (rule, severity) = match (is_fixed(tag, names), same_commit) {
                    (false, _) => (MOVED_FLOATING_TAG, Severity::Low),
                    (true, Some(true)) => (MOVED_TAG, Severity::Medium),
                    (true, _) => (MOVED_TAG, Severity::High),
                };
                let same = if *same_commit == Some(true) { ", which stands for the same commit" } else { "" };
                let message = format!("{name} named {old}, and from {day} on {new}{same}");
                Some(Finding::new(rule, severity, message).package(name))
            }
            Event::DeletedTag { day, tag, old } => {
                let name = shortened(tag);
                let message = format!("{name} named {}, and is gone since {day}", id(old));
                Some(Finding::new(DELETED_TAG, Severity::Low, message).package(name))
            }
        }
    }
}

/// An id, or nothing of what is none.
fn id(text: &str) -> &str {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { text } else { "" }
}

/// The days from the first of March of the year 0 to a day `YYYY-MM-DD` of the Gregorian calendar.
fn day_number(day: &str) -> Option<i64> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last of one.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_years = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(of_years + (153 * month + 2) / 5 + day - 1)
}

#[cfg(test)]
mod day_tests {
    use super::day_number;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        let between = |a: &str, b: &str| day_number(b).unwrap() - day_number(a).unwrap();
        assert_eq!(between("2026-06-01", "2026-08-30"), 90);
        assert_eq!(between("2023-12-31", "2024-03-01"), 61);
        assert_eq!(between("2025-12-31", "2026-03-01"), 60);
        assert_eq!(between("1999-01-01", "2000-01-01"), 365);
        assert_eq!(day_number("soon"), None);
        assert_eq!(day_number("2026-13-01"), None);
    }
}
