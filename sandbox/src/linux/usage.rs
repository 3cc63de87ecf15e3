//! What a child uses of the machine, as `/proc` tells it from outside.

use super::process;
use rustix::process::{Signal, pidfd_send_signal};
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
        for task in tasks(*of)? {
            match unless_ended(fs::read_to_string(task.join("children")))? {
                Some(children) => {
                    all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
                }
                // Kernels without CONFIG_PROC_CHILDREN do not list them.
                None if Path::new("/proc/self/task").exists() && !lists_children() => {
                    return family_among_all(process);
                }
                None => {}
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
        let Some(statistics) = unless_ended(statistics(pid))? else { continue };
        if let Ok(parent) = u32::try_from(field(&statistics, 1)?) {
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
pub(crate) fn tasks(process: u32) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = unless_ended(fs::read_dir(format!("/proc/{process}/task")))? else {
        return Ok(Vec::new());
    };
    let tasks = entries.map(|task| unless_ended(task.map(|task| task.path())));
    tasks.filter_map(io::Result::transpose).collect()
}

/// Nothing, if what was looked for is gone: its process or thread has ended.
pub(crate) fn unless_ended<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether none of its threads runs any more.
pub(crate) fn has_ended(process: u32) -> io::Result<bool> {
    all_are(process, "ZX")
}

/// Whether none of its threads runs until somebody lets it go on.
pub(crate) fn has_stopped(process: u32) -> io::Result<bool> {
    all_are(process, "TZX")
}

/// Whether all threads of a process that are still there are in one of these states.
fn all_are(process: u32, states: &str) -> io::Result<bool> {
    for task in tasks(process)? {
        let Some(stat) = unless_ended(fs::read(task.join("stat")))? else { continue };
        if !fields(&stat)?.trim_start().starts_with(|state| states.contains(state)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many threads a process has, with those of all processes below if it has a `family`, itself included; not all of them, if they are
/// more than `most`.
pub(crate) fn crowd(process: u32, of_family: bool, most: u64) -> io::Result<u64> {
    let all = if of_family { family(process, most)? } else { vec![process] };
    if all.len() as u64 > most {
        return Ok(all.len() as u64);
    }
    // One that has ended meanwhile has none.
    all.into_iter().map(|process| Ok(unless_ended(threads(process))?.unwrap_or(0))).sum()
}

fn threads(process: u32) -> io::Result<u64> {
    field(&statistics(process)?, 17)
}

/// The processes of a session that still run.
pub(crate) fn session(leader: u32) -> io::Result<Vec<u32>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Some(statistics) = unless_ended(statistics(pid))? else { continue };
        if is_of_session(&statistics, leader) && !has_ended(pid)? {
            all.push(pid);
        }
    }
    Ok(all)
}

/// Kills a process if it is of that session. The number may be another's by now, so that is looked at once it is held on to.
pub(crate) fn kill_in_session(process: u32, leader: u32) {
    let held = i32::try_from(process).map_err(io::Error::other).and_then(process::pidfd);
    if let Ok(held) = held
        && statistics(process).is_ok_and(|statistics| is_of_session(&statistics, leader))
    {
        // An error means that it has ended.
        let _ = pidfd_send_signal(&held, Signal::KILL);
    }
}

fn is_of_session(statistics: &str, leader: u32) -> bool {
    field(statistics, 3).is_ok_and(|session| session == u64::from(leader))
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

/// What a process has done so far: pages that it had to wait for, and time that it used.
pub(crate) fn done(process: u32) -> io::Result<u64> {
    let statistics = statistics(process)?;
    [9, 11, 12].map(|number| field(&statistics, number)).into_iter().sum()
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
        assert!(crowd(own, false, MANY).unwrap() >= 3, "that of the harness, of this test, and that one");
        drop(end);
        assert!(thread.join().unwrap().is_err());
        assert!(processor_time(u32::MAX).is_err() && threads(u32::MAX).is_err());
        assert!(has_ended(u32::MAX).unwrap() && !has_ended(own).unwrap() && !has_stopped(own).unwrap());
        assert_eq!(crowd(u32::MAX, true, MANY).unwrap(), 0, "it has ended");
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
