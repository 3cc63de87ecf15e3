//! The ways to the places that a check rests on: the folders above them. A place that was removed, moved away or never
//! there is noticed when it comes to be, by a watch on the folders above it, however far up the next one is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Cause;

/// Where something comes or goes that leads to a place, links included.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// The folders that lead there and exist; canonical, for the system tells of each under one name alone.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// What in them is a step of a way, and what it is a change of when it comes or goes.
    steps: BTreeMap<PathBuf, Cause>,
    /// The files at the ends of ways, under all their names: a check rests on what they hold.
    files: BTreeMap<PathBuf, Cause>,
}

impl Ways {
    /// Adds the way to `place`, which need not exist, and where it is a link, the way to what it leads to.
    pub(crate) fn add(&mut self, place: &Path, cause: Cause) {
        self.add_as_named(place, cause);
        if let Ok(leads_to) = place.canonicalize()
            && leads_to != place
        {
            self.add_as_named(&leads_to, cause);
        }
    }

    /// Adds a file and the way to it.
    pub(crate) fn add_file(&mut self, file: &Path, cause: Cause) {
        self.add(file, cause);
        let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
        let named = folder.zip(file.file_name()).map(|(folder, name)| folder.join(name));
        let names = [Some(file.to_owned()), named, file.canonicalize().ok()];
        self.files.extend(names.into_iter().flatten().map(|name| (name, cause)));
    }

    /// Adds the places where a repository is searched for from `place` upwards.
    pub(crate) fn add_search(&mut self, place: &Path) {
        self.add(place, Cause::Repository);
        let existing = place.ancestors().find_map(|folder| folder.canonicalize().ok());
        for folder in existing.iter().flat_map(|existing| existing.ancestors()) {
            self.steps.insert(folder.join(".git"), Cause::Repository);
        }
    }

    fn add_as_named(&mut self, place: &Path, cause: Cause) {
        for step in place.ancestors() {
            let (Some(folder), Some(name)) = (step.parent(), step.file_name()) else { continue };
            if let Ok(folder) = folder.canonicalize()
                && folder.is_dir()
            {
                self.steps.entry(folder.join(name)).or_insert(cause);
                self.folders.insert(folder);
            }
        }
    }

    /// What it is a change of that `path` comes or goes, or has another content.
    pub(crate) fn cause(&self, path: &Path, comes_or_goes: bool) -> Option<Cause> {
        let step = || self.steps.get(path).filter(|_| comes_or_goes);
        self.files.get(path).or_else(step).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_a_way_counts_whether_or_not_it_exists_and_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("there")).unwrap();
        std::os::unix::fs::symlink("there", root.join("link")).unwrap();
        let mut ways = Ways::default();
        ways.add(&root.join("link/not/yet"), Cause::Policy);
        ways.add_search(&root.join("there/repo"));
        assert!(ways.folders.contains(&root) && ways.folders.contains(&root.join("there")));
        let cause = |name: &str| ways.cause(&root.join(name), true);
        assert_eq!(cause("link"), Some(Cause::Policy));
        assert_eq!(cause("there/not"), Some(Cause::Policy), "by its one true name");
        assert_eq!(cause("there/repo"), Some(Cause::Repository));
        assert_eq!([cause("there/.git"), cause(".git")], [Some(Cause::Repository); 2]);
        assert_eq!(ways.cause(&root.join("there"), false), None, "what happens within is not its coming");
        assert_eq!([cause("other"), cause("there/other"), cause("not")], [None; 3]);
    }
}
