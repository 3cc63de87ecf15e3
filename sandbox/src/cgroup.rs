//! Control groups of version 2, where a part of their hierarchy was delegated to this process: each child gets a group of its
//! own, with a bound of memory and of tasks, and is killed as a whole. Everything else is as without.
//!
//! A group that has groups below it with bounds may hold no processes, so this process moves to a group of its own first. It
//! does that only where no other process is: whoever started this one may not want to be moved.

use crate::profile::Limits;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The names of the groups that are made: of this process, and of its children. A process's number follows.
const OF_HOST: &str = "probity-host-";
const OF_CHILD: &str = "probity-plugin-";

/// What the kernel itself, the first process of a namespace and the file system of a scratch directory need beside.
const BESIDE: u64 = 64 << 20;
const TASKS_BESIDE: u64 = 3;

/// How often it is tried to remove a group whose processes are ending.
const ATTEMPTS: usize = 3;

/// A part of the hierarchy that this process may divide.
#[derive(Debug)]
pub(crate) struct Groups {
    folder: PathBuf,
    count: AtomicU64,
    /// What could not be removed yet.
    left: Mutex<Vec<PathBuf>>,
}

/// The group of one child. Dropping it kills what is in it.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
}

impl Groups {
    /// The part that this process is in, or why it cannot be divided.
    pub(crate) fn find() -> Result<Groups, String> {
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::"));
        let own = own.ok_or("this system has no control groups of version 2")?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(|error| error.to_string())?;
        let folder = mounts.lines().find_map(|line| place(line, own));
        let folder =
            folder.ok_or("the control groups of version 2 are not mounted where this process sees them")?;
        match folder.file_name() {
            // This process has moved there itself.
            Some(name) if *name == *own_name() => Groups::within(folder.parent().unwrap_or(&folder)),
            _ => Groups::within(&folder),
        }
    }

    /// The part at this place, in which this process is.
    pub(crate) fn within(folder: &Path) -> Result<Groups, String> {
        let read = |name: &str| {
            fs::read_to_string(folder.join(name))
                .map_err(|error| format!("{} cannot be read: {error}", folder.join(name).display()))
        };
        let controllers = read("cgroup.controllers")?;
        let missing: Vec<&str> = ["memory", "pids"]
            .into_iter()
            .filter(|name| !controllers.split_whitespace().any(|one| one == *name))
            .collect();
        if !missing.is_empty() {
            return Err(format!("{} cannot be bounded in {}", missing.join(" and "), folder.display()));
        }
        sweep(folder);
        if let Some(other) =
            read("cgroup.procs")?.lines().find(|line| *line != std::process::id().to_string())
        {
            return Err(format!(
                "other processes, such as {other}, are in {}; in a group of its own Probity is started by: systemd-run --user \
                 --scope -p Delegate=yes probity …",
                folder.display()
            ));
        }
        move_aside(folder)?;
        Ok(Groups { folder: folder.to_owned(), count: AtomicU64::new(0), left: Mutex::default() })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a group for a child with these limits.
    pub(crate) fn group(&self, limits: &Limits) -> io::Result<Group> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|folder| !remove(folder));
        let folder = loop {
            let number = self.count.fetch_add(1, Ordering::Relaxed);
            let folder = self.folder.join(format!("{OF_CHILD}{}-{number}", std::process::id()));
            match fs::create_dir(&folder) {
                // Another launcher of this process has made it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => break made.map(|()| folder)?,
            }
        };
        let group = Group { folder };
        let memory = limits.memory.saturating_add(limits.scratch_size).saturating_add(BESIDE);
        group.bound("memory.max", memory)?;
        group.bound("pids.max", limits.tasks.saturating_add(TASKS_BESIDE))?;
        // Without swap, or before Linux 4.19, there is no such file.
        let _ = group.set("memory.swap.max", "0");
        let _ = group.set("memory.oom.group", "1");
        Ok(group)
    }

    /// Ends a group, of which the child has ended.
    pub(crate) fn end(&self, group: Group) {
        let folder = group.folder.clone();
        drop(group);
        if folder.exists() {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(folder);
        }
    }
}

impl Group {
    /// What a process writes `0` to in order to be in the group.
    pub(crate) fn entrance(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// Whether the kernel has ended something in it for taking too much memory.
    pub(crate) fn lacked_memory(&self) -> bool {
        let events = fs::read_to_string(self.folder.join("memory.events")).unwrap_or_default();
        let killed = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        killed.is_some_and(|count| count.trim() != "0")
    }

    /// Sets a bound, and sees that it is one: the kernel may round it down.
    fn bound(&self, name: &str, most: u64) -> io::Result<()> {
        self.set(name, &most.to_string())?;
        let set = fs::read_to_string(self.folder.join(name))?;
        match set.trim().parse::<u64>() {
            Ok(found) if found <= most => Ok(()),
            _ => Err(io::Error::other(format!("{name} is {:?} after {most} was written", set.trim()))),
        }
    }

    fn set(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), value)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// Where the group `own` is, if a line of `mountinfo` is about groups of version 2.
fn place(line: &str, own: &str) -> Option<PathBuf> {
    let (mount, kind) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    let below = Path::new(own).strip_prefix(root).ok()?;
    (kind.split(' ').next()? == "cgroup2" && !point.contains('\\')).then(|| Path::new(point).join(below))
}

fn own_name() -> String {
    format!("{OF_HOST}{}", std::process::id())
}

/// Moves this process to a group of its own, and lets the groups beside it have bounds.
fn move_aside(folder: &Path) -> Result<(), String> {
    let aside = folder.join(own_name());
    let told = |what: &str, error: &io::Error| format!("{}: {what}: {error}", folder.display());
    match fs::create_dir(&aside) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(told("it was not delegated to this user", &error));
        }
        _ => {}
    }
    let own = std::process::id().to_string();
    let moved = fs::write(aside.join("cgroup.procs"), &own)
        .and_then(|()| fs::write(folder.join("cgroup.subtree_control"), "+memory +pids"));
    moved.map_err(|error| {
        // As it was before.
        let _ = fs::write(folder.join("cgroup.procs"), &own);
        let _ = fs::remove_dir(&aside);
        told("it cannot be divided", &error)
    })
}

