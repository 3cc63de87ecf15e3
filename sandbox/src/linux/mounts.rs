//! Mounts by descriptor: made or copied out of sight, then attached. None of it touches what other processes see.

use super::descriptors::check;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a mount forbids: a part of `MOUNT_ATTR_*`, which the libc crate lacks.
pub(super) const READ_ONLY: u64 = 0x1;
pub(super) const NO_SETUID: u64 = 0x2;
pub(super) const NO_DEVICES: u64 = 0x4;
pub(super) const NO_EXECUTION: u64 = 0x8;
/// When something was last read is not written down.
pub(super) const NO_TIMES: u64 = 0x10;

const OPEN_TREE_CLONE: libc::c_uint = 1;
const OPEN_TREE_CLOEXEC: libc::c_uint = libc::O_CLOEXEC as libc::c_uint;
const FSOPEN_CLOEXEC: libc::c_uint = 1;
const FSMOUNT_CLOEXEC: libc::c_uint = 1;
const FSCONFIG_SET_STRING: libc::c_uint = 1;
const FSCONFIG_CMD_CREATE: libc::c_uint = 6;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;
const EMPTY_PATH: libc::c_uint = libc::AT_EMPTY_PATH as libc::c_uint;
const RECURSIVE: libc::c_uint = libc::AT_RECURSIVE as libc::c_uint;
const NO_FOLLOW: libc::c_uint = libc::AT_SYMLINK_NOFOLLOW as libc::c_uint;

/// `struct mount_attr` in its first version.
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// A mount that is not attached anywhere yet.
#[derive(Debug)]
pub(super) struct Mount(OwnedFd);

impl Mount {
    /// A new file system of a kind that has no device.
    pub(super) fn new(kind: &str, options: &[(&str, String)], attributes: u64) -> io::Result<Mount> {
        let kind = CString::new(kind)?;
        // SAFETY: the string ends with NUL.
        let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })?;
        for (key, value) in options {
            let (key, value) = (CString::new(*key)?, CString::new(value.as_str())?);
            configure(&context, FSCONFIG_SET_STRING, key.as_ptr(), value.as_ptr())?;
        }
        configure(&context, FSCONFIG_CMD_CREATE, std::ptr::null(), std::ptr::null())?;
        let context = context.as_raw_fd();
        // SAFETY: takes integers only.
        owned(unsafe { libc::syscall(libc::SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes) }).map(Mount)
    }

    /// A copy of what is to be seen at a path, with all that is mounted below. The path's last part is no link.
    pub(super) fn copy(path: &Path) -> io::Result<Mount> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE | NO_FOLLOW;
        // SAFETY: the string ends with NUL.
        owned(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) }).map(Mount)
    }

    /// Forbids more of it and of all below, and has it take no part in mounts elsewhere.
    pub(super) fn restrict(&self, attributes: u64) -> io::Result<()> {
        let attributes =
            Attributes { set: attributes, clear: 0, propagation: libc::MS_PRIVATE, user_namespace: 0 };
        let (mount, size) = (self.0.as_raw_fd(), size_of::<Attributes>());
        // SAFETY: the string ends with NUL, and the structure is as large as is said.
        let result = unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                mount,
                c"".as_ptr(),
                EMPTY_PATH | RECURSIVE,
                &raw const attributes,
                size,
            )
        };
        check(result).map(drop)
    }

    /// Attaches it at a path, which exists.
    pub(super) fn attach(&self, path: &Path) -> io::Result<()> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let (mount, here) = (self.0.as_raw_fd(), libc::AT_FDCWD);
        let flags = MOVE_MOUNT_F_EMPTY_PATH;
        // SAFETY: both strings end with NUL.
        let result =
            unsafe { libc::syscall(libc::SYS_move_mount, mount, c"".as_ptr(), here, path.as_ptr(), flags) };
        check(result).map(drop)
    }

    /// Its root, to be read and written.
    pub(super) fn root(&self) -> io::Result<OwnedFd> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: the string ends with NUL, and the descriptor is open.
        owned(i64::from(unsafe { libc::openat(self.0.as_raw_fd(), c".".as_ptr(), flags) }))
    }

    /// Makes its root the working directory.
    pub(super) fn enter(&self) -> io::Result<()> {
        // SAFETY: the descriptor is open.
        check(unsafe { libc::fchdir(self.0.as_raw_fd()) }).map(drop)
    }
}

impl AsRawFd for Mount {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Makes the working directory, which is the root of a mount, the root of all paths, and lets go of the old one.
pub(super) fn change_root() -> io::Result<()> {
    let here = c".".as_ptr();
    // SAFETY: the strings end with NUL. The old root comes to lie over the new one, from where it is taken away.
    unsafe {
        check(libc::syscall(libc::SYS_pivot_root, here, here))?;
        check(libc::umount2(here, libc::MNT_DETACH))?;
        check(libc::chdir(c"/".as_ptr())).map(drop)
    }
}

fn configure(
    context: &OwnedFd,
    command: libc::c_uint,
    key: *const libc::c_char,
    value: *const libc::c_char,
) -> io::Result<()> {
    let context = context.as_raw_fd();
    // SAFETY: the pointers are null or strings that end with NUL, as the command wants them.
    check(unsafe { libc::syscall(libc::SYS_fsconfig, context, command, key, value, 0) }).map(drop)
}

fn owned(result: libc::c_long) -> io::Result<OwnedFd> {
    let descriptor = RawFd::try_from(check(result)?).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
