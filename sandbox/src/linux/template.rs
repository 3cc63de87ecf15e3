//! The template: this program, started anew once by a host, of which each start of a plugin is a copy that `fork` makes.
//!
//! Executing a large program, loading its libraries and moving it to its place takes longer than all that confines a plugin
//! together. The template does it once, and then nothing but copy itself: it reads no orders and runs no plugin's code, so
//! that all copies begin alike, and it is as small as a program is that has done nothing. It is not confined, and nothing
//! that is confined can reach it: the one descriptor that it holds is the first that a copy closes.
//!
//! A copy is a child of the host, not of the template, and dies with the host's thread that has started both.

use super::descriptors::{self, check, duplicate_above, is_control};
use super::start::{Start, start};
use super::{kernel, passing, process};
use crate::error::{LaunchError, SpawnError};
use crate::spec::{ARGUMENT, Answer, CONTROL, WORD_LIMIT};
use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::time::Duration;

/// How long it may take to make a copy; it normally needs a fraction of a millisecond, the first time some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a copy is given.
#[derive(Debug)]
pub(crate) struct Copy {
    /// What it is called, for whoever lists processes.
    pub(crate) name: String,
    /// The descriptors that it finds at 0, 1, 2 and so on.
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// A template that runs, for the host. Dropping it ends it, and not its copies.
#[derive(Debug)]
pub(crate) struct Template {
    pid: i32,
    control: UnixStream,
}

impl Template {
    /// Starts it, without waiting until it is ready.
    pub(crate) fn start(program: &OwnedFd) -> io::Result<Template> {
        let (control, theirs) = descriptors::status_pair()?;
        control.set_read_timeout(Some(PATIENCE))?;
        let nothing = || File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from);
        let descriptors = vec![nothing()?, nothing()?, nothing()?, theirs];
        let path = fs::read_link(format!("/proc/self/fd/{}", program.as_raw_fd())).unwrap_or_default();
        let name = path.file_name().unwrap_or(OsStr::new("sandbox"));
        let arguments = vec![CString::new(name.as_bytes())?, CString::new(ARGUMENT)?];
        Ok(Template { pid: start(&Start { program, arguments, descriptors })?, control })
    }

    /// Has it make a copy of itself, and returns the copy's process id; `Err(None)` if it has ended without hearing of that.
    ///
    /// After any other error there may be a copy that nobody knows of. It ends as soon as it reports to a host that has closed
    /// the socket for that, before anything of the plugin runs: what was to be its own must not be given to another.
    pub(crate) fn copy(&self, copy: &Copy) -> Result<i32, Option<SpawnError>> {
        let gone = |error: io::Error| match error.kind() {
            // The latter is how the kernel tells of what was never read.
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => None,
            // What the system calls the end of a read's time depends on the system.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Some(SpawnError::Silent(format!("it said nothing for {PATIENCE:?}")))
            }
            _ => Some(SpawnError::Start(error)),
        };
        passing::send_all(&self.control, copy.name.as_bytes(), &copy.descriptors).map_err(gone)?;
        let mut answer = vec![0; WORD_LIMIT];
        let count = loop {
            match (&self.control).read(&mut answer) {
                Ok(0) => return Err(Some(SpawnError::Silent("it ended before it had a process".to_owned()))),
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(gone(error)),
            }
        };
        match serde_json::from_slice(&answer[..count]) {
            Ok(Answer::Copied(pid)) => Ok(pid),
            Ok(Answer::Failed { stage, reason }) => Err(Some(SpawnError::Launcher { stage, reason })),
            Err(error) => Err(Some(SpawnError::Silent(error.to_string()))),
        }
    }

    /// How it has ended, after [`Template::copy`] has found that it has.
    pub(crate) fn ending(self) -> String {
        let ended = process::reap(self.pid, true);
        std::mem::forget(self);
        ended.map_or_else(|e| e.to_string(), |status| status.map(|s| s.to_string()).unwrap_or_default())
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        // It has nothing to lose. SAFETY: takes integers; the process is an unreaped child of this one.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        let _ = process::reap(self.pid, true);
    }
}

