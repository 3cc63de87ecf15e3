//! What is known of all files, put together into the answer to one question.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::findings::{self, Finding, Rule, Severity};
use probity_sdk::git::{Candidate, FolderKey};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::files::FileKey;
use crate::finding::{FileReport, Reference};
use crate::group::Group;
use crate::kind::{Kind, kind};
use crate::rules::{RULES, UNPINNED_INCLUDE, UNPINNED_USES, UNREADABLE};

/// How many files are asked for at once.
const WINDOW: usize = 64;
/// So many findings are told of a tree.
const MOST: usize = 5000;

/// A reference to something of others, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Placed {
    /// The file.
    path: String,
    #[serde(flatten)]
    reference: Reference,
}

/// All references, by file and line.
pub(crate) fn references(engine: &Engine<Config>, target: &Target) -> Result<Vec<Placed>> {
    let mut placed = Vec::new();
    for (file, report) in reports(engine, target, Group::Mutable)? {
        let of_file = report.references.into_iter();
        placed.extend(of_file.map(|reference| Placed { path: file.path.clone(), reference }));
    }
    if placed.is_empty() {
        return Err(abstain("nothing of others is referred to"));
    }
    placed.sort_by(|a, b| (&a.path, a.reference.line).cmp(&(&b.path, b.reference.line)));
    placed.truncate(MOST);
    Ok(placed)
}

/// What each file holds that can have findings of this group.
fn reports(engine: &Engine<Config>, target: &Target, group: Group) -> Result<Vec<(Candidate, FileReport)>> {
    let all: Vec<Candidate> = engine.query("workflows/folder", &FolderKey::root(target))?;
    let known = all.into_iter().filter_map(|file| Some((kind(&file.path)?, file)));
    let files: Vec<(Kind, Candidate)> = known
        .filter(|(kind, file)| group.looks_at(*kind) && (!file.link || *kind == Kind::Workflow))
        .collect();
    if files.is_empty() {
        return Err(abstain(group.absent()));
    }
    let key = |kind: Kind, file: &Candidate| FileKey { blob: file.id.clone(), kind };
    // The same file may lie at several places.
    let keys: BTreeSet<FileKey> =
        files.iter().filter(|(_, file)| !file.link).map(|(kind, file)| key(*kind, file)).collect();
    let keys: Vec<FileKey> = keys.into_iter().collect();
    let mut told: HashMap<&FileKey, FileReport> = HashMap::new();
    for (key, report) in keys.iter().zip(engine.query_windowed("workflows/file", &keys, WINDOW)) {
        told.insert(key, report?);
    }
    let report = |(kind, file): (Kind, Candidate)| {
        let report = told.get(&key(kind, &file)).cloned().unwrap_or_else(|| of_link(&file));
        (file, report)
    };
    Ok(files.into_iter().map(report).collect())
}

fn of_link(file: &Candidate) -> FileReport {
    let mut report = FileReport::default();
    if file.link {
        let message = "a symbolic link: nothing is known of what it leads to";
        report.find(UNREADABLE, Severity::Medium, 1, message);
    }
    report
}

/// The findings of a group, and the worst of them for the person.
pub(crate) fn answer(engine: &Engine<Config>, target: &Target, group: Group) -> Result<Answer<Vec<Finding>>> {
    let mut found: Vec<Finding> = Vec::new();
    for (file, report) in reports(engine, target, group)? {
        let mutable = report.references.iter().filter(|of| !of.pinned && group == Group::Mutable);
        let mutable = mutable.map(|reference| unpinned(reference, engine.config()));
        let of_group = report.findings.into_iter().filter(|finding| belongs(finding, group)).chain(mutable);
        found.extend(of_group.map(|finding| finding.path(&file.path)));
    }
    Ok(findings::answer(found))
}

/// What cannot be read belongs to every group that looks at such files.
fn belongs(finding: &Finding, group: Group) -> bool {
    let of_group = |rule: &Rule| rule.query == group.query();
    finding.rule == UNREADABLE || findings::rule(RULES, &finding.rule).is_some_and(of_group)
}

fn unpinned(reference: &Reference, config: &Config) -> Finding {
    let grave = match reference.rule.as_str() {
        UNPINNED_USES => reference.privileged && !config.trusts(&reference.uses),
        UNPINNED_INCLUDE => reference.privileged,
        _ => false,
    };
    let beside = if reference.privileged && grave {
        ", where there are secrets or a token that may write"
    } else {
        ""
    };
    let severity = if grave { Severity::Medium } else { Severity::Low };
    let message = format!("{} can come to mean something else{beside}", reference.uses);
    Finding::new(&reference.rule, severity, message).line(reference.line).package(&reference.uses)
}