/// Removes what processes left behind that are no more. Nothing is killed: whoever is in such a group may belong to a host that
/// cannot be seen from here, since it has processes of its own namespace.
fn sweep(folder: &Path) {
    let host = |name: &str| -> Option<u32> {
        let rest = name.strip_prefix(OF_HOST).or_else(|| name.strip_prefix(OF_CHILD))?;
        rest.split('-').next()?.parse().ok()
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let made: BTreeSet<(String, u32)> =
        names.filter_map(|name| host(&name).map(|host| (name, host))).collect();
    for (name, host) in made {
        if !Path::new("/proc").join(host.to_string()).exists() {
            // The kernel removes none that holds processes.
            let _ = fs::remove_dir(folder.join(name));
        }
    }
}

/// Ends everything in a group and removes it; false if something is still ending.
fn remove(folder: &Path) -> bool {
    for _ in 0..ATTEMPTS {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {}
            _ => return true,
        }
        // Linux 5.14.
        let _ = fs::write(folder.join("cgroup.kill"), "1");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like a delegated group with these processes. It is none: what the kernel does with what is written
    /// is not seen here.
    fn imitation(controllers: &str, processes: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cgroup.controllers"), controllers).unwrap();
        fs::write(folder.path().join("cgroup.procs"), processes).unwrap();
        folder
    }

    fn own() -> String {
        format!("{}\n", std::process::id())
    }

    #[test]
    fn the_group_of_this_process_is_found_among_the_mounts() {
        let line = "38 31 0:37 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
        let found = place(line, "/user.slice/a.scope");
        assert_eq!(found.as_deref(), Some(Path::new("/sys/fs/cgroup/user.slice/a.scope")));
        assert_eq!(place("36 31 0:35 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "/"), None);
        let inner = "38 31 0:37 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw";
        assert_eq!(place(inner, "/docker/x/y").as_deref(), Some(Path::new("/sys/fs/cgroup/y")));
        assert_eq!(place(inner, "/other"), None);
    }

    #[test]
    fn a_child_gets_a_group_with_bounds() {
        let folder = imitation("cpuset cpu io memory pids\n", &own());
        let groups = Groups::within(folder.path()).unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(&folder.path().join("cgroup.subtree_control")), "+memory +pids");
        assert_eq!(read(&folder.path().join(own_name()).join("cgroup.procs")), own().trim());
        let group = groups.group(&Limits::default()).unwrap();
        let inner = group.folder.clone();
        let set = |name: &str| read(&inner.join(name));
        let memory = (1 << 30) + (64 << 20) + (64 << 20);
        assert_eq!((set("memory.max"), set("memory.swap.max")), (memory.to_string(), "0".to_owned()));
        assert_eq!((set("pids.max"), set("memory.oom.group")), ("67".to_owned(), "1".to_owned()));
        assert!(!group.lacked_memory());
        fs::write(inner.join("memory.events"), "low 0\noom 1\noom_kill 2\n").unwrap();
        assert!(group.lacked_memory());
        groups.end(group);
        assert_eq!(set("cgroup.kill"), "1");
        let second = groups.group(&Limits::default()).unwrap();
        assert_ne!(second.folder, inner);
        let other =
            Groups { folder: folder.path().to_owned(), count: AtomicU64::new(0), left: Mutex::default() };
        let third = other.group(&Limits::default()).unwrap();
        assert!(![&second.folder, &inner].contains(&&third.folder), "another launcher's are others");
    }

    #[test]
    fn what_cannot_be_divided_stays_as_it_is() {
        let refused = |folder: &Path| Groups::within(folder).unwrap_err();
        let lacking = imitation("hugetlb\n", &own());
        assert!(refused(lacking.path()).starts_with("memory and pids cannot be bounded in "));
        let others = imitation("memory pids", &format!("1\n{}", own()));
        assert!(refused(others.path()).starts_with("other processes, such as 1, are in "));
        assert_eq!(fs::read_dir(others.path()).unwrap().count(), 2, "nothing was made");
        assert!(refused(Path::new("/nowhere")).contains("cannot be read"));
    }

    #[test]
    fn what_dead_hosts_left_is_removed() {
        let folder = imitation("memory pids", "");
        let gone = ["probity-host-4194999", "probity-plugin-4194999-0"].map(|name| folder.path().join(name));
        let living = folder.path().join("probity-plugin-1-0");
        for group in gone.iter().chain([&living]) {
            fs::create_dir(group).unwrap();
        }
        let unseen = folder.path().join("probity-plugin-4194999-1");
        fs::create_dir(&unseen).unwrap();
        fs::write(unseen.join("cgroup.procs"), "7").unwrap();
        Groups::within(folder.path()).unwrap();
        assert!(!gone.iter().any(|group| group.exists()) && living.exists());
        assert_eq!(fs::read_dir(&unseen).unwrap().count(), 1, "nothing in it was killed");
    }
}
