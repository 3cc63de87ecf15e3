//! Takes a snapshot of a working tree: the files as they are on disk become a tree of git objects.
//!
//! The procedure: list the tracked files (`index`), walk for untracked ones (`walk`), gather the attributes
//! (`attributes`), look at each file (`content`, `stat_cache`), store what is new (`reading`), build the trees (`tree`).
//! One synthetic commit on `HEAD` then stands for the result, unless nothing differs from `HEAD`.

mod attributes;
mod beneath;
mod content;
mod index;
mod lfs;
mod reading;
mod stat_cache;
mod submodule;
mod tree;
mod walk;

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::glob::pattern::Case;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::Snapshot;
use super::error::SnapshotError;
use super::note::{Incomplete, Note, Paths};
use super::objects::{Handle, Objects, Tip};
use super::taking::{Survey, Taking};
use super::target::{Target, short_digest};
use crate::files;
use attributes::Attributes;
use beneath::Beneath;
use content::{Examiner, Finding, Shared};
use index::{Index, Tracked};
use stat_cache::{Row, StatCache};
use tree::Entry;
use walk::Found;

/// How many parts the files are divided into for each thread, so that none waits long for another.
const PARTS_PER_THREAD: usize = 4;

/// A path and what the index says of it.
type Candidate<'a> = (&'a BStr, Option<&'a Tracked>);

/// What became of the files.
#[derive(Default)]
struct Outcome {
    entries: Vec<Entry>,
    rows: Vec<(BString, Row)>,
    unfiltered: Vec<BString>,
    too_big: Vec<BString>,
    unstable: Vec<BString>,
    /// Whose content is unknown although it belongs to the snapshot.
    unknown: Vec<BString>,
}

/// Takes a snapshot of the working tree of `target`, which `began` now: what is younger is not remembered.
pub(super) fn snapshot(
    target: &Target,
    cache: &Path,
    began: SystemTime,
    taking: &Taking,
) -> Result<Snapshot, SnapshotError> {
    let Some(root) = target.worktree() else {
        return Err(SnapshotError::NoWorktree { git_dir: target.layout.git_dir.clone() });
    };
    let private = target.private_dir(cache);
    let objects = Objects::private(&private, &target.dirs, target.config.hash)?;
    let handle = objects.handle();
    let head = handle.tip(target.head_commit()?)?;
    let failed = |source| SnapshotError::Worktree { path: root.to_owned(), source };
    let mut beneath = Beneath::open(root).map_err(failed)?;
    let index = Index::read(&target.layout.git_dir, target.config.hash)?;
    let (mut found, attributes) =
        survey(target, &mut beneath, &index, &handle, &own(cache, root), taking).map_err(failed)?;

    let key = cache_key(target, &attributes);
    let cache_file = private.join(format!("stat-{}", short_digest(root.as_os_str().as_encoded_bytes())));
    let stats = StatCache::load(&cache_file, &key, target.config.hash);
    let shared = Shared { config: &target.config, attributes: &attributes, cache: &stats, taking };
    let untracked = std::mem::take(&mut found.untracked);
    let candidates = candidates(&index, &untracked);
    let findings = examine(&candidates, &shared, &beneath, &objects).map_err(|fault| match fault {
        Fault::Handle(source) => failed(source),
        Fault::Snapshot(error) => error,
    })?;
    let looked_at = taking.survey.then(|| {
        let listed = found.listed.iter().map(|dir| dir.as_bstr());
        Arc::new(Survey::of(root, listed, candidates.iter().map(|(path, _)| *path)))
    });
    let mut outcome = merge(&candidates, findings, root, &mut found);
    let write = &mut |bytes: &[u8]| handle.write(gix::objs::Kind::Tree, bytes);
    let tree = tree::build(&outcome.entries, write, &mut outcome.unstable)?;
    let rows: Vec<_> = outcome.rows.iter().map(|(path, row)| (path.as_bstr(), *row)).collect();
    if stats.save(&cache_file, &key, &rows, began).is_err() {
        // Only time is lost, as long as nothing outdated stays.
        StatCache::discard(&cache_file);
    }
    let mut snapshot = target.describe(commit(&handle, &head, tree)?, objects);
    snapshot.dirty = tree != head.tree;
    snapshot.survey = looked_at;
    report(&mut snapshot, outcome, found, index.invalid);
    Ok(snapshot)
}

