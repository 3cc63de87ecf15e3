//! Files among the tests that nobody can read, put there by newcomers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::git::{Candidate, FolderKey};
use probity_sdk::prelude::*;

use crate::blob::{Group, Kind, Look, Unreadable};
use crate::newcomers::{Newcomer, Newcomers};
use crate::paths::Interest;
use crate::rules::NEWCOMER_BINARY;
use crate::uses::{Use, UsesKey};

/// How many blobs or files are asked for at once.
const AT_ONCE: usize = 64;
/// Uses of no more files are looked for: somebody may add any number.
const MOST_PATHS: usize = 2000;

/// A file that nobody can read, and who put it there.
struct Opaque<'a> {
    by: &'a Newcomer,
    path: &'a str,
    look: Look,
}

pub(crate) fn findings(engine: &Engine, target: &Target, told: &Newcomers) -> Result<Vec<Finding>> {
    let opaque = opaque(engine, told)?;
    let uses = uses(engine, target, &opaque)?;
    Ok(opaque.iter().map(|file| finding(file, uses.get(file.path))).collect())
}

fn opaque<'a>(engine: &Engine, told: &'a Newcomers) -> Result<Vec<Opaque<'a>>> {
    let mut files: Vec<(&Newcomer, &str, &str)> = Vec::new();
    for change in &told.changes {
        for file in change.files.iter().filter(|file| Interest::of(&file.path).test) {
            files.extend(file.after.as_deref().map(|after| (change, file.path.as_str(), after)));
        }
    }
    let groups = Group::all(files.iter().map(|(_, _, blob)| *blob));
    let mut looks: HashMap<String, Look> = HashMap::new();
    for unreadable in engine.query_windowed::<Vec<Unreadable>, _>("newcomers/unreadable", &groups, AT_ONCE) {
        looks.extend(unreadable?.into_iter().map(|Unreadable { blob, look }| (blob, look)));
    }
    let look = |(by, path, blob): (&'a Newcomer, &'a str, &'a str)| {
        looks.get(blob).map(|look| Opaque { by, path, look: look.clone() })
    };
    Ok(files.into_iter().filter_map(look).collect())
}

/// Where the present tree's build speaks of these files: the gravest place for each, and the file it is in.
fn uses(engine: &Engine, target: &Target, opaque: &[Opaque<'_>]) -> Result<BTreeMap<String, (String, Use)>> {
    let paths: BTreeSet<&str> = opaque.iter().map(|file| file.path).collect();
    let mut found: BTreeMap<String, (String, Use)> = BTreeMap::new();
    if paths.is_empty() {
        return Ok(found);
    }
    let paths: Vec<String> = paths.into_iter().take(MOST_PATHS).map(str::to_owned).collect();
    let files: Vec<Candidate> = engine.query("newcomers/folder", &FolderKey::root(target))?;
    let keys = keys(&files, &paths);
    for (file, uses) in
        files.iter().zip(engine.query_windowed::<Vec<Use>, _>("newcomers/uses", &keys, AT_ONCE))
    {
        for of in uses? {
            let known = found.get(&of.path);
            if known.is_none_or(|(_, known)| of.decoded && !known.decoded) {
                found.insert(of.path.clone(), (file.path.clone(), of));
            }
        }
    }
    Ok(found)
}

/// A key for each file, all of the same paths.
fn keys<'a>(files: &'a [Candidate], paths: &'a [String]) -> Vec<UsesKey<'a>> {
    let key = |file: &'a Candidate| UsesKey { blob: Cow::Borrowed(&file.id), paths: Cow::Borrowed(paths) };
    files.iter().map(key).collect()
}

fn finding(file: &Opaque<'_>, used: Option<&(String, Use)>) -> Finding {
    let (media, alone) = (file.look.kind == Kind::Media, file.by.alone);
    let severity = match used {
        Some((_, of)) if of.decoded => Severity::High,
        _ if media || !alone => Severity::Low,
        Some(_) => Severity::High,
        None => Severity::Medium,
    };
    let what = if media { "of a picture, a sound or a font" } else { "that are no text" };
    let used = match used {
        Some((path, of)) if of.decoded => format!("; line {} of {path} decodes it", of.line),
        Some((path, of)) => format!("; line {} of {path} names it", of.line),
        None => String::new(),
    };
    let message = format!("{}: {} bytes {what}{used}", file.by.told(), file.look.size);
    Finding::new(NEWCOMER_BINARY, severity, message).path(file.path).commit(&file.by.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_files_build_it_the_paths_are_held_once() {
        let candidate = |n: u32| Candidate { path: format!("{n}.mk"), id: format!("b{n}"), link: false };
        let files: Vec<Candidate> = (0..20_000).map(candidate).collect();
        let paths: Vec<String> = (0..MOST_PATHS).map(|n| format!("tests/{n}.xz")).collect();
        let keys = keys(&files, &paths);
        assert_eq!((keys.len(), &*keys[7].blob), (20_000, "b7"));
        assert!(keys.iter().all(|key| key.paths.as_ptr() == paths.as_ptr()));
    }
}
