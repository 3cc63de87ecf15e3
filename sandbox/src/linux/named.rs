//! Which files a call of a traced child names, where they lie, and what will come of it.
//!
//! It is told, and nothing is decided by it: the child may change its memory, its links and its working directory between this
//! look and the kernel's own. Links are followed by the kernel, in the child's own file tree, and nothing is opened. What the
//! child does not see there `outside.rs` looks for.

use super::descriptors::check;
use super::listener::{Call, Listener};
use super::outside::Outside;
use super::peek::{self, Look};
use super::seccomp::naming::{Kind, Last, Named};
use crate::attempt::{Attempts, Manner, Outcome};
use crate::granted::Granted;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes down what one child names.
#[derive(Debug)]
pub(crate) struct Tracer {
    attempts: Arc<Attempts>,
    granted: Granted,
    outside: Outside,
    /// The root of the child's file tree, which it cannot change, once it was found.
    root: Option<File>,
}

/// A path that a call names.
struct Wish {
    /// Absolute.
    path: PathBuf,
    manner: Manner,
    /// Something is to be made there.
    creates: bool,
    follows: bool,
}

/// What lies at a path.
struct Found {
    path: PathBuf,
    is_directory: bool,
    /// What it says if it is a link, which was not followed then.
    says: Option<PathBuf>,
}

/// As many links as the kernel follows.
const LINKS_LIMIT: usize = 40;

impl Tracer {
    pub(crate) fn new(attempts: Arc<Attempts>, granted: Granted) -> Tracer {
        Tracer { attempts, granted, outside: Outside::new(), root: None }
    }

    /// Notes the files that a call names, which waits meanwhile.
    pub(crate) fn note(&mut self, listener: &Listener, call: &Call, named: &[Named]) {
        for one in named {
            let wish = wish(call, one);
            let root = self.root.take().or_else(|| peek::root(call.thread).ok());
            // Otherwise another process may have the number by now, and it was that one's memory and root.
            if !listener.is_waiting(call) {
                return;
            }
            self.root = root;
            match wish {
                Look::Seen(Some(wish)) => self.keep(&wish),
                // It names no path: it is about a descriptor, or fails.
                Look::Seen(None) => {}
                Look::Nothing => self.attempts.unreadable(),
                Look::Hidden => self.attempts.unseen(),
            }
        }
    }

    fn keep(&self, wish: &Wish) {
        let seen = match &self.root {
            Some(root) => found(root, wish),
            None => self.outside(&wish.path, wish.follows),
        };
        let (outcome, leads_to, manner) = match seen {
            Ok(found) => {
                let manner = manner(wish, &found);
                (self.granted.outcome(&found.path, manner), found.path, manner)
            }
            Err(error) if is_absent(&error) => self.absent(wish),
            Err(error) => self.failed(wish, &error),
        };
        self.attempts.note(&wish.path, manner, outcome, leads_to);
    }

    /// Of a path that cannot be followed to where it leads.
    fn failed(&self, wish: &Wish, error: &io::Error) -> (Outcome, PathBuf, Manner) {
        let outcome = match error.raw_os_error() {
            // Who may not even look there may do nothing else.
            Some(libc::EACCES) => Outcome::Denied,
            // This process may not look like this: in some containers.
            Some(libc::ENOSYS | libc::EPERM) => self.granted.outcome(&wish.path, wish.manner),
            _ => Outcome::Unknown,
        };
        (outcome, wish.path.clone(), wish.manner)
    }

    /// Of a path at which the child sees nothing: something may lie there that it was not shown, or may be made there.
    fn absent(&self, wish: &Wish) -> (Outcome, PathBuf, Manner) {
        let outside = self.outside(&wish.path, wish.follows);
        match outside.or_else(|error| if is_absent(&error) { self.beyond(wish) } else { Err(error) }) {
            Ok(found) => {
                // Scratch is the child's own, whatever lies there to others.
                let outcome = match self.granted.is_scratch(&found.path) {
                    true => Outcome::Absent,
                    false => Outcome::Denied,
                };
                let manner = manner(wish, &found);
                return (outcome, found.path, manner);
            }
            Err(error) if !is_absent(&error) => return self.failed(wish, &error),
            Err(_) => {}
        }
        let lies = |folder: &Path| {
            let at = Wish { path: folder.to_owned(), manner: Manner::Look, creates: false, follows: true };
            let own = self.root.iter().find_map(|root| found(root, &at).ok());
            own.or_else(|| self.outside(folder, true).ok()).filter(|found| found.is_directory)
        };
        let folder = wish.path.parent().filter(|_| wish.creates).and_then(lies);
        match folder.zip(wish.path.file_name()) {
            Some((folder, name)) => {
                let path = folder.path.join(name);
                (self.granted.outcome(&path, Manner::Write), path, Manner::Write)
            }
            None => (Outcome::Absent, wish.path.clone(), wish.manner),
        }
    }

    /// What a link leads to that the child sees, and that leads to what it does not see.
    fn beyond(&self, wish: &Wish) -> io::Result<Found> {
        let nothing = || io::Error::from_raw_os_error(libc::ENOENT);
        let root = self.root.as_ref().filter(|_| wish.follows).ok_or_else(nothing)?;
        let mut path = wish.path.clone();
        for _ in 0..LINKS_LIMIT {
            let at = Wish { path, manner: Manner::Look, creates: false, follows: false };
            let link = found(root, &at)?;
            path = link
                .path
                .parent()
                .zip(link.says)
                .map(|(folder, says)| folder.join(says))
                .ok_or_else(nothing)?;
            match self.outside(&path, true) {
                Err(error) if is_absent(&error) => {}
                other => return other,
            }
        }
        Err(nothing())
    }

