//! Looking into a process that is being traced: what its memory and its descriptors say.
//!
//! The kernel lets a process look into a child of its own: one of the same user, or one in a user namespace that this user has
//! made. It does not where its administrator forbids that (Yama's `ptrace_scope` from 2 on), nor into a program that the user
//! may execute and not read.

use super::descriptors::check;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The most bytes that the kernel takes for a path, the NUL at its end included.
const PATH_MAX: usize = 4096;
/// No page of memory is smaller: what begins in one ends in it or in the next.
const PAGE: u64 = 4096;

/// What came of a look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look<T> {
    Seen(T),
    /// There is nothing that could be meant.
    Nothing,
    /// The system does not show it.
    Hidden,
}

/// The path that begins at an address.
pub(super) fn path(thread: u32, address: u64) -> Look<PathBuf> {
    let mut bytes = Vec::new();
    let mut page = [0; PAGE as usize];
    while bytes.len() < PATH_MAX {
        let at = address.saturating_add(bytes.len() as u64);
        let within = usize::try_from(PAGE - at % PAGE).unwrap_or(PATH_MAX).min(PATH_MAX - bytes.len());
        let read = match read(thread, at, &mut page[..within]) {
            Ok(read) if read > 0 => &page[..read.min(within)],
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Look::Hidden,
            Ok(_) | Err(_) => return Look::Nothing,
        };
        match read.iter().position(|byte| *byte == 0) {
            Some(end) => {
                bytes.extend_from_slice(&read[..end]);
                return Look::Seen(OsString::from_vec(bytes).into());
            }
            None => bytes.extend_from_slice(read),
        }
    }
    Look::Nothing
}

/// The number of 64 bits at an address.
pub(super) fn number(thread: u32, address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    let read = read(thread, address, &mut bytes).ok()?;
    (read == bytes.len()).then(|| u64::from_ne_bytes(bytes))
}

/// Where its working directory lies, or what a descriptor of its is open for; `None` where the system does not show it.
pub(super) fn folder(thread: u32, descriptor: Option<i32>) -> Option<PathBuf> {
    let link = match descriptor {
        Some(number) => format!("/proc/{thread}/fd/{number}"),
        None => format!("/proc/{thread}/cwd"),
    };
    fs::read_link(link).ok().filter(|folder| folder.is_absolute())
}

/// The root of its file tree.
pub(super) fn root(thread: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).custom_flags(libc::O_PATH).open(format!("/proc/{thread}/root"))
}

fn read(thread: u32, address: u64, to: &mut [u8]) -> io::Result<usize> {
    let thread = libc::pid_t::try_from(thread).map_err(io::Error::other)?;
    // On machines of 32 bits there is no such address.
    let address = usize::try_from(address).map_err(io::Error::other)?;
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: to.len() };
    let remote = libc::iovec { iov_base: std::ptr::without_provenance_mut(address), iov_len: to.len() };
    // SAFETY: the local part is the slice; the remote part is of another process, and an error if it is not there.
    let read =
        check(unsafe { libc::process_vm_readv(thread, &raw const local, 1, &raw const remote, 1, 0) })?;
    Ok(read.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(bytes: &[u8]) -> Look<PathBuf> {
        path(std::process::id(), bytes.as_ptr() as u64)
    }

    #[test]
    fn a_path_ends_with_its_nul_wherever_pages_end() {
        let mut memory = vec![b'x'; 3 * PAGE as usize];
        for at in [0, 1, 7, 4090, 4095, 4096, 5000, 8000] {
            memory[at] = 0;
            for from in [0, 1, 4000, 4095] {
                let Some(length) = at.checked_sub(from) else { continue };
                let expected = match length < PATH_MAX {
                    true => Look::Seen("x".repeat(length).into()),
                    false => Look::Nothing,
                };
                assert_eq!(own(&memory[from..]), expected, "{from} {at}");
            }
            memory[at] = b'x';
        }
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for address in [0, 1, u64::MAX, u64::MAX - 4095, 1 << 63] {
            assert_eq!(path(std::process::id(), address), Look::Nothing, "{address:x}");
            assert_eq!(number(std::process::id(), address), None, "{address:x}");
        }
        assert_eq!(number(std::process::id(), (&raw const PATHS).addr() as u64), Some(7));
        static PATHS: u64 = 7;
    }
}
