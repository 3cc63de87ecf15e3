//! What is promised about a child, derived from what the launcher did to itself.
//!
//! Guarantees are required, not mechanisms: several mechanisms may provide the same guarantee. The launcher reports
//! [`Facts`]; both it and the host derive the guarantees from them, so that neither has to believe the other's opinion.

mod facts;
mod level;

pub(crate) use facts::{Facts, Seclusion, Tasks};
pub use level::Level;

use serde::{Deserialize, Serialize};

/// The promises that somebody asks for by name.
pub(crate) const BOUNDED_THREADS: &str = "bounded threads";
pub(crate) const BOUNDED_DISK: &str = "bounded disk";

/// One promise, and whether it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// What is promised, e.g. `no network`.
    pub name: &'static str,
    /// Whether it holds.
    pub held: bool,
    /// Whether the level *standard* needs it; the level *full* needs all.
    pub required: bool,
    /// What provides it, or what would have to.
    pub provider: String,
}

/// What holds for one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The level that was reached.
    pub level: Level,
    /// All guarantees, the same ones in the same order for all that may start no processes, and for all that may.
    pub guarantees: Vec<Guarantee>,
    /// Why there are no namespaces: what was tried, and what the system said. `None` if there are.
    pub denied: Option<String>,
    /// Whether it becomes known which system calls are denied: no guarantee about the child, and needed for no level.
    pub told: bool,
}

/// The most that the kernel is taken to offer; to see what an older kernel would give, and to test refusals.
///
/// A ceiling can only make the sandbox weaker, and refuse more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The Landlock ABI, 0 for none.
    pub landlock_abi: u32,
    /// Whether seccomp filters are offered.
    pub seccomp: bool,
    /// Whether namespaces are offered.
    pub namespaces: bool,
    /// Whether a process namespace has a limit of its own for processes (from Linux 6.14 on).
    pub limited_namespaces: bool,
    /// Whether filters have listeners.
    pub listener: bool,
}

impl Default for Ceiling {
    fn default() -> Self {
        Ceiling {
            landlock_abi: u32::MAX,
            seccomp: true,
            listener: true,
            namespaces: true,
            limited_namespaces: true,
        }
    }
}

impl Report {
    pub(crate) fn new(facts: &Facts) -> Report {
        let guarantees = guarantees(facts);
        let all = guarantees.iter().all(|g| g.held);
        let required = guarantees.iter().all(|g| g.held || !g.required);
        let level = match facts.landlock_abi > 0 || facts.seclusion.files {
            true if facts.seccomp && all => Level::Full,
            true if facts.seccomp && required => Level::Standard,
            true if facts.seccomp => Level::Weak,
            _ => Level::None,
        };
        Report { level, guarantees, denied: None, told: facts.seccomp && facts.heard }
    }

    /// Whether the guarantee of this name holds.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.guarantees.iter().any(|guarantee| guarantee.name == name && guarantee.held)
    }

    /// The names of the required guarantees that do not hold.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        self.missing_for(Level::Standard)
    }

    /// The names of the guarantees that this level needs and that do not hold.
    #[must_use]
    pub fn missing_for(&self, level: Level) -> Vec<String> {
        let needed = |g: &&Guarantee| g.required || level == Level::Full;
        self.guarantees.iter().filter(needed).filter(|g| !g.held).map(|g| g.name.to_owned()).collect()
    }
}

