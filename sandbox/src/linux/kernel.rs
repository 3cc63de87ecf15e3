//! What this kernel offers, asked without changing anything.

use std::fs;
use std::ptr;

/// The Landlock ABI of the kernel; 0 if Landlock is absent or switched off.
pub(crate) fn landlock_abi() -> u32 {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with the version flag and no attributes, the call reads no memory and makes no descriptor.
    let abi = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, ptr::null::<libc::c_void>(), 0_usize, VERSION)
    };
    u32::try_from(abi).unwrap_or(0)
}

/// Whether the kernel can filter system calls with all the actions that the filter uses.
pub(crate) fn seccomp_offered() -> bool {
    [libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_ERRNO, libc::SECCOMP_RET_KILL_PROCESS].iter().all(|action| {
        let action: *const u32 = action;
        // SAFETY: `action` points to the 32-bit number that the call reads.
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, action) == 0 }
    })
}

/// Whether the kernel counts the tasks of this user at all: it does not for uid 0.
pub(crate) fn tasks_are_bounded() -> bool {
    // SAFETY: the call has no argument and cannot fail.
    (unsafe { libc::getuid() }) != 0
}

/// The kernel's release, e.g. `6.18.0`; empty if it cannot be read.
pub(crate) fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// How many tasks the whole system has: an upper bound for those of this user.
pub(super) fn tasks_of_the_system() -> Option<u64> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let (_, total) = load.split_whitespace().nth(3)?.split_once('/')?;
    total.parse().ok()
}

/// How many threads this process has.
pub(super) fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