/// What of the working tree Probity itself writes: a report must not depend on where the cache lies.
fn own(cache: &Path, root: &Path) -> Vec<BString> {
    let within = |path: &PathBuf| Some(path.strip_prefix(root).ok()?.as_os_str().as_bytes().into());
    crate::cache::own(cache, root).iter().filter_map(within).collect()
}

/// Walks through the working tree: its untracked files, and the attributes of all.
fn survey(
    target: &Target,
    root: &mut Beneath,
    index: &Index,
    objects: &Handle,
    own: &[BString],
    taking: &Taking,
) -> io::Result<(Found, Attributes)> {
    let case = if target.config.ignore_case { Case::Fold } else { Case::Sensitive };
    let mut unreadable = Vec::new();
    let mut of_git = |name: &str| {
        let path = target.layout.common_dir.join(name);
        files::read(&path, walk::PATTERNS_LIMIT).unwrap_or_else(|_| {
            unreadable.push(format!(".git/{name}").into());
            None
        })
    };
    let excluded = of_git("info/exclude").unwrap_or_default();
    let own_attributes = of_git("info/attributes");
    let mut found = walk::untracked(root, index, objects, &excluded, own, case, taking)?;
    found.unreadable.append(&mut unreadable);
    let attributes = Attributes::gather(&mut found, index, root, objects, own_attributes, case);
    Ok((found, attributes))
}

/// What the content of a file as git stores it depends on besides the file: the attributes and settings.
fn cache_key(target: &Target, attributes: &Attributes) -> [u8; 32] {
    let config = &target.config;
    let mut hasher = Sha256::new();
    hasher.update(attributes.digest);
    hasher.update(format!(
        "{:?} {:?} {} {} {}",
        config.hash, config.line_endings, config.file_mode, config.symlinks, config.ignore_case
    ));
    hasher.finalize().into()
}

/// All that is to be looked at, sorted by path.
fn candidates<'a>(index: &'a Index, untracked: &'a [BString]) -> Vec<Candidate<'a>> {
    let tracked = index.files.iter().map(|file| (file.path.as_bstr(), Some(file)));
    let untracked = untracked.iter().map(|path| (path.as_bstr(), None));
    let mut all: Vec<_> = tracked.chain(untracked).collect();
    all.sort_by_key(|(path, _)| *path);
    all
}

/// Why the files could not be looked at.
enum Fault {
    /// The working tree's root cannot be opened once more.
    Handle(io::Error),
    Snapshot(SnapshotError),
}

/// Looks at all candidates on all processors; the findings are in the candidates' order.
fn examine(
    candidates: &[Candidate<'_>],
    shared: &Shared<'_>,
    root: &Beneath,
    objects: &Objects,
) -> Result<Vec<Finding>, Fault> {
    let parts = rayon::current_num_threads() * PARTS_PER_THREAD;
    let roots: Vec<_> = candidates
        .chunks(candidates.len().div_ceil(parts).max(1))
        .map(|chunk| root.another().map(|root| (chunk, root)))
        .collect::<Result<_, _>>()
        .map_err(Fault::Handle)?;
    let parts: Vec<Vec<Finding>> = roots
        .into_par_iter()
        .map(|(chunk, root)| {
            let mut examiner = Examiner::new(shared, root, objects.handle());
            let examined = |(path, tracked): &Candidate<'_>| match shared.taking.cancel.is_raised() {
                true => Err(SnapshotError::Cancelled),
                false => examiner.examine(path, *tracked),
            };
            chunk.iter().map(examined).collect()
        })
        .collect::<Result<_, _>>()
        .map_err(Fault::Snapshot)?;
    Ok(parts.into_iter().flatten().collect())
}

