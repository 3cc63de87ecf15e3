//! What a check is to do: one plain value, merged at the edge by a surface. Below it nobody reads flags, the environment or the
//! working directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use probity_host::{Places, full_id};
use probity_registry::Permission;

use crate::fetched::Fetch;
use crate::snapshot::What;
use crate::state::StateUse;

/// Everything that determines a check.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A path inside the repository.
    pub target: PathBuf,
    /// Which of its states.
    pub what: What,
    /// The policy that the person names; without it the target's own where it is trusted, else the built-in one.
    pub policy: Option<PathBuf>,
    /// What is taken for today.
    pub day: Day,
    /// The longest time that one call of a plugin may take.
    pub timeout: Duration,
    /// Where things may be kept that can be made again.
    pub cache: PathBuf,
    /// That folder, and what stands in for it where it cannot be written.
    pub places: Arc<Places>,
    /// The folder of the memo store.
    pub store: PathBuf,
    /// Whether answers are taken from the store and put into it; else they live as long as the check.
    pub remembers: bool,
    /// Whether what is remembered of the target's references is used, and where it lies.
    pub state: StateUse,
    /// Ids of plugins whose queries are to be run although they are remembered.
    pub refresh: Vec<String>,
    /// Whether answers that came from another machine are used.
    pub trust_imported: bool,
    /// Whether plugins may run although the sandbox lacks a guarantee that they ought to be under.
    pub allow_weak_sandbox: bool,
    /// The list of repositories whose own policy is trusted.
    pub trusted: PathBuf,
    /// What the person has granted to plugins.
    pub granted: PathBuf,
    /// What this machine's administrator forbids them.
    pub machine: PathBuf,
    /// The plugins that come with the program.
    pub builtins: Vec<Builtin>,
    /// Where the interpreters of plugins are looked for.
    pub search_path: Vec<PathBuf>,
    /// Who asks the servers that plugins may see.
    pub fetch: Arc<dyn Fetch>,
    /// The environment variables, of which plugins see those that a policy grants them.
    pub environment: BTreeMap<OsString, OsString>,
}

/// A plugin that comes with the program.
#[derive(Debug, Clone)]
pub struct Builtin {
    /// Its bare name; its id is `probity/core/NAME`.
    pub name: String,
    /// Names everything that its answers can depend on.
    pub artifact: probity_engine::Digest,
    /// What it asks a person for; mostly nothing.
    pub permissions: Vec<Permission>,
}

impl Builtin {
    /// `probity/core/NAME`.
    pub fn id(&self) -> String {
        full_id(&self.name)
    }
}

/// A day in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day(String);

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a day: YYYY-MM-DD is wanted, such as 2026-02-28")]
pub struct DayError(String);

impl Day {
    /// Reads `YYYY-MM-DD`, of the years 1970 to 9999.
    ///
    /// # Errors
    /// [`DayError`] for any other form and for days that no calendar has.
    pub fn parse(text: &str) -> Result<Day, DayError> {
        let wrong = || DayError(text.to_owned());
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        let number = |part: &str, digits: usize| match part.len() == digits {
            true if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<u32>().ok(),
            _ => None,
        };
        let (Some(y), Some(m), Some(d)) = (number(year, 4), number(month, 2), number(day, 2)) else {
            return Err(wrong());
        };
        match y >= 1970 && (1..=12).contains(&m) && (1..=days_in(y, m)).contains(&d) {
            true => Ok(Day(text.to_owned())),
            false => Err(wrong()),
        }
    }

    /// The day in UTC that is `seconds` after the first moment of 1970. The proleptic Gregorian calendar.
    pub fn from_unix(seconds: u64) -> Day {
        let mut days = seconds / 86_400;
        let mut year = 1970;
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year += 1;
        }
        let mut month = 1;
        while days >= u64::from(days_in(year, month)) {
            days -= u64::from(days_in(year, month));
            month += 1;
        }
        Day(format!("{year:04}-{month:02}-{:02}", days + 1))
    }

    /// How many days after the first of 1970 it is.
    pub(crate) fn number(&self) -> u64 {
        let part = |range: std::ops::Range<usize>| self.0[range].parse().expect("a day is made of digits");
        let (year, month, day): (u32, u32, u32) = (part(0..4), part(5..7), part(8..10));
        let years: u64 = (1970..year).map(days_in_year).sum();
        let months: u64 = (1..month).map(|month| u64::from(days_in(year, month))).sum();
        years + months + u64::from(day) - 1
    }

    /// `YYYY-MM-DD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn leap(year: u32) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

fn days_in_year(year: u32) -> u64 {
    if leap(year) { 366 } else { 365 }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn only_days_of_the_calendar_are_days() {
        for day in ["2026-11-21", "2024-02-29", "2000-02-29", "1970-01-01"] {
            assert_eq!(Day::parse(day).unwrap().as_str(), day);
        }
        for none in [
            "2026-02-29",
            "1900-01-01",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "yesterday",
            "2026-11-21 ",
            "+026-11-21",
        ] {
            assert!(Day::parse(none).is_err(), "{none}");
        }
    }

    #[test]
    fn the_day_of_a_moment() {
        assert_eq!(Day::from_unix(0).as_str(), "1970-01-01");
        assert_eq!(Day::from_unix(951_782_400).as_str(), "2000-02-29");
        assert_eq!(Day::from_unix(1_767_225_599).as_str(), "2025-12-31");
        assert_eq!(Day::from_unix(1_767_225_600).as_str(), "2026-01-01");
        for number in [0, 58, 59, 60, 789, 11_016, 20_453, 20_454, 29_219] {
            assert_eq!(Day::from_unix(number * 86_400).number(), number);
        }
    }
}
