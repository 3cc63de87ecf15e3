//! In how many time zones people write.

use std::collections::BTreeMap;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::Person;
use probity_sdk::people::{self, is_bot};

use crate::dates::Dated;
use crate::rules::MANY_OFFSETS;

/// Fewer commits say little about where somebody is.
const FEWEST_COMMITS: usize = 10;
/// At home and on one journey.
const USUAL: usize = 2;
/// Under which commits are made in a browser, with whatever time zone the forge puts there.
const FORGES: [&str; 3] = ["noreply@github.com", "noreply@gitlab.com", "noreply@codeberg.org"];
const SUMMER_TIME: i32 = 60;

/// What one person wrote: by time zone how many commits, and the newest of them.
type Zones<'a> = BTreeMap<i32, (usize, &'a str)>;

/// People who wrote in more time zones than usual.
pub(crate) fn many_offsets(commits: &[Dated]) -> Vec<Finding> {
    let authors: Vec<Person> = commits.iter().map(|dated| dated.commit.author.clone()).collect();
    let mut by_person: BTreeMap<usize, Zones<'_>> = BTreeMap::new();
    for (dated, person) in commits.iter().zip(people::groups(&authors)) {
        let by_forge = FORGES.contains(&people::folded(&dated.commit.committer.email).as_str());
        let Some(zone) = dated.header.authored.filter(|zone| *zone != 0) else { continue };
        if !by_forge && !is_bot(&dated.commit.author) {
            let (count, newest) = by_person.entry(person).or_default().entry(zone).or_default();
            (*count, *newest) = (*count + 1, &dated.commit.id);
        }
    }
    by_person.iter().filter_map(|(person, zones)| finding(&authors[*person], zones)).collect()
}

fn finding(person: &Person, zones: &Zones<'_>) -> Option<Finding> {
    let commits: usize = zones.values().map(|(count, _)| count).sum();
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
