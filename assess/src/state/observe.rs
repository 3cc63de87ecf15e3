//! Compares the references of now with those that are remembered, once for each check that asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::BString;
use gix::hash::Kind;

use super::input::{self, Past, PastBranch, shown};
use super::kept::Kept;
use super::ledger::{Event, Ledger, SeenBranch};
use super::{StateError, StateUse};
use crate::settings::Day;
use crate::snapshot::{Descent, References, Snapshot};

/// How often a check begins anew because another one was faster.
const ATTEMPTS: usize = 5;

/// What a check sees of a repository's references, and of what is remembered of them.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The value of the input `refs/tags`, or why there is none.
    pub(crate) tags: Result<Arc<str>, String>,
    /// The value of the input `state/refs`, or why there is none.
    pub(crate) state: Result<Arc<str>, String>,
    /// Since when something is remembered; `None` if nothing was before this check.
    pub(crate) since: Option<String>,
    /// What the person should know.
    pub(crate) warning: Option<String>,
}

/// Looks at the references, and at what is remembered if it may be used. `of_revision`: the person named the commit.
pub(crate) fn observed(snapshot: &Snapshot, of_revision: bool, state: &StateUse, day: &Day) -> Observed {
    let references = match snapshot.references() {
        Ok(references) => references,
        Err(error) => {
            // The error of a library names paths of this machine, which no report may.
            let told = "the references of the repository cannot be read".to_owned();
            let warning = Some(format!("{told}: {error}"));
            return Observed { tags: Err(told.clone()), state: Err(told), since: None, warning };
        }
    };
    let tags = input::tags(&references, of_revision).into();
    let Some(folder) = state.folder() else {
        return Observed { tags: Ok(tags), state: Ok("null".into()), since: None, warning: None };
    };
    let kept = Kept::of(folder, snapshot.target());
    let lines = references.tags.as_deref().map(lines);
    let seeing = Seeing { snapshot, references, lines, day: day.as_str() };
    let keeps = matches!(state, StateUse::Keep(_));
    match seeing.compared(&kept, keeps) {
        Ok((past, warning)) => {
            let since = past.since.clone();
            Observed { tags: Ok(tags), state: Ok(past.value().into()), since, warning }
        }
        Err(error) => {
            let told = "what is remembered of the repository cannot be read".to_owned();
            let warning = Some(with_source(&error));
            Observed { tags: Ok(tags), state: Err(told), since: None, warning }
        }
    }
}

fn with_source(error: &StateError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

/// What is seen of the repository now.
struct Seeing<'a> {
    snapshot: &'a Snapshot,
    references: References,
    /// A line for each tag; `None` if they are too many.
    lines: Option<Vec<u8>>,
    day: &'a str,
}

