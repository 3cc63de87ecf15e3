//! Attacks on what lies around the contents of files: modes, attributes, locks, leases, watches, names.

use super::{Attack, check, effect, text};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

/// The same on all architectures; the libc crate does not know them for all C libraries.
const CACHESTAT: libc::c_long = 451;
const LISTMOUNT: libc::c_long = 458;

// SAFETY: in this table, strings end with NUL, null pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("chown", |a| {
        check(unsafe { libc::chown(text(a[0]).as_ptr(), libc::getuid(), libc::getgid()) }).map(drop)
    }),
    ("get_attribute", |a| {
        let mut value = [0_u8; 64];
        let (path, name, value) = (text(a[0]), c"user.note".as_ptr(), value.as_mut_ptr().cast());
        check(unsafe { libc::getxattr(path.as_ptr(), name, value, 64) } as i64).map(drop)
    }),
    ("set_attribute", |a| {
        let (path, name) = (text(a[0]), c"user.note".as_ptr());
        check(unsafe { libc::setxattr(path.as_ptr(), name, c"x".as_ptr().cast(), 1, 0) }).map(drop)
    }),
    ("inode_flags", inode_flags),
    ("record_lock", |a| record_lock(a[0], libc::F_SETLK)),
    ("record_lock_of_descriptor", |a| record_lock(a[0], 37)),
    ("lease", |a| {
        check(unsafe { libc::fcntl(File::open(a[0])?.as_raw_fd(), libc::F_SETLEASE, 0) }).map(drop)
    }),
    ("watch_by_descriptor", |a| {
        const CREATED: i32 = 4;
        check(unsafe { libc::fcntl(File::open(a[0])?.as_raw_fd(), libc::F_NOTIFY, CREATED) }).map(drop)
    }),
    ("watch_by_fanotify", watch_by_fanotify),
    ("device", |a| {
        let kind = libc::S_IFCHR | 0o600;
        check(unsafe { libc::mknod(text(a[0]).as_ptr(), kind, libc::makedev(1, 3)) }).map(drop)
    }),
    ("splice", splice),
    ("sync_file_system", |_| check(unsafe { libc::syncfs(File::open("/dev/null")?.as_raw_fd()) }).map(drop)),
    ("cache_statistics", |a| {
        let (file, range, mut found) = (File::open(a[0])?, [0_u64; 2], [0_u64; 5]);
        let (range, found) = (range.as_ptr(), found.as_mut_ptr());
        check(unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range, found, 0) }).map(drop)
    }),
    ("list_mounts", |_| {
        // Size, the root of all mounts, after none, in this namespace.
        let (request, mut found) = ([32_u64, u64::MAX, 0, 0], [0_u64; 16]);
        let (request, found) = (request.as_ptr(), found.as_mut_ptr());
        effect(check(unsafe { libc::syscall(LISTMOUNT, request, found, 16, 0) })? > 0)
    }),
    ("open_by_handle", open_by_handle),
    ("reopen_path_descriptor", |a| {
        let descriptor = path_descriptor(a[0])?;
        fs::read(format!("/proc/self/fd/{descriptor}")).map(drop)
    }),
    ("open_at_path_descriptor", |a| {
        let directory = path_descriptor(a[0])?;
        check(unsafe { libc::openat(directory, c"secret".as_ptr(), libc::O_RDONLY) }).map(drop)
    }),
];

fn path_descriptor(path: &str) -> io::Result<i32> {
    // SAFETY: the string ends with NUL.
    check(unsafe { libc::open(text(path).as_ptr(), libc::O_PATH) }).map(|descriptor| descriptor as i32)
}

/// Sets the flags that the file has already.
fn inode_flags(a: &[&str]) -> io::Result<()> {
    const GET: libc::c_ulong = 0x8008_6601;
    const SET: libc::c_ulong = 0x4008_6602;
    let file = File::open(a[0])?;
    let mut flags: libc::c_long = 0;
    for command in [GET, SET] {
        // SAFETY: room for the flags.
        check(unsafe { libc::ioctl(file.as_raw_fd(), command as _, &raw mut flags) })?;
    }
    Ok(())
}

/// A lock for reading, which keeps away all who want to write.
fn record_lock(path: &str, command: i32) -> io::Result<()> {
    let file = File::open(path)?;
    // SAFETY: all zeros are a valid lock, of the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_RDLCK as _;
    // SAFETY: the descriptor is open, and the lock a living value.
    check(unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const lock) }).map(drop)
}

fn watch_by_fanotify(a: &[&str]) -> io::Result<()> {
    // Ids in place of descriptors, which is what ordinary users may have.
    const REPORT_IDS: u32 = 0x200;
    const OPENED: u64 = 0x20;
    // SAFETY: takes integers.
    let watcher = check(unsafe { libc::fanotify_init(REPORT_IDS, libc::O_RDONLY as u32) })? as i32;
    let path = text(a[0]);
    // SAFETY: the string ends with NUL.
    check(unsafe { libc::fanotify_mark(watcher, libc::FAN_MARK_ADD, OPENED, libc::AT_FDCWD, path.as_ptr()) })
        .map(drop)
}

/// Pages of a file's cache in a pipe, where a kernel's fault let them be written once.
fn splice(a: &[&str]) -> io::Result<()> {
    let (file, (_reader, writer)) = (File::open(a[0])?, io::pipe()?);
    // SAFETY: takes descriptors and null pointers.
    let moved =
        unsafe { libc::splice(file.as_raw_fd(), ptr::null_mut(), writer.as_raw_fd(), ptr::null_mut(), 4, 0) };
    effect(check(moved as i64)? > 0)
}

/// Opens the secret in the directory by what identifies it on its file system, whatever directories lie above.
fn open_by_handle(a: &[&str]) -> io::Result<()> {
    #[repr(C)]
    struct Handle {
        size: u32,
        kind: i32,
        bytes: [u8; 128],
    }
    let mut handle = Handle { size: 128, kind: 0, bytes: [0; 128] };
    let (path, mut mount) = (text(a[0]), 0_i32);
    // SAFETY: the handle has the room that its size says, and the path ends with NUL.
    unsafe {
        let at = libc::AT_FDCWD;
        let handle = &raw mut handle;
        check(libc::syscall(libc::SYS_name_to_handle_at, at, path.as_ptr(), handle, &raw mut mount, 0))?;
        let directory = File::open(std::path::Path::new(a[0]).parent().unwrap())?;
        check(libc::syscall(libc::SYS_open_by_handle_at, directory.as_raw_fd(), handle, libc::O_RDONLY))
            .map(drop)
    }
}
