//! Who has taken a project over: somebody who came lately and does most of the work, where the one who did most before does little.

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::ChangeBy;

use crate::rules::TAKEOVER;
use crate::standing::{Share, Standing};

/// Who began so many days before the tip is no newcomer: three years.
pub(crate) const NEWCOMER: i64 = 3 * 365;
/// Of fewer commits in twelve months nobody's share says anything.
pub(crate) const FEWEST_COMMITS: u64 = 10;
/// Fewer changes say nothing about how somebody's work is reviewed.
const FEWEST_CHANGES: usize = 10;

/// The newcomers who do half of the work or more, while the former leader does two fifths or less.
pub(crate) fn suspects(standing: &Standing) -> Vec<usize> {
    let Some(leader) = standing.leader() else { return Vec::new() };
    let left = u128::from(standing.people[leader].recent) * 5;
    if left > u128::from(standing.recent) * 2 {
        return Vec::new();
    }
    let suspected = |place: &usize| {
        let share = &standing.people[*place];
        let half = u128::from(share.recent) * 2 >= u128::from(standing.recent);
        half && standing.tip.saturating_sub(share.begun) < NEWCOMER && *place != leader
    };
    (0..standing.people.len()).filter(suspected).collect()
}

/// What is told of a suspect. `changes` are the newest changes of the project, if these are known.
pub(crate) fn finding(standing: &Standing, suspect: usize, changes: Option<&[ChangeBy]>) -> Finding {
    let share = &standing.people[suspect];
    let own: Vec<bool> = changes
        .unwrap_or_default()
        .iter()
        .filter(|change| change.by.iter().any(|person| standing.place(person) == Some(suspect)))
        .map(|change| change.reviewed)
        .collect();
    let reviewed = own.iter().filter(|reviewed| **reviewed).count();
    let severity = match own.len() {
        0..FEWEST_CHANGES => Severity::Medium,
        all if reviewed * 5 < all => Severity::High,
        all if reviewed * 2 < all => Severity::Medium,
        _ => Severity::Low,
    };
    let reviews = match own.len() {
        0 => String::new(),
        all => {
            format!("; {reviewed} of {all} changes of {} show another's hand", shortened(&share.person.name))
        }
    };
    let message = format!("{}{}{reviews}", told(standing, share), told_of_leader(standing));
    Finding::new(TAKEOVER, severity, message).commit(&share.first)
}

fn told(standing: &Standing, share: &Share) -> String {
    let percent = percent(share.recent, standing.recent);
    let (all, days) = (standing.recent, standing.tip.saturating_sub(share.begun));
    format!(
        "{} made {percent} % of the {all} commits of the last twelve months, {days} days after the first one",
        named(share)
    )
}

fn told_of_leader(standing: &Standing) -> String {
    let Some(leader) = standing.leader().map(|place| &standing.people[place]) else { return String::new() };
    let before = percent(leader.earlier, standing.earlier);
    let now = percent(leader.recent, standing.recent);
    format!("; {}, who made {before} % of all before, made {now} %", named(leader))
}

fn named(share: &Share) -> String {
    format!("{} <{}>", shortened(&share.person.name), shortened(&share.person.email))
}

/// Rounded down.
fn percent(part: u64, of: u64) -> u128 {
    u128::from(part) * 100 / u128::from(of.max(1))
}
