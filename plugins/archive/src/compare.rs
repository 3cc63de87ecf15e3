//! Compares what an archive holds with a tree, path by path. The archive is read once for the ids of its files, and a second time for
//! the few whose content must be looked into.

use std::collections::{BTreeMap, HashMap, HashSet};

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::git::{FileKind, Tree, TreeFile, TreeKey, path};
use probity_sdk::prelude::*;
use probity_sdk_objects::{Blob, Repository, ids, repository, told};

use crate::attributes::{Attributes, MOST_LINES};
use crate::config::{Config, Kind};
use crate::listing::{Is, Item, Listing, doubtful, folders};
use crate::queries::ComparedKey;
use crate::read::ReadError;
use crate::roles::{Role, role};
use crate::rules::{CHANGED_FILE, EXTRA_FILE, ODD_ENTRY};
use crate::{changed, extra, missing};

/// Larger files of attributes are none.
const MOST_ATTRIBUTES: usize = 1 << 20;

/// The tree, by path below the folder that the archive was made from.
pub(crate) struct Source<'a> {
    /// That folder with a slash at its end, or nothing.
    folder: Vec<u8>,
    pub(crate) files: BTreeMap<Vec<u8>, &'a TreeFile>,
}

/// A file of the archive that is not the tree's.
pub(crate) struct Case<'a> {
    pub(crate) path: &'a [u8],
    /// The same from the top of the tree, as text.
    pub(crate) place: String,
    pub(crate) role: Role,
    pub(crate) is: &'a Is,
    pub(crate) kind: Kind,
    /// Whether the tree is one that autotools generate files for.
    pub(crate) autotools: bool,
}

impl Case<'_> {
    pub(crate) fn finding(&self, rule: &str, severity: Severity, message: impl Into<String>) -> Finding {
        Finding::new(rule, severity, message).path(&self.place)
    }
}

impl<'a> Source<'a> {
    fn new(tree: &'a Tree, folder: &str) -> Source<'a> {
        let folder = if folder.is_empty() { Vec::new() } else { format!("{folder}/").into_bytes() };
        let below = |file: &'a TreeFile| {
            let path = path::bytes(&file.path);
            Some((path.strip_prefix(&folder[..])?.to_vec(), file))
        };
        let files = tree.files.iter().filter_map(below).collect();
        Source { folder, files }
    }

    /// A path from the top of the tree.
    pub(crate) fn full_path(&self, path: &[u8]) -> Vec<u8> {
        [&self.folder, path].concat()
    }

    pub(crate) fn place(&self, path: &[u8]) -> String {
        path::text(&self.full_path(path)).into_owned()
    }

    /// Whether autotools have something to generate files from.
    fn has_autotools(&self) -> bool {
        let names: [&[u8]; 3] = [b"configure.ac", b"configure.in", b"Makefile.am"];
        let name = |path: &'_ Vec<u8>| {
            path.rsplit(|byte| *byte == b'/').next().is_some_and(|name| names.contains(&name))
        };
        self.files.keys().any(name)
    }

    /// The submodule that a path lies in.
    fn submodule(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        folders(path)
            .find(|folder| self.files.get(*folder).is_some_and(|file| file.kind == FileKind::Submodule))
    }
}

/// Where the archive differs from the tree.
pub(crate) fn findings(engine: &Engine<Config>, bytes: &[u8], key: &ComparedKey) -> Result<Vec<Finding>> {
    let ComparedKey { tree, file, folder, kind } = key;
    let format = told(ids::parse(tree))?.kind();
    let tree: Tree = engine.query("git/tree", &TreeKey { tree: tree.clone() })?;
    let source = Source::new(&tree, folder);
    if source.files.is_empty() {
        return Err(abstain(format!("the tree has no folder {folder:?}")));
    }
    let unwanted = engine.cancellation();
    let in_tree = |path: &[u8]| source.files.contains_key(path);
    let unread = |error| unread(engine, file, &error);
    let mut listing = Listing::of(bytes, format, &unwanted, &in_tree).map_err(unread)?;
    if listing.items.is_empty() && listing.odd.is_empty() {
        return Err(failed(format!("{file:?} holds no file")));
    }
    let kind = kind.unwrap_or_else(|| of_content(file, &listing));
    let mut found = odd(&listing, &source);
    if kind == Kind::Crate {
        found.extend(manifest_of_crate(&mut listing, &source));
    }
    let repository = repository(engine)?;
    let attributes = attributes(&repository, &tree)?;
    let (cases, further) = cases(&listing, &source, kind);
    found.extend(further);
    let wanted: HashSet<usize> = cases.keys().copied().collect();
    if !wanted.is_empty() {
        let mut looked = Ok(());
        let mut look = |entry: usize, new: &[u8]| {
            let Some((case, old)) = cases.get(&entry).filter(|_| looked.is_ok()) else { return };
            match judged(&repository, &attributes, &source, case, *old, new) {
                Ok(finding) => found.extend(finding),
                Err(error) => looked = Err(error),
            }
        };
        Listing::again(bytes, &wanted, &unwanted, &mut look).map_err(unread)?;
        looked?;
    }
    found.extend(missing::findings(&listing, &source, &attributes, kind));
    Ok(found)
}

fn unread(engine: &Engine<Config>, file: &str, error: &ReadError) -> Error {
    if let Err(cancelled) = engine.wanted() {
        return cancelled;
    }
    let message = format!("{file:?}: {error}");
    match error {
        ReadError::Packed(_) => abstain(message),
        ReadError::Unwanted => unavailable(message),
        _ => failed(message),
    }
}