/// Turns findings into the entries of the tree, and sorts out what is to be told.
fn merge(candidates: &[Candidate<'_>], findings: Vec<Finding>, root: &Path, found: &mut Found) -> Outcome {
    let mut outcome = Outcome::default();
    for ((path, tracked), finding) in candidates.iter().zip(findings) {
        let path = path.to_owned();
        let as_indexed = tracked.map(|file| Entry { path: file.path.clone(), kind: file.kind, id: file.id });
        // A buffer is not: what is known of the file on disk is something else.
        let is_remembered = matches!(finding, Finding::Stored(_));
        match finding {
            Finding::Stored(row) | Finding::Buffered(row) => {
                if row.unfiltered {
                    outcome.unfiltered.push(path.to_owned());
                }
                outcome.entries.push(Entry { path: path.to_owned(), kind: row.kind, id: row.id });
                if is_remembered {
                    outcome.rows.push((path.to_owned(), row));
                }
            }
            Finding::Submodule => outcome.entries.extend(as_indexed.map(|entry| {
                let id = submodule::head(root, path, entry.id).unwrap_or(entry.id);
                Entry { id, ..entry }
            })),
            Finding::Gone => {
                outcome.entries.extend(as_indexed.filter(|_| tracked.is_some_and(|file| file.skipped)))
            }
            Finding::Special => found.special.push(path.to_owned()),
            Finding::Unreadable => {
                outcome.entries.extend(as_indexed);
                found.unreadable.push(path.to_owned());
            }
            Finding::TooBig => {
                if as_indexed.is_some() {
                    outcome.unknown.push(path.to_owned());
                }
                outcome.entries.extend(as_indexed);
                outcome.too_big.push(path.to_owned());
            }
            Finding::Unstable => {
                outcome.entries.extend(as_indexed);
                outcome.unstable.push(path.to_owned());
            }
        }
    }
    outcome
}

/// The commit that stands for `tree` on top of `head`; `head` itself if nothing differs. Its people and times are those of
/// `head`: nobody joins the contributors, and the id depends on content alone.
fn commit(objects: &Handle, head: &Tip, tree: ObjectId) -> Result<Tip, SnapshotError> {
    if tree == head.tree {
        return Ok(*head);
    }
    let mut text = format!("tree {tree}\nparent {}\n", head.commit).into_bytes();
    text.extend(objects.signatures(&head.commit)?);
    text.extend_from_slice(b"\nWorking tree\n");
    let commit = objects.write(gix::objs::Kind::Commit, &text)?;
    Ok(Tip { commit, tree })
}

/// Puts what is to be told into the snapshot.
fn report(snapshot: &mut Snapshot, outcome: Outcome, found: Found, mut invalid: Vec<BString>) {
    let mut unknown = outcome.unknown;
    unknown.extend(found.unreadable.iter().cloned());
    unknown.extend(outcome.unstable.iter().cloned());
    invalid.extend(found.invalid);
    let notes = [
        Paths::of(outcome.unfiltered).map(Note::FilterNotApplied),
        Paths::of(outcome.too_big).map(Note::NotHashed),
        Paths::of(found.unreadable).map(Note::Unreadable),
        Paths::of(outcome.unstable).map(Note::Unstable),
        Paths::of(found.special).map(Note::Special),
        Paths::of(found.nested).map(Note::NestedRepository),
        Paths::of(invalid).map(Note::InvalidName),
    ];
    snapshot.notes.extend(notes.into_iter().flatten());
    snapshot.incomplete = Paths::of(unknown).map(|unknown| Incomplete { unknown });
}
