//! What a child uses of the machine, as `/proc` tells it from outside.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The ticks of a second in which the kernel tells processor time, on every architecture.
const TICKS: u64 = 100;

/// More processes than any plugin may have. Who looked at more could be outgrown while looking.
pub(crate) const MANY: u64 = 10_000;

/// The process and those below it: those that it has started, and those that were left to it. If there are more than `most`,
/// some more than that.
pub(crate) fn family(process: u32, most: u64) -> io::Result<Vec<u32>> {
    let mut all = vec![process];
    let mut at = 0;
    while let Some(of) = all.get(at).filter(|_| all.len() as u64 <= most) {
        for task in tasks(*of) {
            match fs::read_to_string(task.join("children")) {
                Ok(children) => {
                    all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
                }
                // Kernels without CONFIG_PROC_CHILDREN do not list them.
                Err(_) if Path::new("/proc/self/task").exists() && !lists_children() => {
                    return family_among_all(process);
                }
                // It has ended meanwhile.
                Err(_) => {}
            }
        }
        at += 1;
    }
    Ok(all)
}

/// Whether this kernel lists the children of each thread.
fn lists_children() -> bool {
    Path::new("/proc/thread-self/children").exists()
}

/// The same, found by whom each process of the machine names as its parent.
fn family_among_all(process: u32) -> io::Result<Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended meanwhile.
        let parent = statistics(pid).and_then(|statistics| field(&statistics, 1));
        if let Some(parent) = parent.ok().and_then(|parent| u32::try_from(parent).ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = vec![process];
    let mut at = 0;
    while let Some(of) = all.get(at) {
        let below = children.remove(of);
        all.extend(below.into_iter().flatten());
        at += 1;
    }
    Ok(all)
}

/// The folders of a process's threads, of which the first may have ended; none if it is gone.
pub(crate) fn tasks(process: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.map(|task| task.path()).collect()
}

/// Whether none of its threads runs any more.
pub(crate) fn has_ended(process: u32) -> bool {
    tasks(process).iter().all(|task| {
        let stat = fs::read(task.join("stat")).unwrap_or_default();
        let state = fields(&stat).ok().and_then(|fields| fields.trim_start().chars().next());
        matches!(state, None | Some('Z' | 'X'))
    })
}

/// How many threads a process has.
pub(crate) fn threads(process: u32) -> io::Result<u64> {
    field(&statistics(process)?, 17)
}

/// The processor time that a process and those below it have used, also those that have ended and were waited for.
pub(crate) fn processor_time(process: u32) -> io::Result<Duration> {
    let mut ticks = own_ticks(process)?;
    for child in family(process, MANY)?.into_iter().skip(1) {
        // It may have ended in this moment, and is counted with its parent's the next time.
        ticks += own_ticks(child).unwrap_or(0);
    }
    Ok(Duration::from_millis(ticks.saturating_mul(1000 / TICKS)))
}

fn own_ticks(process: u32) -> io::Result<u64> {
    let statistics = statistics(process)?;
    // In user and kernel mode, and the same of children.
    (11..=14).map(|number| field(&statistics, number)).sum()
}

fn statistics(process: u32) -> io::Result<String> {
    fields(&fs::read(format!("/proc/{process}/stat"))?)
}

/// The fields of `/proc/PID/stat` from the state on: the name before it stands in brackets, and may hold anything.
fn fields(stat: &[u8]) -> io::Result<String> {
    let text = String::from_utf8_lossy(stat);
    text.rsplit_once(')').map(|(_, fields)| fields.to_owned()).ok_or_else(strange)
}

fn field(fields: &str, number: usize) -> io::Result<u64> {
    // What children have used is told as a signed number.
    fields.split_whitespace().nth(number).and_then(|field| field.parse().ok()).ok_or_else(strange)
}

fn strange() -> io::Error {
    io::Error::other("/proc/PID/stat cannot be understood")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn threads_are_told() {
        let own = std::process::id();
        let (end, stay) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || stay.recv());
        assert!(threads(own).unwrap() >= 3, "that of the harness, of this test, and that one");
        drop(end);
        assert!(thread.join().unwrap().is_err());
        assert!(processor_time(u32::MAX).is_err() && threads(u32::MAX).is_err());
        assert!(has_ended(u32::MAX) && !has_ended(own));
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a process with one below it")]
    fn those_below_a_process_are_found_on_every_kernel() {
        let mut shell = Command::new("/bin/sh");
        let mut shell = shell.args(["-c", "cat; true"]).stdin(Stdio::piped()).spawn().unwrap();
        // It tells when its own child runs.
        let mut below = Vec::new();
        while below.len() < 2 && shell.try_wait().unwrap().is_none() {
            below = family_among_all(shell.id()).unwrap();
        }
        assert_eq!(below.len(), 2);
        assert_eq!(family(shell.id(), MANY).unwrap(), below);
        assert_eq!(family(shell.id(), 0).unwrap(), [shell.id()], "nobody looks further");
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(family_among_all(shell.id()).unwrap(), [shell.id()]);
    }
}
