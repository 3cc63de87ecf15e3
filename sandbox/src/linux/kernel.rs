//! What this kernel offers, asked without changing anything.

use crate::guarantee::Tasks;
use std::fs;
use std::mem::MaybeUninit;
use std::path::Path;
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

/// Whether somebody can listen to what a filter denies, and the kernel means the same by it as this program.
pub(crate) fn listeners_offered() -> bool {
    let mut sizes = libc::seccomp_notif_sizes { seccomp_notif: 0, seccomp_notif_resp: 0, seccomp_data: 0 };
    // SAFETY: `sizes` is a valid place for what the call writes.
    let asked = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_NOTIF_SIZES, 0, &raw mut sizes) };
    asked == 0
        && usize::from(sizes.seccomp_notif) == size_of::<libc::seccomp_notif>()
        && usize::from(sizes.seccomp_notif_resp) == size_of::<libc::seccomp_notif_resp>()
}

/// Whether there is an instance of inotify left for this user.
pub(crate) fn tells_of_files() -> bool {
    rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::CLOEXEC).is_ok()
}

/// Whether the kernel counts the tasks of this user at all: it does not for uid 0.
pub(crate) fn tasks_of_user() -> Tasks {
    // SAFETY: the call has no argument and cannot fail.
    match unsafe { libc::getuid() } {
        0 => Tasks::Unbounded,
        _ => Tasks::OfUser,
    }
}

/// The settings of this machine that deny namespaces to ordinary users, for whoever wonders; empty if there are none.
pub(crate) fn why_denied() -> String {
    const SETTINGS: [(&str, &str); 3] = [
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("user/max_user_namespaces", "0"),
    ];
    let set = |(name, value): &(&str, &str)| {
        fs::read_to_string(Path::new("/proc/sys").join(name)).is_ok_and(|found| found.trim() == *value)
    };
    let named = |(name, value): (&str, &str)| format!(" ({} is {value})", name.replace('/', "."));
    SETTINGS.into_iter().filter(set).map(named).collect()
}

/// The kernel's release, e.g. `6.18.0`; empty if it cannot be read.
pub(crate) fn kernel_release() -> String {
    names().map(|names| text(&names.release)).unwrap_or_default()
}

/// The kernel's version, without what follows the first two numbers; zeros if it cannot be told.
pub(super) fn version() -> (u32, u32) {
    let release = kernel_release();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The name of the machine.
pub(super) fn host_name() -> String {
    names().map(|names| text(&names.nodename)).unwrap_or_default()
}

fn names() -> Option<libc::utsname> {
    let mut names = MaybeUninit::<libc::utsname>::uninit();
    // SAFETY: the call fills the structure if it succeeds.
    unsafe { (libc::uname(names.as_mut_ptr()) == 0).then(|| names.assume_init()) }
}

fn text(characters: &[libc::c_char]) -> String {
    let bytes: Vec<u8> = characters.iter().map(|c| c.cast_unsigned()).take_while(|c| *c != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
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
