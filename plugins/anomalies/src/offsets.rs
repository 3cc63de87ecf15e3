//! In how many time zones people write.

use std::collections::BTreeMap;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::Person;
use probity_sdk::people::{self, is_bot, is_forge};

use crate::dates::Dated;
use crate::rules::{MANY_OFFSETS, TWO_PLACES};

/// Fewer commits say little about where somebody is.
const FEWEST_COMMITS: usize = 10;
/// At home and on one journey.
const USUAL: usize = 2;
const SUMMER_TIME: i32 = 60;

/// Nobody travels faster than the sun. A smaller difference may be a clock's.
const JOURNEY: i32 = 3 * 60;
const MINUTE: i64 = 60;

/// What is found of the time zones in which people write.
pub(crate) fn findings(commits: &[Dated]) -> Vec<Finding> {
    let authors: Vec<Person> = commits.iter().map(|dated| dated.commit.author.clone()).collect();
    let mut by_person: BTreeMap<usize, Vec<Written<'_>>> = BTreeMap::new();
    for (dated, person) in commits.iter().zip(people::groups(&authors)) {
        by_person.entry(person).or_default().extend(Written::of(dated));
    }
    let mut found = Vec::new();
    for (person, mut written) in by_person {
        found.extend(many_offsets(&authors[person], &written));
        written.sort_by_key(|written| written.at);
        found.extend(written.windows(2).filter_map(|pair| two_places(&pair[0], &pair[1])));
    }
    found
}

/// A commit that somebody wrote on a machine of their own.
struct Written<'a> {
    at: i64,
    /// Minutes east of Greenwich, not 0: servers and browsers know no other.
    zone: i32,
    id: &'a str,
    by: &'a Person,
}

impl<'a> Written<'a> {
    fn of(dated: &'a Dated) -> Option<Self> {
        let commit = &dated.commit;
        // In a browser commits are made with whatever time zone the forge puts there.
        let by_forge = is_forge(&commit.committer);
        let zone = dated.header.authored.filter(|zone| *zone != 0)?;
        let written = Self { at: commit.authored, zone, id: &commit.id, by: &commit.author };
        (!by_forge && !is_bot(&commit.author)).then_some(written)
    }
}

/// Somebody who wrote in more time zones than usual.
fn many_offsets(person: &Person, written: &[Written<'_>]) -> Option<Finding> {
    let mut zones: BTreeMap<i32, (usize, &str)> = BTreeMap::new();
    for Written { zone, id, .. } in written {
        let (count, newest) = zones.entry(*zone).or_default();
        (*count, *newest) = (*count + 1, id);
    }
    let commits = written.len();
    if commits < FEWEST_COMMITS || without_summer_time(zones.keys().copied()) <= USUAL {
        return None;
    }
    let (_, (_, rarest)) = zones.iter().min_by_key(|(_, (count, _))| count)?;
    let named: Vec<String> =
        zones.iter().map(|(zone, (count, _))| format!("{} ({count})", named(*zone))).collect();
    let message = format!(
        "{} wrote {commits} commits in the time zones {}; this is of the rarest",
        shortened(&person.name),
        named.join(", ")
    );
    Some(Finding::new(MANY_OFFSETS, Severity::Low, message).commit(*rarest))
}

/// Somebody who wrote in two time zones one after the other, in less time than the sun takes from one to the other.
fn two_places(earlier: &Written<'_>, later: &Written<'_>) -> Option<Finding> {
    let apart = later.zone.saturating_sub(earlier.zone).saturating_abs();
    let passed = later.at.saturating_sub(earlier.at) / MINUTE;
    let message = format!(
        "{} wrote this in the time zone {}, {passed} minutes after {} in {}",
        shortened(&later.by.name),
        named(later.zone),
        earlier.id,
        named(earlier.zone)
    );
    let too_fast = apart >= JOURNEY && passed < i64::from(apart);
    too_fast.then(|| Finding::new(TWO_PLACES, Severity::Low, message).commit(later.id))
}

/// How many there are if two that are an hour apart are one. They come in order.
fn without_summer_time(zones: impl Iterator<Item = i32>) -> usize {
    let mut count = 0;
    let mut winter = None;
    for zone in zones {
        if winter.is_some_and(|winter| zone - SUMMER_TIME == winter) {
            winter = None;
        } else {
            (count, winter) = (count + 1, Some(zone));
        }
    }
    count
}

fn named(zone: i32) -> String {
    let sign = if zone < 0 { '-' } else { '+' };
    let zone = zone.unsigned_abs();
    format!("{sign}{:02}{:02}", zone / 60, zone % 60)
}
