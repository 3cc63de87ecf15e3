//! The releases of a repository in the order of their dates, and what is new about who made the newest.

use std::cmp::Reverse;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::{Commit, Person};
use probity_sdk::people::same;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::names::line;
use crate::rules::{MISNAMED_TAG, NEW_SIGNING_KEY, NEW_TAGGER, UNSIGNED_RELEASE};
use crate::tags::{Object, Tags};

/// Fewer releases before one say nothing about who makes them.
pub(crate) const FEWEST: usize = 3;

/// A tag that names one version, and what its object says.
#[derive(Debug)]
pub(crate) struct Release {
    name: String,
    /// The line of releases that it belongs to.
    line: String,
    object: Object,
}

/// How many releases bear what.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Signatures {
    /// Tags that name one version and stand for a commit.
    pub(crate) releases: u64,
    /// Those with an object of their own, which tells who made it.
    pub(crate) annotated: u64,
    /// Those with a signature, which nobody has verified.
    pub(crate) signed: u64,
    /// The keys that signatures name, in the order of the newest release that each is of.
    pub(crate) keys: Vec<String>,
}

/// The releases that concern the target, the newest first.
pub(crate) fn releases(engine: &Engine<Config>, target: &Target) -> Result<Vec<Release>> {
    let tags = Tags::of(engine)?;
    let objects = tags.objects(engine)?;
    let mut releases = Vec::new();
    for tag in tags.iter() {
        let Some(line) = line(&tag.name) else { continue };
        // Two tags may name the same object.
        let Some(object) = objects.get(&tag.id).cloned() else { continue };
        if object.annotated || object.commit.is_some() {
            releases.push(Release { name: tag.name.clone(), line: line.to_owned(), object });
        }
    }
    releases.sort_by(|a, b| (Reverse(a.object.date), &b.name).cmp(&(Reverse(b.object.date), &a.name)));
    if tags.of_revision {
        let last = last_moment(engine, target, &releases)?;
        releases.retain(|release| release.object.date <= last);
    }
    Ok(releases)
}

/// What was made after a commit that a person asked for does not concern it, but for the tag of the commit itself.
fn last_moment(engine: &Engine<Config>, target: &Target, releases: &[Release]) -> Result<i64> {
    let own = releases.iter().filter(|release| release.object.commit.as_deref() == Some(&target.commit));
    let tip: Commit = engine.query("git/commit", &target.commit())?;
    Ok(own.map(|release| release.object.date).fold(tip.committed, i64::max))
}

/// What is new about the newest releases.
pub(crate) fn findings(releases: &[Release], config: &Config) -> Result<Vec<Finding>> {
    if !releases.iter().any(|release| release.object.annotated) {
        return Err(abstain("no release has a tag that tells who made it"));
    }
    let (mut found, mut judged) = (Vec::new(), false);
    for (place, release) in releases.iter().enumerate().take(config.releases) {
        found.extend(misnamed(release));
        let before = releases[place + 1..].iter().filter(|before| before.line == release.line);
        let before: Vec<&Release> = before.take(config.previous).collect();
        if before.len() >= FEWEST {
            judged = true;
            found.extend(of_release(release, &before));
        }
    }
    if !judged && found.is_empty() {
        return Err(abstain(format!(
            "the newest release has fewer than {FEWEST} before it to be compared with"
        )));
    }
    Ok(found)
}

fn of_release(release: &Release, before: &[&Release]) -> Option<Finding> {
    let (name, count) = (shortened(&release.name), before.len());
    let told = |rule, severity, message: String| Some(release.placed(Finding::new(rule, severity, message)));
    let keys: Vec<&str> = before.iter().filter_map(|before| before.key()).collect();
    let known_key = release.key().is_some_and(|key| keys.contains(&key));
    if release.object.signature.is_none() && before.iter().all(|before| before.object.signature.is_some()) {
        return told(
            UNSIGNED_RELEASE,
            Severity::High,
            format!("{name} is not signed, and the {count} releases before it are"),
        );
    }
    let taggers: Vec<&Person> = before.iter().filter_map(|before| before.object.tagger.as_ref()).collect();
    let tagger = release.object.tagger.as_ref();
    let new_tagger =
        tagger.filter(|tagger| taggers.len() >= FEWEST && !taggers.iter().any(|known| same(known, tagger)));
    if let Some(key) = release.key().filter(|_| !keys.is_empty() && !known_key) {
        let by = new_tagger
            .map(|tagger| format!(", and is tagged by {}, who tagged none of them", person(tagger)));
        let message = format!(
            "{name} names the key {key}, which none of the {count} releases before it names{}",
            by.unwrap_or_default()
        );
        return told(NEW_SIGNING_KEY, Severity::Medium, message);
    }
    // Who signs with a known key is known, under whatever name.
    let tagger = new_tagger.filter(|_| !known_key)?;
    let message =
        format!("{name} is tagged by {}, who tagged none of the {count} releases before it", person(tagger));
    told(NEW_TAGGER, Severity::Medium, message)
}

fn misnamed(release: &Release) -> Option<Finding> {
    let own = release.object.name.as_deref()?;
    // Those who gather tags of others put something before them.
    let is_same = release.name == own || release.name.ends_with(&format!("/{own}"));
    let message = format!("the object of {} calls itself {}", shortened(&release.name), shortened(own));
    (!is_same).then(|| release.placed(Finding::new(MISNAMED_TAG, Severity::Medium, message)))
}

/// How many releases are signed, and by which keys.
pub(crate) fn signatures(releases: &[Release]) -> Signatures {
    let mut signatures = Signatures::default();
    for release in releases {
        signatures.releases += 1;
        signatures.annotated += u64::from(release.object.annotated);
        signatures.signed += u64::from(release.object.signature.is_some());
        let key = release.key().filter(|key| !signatures.keys.iter().any(|known| known == key));
        signatures.keys.extend(key.map(str::to_owned));
    }
    signatures
}

impl Release {
    fn key(&self) -> Option<&str> {
        self.object.signature.as_ref()?.key.as_deref()
    }

    fn placed(&self, finding: Finding) -> Finding {
        let finding = finding.package(shortened(&self.name));
        match &self.object.commit {
            Some(commit) => finding.commit(commit),
            None => finding,
        }
    }
}

fn person(person: &Person) -> String {
    shortened(&format!("{} <{}>", person.name, person.email))
}