impl Seeing<'_> {
    /// What was before, and what has happened since; `keeps`: that is remembered from now on.
    fn compared(&self, kept: &Kept, keeps: bool) -> Result<(Past, Option<String>), StateError> {
        for _ in 0..ATTEMPTS {
            let before = kept.read()?;
            let (ledger, damage) =
                match kept.parse(before.clone()).and_then(|ledger| self.sound(kept, ledger)) {
                    Ok(ledger) => (ledger, None),
                    Err(damage @ StateError::Damaged { .. }) => (None, Some(damage)),
                    Err(error) => return Err(error),
                };
            let (mut next, past) = self.advanced(ledger.as_ref());
            let warning = damage.as_ref().map(|damage| match keeps {
                true => format!("{damage}; it is put aside as {}, and begun anew", kept.aside().display()),
                false => damage.to_string(),
            });
            if !keeps || ledger.as_ref() == Some(&next) {
                return Ok((past, warning));
            }
            match kept.replace(before.as_deref(), &next.bytes(), damage.is_some()) {
                Ok(true) => return Ok((past, warning)),
                Ok(false) => {}
                // What was seen is told all the same, and will be again.
                Err(error) => return Ok((past, Some(with_source(&error)))),
            }
        }
        Err(StateError::Busy { file: kept.file.clone() })
    }

    /// Tags that are those of now need no digest.
    fn sound(&self, kept: &Kept, ledger: Option<Ledger>) -> Result<Option<Ledger>, StateError> {
        let sound = |ledger: &Ledger| Some(&ledger.lines) == self.lines.as_ref() || ledger.lines_are_sound();
        match ledger {
            Some(ledger) if !sound(&ledger) => Err(kept.damaged("the tags do not match their digest")),
            ledger => Ok(ledger),
        }
    }

    /// What is to be remembered from now on, and what is known of the time before.
    fn advanced(&self, before: Option<&Ledger>) -> (Ledger, Past) {
        let mut next = before.cloned().unwrap_or_else(|| Ledger::begin(self.snapshot.target(), self.day));
        let branches = self.branches(&mut next);
        if let Some(lines) = &self.lines
            && *lines != next.lines
        {
            if before.is_some() {
                self.tags(&mut next);
            }
            next.lines.clone_from(lines);
        }
        next.bound(|name| branches.iter().any(|branch| branch.name == name));
        let concerns = |event: &&Event| match event {
            Event::Rewritten { branch, .. } => branches.iter().any(|one| one.name == *branch),
            Event::MovedTag { .. } | Event::DeletedTag { .. } => true,
        };
        let events = next.events.iter().filter(concerns).cloned().collect();
        let (since, truncated) = (before.map(|ledger| ledger.since.clone()), self.references.tags.is_none());
        let past = Past { since, truncated, branches, events, dropped: next.dropped };
        (next, past)
    }

    fn branches(&self, next: &mut Ledger) -> Vec<PastBranch> {
        let mut past = Vec::new();
        for (name, branch) in &self.references.branches {
            let (name, new) = (shown(name), branch.tip.to_string());
            let known = next.branches.get(&name).filter(|seen| seen.address == branch.address).cloned();
            let old = known.as_ref().and_then(|seen| ObjectId::from_hex(seen.tip.as_bytes()).ok());
            let old = old.filter(|old| old.kind() == branch.tip.kind());
            let mut told =
                PastBranch { name: name.clone(), main: branch.is_main, since: None, unknown: None };
            let (Some(known), Some(old)) = (known, old) else {
                let address = branch.address.clone();
                next.branches.insert(name, SeenBranch { tip: new, since: self.day.to_owned(), address });
                past.push(told);
                continue;
            };
            told.since = Some(known.since.clone());
            match self.snapshot.descent(old, branch.tip) {
                Descent::Follows => {}
                Descent::Rewritten => next.events.push(Event::Rewritten {
                    day: self.day.to_owned(),
                    branch: name.clone(),
                    main: branch.is_main,
                    old: known.tip.clone(),
                    new: new.clone(),
                }),
                Descent::Unknown(reason) => told.unknown = Some(reason),
            }
            if told.unknown.is_none() {
                next.branches.insert(name, SeenBranch { tip: new, ..known });
            }
            past.push(told);
        }
        past
    }

    /// Notes which tags moved and which are gone.
    fn tags(&self, next: &mut Ledger) {
        let lines = std::mem::take(&mut next.lines);
        let mut before: BTreeMap<&[u8], &[u8]> =
            lines.split(|byte| *byte == b'\n').filter_map(parted).collect();
        for (name, new) in self.references.tags.iter().flatten() {
            let old = match before.remove(name.as_slice()) {
                Some(old) => ObjectId::from_hex(old).ok(),
                None => {
                    next.gone.remove(&shown(name)).and_then(|old| ObjectId::from_hex(old.as_bytes()).ok())
                }
            };
            if let Some(old) = old.filter(|old| old != new) {
                let event = self.moved(name, old, *new);
                next.events.push(event);
            }
        }
        for (name, old) in before {
            let (day, tag) = (self.day.to_owned(), shown(&BString::from(name)));
            let old = String::from_utf8_lossy(old).into_owned();
            next.gone.insert(tag.clone(), old.clone());
            next.events.push(Event::DeletedTag { day, tag, old });
        }
    }

    fn moved(&self, name: &BString, old: ObjectId, new: ObjectId) -> Event {
        let commits = self.snapshot.peeled(old).zip(self.snapshot.peeled(new));
        Event::MovedTag {
            day: self.day.to_owned(),
            tag: shown(name),
            old: old.to_string(),
            new: new.to_string(),
            same_commit: commits.map(|(old, new)| old == new),
        }
    }
}

/// A line for each tag: its id, a blank, its name.
fn lines(tags: &[(BString, ObjectId)]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(tags.len() * 64);
    let mut hex = ObjectId::null(Kind::longest()).to_hex().to_string().into_bytes();
    for (name, id) in tags {
        let length = id.hex_to_buf(&mut hex).len();
        lines.extend_from_slice(&hex[..length]);
        lines.push(b' ');
        lines.extend_from_slice(name);
        lines.push(b'\n');
    }
    lines
}

/// A line of a tag: its name and its id.
fn parted(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = line.iter().position(|byte| *byte == b' ')?;
    Some((&line[blank + 1..], &line[..blank]))
}
