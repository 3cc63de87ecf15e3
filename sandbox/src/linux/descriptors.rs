//! Descriptors: sealed memory files, the status socket, and those that a launcher finds at fixed numbers.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// Asks for a memory file that may be executed although `vm.memfd_noexec` is 1; kernels before 6.3 do not know it.
const MFD_EXEC: libc::c_uint = 0x10;

/// What makes a memory file's bytes final.
const SEALS: libc::c_int = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

/// How often sealing is tried; each attempt takes the kernel some tenths of a second at most.
const SEAL_ATTEMPTS: u32 = 20;

/// A memory file with the bytes of `source`, which nobody can change any more; at its beginning.
pub(crate) fn sealed(source: &mut impl Read) -> io::Result<File> {
    let mut file = memory_file()?;
    io::copy(source, &mut file)?;
    file.flush()?;
    seal(&file)?;
    file.rewind()?;
    Ok(file)
}

/// Makes a memory file's bytes final.
///
/// A busy kernel may hold pages of the file for itself for a moment. It waits for them, but not long enough for a machine
/// under load.
pub(crate) fn seal(file: &File) -> io::Result<()> {
    let attempt = || {
        // SAFETY: the descriptor is open, and the command takes an integer.
        check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, SEALS) }).map(drop)
    };
    let busy = |result: &io::Result<()>| {
        result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy)
    };
    (1..SEAL_ATTEMPTS).map(|_| attempt()).find(|result| !busy(result)).unwrap_or_else(attempt)
}

/// An empty memory file, whose bytes can be made final with [`seal`].
pub(crate) fn memory_file() -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    let create = |flags| {
        // SAFETY: the name is a constant string that ends with NUL.
        check(unsafe { libc::memfd_create(c"probity".as_ptr(), flags) })
    };
    let descriptor = match create(flags | MFD_EXEC) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => create(flags)?,
        other => other?,
    };
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// The two ends of the status socket. Each `write` is one message, and each `read` takes one.
pub(crate) fn status_pair() -> io::Result<(UnixStream, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: `ends` has room for the two descriptors that the kernel writes.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    // SAFETY: the kernel has just made both descriptors, and nobody else owns them.
    let (mine, theirs) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    Ok((UnixStream::from(mine), theirs))
}

/// Another descriptor of the same file, numbered `least` or above, and closed by `exec`.
pub(crate) fn duplicate_above(descriptor: &impl AsRawFd, least: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is open, and the command takes an integer.
    let copy = check(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Another descriptor of the same file, with this number, and closed by `exec`. What had the number is closed, and no living value may own it.
pub(super) fn duplicate_at(descriptor: &impl AsRawFd, number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is open, and nobody owns the other, as the caller promises.
    check(unsafe { libc::dup3(descriptor.as_raw_fd(), number, libc::O_CLOEXEC) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Takes what the host left at a fixed number; an error if that number is not open.
///
/// To be called once for each number, before anything else in this process has opened a file.
pub(super) fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the command takes no argument, and an unopened number is an error.
    check(unsafe { libc::fcntl(number, libc::F_GETFD) })?;
    // SAFETY: it is open, and at this point of the process's life nothing in it owns a descriptor above 2.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whether it is a memory file whose bytes are final. Only a host passes such a thing to a launcher.
pub(super) fn is_sealed(descriptor: &impl AsRawFd) -> bool {
    // SAFETY: the command takes no argument, and fails for what is no memory file.
    let seals = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_GET_SEALS) };
    seals >= 0 && seals & SEALS == SEALS
}

/// The process at the other end of a socket as [`status_pair`] makes them, if that is this process's parent. Nobody but a host
/// leaves such a thing to a child.
pub(super) fn is_control(descriptor: &impl AsRawFd) -> Option<u32> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let (mut kind, descriptor): (libc::c_int, _) = (0, descriptor.as_raw_fd());
    let (mut size, mut peers) = (length_of(&kind), length_of(&peer));
    // SAFETY: there is room for what is written, of the sizes that are given.
    let asked = unsafe {
        let (kind, peer) = ((&raw mut kind).cast(), (&raw mut peer).cast());
        libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_TYPE, kind, &raw mut size)
            | libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_PEERCRED, peer, &raw mut peers)
    };
    let host = u32::try_from(peer.pid).ok()?;
    let parent = std::os::unix::process::parent_id();
    (asked == 0 && kind == libc::SOCK_SEQPACKET && host == parent).then_some(host)
}

fn length_of<T>(value: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of_val(value)).unwrap_or(0)
}

/// Makes `exec` close all descriptors from `first` on.
pub(super) fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    close_range(first, libc::CLOSE_RANGE_CLOEXEC)
}

/// Closes all descriptors from `first` on. None of them may be owned by a living value.
pub(super) fn close_from(first: RawFd) -> io::Result<()> {
    close_range(first, 0)
}

/// Closes all descriptors from `first` on but one, that has the number `kept`, above. None of the others may be owned by a living value.
pub(super) fn close_between(first: RawFd, kept: RawFd) -> io::Result<()> {
    let number = |descriptor| libc::c_uint::try_from(descriptor).map_err(io::Error::other);
    // SAFETY: takes three integers. That no value owns the descriptors is the caller's promise, given above.
    check(unsafe { libc::syscall(libc::SYS_close_range, number(first)?, number(kept - 1)?, 0) })?;
    close_range(kept + 1, 0)
}

/// Closes all descriptors but one. No living value may own another, unless it is never used or dropped.
pub(super) fn close_all_but(kept: RawFd) -> io::Result<()> {
    let kept = libc::c_uint::try_from(kept).map_err(io::Error::other)?;
    if let Some(last) = kept.checked_sub(1) {
        // SAFETY: takes three integers. That no value uses the descriptors is the caller's promise, given above.
        check(unsafe { libc::syscall(libc::SYS_close_range, 0, last, 0) })?;
    }
    // SAFETY: as above.
    check(unsafe { libc::syscall(libc::SYS_close_range, kept + 1, libc::c_uint::MAX, 0) }).map(drop)
}

fn close_range(first: RawFd, flags: libc::c_uint) -> io::Result<()> {
    let first = libc::c_uint::try_from(first).map_err(io::Error::other)?;
    // SAFETY: takes three integers. That no value owns the descriptors is the caller's promise, given above.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, flags) };
    check(result).map(drop)
}

/// The last error of the system if `result` is negative.
pub(super) fn check<T: PartialOrd + From<i8>>(result: T) -> io::Result<T> {
    if result < T::from(0) { Err(io::Error::last_os_error()) } else { Ok(result) }
}
