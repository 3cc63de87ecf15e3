//! Attacks that want another place, another user or more rights. What would change the machine is done in a namespace
//! that the attack makes first, where it can.

use super::processes::call;
use super::{Attack, check, text};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

// SAFETY: in this table, pointers are to living values of the size that the call wants, strings end with NUL, null
// pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("mount", |a| {
        private_mounts();
        mount(Some("tmpfs"), a[0], Some("tmpfs"), 0)
    }),
    ("unmount", |_| {
        private_mounts();
        check(unsafe { libc::umount2(c"/proc".as_ptr(), libc::MNT_DETACH) }).map(drop)
    }),
    ("change_root", |a| check(unsafe { libc::chroot(text(a[0]).as_ptr()) }).map(drop)),
    ("exchange_root", |a| {
        private_mounts();
        let _ = mount(Some(a[0]), a[0], None, libc::MS_BIND);
        let root = text(a[0]);
        check(unsafe { libc::syscall(libc::SYS_pivot_root, root.as_ptr(), root.as_ptr()) }).map(drop)
    }),
    ("open_file_system", |_| {
        check(unsafe { libc::syscall(libc::SYS_fsopen, c"tmpfs".as_ptr(), 0) }).map(drop)
    }),
    ("copy_tree", |a| {
        let path = text(a[0]);
        check(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), 1) }).map(drop)
    }),
    ("change_mount", |_| {
        private_mounts();
        // Access times are not noted.
        let (attributes, root) = ([0x10_u64, 0x70, 0, 0], c"/".as_ptr());
        let attributes = attributes.as_ptr();
        check(unsafe { libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, root, 0, attributes, 32) })
            .map(drop)
    }),
    ("join_namespace", |_| {
        let namespace = File::open("/proc/self/ns/uts")?;
        check(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWUTS) }).map(drop)
    }),
    ("set_host_name", |_| {
        // The name that it has already, should the namespace be the machine's.
        let name = fs::read("/proc/sys/kernel/hostname").unwrap_or_else(|_| b"localhost".to_vec());
        let _ = unsafe { libc::unshare(libc::CLONE_NEWUTS) };
        let name = name.trim_ascii_end();
        check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }).map(drop)
    }),
    ("other_user", |_| call(libc::SYS_setresuid, [65534, 65534, 65534, 0, 0])),
    ("other_groups", |_| check(unsafe { libc::setgroups(0, ptr::null()) }).map(drop)),
    ("capabilities", |_| {
        let (header, mut sets) = ([0x2008_0522_u32, 0], [0_u32; 6]);
        check(unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) })?;
        check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) }).map(drop)
    }),
];

/// Mounts from here on are of this process only, unless that is denied.
fn private_mounts() {
    // SAFETY: takes an integer.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } == 0 {
        let _ = mount(None, "/", None, libc::MS_REC | libc::MS_PRIVATE);
    }
}

fn mount(source: Option<&str>, target: &str, kind: Option<&str>, flags: libc::c_ulong) -> io::Result<()> {
    let (source, target, kind) = (source.map(text), text(target), kind.map(text));
    let pointer = |text: &Option<std::ffi::CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
    // SAFETY: strings end with NUL, and null pointers stand where nothing is wanted.
    check(unsafe { libc::mount(pointer(&source), target.as_ptr(), pointer(&kind), flags, ptr::null()) })
        .map(drop)
}
