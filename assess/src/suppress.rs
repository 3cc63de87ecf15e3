//! Takes the findings that a policy suppresses out of an answer before its expression judges it, and out of its hints.
//!
//! What is remembered is never touched: answers come here as the plugin gave them, each time. A list that may have been
//! cut is left as it is, since whoever fills it with what is suppressed could push something else out.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::policy::{CheckedAnalysis, CheckedPolicy, PathPattern, Place, Suppression};
use crate::report::{Concern, Location};

/// A plugin that cuts its list keeps at least so many findings in all.
pub const MOST: usize = 5000;
/// A plugin that cuts its list keeps at least so many findings of each rule, and of each file.
pub const MOST_ALIKE: usize = 200;

/// What one suppression came to in one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Its place in [`CheckedPolicy::suppressions`].
    pub suppression: usize,
    /// How many findings it fits.
    pub found: usize,
    pub held: Held,
    /// Of one that takes nothing out: how many of these other lines take out.
    pub taken_by_others: usize,
    /// Those others, by their places in [`CheckedPolicy::suppressions`].
    pub others: BTreeSet<usize>,
}

impl Looked {
    fn new(suppression: usize, found: usize, held: Held) -> Looked {
        Looked { suppression, found, held, taken_by_others: 0, others: BTreeSet::new() }
    }
}

/// Whether a suppression took out what it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It did.
    Taken,
    /// Its last day is over.
    Expired,
    /// The list is so long that it may have been cut.
    Cut,
    /// The answer is no list of findings.
    NoFindings,
}

/// What the policy's suppressions came to in one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suppressed {
    /// One for each suppression of the analysis' plugin, if there was an answer.
    pub looked: Vec<Looked>,
    /// The places among the concerns of those that speak of what was taken out, and the suppressions that did.
    pub hidden: BTreeMap<usize, Vec<usize>>,
}

/// An answer, its hints, and what was suppressed of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// What is left, to be judged.
    pub value: Value,
    /// All hints, those that are hidden among them.
    pub concerns: Vec<Concern>,
    pub suppressed: Suppressed,
}

/// Applies the policy's suppressions to the answer of one analysis. `today` is the day of the check.
pub fn applied(
    policy: &CheckedPolicy,
    analysis: &CheckedAnalysis,
    today: &str,
    mut value: Value,
    concerns: Vec<Concern>,
) -> Applied {
    let lines: Vec<(usize, &Suppression)> = (policy.suppressions.iter().enumerate())
        .map(|(place, checked)| (place, &checked.said))
        .filter(|(_, said)| said.plugin == analysis.plugin)
        .collect();
    if lines.is_empty() {
        return Applied { value, concerns, suppressed: Suppressed::default() };
    }
    let Some(findings) = findings(&value) else {
        let looked = lines.iter().map(|(at, _)| Looked::new(*at, 0, Held::NoFindings));
        let suppressed = Suppressed { looked: looked.collect(), ..Suppressed::default() };
        return Applied { value, concerns, suppressed };
    };
    let (looked, taken) = looked(&lines, &findings, today);
    if taken.iter().all(Vec::is_empty) {
        return Applied { value, concerns, suppressed: Suppressed { looked, ..Suppressed::default() } };
    }
    let (concerns, hidden) = hints(concerns, &findings, &taken);
    if let Value::Array(items) = &mut value {
        let mut by = taken.iter();
        items.retain(|_| by.next().is_none_or(Vec::is_empty));
    }
    Applied { value, concerns, suppressed: Suppressed { looked, hidden } }
}

/// What of a finding decides whether it is suppressed, and what a hint can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    rule: Option<String>,
    severity: Option<String>,
    package: Option<String>,
    message: Option<String>,
    location: Location,
}

/// The findings of an answer, one for each element; None if it is no list of findings.
fn findings(value: &Value) -> Option<Vec<Found>> {
    let items = value.as_array()?;
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let found = |item: &Value| Found {
        rule: text(item, "rule"),
        severity: text(item, "severity"),
        package: text(item, "package"),
        message: text(item, "message"),
        location: Location {
            commit: text(item, "commit"),
            path: text(item, "path"),
            // 0 is the whole file.
            line: item.get("line").and_then(Value::as_u64).filter(|line| *line > 0),
        },
    };
    let found: Vec<Found> = items.iter().map(found).collect();
    (found.is_empty() || found.iter().any(|found| found.rule.is_some())).then_some(found)
}

/// What each suppression came to, and for each finding the suppressions that take it out.
fn looked(
    lines: &[(usize, &Suppression)],
    findings: &[Found],
    today: &str,
) -> (Vec<Looked>, Vec<Vec<usize>>) {
    let lengths = Lengths::of(findings);
    let mut taken = vec![Vec::new(); findings.len()];
    let mut untaken: Vec<(usize, Vec<usize>)> = Vec::new();
    let look = |(place, (at, said)): (usize, &(usize, &Suppression))| {
        let fits = |(_, found): &(usize, &Found)| {
            found.rule.as_deref() == Some(&said.rule)
                && fits(&said.place, &found.location, found.package.as_deref())
        };
        let fitting: Vec<(usize, &Found)> = findings.iter().enumerate().filter(fits).collect();
        let held = if said.is_expired(today) {
            Held::Expired
        } else if fitting.iter().any(|(_, found)| lengths.may_be_cut(found)) {
            Held::Cut
        } else {
            Held::Taken
        };
        let found = fitting.len();
        let fitting = fitting.into_iter().map(|(finding, _)| finding);
        match held {
            Held::Taken => fitting.for_each(|finding| taken[finding].push(*at)),
            _ => untaken.push((place, fitting.collect())),
        }
        Looked::new(*at, found, held)
    };
    let mut looked: Vec<Looked> = lines.iter().enumerate().map(look).collect();
    for (place, fitting) in untaken {
        let by_others = fitting.iter().map(|finding| &taken[*finding]).filter(|by| !by.is_empty());
        looked[place].taken_by_others = by_others.clone().count();
        looked[place].others = by_others.flatten().copied().collect();
    }
    (looked, taken)
}

