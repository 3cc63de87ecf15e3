//! Starting the template of launchers by `posix_spawn`, whose cost does not grow with the host's memory as that of `fork` does.

use super::descriptors::duplicate_above;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

/// A program and what it is given. It gets no environment.
#[derive(Debug)]
pub(super) struct Start<'a> {
    /// The program's descriptor, which need not be readable.
    pub(super) program: &'a OwnedFd,
    /// The arguments from `argv[0]` on.
    pub(super) arguments: Vec<CString>,
    /// The descriptors that it finds at 0, 1, 2 and so on.
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Starts it, and returns its process id. The signal dispositions and the mask are the default ones.
///
/// Descriptors that are not closed by `exec` leak into the child, which therefore has to close them first of all.
pub(super) fn start(start: &Start<'_>) -> io::Result<i32> {
    // Above all target numbers, so that no target overwrites a source that is still needed.
    let least = RawFd::try_from(start.descriptors.len()).map_err(io::Error::other)?.max(10);
    let program = duplicate_above(start.program, least)?;
    let sources =
        start.descriptors.iter().map(|d| duplicate_above(d, least)).collect::<io::Result<Vec<_>>>()?;
    let mut actions = Actions::new()?;
    for (target, source) in (0..).zip(&sources) {
        actions.place(source, target)?;
    }
    let path = CString::new(format!("/proc/self/fd/{}", program.as_raw_fd()))?;
    spawn(&path, &start.arguments, &actions, &Attributes::new()?)
}

fn spawn(
    path: &CString,
    arguments: &[CString],
    actions: &Actions,
    attributes: &Attributes,
) -> io::Result<i32> {
    let mut argv: Vec<*mut libc::c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    let environment = [ptr::null_mut()];
    let mut pid = 0;
    // SAFETY: all pointers live until the call returns, both arrays end with a null pointer, and the strings are not
    // written to although the declaration lacks `const`.
    succeeded(unsafe {
        libc::posix_spawn(
            &raw mut pid,
            path.as_ptr(),
            actions.0.as_ptr(),
            attributes.0.as_ptr(),
            argv.as_ptr(),
            environment.as_ptr(),
        )
    })?;
    Ok(pid)
}

/// What the child does with descriptors before it executes the program.
struct Actions(Box<MaybeUninit<libc::posix_spawn_file_actions_t>>);

impl Actions {
    fn new() -> io::Result<Actions> {
        let mut actions = Box::new(MaybeUninit::uninit());
        // SAFETY: the call initialises the memory that it is given.
        succeeded(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        Ok(Actions(actions))
    }

    fn place(&mut self, source: &OwnedFd, target: RawFd) -> io::Result<()> {
        let source = source.as_raw_fd();
        // SAFETY: `new` has initialised the actions.
        succeeded(unsafe { libc::posix_spawn_file_actions_adddup2(self.0.as_mut_ptr(), source, target) })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: `new` has initialised the actions, and they are not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}

/// The signals' state in the child.
struct Attributes(Box<MaybeUninit<libc::posix_spawnattr_t>>);

impl Attributes {
    fn new() -> io::Result<Attributes> {
        let mut attributes = Box::new(MaybeUninit::uninit());
        let at: *mut libc::posix_spawnattr_t = attributes.as_mut_ptr();
        // SAFETY: the call initialises the memory that it is given.
        succeeded(unsafe { libc::posix_spawnattr_init(at) })?;
        let attributes = Attributes(attributes);
        let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
        let flags = libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK;
        let flags = libc::c_short::try_from(flags).map_err(io::Error::other)?;
        // SAFETY: the attributes are initialised, and each set is initialised by the call before its use.
        unsafe {
            libc::sigfillset(signals.as_mut_ptr());
            succeeded(libc::posix_spawnattr_setsigdefault(at, signals.as_ptr()))?;
            libc::sigemptyset(signals.as_mut_ptr());
            succeeded(libc::posix_spawnattr_setsigmask(at, signals.as_ptr()))?;
            succeeded(libc::posix_spawnattr_setflags(at, flags))?;
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: `new` has initialised the attributes, and they are not used again.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}

/// This family of calls returns the error instead of setting `errno`.
fn succeeded(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(result)) }
}