/// Makes copies of this process for as long as the host wants any. Returns in each copy, which has the descriptors that it
/// was given and no others; the template itself ends here.
pub(super) fn serve() -> Result<(), LaunchError> {
    let control = descriptors::inherited(CONTROL).map_err(|_| LaunchError::NotStartedByHost)?;
    let host = is_control(&control).ok_or(LaunchError::NotStartedByHost)?;
    let control = UnixStream::from(control);
    // What the host has not closed is not for the copies.
    let ready = process::die_with(host)
        .and_then(|()| descriptors::close_from(CONTROL + 1))
        .and_then(|()| process::lead_session());
    if ready.is_err() {
        std::process::exit(1);
    }
    name_process(c"sandbox-start");
    let alone = only_thread();
    let mut name = [0; WORD_LIMIT];
    loop {
        let (length, descriptors) = match passing::receive_all(&control, &mut name) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The host wants no more, or has ended.
            Err(_) | Ok((0, _)) => std::process::exit(0),
            Ok(received) => received,
        };
        let answer = match alone.as_ref().map_err(io::Error::to_string) {
            Err(reason) => failed("counting its threads", reason),
            Ok(()) => match fork() {
                Ok(0) => {
                    drop(control);
                    return begin(&name[..length], descriptors).map_err(|source| LaunchError::Step {
                        stage: "taking its descriptors".to_owned(),
                        source,
                    });
                }
                Ok(pid) => Answer::Copied(pid),
                Err(error) => failed("making a process", error.to_string()),
            },
        };
        // Before the answer, so that an early end of the copy is noticed.
        drop(descriptors);
        let told = serde_json::to_vec(&answer).map_err(io::Error::other);
        if told.and_then(|told| (&control).write_all(&told)).is_err() {
            std::process::exit(1);
        }
    }
}

fn failed(stage: &str, reason: String) -> Answer {
    Answer::Failed { stage: stage.to_owned(), reason }
}

/// Landlock and the parent-death signal are those of one thread: no other may exist. A copy has the one that copies.
fn only_thread() -> io::Result<()> {
    match kernel::threads() {
        Some(1) => Ok(()),
        Some(count) => Err(io::Error::other(format!("there are {count}, and only one can be confined"))),
        None => Err(io::Error::other("/proc/self/task cannot be read")),
    }
}

/// As `fork`, but the child is a sibling: another child of this process's parent. The parent is told of its end as of
/// this process's.
fn fork() -> io::Result<libc::pid_t> {
    let own = own_thread_number();
    let kept = if own.is_null() { 0 } else { libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID };
    let flags = libc::CLONE_PARENT | libc::SIGCHLD | kept;
    let none = ptr::null_mut::<libc::pid_t>();
    // SAFETY: without a stack of its own the child goes on with a copy of this one, as after a fork. There is no other thread.
    // What the kernel writes is what the C library's own `fork` has it write. Architectures differ in which of the last two
    // arguments that is, and do not look at the other one.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, flags, none, none, own, own) })?;
    libc::pid_t::try_from(pid).map_err(io::Error::other)
}

/// Where the C library keeps this thread's number; null if the kernel does not tell, or it may be something else. Then the C
/// library does not learn of a copy's number, which matters to what it does with other threads alone.
fn own_thread_number() -> *mut libc::pid_t {
    const PR_GET_TID_ADDRESS: libc::c_int = 40;
    let mut address: *mut libc::pid_t = ptr::null_mut();
    if cfg!(target_env = "gnu") {
        // SAFETY: `address` is a valid place for the pointer that is written.
        unsafe { libc::prctl(PR_GET_TID_ADDRESS, &raw mut address) };
    }
    address
}

/// Puts a copy's descriptors into their places. It has no others by then.
fn begin(name: &[u8], received: Vec<OwnedFd>) -> io::Result<()> {
    name_process(&CString::new(name)?);
    // Above all places, so that no place overwrites what is still needed.
    let above = |descriptor: OwnedFd| duplicate_above(&descriptor, 2 * passing::MOST);
    let sources: Vec<OwnedFd> = received.into_iter().map(above).collect::<io::Result<_>>()?;
    for (place, source) in (0..).zip(&sources) {
        // SAFETY: nothing in this process owns a descriptor at that number.
        check(unsafe { libc::dup2(source.as_raw_fd(), place) })?;
    }
    Ok(())
}

/// For whoever lists processes.
fn name_process(name: &CStr) {
    // SAFETY: the string ends with NUL; the kernel takes its first 15 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}