/// What made the archive, where nobody says so. That it is a package tells only what may be missing.
fn of_content(file: &str, listing: &Listing) -> Kind {
    if file.ends_with(".crate") {
        Kind::Crate
    } else if listing.top.as_deref() == Some(b"package") {
        Kind::Npm
    } else if listing.items.contains_key(&b"PKG-INFO"[..]) {
        Kind::Sdist
    } else {
        Kind::Source
    }
}

fn odd(listing: &Listing, source: &Source<'_>) -> Vec<Finding> {
    let strange = |(path, wrong): &(Vec<u8>, String)| {
        let finding =
            Finding::new(ODD_ENTRY, Severity::High, format!("the archive holds an odd entry: {wrong}"));
        if path.is_empty() { finding } else { finding.path(source.place(path)) }
    };
    let beside = |path: &Vec<u8>| {
        let top = String::from_utf8_lossy(listing.top.as_deref().unwrap_or_default());
        let message = format!("the archive holds a file beside the folder {top:?} that the rest lies in");
        Finding::new(ODD_ENTRY, Severity::Medium, message).path(path::text(path))
    };
    listing.odd.iter().map(strange).chain(listing.beside.iter().map(beside)).collect()
}

/// Cargo keeps the manifest of the tree beside the one that it writes.
fn manifest_of_crate(listing: &mut Listing, source: &Source<'_>) -> Option<Finding> {
    listing.items.remove(&b".cargo_vcs_info.json"[..]);
    let original = listing.items.remove(&b"Cargo.toml.orig"[..])?;
    let written = listing.items.insert(b"Cargo.toml".to_vec(), original)?;
    let of_tree = source.files.get(&b"Cargo.toml"[..])?;
    let message = "cargo has written the manifest of the crate anew: it is not compared with the one of the tree, which Cargo.toml.orig is compared with";
    let finding = Finding::new(CHANGED_FILE, Severity::Low, message).path(source.place(b"Cargo.toml"));
    (written.id != of_tree.id).then_some(finding)
}

/// Files whose content is looked into, by entry, each with the one of the tree if that has one.
type Cases<'a> = HashMap<usize, (Case<'a>, Option<&'a TreeFile>)>;

/// The cases, and what can be told without looking.
fn cases<'a>(listing: &'a Listing, source: &'a Source<'_>, kind: Kind) -> (Cases<'a>, Vec<Finding>) {
    let (mut cases, mut found) = (HashMap::new(), Vec::new());
    let mut in_submodules: BTreeMap<&[u8], usize> = BTreeMap::new();
    let autotools = source.has_autotools();
    for (path, item) in &listing.items {
        let old = source.files.get(path).copied();
        if old.is_some_and(|old| is_same(old, item)) {
            continue;
        }
        let case = Case { path, place: source.place(path), role: role(path), is: &item.is, kind, autotools };
        if let Some(told) = without_looking(&case, old) {
            found.push(told);
        } else if let Some(submodule) = source.submodule(path) {
            *in_submodules.entry(submodule).or_default() += 1;
        } else {
            cases.insert(item.entry, (case, old));
        }
    }
    let of_submodule = |(path, count): (&[u8], usize)| {
        let message = format!(
            "what lies in a submodule cannot be compared, since this repository does not hold its content; files there: {count}"
        );
        Finding::new(EXTRA_FILE, Severity::Medium, message).path(source.place(path))
    };
    found.extend(in_submodules.into_iter().map(of_submodule));
    (cases, found)
}

fn is_same(old: &TreeFile, item: &Item) -> bool {
    let is_link = matches!(item.is, Is::Link { .. });
    old.id == item.id && is_link == (old.kind == FileKind::Symlink)
}

/// What the names and kinds alone tell.
fn without_looking(case: &Case<'_>, old: Option<&TreeFile>) -> Option<Finding> {
    if let Is::Link { to } = case.is {
        let to = probity_sdk::findings::shortened(to);
        let message = format!("the archive holds a link to {to:?}, which the tree does not have so");
        return Some(case.finding(ODD_ENTRY, Severity::High, message));
    }
    match old {
        Some(old) if !matches!(old.kind, FileKind::File | FileKind::Executable) => {
            let message = "a file in the archive, a link or a submodule in the tree";
            Some(case.finding(CHANGED_FILE, Severity::High, message))
        }
        Some(_) => None,
        None => doubtful(case.path).map(|wrong| {
            case.finding(ODD_ENTRY, Severity::High, format!("the archive holds an odd entry: {wrong}"))
        }),
    }
}

fn judged(
    repository: &Repository,
    attributes: &Attributes,
    source: &Source<'_>,
    case: &Case<'_>,
    old: Option<&TreeFile>,
    new: &[u8],
) -> Result<Option<Finding>> {
    let Some(old) = old else { return Ok(Some(extra::finding(case, new))) };
    let old = match told(repository.blob(&old.id))? {
        Blob::Whole(bytes) => Some(bytes),
        Blob::Huge { .. } => None,
    };
    let substitutes = attributes.substitutes(&source.full_path(case.path));
    Ok(changed::finding(case, old.as_deref(), new, substitutes))
}

fn attributes(repository: &Repository, tree: &Tree) -> Result<Attributes> {
    let is_one = |file: &&TreeFile| {
        let name = file.path.rsplit('/').next();
        name == Some(".gitattributes") && matches!(file.kind, FileKind::File | FileKind::Executable)
    };
    let mut files = Vec::new();
    for file in tree.files.iter().filter(is_one) {
        if let Blob::Whole(bytes) = told(repository.blob(&file.id))?
            && bytes.len() <= MOST_ATTRIBUTES
        {
            files.push((file.path.clone(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Attributes::of(files).ok_or_else(|| {
        failed(format!(
            "the tree says in more than {MOST_LINES} lines of .gitattributes what archives leave out"
        ))
    })
}
