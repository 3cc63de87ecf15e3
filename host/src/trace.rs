//! What one plugin tried, as it is traced: the files that its processes named, and whose these are.

mod starting;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use probity_sandbox::{Attempt, Attempted, Attempts, Level, Manner, Outcome, Profile, Report};

use crate::options::plugin_of;
use crate::{GitGrant, PluginSpec};

/// The processes of one plugin that are traced. Made by whoever wants to know, and handed to [`crate::Sandboxed::tracing`].
#[derive(Debug)]
pub struct Trace {
    plugin: String,
    runs: Mutex<Vec<Run>>,
}

/// One process of the plugin.
#[derive(Debug)]
struct Run {
    attempts: Arc<Attempts>,
    grounds: Grounds,
    report: Report,
}

/// What lies where, as it was when the process was started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grounds {
    package: Option<PathBuf>,
    scratch: Option<PathBuf>,
    objects: Vec<PathBuf>,
    granted: Vec<PathBuf>,
    runtime: Vec<PathBuf>,
    /// What the interpreter looks for by itself, before it runs anything, and what for.
    usual: BTreeSet<(PathBuf, Manner)>,
}

/// To whom it belongs what lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The plugin's own package.
    Package,
    /// Its own scratch folder.
    Scratch,
    /// The interpreter, its library, the loader, what these look for by themselves.
    Runtime,
    /// The target's git objects.
    Objects,
    /// What a person granted it.
    Granted,
    /// Anything else on the machine.
    Other,
}

/// A path that a plugin named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// To whom it belongs.
    pub whose: Whose,
    /// The path: below the package's or scratch folder where it is one of these, and otherwise absolute.
    pub path: PathBuf,
    /// What for.
    pub manner: Manner,
    /// What came of it.
    pub outcome: Outcome,
    /// Where it leads, as `path` is told.
    pub leads_to: PathBuf,
    /// How often.
    pub times: u64,
}

/// What is known of a plugin's processes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Traced {
    /// Sorted.
    pub named: Vec<Named>,
    /// How many processes there were.
    pub processes: usize,
    /// The least level of the sandbox among them.
    pub level: Option<Level>,
    /// Processes of which this machine tells nothing, neither what they name nor which calls are denied.
    pub untold: usize,
    /// Calls that named yet other paths, after as many as are kept.
    pub more: u64,
    /// Calls that named what is no path.
    pub unreadable: u64,
    /// Calls whose paths the system did not show.
    pub unseen: u64,
}

impl Trace {
    /// Of the plugin of this id, whichever its configuration.
    pub fn new(plugin: &str) -> Trace {
        Trace { plugin: plugin.to_owned(), runs: Mutex::default() }
    }

    pub(crate) fn is_of(&self, spec: &PluginSpec) -> bool {
        plugin_of(&spec.instance) == self.plugin
    }

    /// What is known so far; complete once the processes have ended.
    pub fn told(&self) -> Traced {
        let runs = self.runs.lock();
        let mut traced = Traced { processes: runs.len(), ..Traced::default() };
        let mut named: BTreeMap<(Whose, PathBuf, Manner, Outcome, PathBuf), u64> = BTreeMap::new();
        for run in runs.iter() {
            let Attempted { attempts, more, unreadable, unseen, .. } = run.attempts.told();
            for attempt in attempts {
                let (whose, path, leads_to) = run.grounds.place(&attempt);
                *named.entry((whose, path, attempt.manner, attempt.outcome, leads_to)).or_default() +=
                    attempt.times;
            }
            traced.more += more;
            traced.unreadable += unreadable;
            traced.unseen += unseen;
            traced.untold += usize::from(!run.report.told);
            traced.level = traced.level.into_iter().chain([run.report.level]).min();
        }
        let one = |((whose, path, manner, outcome, leads_to), times)| Named {
            whose,
            path,
            manner,
            outcome,
            leads_to,
            times,
        };
        traced.named = named.into_iter().map(one).collect();
        traced
    }
}

impl Grounds {
    pub(crate) fn new(
        spec: &PluginSpec,
        profile: &Profile,
        git: Option<&GitGrant>,
        package: Option<PathBuf>,
    ) -> Grounds {
        let objects: Vec<PathBuf> = git.into_iter().flat_map(|git| git.read.iter().cloned()).collect();
        let granted: Vec<PathBuf> =
            spec.grants.read.values().chain(spec.grants.exec.values()).cloned().collect();
        let others = |path: &&PathBuf| {
            !objects.contains(path) && !granted.contains(path) && Some(*path) != package.as_ref()
        };
        let interpreter = match &profile.entry {
            probity_sandbox::Entry::Interpreter { path, .. } => Some(path),
            _ => None,
        };
        let executed = profile.execute.iter().chain(&profile.programs);
        let runtime = executed.chain(&profile.list).chain(&profile.read).chain(interpreter);
        let devices = ["/dev/null", "/dev/urandom", "/dev/random"].map(PathBuf::from);
        let runtime = runtime.filter(others).map(|path| real(path)).chain(devices).collect();
        Grounds {
            package: package.as_deref().map(real),
            scratch: profile.scratch.as_deref().map(real),
            objects: objects.iter().map(|path| real(path)).collect(),
            granted: granted.iter().map(|path| real(path)).collect(),
            runtime,
            usual: LOADER.map(|(path, manner)| (path.into(), manner)).into(),
        }
    }

