//! Trying what must fail, right before the plugin runs: confinement that was asked for is not yet confinement.

use super::descriptors::check;
use std::fs::{File, OpenOptions};
use std::io;

/// Tries a few things that no plugin may do; an error if anything but a refusal comes of one of them.
///
/// All are harmless should they succeed, and what lies in `/proc` is never granted.
pub(super) fn everything_is_refused() -> io::Result<()> {
    // SAFETY: these calls take integers only.
    let (socket, signal, namespace) = unsafe {
        (
            check(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)),
            check(libc::kill(libc::getppid(), 0)),
            check(libc::unshare(libc::CLONE_NEWUSER)),
        )
    };
    let attempts = [
        ("reading a file", File::open("/proc/self/status").map(drop)),
        ("writing a file", OpenOptions::new().write(true).open("/proc/self/comm").map(drop)),
        ("making a socket", socket.map(drop)),
        ("signalling the host", signal.map(drop)),
        ("making a namespace", namespace.map(drop)),
    ];
    for (what, result) in attempts {
        match result {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(io::Error::other(format!("{what} failed strangely: {error}"))),
            Ok(()) => return Err(io::Error::other(format!("{what} was not refused"))),
        }
    }
    Ok(())
}
