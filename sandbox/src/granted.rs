//! What a child was granted, to tell what comes of the paths that it names.

use crate::attempt::{Manner, Outcome};
use crate::profile::{Entry, Profile};
use std::path::{Path, PathBuf};

/// What every program expects to find, a place to throw things away and randomness, and whether it may be written.
pub(crate) const DEVICES: [(&str, bool); 3] =
    [("/dev/null", true), ("/dev/urandom", false), ("/dev/random", false)];

/// The real paths of what a profile grants.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    read: Vec<PathBuf>,
    list: Vec<PathBuf>,
    execute: Vec<PathBuf>,
    scratch: Option<PathBuf>,
}

impl Granted {
    pub(crate) fn new(profile: &Profile) -> Granted {
        let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let interpreter = match &profile.entry {
            Entry::Interpreter { path, .. } => Some(path),
            Entry::Itself { .. } | Entry::Native { .. } | Entry::Nothing => None,
        };
        Granted {
            read: profile.read.iter().chain(&profile.data).map(real).collect(),
            list: profile.list.iter().map(real).collect(),
            execute: profile.execute.iter().chain(&profile.programs).chain(interpreter).map(real).collect(),
            scratch: profile.scratch.as_ref().map(real),
        }
    }

    /// What comes of a wish about what lies at this real path, which the child sees, or where something is to be made.
    pub(crate) fn outcome(&self, path: &Path, manner: Manner) -> Outcome {
        let below = |granted: &[PathBuf]| granted.iter().any(|granted| path.starts_with(granted));
        let device =
            |writes: bool| DEVICES.iter().any(|(device, w)| path == Path::new(device) && (*w || !writes));
        let read = || below(&self.read) || below(&self.execute) || self.is_scratch(path);
        let allowed = match manner {
            // What is hidden is not seen, and never gets here.
            Manner::Look => true,
            Manner::Read => read() || device(false),
            Manner::List => read() || below(&self.list),
            Manner::Write => self.is_scratch(path) || device(true),
            Manner::Execute => below(&self.execute),
        };
        if allowed { Outcome::Allowed } else { Outcome::Denied }
    }

    pub(crate) fn is_scratch(&self, path: &Path) -> bool {
        self.scratch.as_ref().is_some_and(|scratch| path.starts_with(scratch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_allows_what_it_says() {
        let at = |path: &str| vec![PathBuf::from(path)];
        let (read, list, execute) = (at("/r"), at("/l"), at("/x"));
        let granted = Granted { read, list, execute, scratch: Some("/s".into()) };
        let all = [Manner::Read, Manner::List, Manner::Write, Manner::Execute, Manner::Look];
        let allowed = |path: &str| -> String {
            let is = |manner: &Manner| granted.outcome(Path::new(path), *manner) == Outcome::Allowed;
            all.iter().filter(|manner| is(manner)).map(|manner| format!("{manner} ")).collect()
        };
        assert_eq!(allowed("/r/a"), "read list look ");
        assert_eq!(allowed("/l/a"), "list look ");
        assert_eq!(allowed("/x"), "read list execute look ");
        assert_eq!(allowed("/s/a"), "read list write look ");
        assert_eq!(allowed("/dev/null"), "read write look ");
        assert_eq!(allowed("/dev/random"), "read look ");
        assert_eq!(allowed("/rr"), "look ");
    }
}