    /// Whose it is, and the path and where it leads as they are told.
    fn place(&self, attempt: &Attempt) -> (Whose, PathBuf, PathBuf) {
        let Attempt { path, leads_to, outcome, manner, .. } = attempt;
        let (path, leads_to) = (tidy(path), leads_to.clone());
        for (whose, folder) in [(Whose::Scratch, &self.scratch), (Whose::Package, &self.package)] {
            let Some(folder) = folder else { continue };
            if let Ok(below) = leads_to.strip_prefix(folder) {
                // However it got there.
                return (whose, below.to_owned(), below.to_owned());
            }
        }
        let below = |folders: &[PathBuf]| folders.iter().any(|folder| leads_to.starts_with(folder));
        let is_seen = matches!(outcome, Outcome::Allowed | Outcome::Absent);
        let whose = if below(&self.granted) {
            Whose::Granted
        } else if below(&self.objects) {
            Whose::Objects
        } else if self.is_usual(&path, *manner) || is_seen && below(&self.runtime) {
            Whose::Runtime
        } else {
            Whose::Other
        };
        (whose, path, leads_to)
    }

    /// Whether the interpreter does the same by itself. What it only looks at it does not read.
    fn is_usual(&self, path: &Path, manner: Manner) -> bool {
        self.usual.contains(&(path.to_owned(), manner))
    }
}

/// What the loader of programs looks for by itself, and Rust's library for the number of processors.
const LOADER: [(&str, Manner); 4] = [
    ("/etc/ld.so.cache", Manner::Read),
    ("/etc/ld.so.preload", Manner::Look),
    ("/etc/ld.so.preload", Manner::Read),
    ("/proc/self/cgroup", Manner::Read),
];

/// Without `.` and doubled slashes. What `..` means depends on links, so it stays.
fn tidy(path: &Path) -> PathBuf {
    path.components().collect()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(grounds: &Grounds, path: &str, leads_to: &str, outcome: Outcome) -> String {
        let attempt =
            Attempt { path: path.into(), manner: Manner::Read, outcome, leads_to: leads_to.into(), times: 1 };
        let (whose, path, leads_to) = grounds.place(&attempt);
        format!("{whose:?} {} {}", path.display(), leads_to.display())
    }

    #[test]
    fn each_path_belongs_to_somebody() {
        let grounds = Grounds {
            package: Some("/c/p".into()),
            scratch: Some("/c/s".into()),
            objects: vec!["/g/objects".into()],
            granted: vec!["/data".into()],
            runtime: vec!["/lib".into()],
            usual: BTreeSet::from([
                ("/etc/ld.so.cache".into(), Manner::Read),
                ("/etc/passwd".into(), Manner::Look),
            ]),
        };
        let allowed = |path, leads_to| told(&grounds, path, leads_to, Outcome::Allowed);
        assert_eq!(allowed("/c/s/a", "/c/s/a"), "Scratch a a");
        assert_eq!(allowed("/c/s/../p/./x.py", "/c/p/x.py"), "Package x.py x.py");
        assert_eq!(allowed("/c/s/link", "/data/x"), "Granted /c/s/link /data/x");
        assert_eq!(allowed("/g/objects/pack", "/g/objects/pack"), "Objects /g/objects/pack /g/objects/pack");
        assert_eq!(allowed("/lib//x.so", "/lib/x.so"), "Runtime /lib/x.so /lib/x.so");
        let denied = |path, leads_to| told(&grounds, path, leads_to, Outcome::Denied);
        assert_eq!(
            denied("/etc/ld.so.cache", "/etc/ld.so.cache"),
            "Runtime /etc/ld.so.cache /etc/ld.so.cache"
        );
        // The interpreter looks at it, and the plugin has read it.
        assert_eq!(denied("/etc/passwd", "/etc/passwd"), "Other /etc/passwd /etc/passwd");
        let unknown =
            told(&grounds, "/lib/../proc/self/root/x", "/lib/../proc/self/root/x", Outcome::Unknown);
        assert!(unknown.starts_with("Other "), "{unknown}");
        assert_eq!(denied("/lib/site", "/lib/site"), "Other /lib/site /lib/site");
        assert_eq!(denied("/c/s/link", "/home/a"), "Other /c/s/link /home/a");
    }
}