fn guarantees(facts: &Facts) -> Vec<Guarantee> {
    let landlock = facts.landlock_abi >= 1;
    let Seclusion { files: tree, processes, names, disk } = facts.seclusion;
    let filter = facts.seccomp && facts.unprivileged;
    let memory = facts.limits && facts.seccomp;
    let files =
        |tree| either(landlock.then(|| landlock_name(facts)), tree, "a file tree of its own", "Landlock");
    let alone = |other: &str| either(Some(other.to_owned()), processes, "a process namespace", "");
    let network = |other: &str| either(Some(other.to_owned()), facts.secluded, "a network namespace", "");
    let others = if landlock { "Landlock, seccomp" } else { "seccomp" };
    let (truncation, by) = truncation(facts);
    let (threads, counted_by) = facts.tasks.bound(facts.secluded, facts.grouped, facts.counted);
    let each = if facts.processes { " of each process" } else { "" };
    vec![
        required("reads only what is granted", landlock || facts.exact && tree, files(facts.exact && tree)),
        required("writes only its scratch directory", landlock || tree, files(tree)),
        required("changes no modes, owners, times or locks of files", filter, "seccomp"),
        required("no truncation of files that are only readable", truncation, by),
        required(
            "executes only what is granted",
            landlock || facts.exact && tree,
            files(facts.exact && tree),
        ),
        required("no network", filter, network("seccomp: no sockets")),
        required("no sockets of other programs", filter, network("seccomp: no sockets")),
        required("no device control", filter, "seccomp"),
        new_processes(facts, landlock),
        signals(facts, filter),
        required("no look into other processes", (landlock || processes) && filter, alone(others)),
        required("no privileges", facts.unprivileged, "no capabilities, no_new_privs"),
        required("no inherited environment or descriptors", facts.detached, "launcher"),
        end(facts),
        required("bounded memory", memory, by_memory(facts)),
        required(
            "bounded descriptors, file sizes and processor time",
            facts.limits,
            format!("resource limits{each}"),
        ),
        optional(BOUNDED_THREADS, facts.limits && threads, counted_by),
        optional(BOUNDED_DISK, disk, if disk { "a file system of its own" } else { DISK_WATCHED }),
        optional("hidden names and sizes of files", tree, "a file tree of its own"),
        optional("hidden processes", processes, "a process namespace"),
        optional("hidden names of machine and user", names, "namespaces of host names and users"),
    ]
}

const MEMORY: &str = "RLIMIT_DATA, and no mappings that escape it";
const MEMORY_GROUPED: &str = "RLIMIT_DATA, and no mappings that escape it; a control group of its own (v2)";

/// What there is in place of a bound.
const DISK_WATCHED: &str = "a file system of its own; without it who has too much is killed soon";

/// The kernel's limit is one of each process; only a control group bounds them together.
fn by_memory(facts: &Facts) -> &'static str {
    match (facts.grouped, facts.processes) {
        (true, _) => MEMORY_GROUPED,
        (false, false) => MEMORY,
        (false, true) => "RLIMIT_DATA of each process, and no mappings that escape it",
    }
}

/// A plugin that may start programs starts no others: what it executes is a question of files.
fn new_processes(facts: &Facts, landlock: bool) -> Guarantee {
    match facts.processes {
        false => required("no new processes", facts.seccomp && facts.unprivileged, "seccomp: threads only"),
        true => required("starts only programs that are granted", landlock, landlock_name(facts)),
    }
}

fn signals(facts: &Facts, filter: bool) -> Guarantee {
    let (scope, alone) = (facts.landlock_abi >= 6, facts.seclusion.processes);
    let (held, by) = match facts.processes {
        false if scope => (filter, "seccomp: only to itself, Landlock scope"),
        false => (filter, "seccomp: only to itself"),
        true if scope => (filter, "Landlock scope"),
        true if alone => return required(SIGNALS, filter, "a process namespace"),
        true => (false, "nothing where programs are granted, without Landlock ABI 6 or a process namespace"),
    };
    required(SIGNALS, held, either(Some(by.to_owned()), alone, "a process namespace", ""))
}

const SIGNALS: &str = "no signals to other processes";

/// The parent-death signal is not inherited by what a plugin starts.
fn end(facts: &Facts) -> Guarantee {
    let (alone, supervised) = (facts.seclusion.processes, facts.supervised);
    let held = facts.parent_death && (!facts.processes || alone || supervised);
    let by =
        if supervised { "parent-death signal, a supervisor of its processes" } else { "parent-death signal" };
    required("dies with its host", held, either(Some(by.to_owned()), alone, "a process namespace", ""))
}

