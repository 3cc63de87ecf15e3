//! Resource limits of this process.

use super::descriptors::check;
use super::kernel;
use crate::profile::Limits;
use std::io;

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

/// Those of a child in namespaces that are none of its threads: the first process, its own first thread, and one that may
/// be about to end.
pub(super) const TASKS_BESIDE: u64 = 3;

/// How many tasks the user may have for this process to have as many as the limits say.
///
/// The kernel compares the number of all tasks of the user, not only of this process. Those of the whole system are an
/// upper bound of it that is cheap to know. In a user namespace it counts that namespace alone, from Linux 5.14 on.
fn tasks(limits: &Limits, own_namespace: bool) -> u64 {
    let others = match own_namespace && kernel::version() >= (5, 14) {
        true => TASKS_BESIDE,
        false => kernel::tasks_of_the_system().unwrap_or(u64::from(u16::MAX)),
    };
    others.saturating_add(limits.tasks)
}

/// Sets all limits, none above what this process is allowed already.
pub(super) fn apply(limits: &Limits, own_namespace: bool) -> io::Result<()> {
    let tasks = tasks(limits, own_namespace);
    let bounds: [(Resource, u64, u64); 11] = [
        (libc::RLIMIT_CORE, 0, 0),
        (libc::RLIMIT_DATA, limits.memory, limits.memory),
        (libc::RLIMIT_NOFILE, limits.files, limits.files),
        (libc::RLIMIT_FSIZE, limits.file_size, limits.file_size),
        (libc::RLIMIT_NPROC, tasks, tasks),
        // The soft limit sends a signal that can be caught; the hard one kills.
        (libc::RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds.saturating_add(2)),
        (libc::RLIMIT_STACK, 8 << 20, 8 << 20),
        (libc::RLIMIT_MEMLOCK, 64 << 10, 64 << 10),
        (libc::RLIMIT_MSGQUEUE, 0, 0),
        (libc::RLIMIT_SIGPENDING, 256, 256),
        (libc::RLIMIT_RTPRIO, 0, 0),
    ];
    bounds.into_iter().try_for_each(|(resource, soft, hard)| lower(resource, soft, hard))
}

/// A number that no descriptor of this process can have once it may have no more than `files`, and how many that are if it may not have
/// so many anyway.
pub(super) fn out_of_reach(files: u64) -> io::Result<(u64, u64)> {
    let (now, most) = current(libc::RLIMIT_NOFILE)?;
    let number = files.max(LAUNCHERS).min(most.saturating_sub(1)).min(LARGEST);
    // For now it has to be within reach.
    set(libc::RLIMIT_NOFILE, now.max(number + 1), most)?;
    Ok((number, files.min(number)))
}

/// Below that are the launcher's own.
const LAUNCHERS: u64 = 16;

/// No number of a descriptor is larger.
const LARGEST: u64 = i32::MAX as u64;

fn current(resource: Resource) -> io::Result<(u64, u64)> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for what the call writes.
    check(unsafe { libc::getrlimit(resource, &raw mut limit) })?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

fn set(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: `limit` is initialised, and only read.
    check(unsafe { libc::setrlimit(resource, &raw const limit) }).map(drop)
}

fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, most) = current(resource)?;
    let most = most.min(hard);
    set(resource, soft.min(most), most)
}