    /// What lies at a path in this process's own tree.
    fn outside(&self, path: &Path, follows: bool) -> io::Result<Found> {
        let (real, is_directory) = self.outside.found(path, follows)?;
        let path = if is_of_processes(path) { path.to_owned() } else { real };
        Ok(Found { path, is_directory, says: None })
    }
}

/// Opening a directory to read it is listing it.
fn manner(wish: &Wish, found: &Found) -> Manner {
    if wish.manner == Manner::Read && found.is_directory { Manner::List } else { wish.manner }
}

fn wish(call: &Call, named: &Named) -> Look<Option<Wish>> {
    let path = match peek::path(call.thread, call.arguments[named.path]) {
        Look::Seen(path) if path.as_os_str().is_empty() => return Look::Seen(None),
        Look::Seen(path) => path,
        // Newer programs say so that they mean the descriptor alone.
        Look::Nothing if call.arguments[named.path] == 0 => return Look::Seen(None),
        Look::Nothing => return Look::Nothing,
        Look::Hidden => return Look::Hidden,
    };
    let path = match path.is_absolute() {
        true => path,
        false => {
            // The kernel looks at the lower half.
            let descriptor = named.base.map(|base| call.arguments[base] as i32);
            let descriptor = descriptor.filter(|descriptor| *descriptor != libc::AT_FDCWD);
            match peek::folder(call.thread, descriptor) {
                Some(folder) => folder.join(path),
                // A descriptor that is none, or of what is no folder: it fails.
                None => return Look::Nothing,
            }
        }
    };
    let (manner, creates) = purpose(call, named.kind);
    let bit = |argument: usize, bit: libc::c_int| call.arguments[argument] as i32 & bit != 0;
    let follows = match named.last {
        Last::Followed => true,
        Last::Itself => false,
        Last::Unless(argument, no) => !bit(argument, no),
        Last::If(argument, yes) => bit(argument, yes),
    };
    Look::Seen(Some(Wish { path, manner, creates, follows }))
}

fn purpose(call: &Call, kind: Kind) -> (Manner, bool) {
    match kind {
        Kind::Always(manner) => (manner, false),
        Kind::Created => (Manner::Write, true),
        Kind::Opened(flags) => opened(call.arguments[flags] as i32),
        Kind::OpenedBehind(how) => {
            let flags = peek::number(call.thread, call.arguments[how]);
            opened(flags.map_or(libc::O_RDONLY, |flags| flags as i32))
        }
    }
}

fn opened(flags: i32) -> (Manner, bool) {
    let writes = flags & libc::O_ACCMODE != libc::O_RDONLY || flags & (libc::O_TRUNC | libc::O_CREAT) != 0;
    match flags {
        _ if flags & libc::O_PATH != 0 => (Manner::Look, false),
        _ if writes => (Manner::Write, flags & libc::O_CREAT != 0),
        _ if flags & libc::O_DIRECTORY != 0 => (Manner::List, false),
        _ => (Manner::Read, false),
    }
}

/// What lies at a path in the tree below a root.
fn found(root: &File, wish: &Wish) -> io::Result<Found> {
    let mut path = wish.path.as_os_str().as_bytes().to_vec();
    path.push(0);
    // SAFETY: all zeros are a valid value of this structure.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    let last = if wish.follows { 0 } else { libc::O_NOFOLLOW };
    how.flags = (libc::O_PATH | libc::O_CLOEXEC | last) as u64;
    how.resolve = libc::RESOLVE_IN_ROOT;
    let (root, size) = (root.as_raw_fd(), size_of::<libc::open_how>());
    // SAFETY: the path ends with NUL, and the structure is as large as is said.
    let opened = unsafe { libc::syscall(libc::SYS_openat2, root, path.as_ptr(), &raw const how, size) };
    let descriptor = RawFd::try_from(check(opened)?).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    let path = match is_of_processes(&wish.path) {
        true => wish.path.clone(),
        false => fs::read_link(format!("/proc/self/fd/{descriptor}"))?,
    };
    let kind = file.metadata()?.file_type();
    let says = if kind.is_symlink() { Some(says(&file)?) } else { None };
    Ok(Found { path, is_directory: kind.is_dir(), says })
}

/// What is itself to the child is this process here, so that such a path is told as it was named.
fn is_of_processes(path: &Path) -> bool {
    path.starts_with("/proc")
}

/// What an opened link says.
fn says(link: &File) -> io::Result<PathBuf> {
    let mut text = vec![0_u8; libc::PATH_MAX as usize];
    let (link, to) = (link.as_raw_fd(), text.as_mut_ptr().cast());
    // SAFETY: the path is a constant that ends with NUL, and there is room for as many bytes as are said.
    let length = check(unsafe { libc::readlinkat(link, c"".as_ptr(), to, text.len()) })?;
    text.truncate(length.cast_unsigned());
    Ok(OsString::from_vec(text).into())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR))
}