fn truncation(facts: &Facts) -> (bool, String) {
    let tree = facts.seclusion.files;
    match facts.landlock_abi {
        3.. => (true, either(Some(landlock_name(facts)), tree, "read-only mounts", "")),
        _ if tree => (true, "read-only mounts".to_owned()),
        abi => {
            let by = "seccomp, since Landlock knows truncation from ABI 3 on";
            (abi > 0 && facts.seccomp, by.to_owned())
        }
    }
}

/// Names what provides a guarantee: one mechanism, another, both, or the one that would have to.
fn either(one: Option<String>, another: bool, name: &str, otherwise: &str) -> String {
    match (one, another) {
        (Some(one), true) => format!("{one}, {name}"),
        (Some(one), false) => one,
        (None, true) => name.to_owned(),
        (None, false) => otherwise.to_owned(),
    }
}

fn landlock_name(facts: &Facts) -> String {
    format!("Landlock ABI {}", facts.landlock_abi)
}

fn required(name: &'static str, held: bool, provider: impl Into<String>) -> Guarantee {
    Guarantee { name, held, required: true, provider: provider.into() }
}

fn optional(name: &'static str, held: bool, provider: impl Into<String>) -> Guarantee {
    Guarantee { required: false, ..required(name, held, provider) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secluded() -> Facts {
        Facts {
            landlock_abi: 7,
            seccomp: true,
            heard: true,
            unprivileged: true,
            limits: true,
            tasks: Tasks::OfNamespace,
            counted: false,
            detached: true,
            parent_death: true,
            grouped: false,
            processes: false,
            supervised: false,
            secluded: true,
            exact: true,
            seclusion: Seclusion { files: true, processes: true, names: true, disk: true },
        }
    }

    /// The same without namespaces.
    fn all() -> Facts {
        Facts {
            tasks: Tasks::OfUser,
            secluded: false,
            exact: false,
            seclusion: Seclusion::default(),
            ..secluded()
        }
    }

    #[test]
    fn everything_done_is_full_and_without_namespaces_standard() {
        let report = Report::new(&secluded());
        assert_eq!((report.level, report.missing_for(Level::Full)), (Level::Full, vec![]));
        let report = Report::new(&all());
        assert_eq!((report.level, report.missing()), (Level::Standard, vec![]));
        let hidden = [
            "bounded disk",
            "hidden names and sizes of files",
            "hidden processes",
            "hidden names of machine and user",
        ];
        assert_eq!(report.missing_for(Level::Full), hidden);
    }

    #[test]
    fn nothing_done_misses_every_guarantee() {
        let report = Report::new(&Facts::default());
        assert_eq!(
            (report.level, report.missing_for(Level::Full).len()),
            (Level::None, report.guarantees.len())
        );
    }

    #[test]
    fn each_mechanism_is_needed() {
        type Removal = fn(&mut Facts);
        let without: [(&str, Removal, Level, &str); 12] = [
            ("Landlock", |f| f.landlock_abi = 0, Level::None, "reads only what is granted"),
            ("seccomp", |f| f.seccomp = false, Level::None, "no network"),
            ("privileges", |f| f.unprivileged = false, Level::Weak, "no privileges"),
            ("limits", |f| f.limits = false, Level::Weak, "bounded memory"),
            ("detaching", |f| f.detached = false, Level::Weak, "no inherited environment or descriptors"),
            ("parent death", |f| f.parent_death = false, Level::Weak, "dies with its host"),
            ("seccomp in namespaces", |f| (*f, f.seccomp) = (secluded(), false), Level::None, "no network"),
            (
                "tree",
                |f| (*f, f.seclusion.files) = (secluded(), false),
                Level::Standard,
                "hidden names and sizes of files",
            ),
            (
                "processes",
                |f| (*f, f.seclusion.processes) = (secluded(), false),
                Level::Standard,
                "hidden processes",
            ),
            (
                "names",
                |f| (*f, f.seclusion.names) = (secluded(), false),
                Level::Standard,
                "hidden names of machine and user",
            ),
            ("disk", |f| (*f, f.seclusion.disk) = (secluded(), false), Level::Standard, "bounded disk"),
            ("tasks", |f| (*f, f.tasks) = (secluded(), Tasks::Unbounded), Level::Standard, "bounded threads"),
        ];
        for (mechanism, remove, level, guarantee) in without {
            let mut facts = all();
            remove(&mut facts);
            let report = Report::new(&facts);
            assert_eq!(report.level, level, "without {mechanism}");
            let needed = if level == Level::Standard { Level::Full } else { Level::Standard };
            assert!(report.missing_for(needed).iter().any(|name| name == guarantee), "without {mechanism}");
        }
    }

    /// What may start processes, without namespaces.
    fn starting() -> Facts {
        Facts { processes: true, supervised: true, ..all() }
    }

    #[test]
    fn what_starts_processes_needs_more() {
        let level = |facts: Facts| {
            let report = Report::new(&facts);
            (report.level, report.missing().join(", "))
        };
        assert_eq!(level(starting()), (Level::Standard, String::new()));
        let secluded = Facts { processes: true, exact: false, ..secluded() };
        assert_eq!(level(secluded.clone()), (Level::Full, String::new()));
        let scope = "no signals to other processes";
        assert_eq!(level(Facts { landlock_abi: 5, ..starting() }), (Level::Weak, scope.to_owned()));
        assert_eq!(level(Facts { landlock_abi: 5, ..secluded.clone() }), (Level::Full, String::new()));
        let orphans = Facts { supervised: false, ..starting() };
        assert_eq!(level(orphans), (Level::Weak, "dies with its host".to_owned()));
        let (found, missing) = level(Facts { landlock_abi: 0, ..secluded });
        assert_eq!(found, Level::Weak);
        assert!(missing.contains("starts only programs that are granted"), "{missing}");
    }

    #[test]
    fn an_old_landlock_is_made_up_for_by_seccomp() {
        for landlock_abi in 1..=6 {
            let report = Report::new(&Facts { landlock_abi, ..all() });
            assert_eq!(report.level, Level::Standard, "ABI {landlock_abi}");
        }
        let report = Report::new(&Facts { landlock_abi: 2, seccomp: false, ..all() });
        assert!(report.missing().contains(&"no truncation of files that are only readable".to_owned()));
    }

    #[test]
    fn a_file_tree_makes_up_for_landlock_where_it_is_exact() {
        let report = Report::new(&Facts { landlock_abi: 0, ..secluded() });
        assert_eq!(report.level, Level::Full);
        let report = Report::new(&Facts { landlock_abi: 0, exact: false, ..secluded() });
        assert_eq!(report.level, Level::Weak);
        assert_eq!(report.missing(), ["reads only what is granted", "executes only what is granted"]);
    }

    #[test]
    fn a_control_group_bounds_the_tasks_of_root() {
        let report = Report::new(&Facts { tasks: Tasks::Unbounded, grouped: true, ..all() });
        assert!(report.holds(BOUNDED_THREADS));
        let memory = report.guarantees.iter().find(|g| g.name == "bounded memory").unwrap();
        assert!(memory.provider.contains("control group"));
    }

    #[test]
    fn an_unbounded_number_of_threads_is_reported_but_not_fatal() {
        let report = Report::new(&Facts { tasks: Tasks::Unbounded, ..all() });
        let threads = report.guarantees.iter().find(|g| g.name == "bounded threads").unwrap();
        assert_eq!((report.level, threads.held), (Level::Standard, false));
        assert!(
            Report::new(&Facts { tasks: Tasks::Unbounded, counted: true, ..all() }).holds(BOUNDED_THREADS)
        );
    }
}
