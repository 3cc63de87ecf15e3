//! Trying what must fail, right before the plugin runs: confinement that was asked for is not yet confinement.

use super::descriptors::check;
use super::{init, kernel, namespaces};
use crate::guarantee::{Facts, Seclusion};
use crate::profile::Limits;
use crate::spec::{ARGUMENT, Orders};
use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// The number that `statfs` gives for a file system in memory.
const TMPFS: i128 = 0x0102_1994;

/// How many of the calls that are tried the filter denies. Whoever listens to it knows by their number what the launcher
/// tried, and what the plugin wants.
pub(crate) const TESTED: u64 = 3;

/// Tries a few things that no plugin may do; an error if anything but a refusal comes of one of them.
///
/// All are harmless should they succeed, and what lies in `/proc` is never granted.
pub(super) fn everything_is_refused(facts: &Facts) -> io::Result<()> {
    // First, since whoever listens takes what is named after the calls that the filter denies for the plugin's.
    let (reading, writing) =
        (File::open("/proc/self/status"), OpenOptions::new().write(true).open("/proc/self/comm"));
    // Landlock refuses to signal others then. Without it, the namespace holds nobody else but its first process, which takes
    // no signal from inside.
    let signals = facts.processes && (facts.landlock_abi >= 6 || facts.secluded);
    // SAFETY: these calls take integers only.
    let (socket, signal, session, namespace) = unsafe {
        (
            check(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)),
            attempt(!signals || facts.landlock_abi >= 6, || libc::kill(libc::getppid(), 0)),
            // For the filter, in its place.
            attempt(signals, || libc::setsid()),
            check(libc::unshare(libc::CLONE_NEWUSER)),
        )
    };
    let absent = if facts.secluded { io::ErrorKind::NotFound } else { io::ErrorKind::PermissionDenied };
    let denied = io::ErrorKind::PermissionDenied;
    let attempts = [
        ("reading a file", reading.map(drop), absent),
        ("writing a file", writing.map(drop), absent),
        ("making a socket", socket.map(drop), denied),
        ("signalling the host", signal.map(drop), denied),
        ("leaving the session", session.map(drop), denied),
        ("making a namespace", namespace.map(drop), denied),
    ];
    for (what, result, expected) in attempts {
        match result {
            Err(error) if error.kind() == expected => {}
            Err(error) => return Err(io::Error::other(format!("{what} failed strangely: {error}"))),
            Ok(()) => return Err(io::Error::other(format!("{what} was not refused"))),
        }
    }
    Ok(())
}

/// The program that this process runs, which nobody is granted, but where somebody is.
#[derive(Debug)]
pub(super) struct Program(OwnedFd);

impl Program {
    /// `None` if the orders grant it. To be opened while it is seen: it is tried by this descriptor, as no path leads to it at
    /// the level *full*.
    pub(super) fn own(orders: &Orders) -> io::Result<Option<Program>> {
        let path = fs::read_link("/proc/self/exe")?;
        let executed = orders.execute.iter().chain(&orders.programs);
        let granted = executed.map(|granted| fs::canonicalize(granted).unwrap_or_else(|_| granted.into()));
        if granted.into_iter().any(|granted| path.starts_with(granted)) {
            return Ok(None);
        }
        let flags = libc::O_PATH | libc::O_CLOEXEC;
        // SAFETY: the string ends with NUL.
        let program = check(unsafe { libc::open(c"/proc/self/exe".as_ptr(), flags) })?;
        // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
        Ok(Some(Program(unsafe { OwnedFd::from_raw_fd(program) })))
    }

    /// Tries to execute it, which Landlock has to refuse. Otherwise it would end at once, since nobody has started it so, and the
    /// host would hear no more of it.
    pub(super) fn try_to_execute(self) -> io::Result<()> {
        let argument = CString::new(ARGUMENT)?;
        let (arguments, none) = ([c"sandbox".as_ptr(), argument.as_ptr(), ptr::null()], [ptr::null()]);
        let (program, itself) = (self.0.as_raw_fd(), c"".as_ptr());
        let (arguments, variables): (_, *const *const libc::c_char) = (arguments.as_ptr(), none.as_ptr());
        // SAFETY: the strings end with NUL and the arrays with a null pointer, and all live until the call returns.
        unsafe {
            libc::syscall(libc::SYS_execveat, program, itself, arguments, variables, libc::AT_EMPTY_PATH)
        };
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            error => Err(io::Error::other(format!("executing a program failed strangely: {error}"))),
        }
    }
}

/// Tries it if that is to be refused; else it counts as refused.
fn attempt(tried: bool, call: impl Fn() -> libc::c_int) -> io::Result<libc::c_int> {
    if tried { check(call()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// Looks whether namespaces hide and bound what they should.
pub(super) fn seclusion(orders: &Orders) -> Seclusion {
    // SAFETY: these calls take no argument and cannot fail.
    let (own, parent, user, group) =
        unsafe { (libc::getpid(), libc::getppid(), libc::getuid(), libc::getgid()) };
    let somebody = [user, group] == [namespaces::NOBODY_SPECIAL; 2];
    Seclusion {
        files: sees_no_other_files(),
        // The second process of all, the child of the first.
        processes: [own, parent].map(i32::cast_unsigned) == [init::NUMBER + 1, init::NUMBER],
        names: somebody && kernel::host_name() == namespaces::HOST_NAME,
        disk: orders.scratch.is_none() || scratch_is_bounded(&orders.limits),
    }
}

/// What is there on every machine and granted to nobody is not to be seen, and the root cannot be written.
fn sees_no_other_files() -> bool {
    let gone = |path| fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    ["/proc", "/sys", "/dev/pts"].into_iter().all(gone) && root_is_read_only().unwrap_or(false)
}

fn root_is_read_only() -> io::Result<bool> {
    let mut found = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the string ends with NUL, and the call fills the structure if it succeeds.
    unsafe {
        check(libc::statvfs(c"/".as_ptr(), found.as_mut_ptr()))?;
        Ok(found.assume_init().f_flag & libc::ST_RDONLY != 0)
    }
}

/// The working directory lies in a file system of its own that holds no more than it may.
fn scratch_is_bounded(limits: &Limits) -> bool {
    const PAGE: u64 = 64 << 10;
    file_system(c".").is_ok_and(|found| {
        let size = found.f_blocks.saturating_mul(u64::try_from(found.f_bsize).unwrap_or(u64::MAX));
        let small = size <= limits.scratch_size.saturating_add(PAGE) && found.f_files <= limits.scratch_files;
        // Nothing means no bound.
        small && size > 0 && found.f_files > 0 && i128::from(found.f_type) == TMPFS
    })
}

fn file_system(path: &CStr) -> io::Result<libc::statfs> {
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the string ends with NUL, and the call fills the structure if it succeeds.
    unsafe {
        check(libc::statfs(path.as_ptr(), found.as_mut_ptr()))?;
        Ok(found.assume_init())
    }
}