/// Whether something is where the place says.
fn fits(place: &Place, location: &Location, package: Option<&str>) -> bool {
    let path = |wanted: &PathPattern| location.path.as_deref().is_some_and(|path| wanted.matches(path));
    place.path.as_ref().is_none_or(path)
        && place.commit.as_ref().is_none_or(|commit| location.commit.as_ref() == Some(commit))
        && place.package.as_ref().is_none_or(|wanted| package == Some(wanted))
}

/// How many findings there are in all, of each rule and of each file.
struct Lengths<'a> {
    all: usize,
    of_rule: HashMap<&'a str, usize>,
    of_file: HashMap<&'a str, usize>,
}

impl<'a> Lengths<'a> {
    fn of(findings: &'a [Found]) -> Lengths<'a> {
        let mut lengths = Lengths { all: findings.len(), of_rule: HashMap::new(), of_file: HashMap::new() };
        for found in findings {
            if let Some(rule) = &found.rule {
                *lengths.of_rule.entry(rule).or_default() += 1;
            }
            if let Some(path) = &found.location.path {
                *lengths.of_file.entry(path).or_default() += 1;
            }
        }
        lengths
    }

    /// Whether another finding may have been left out for this one.
    fn may_be_cut(&self, found: &Found) -> bool {
        let many = |counts: &HashMap<&str, usize>, key: &Option<String>| {
            key.as_deref().and_then(|key| counts.get(key)).is_some_and(|count| *count >= MOST_ALIKE)
        };
        self.all >= MOST || many(&self.of_rule, &found.rule) || many(&self.of_file, &found.location.path)
    }
}

/// The hints with those that are made in place of hidden ones, and which of them are hidden by what. Every finding that was
/// taken out has one.
fn hints(
    mut concerns: Vec<Concern>,
    findings: &[Found],
    taken: &[Vec<usize>],
) -> (Vec<Concern>, BTreeMap<usize, Vec<usize>>) {
    let mut hidden = BTreeMap::new();
    // The findings that a hint speaks of already.
    let mut told = BTreeSet::new();
    for (place, concern) in concerns.iter().enumerate() {
        let of_it = spoken_of(concern, findings);
        let is_hidden = !of_it.is_empty() && of_it.iter().all(|at| !taken[*at].is_empty());
        // Several hints may speak of the same place, each of another finding there.
        let untold = |at: &&usize| !told.contains(*at) && taken[**at].is_empty() != is_hidden;
        let of = of_it.iter().find(untold).copied();
        if let (true, Some(at)) = (is_hidden, of.or(of_it.first().copied())) {
            hidden.insert(place, taken[at].clone());
        }
        told.extend(of);
    }
    let mut room = hidden.len();
    for (at, found) in findings.iter().enumerate().filter(|(at, _)| !told.contains(at)) {
        match &taken[at][..] {
            [] if room == 0 => continue,
            [] => room -= 1,
            by => drop(hidden.insert(concerns.len(), by.to_vec())),
        }
        concerns.push(found.concern());
    }
    (concerns, hidden)
}

/// The places of the findings that a hint speaks of: those of its rule and location; of these the ones with its very words,
/// where there are such.
fn spoken_of(concern: &Concern, findings: &[Found]) -> Vec<usize> {
    let nowhere = Location::default();
    let location = concern.location.as_ref().unwrap_or(&nowhere);
    if concern.rule.is_none() && *location == nowhere {
        return Vec::new();
    }
    let same_place = |(_, found): &(usize, &Found)| {
        found.location == *location && (concern.rule.is_none() || concern.rule == found.rule)
    };
    let same_words = |at: &usize| {
        findings[*at].message.as_ref().is_some_and(|message| concern.message.ends_with(message.as_str()))
    };
    let there: Vec<usize> = findings.iter().enumerate().filter(same_place).map(|(at, _)| at).collect();
    let in_words: Vec<usize> = there.iter().copied().filter(same_words).collect();
    if in_words.is_empty() { there } else { in_words }
}

impl Found {
    /// A hint for a finding that the plugin gave none for.
    fn concern(&self) -> Concern {
        let rule = self.rule.as_deref().unwrap_or("finding");
        let severity = self.severity.as_ref().map(|severity| format!(" ({severity})")).unwrap_or_default();
        let what = self.message.as_ref().or(self.package.as_ref());
        let what = what.map(|what| format!(": {what}")).unwrap_or_default();
        Concern {
            message: format!("{rule}{severity}{what}"),
            rule: self.rule.clone(),
            location: (self.location != Location::default()).then(|| self.location.clone()),
        }
    }
}
