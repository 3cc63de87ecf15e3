//! Attacks on files.

use super::{Attack, check, effect, text};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;

// SAFETY: in this table, strings end with NUL, null pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("read", |a| fs::read(a[0]).map(drop)),
    ("list", |a| fs::read_dir(a[0])?.next().transpose().map(drop)),
    ("read_descriptor", read_descriptor),
    ("read_variable", |a| std::env::var(a[0]).map(drop).map_err(io::Error::other)),
    ("write", |a| fs::write(a[0], "spoilt")),
    ("append", |a| OpenOptions::new().append(true).open(a[0])?.write_all(b"spoilt")),
    ("truncate", |a| check(unsafe { libc::truncate(text(a[0]).as_ptr(), 0) }).map(drop)),
    ("open_truncating", open_truncating),
    ("unlink", |a| fs::remove_file(a[0])),
    ("mkdir", |a| fs::create_dir(a[0])),
    ("rename", |a| fs::rename(a[0], a[1])),
    ("symlink", |a| std::os::unix::fs::symlink(a[0], a[1])),
    ("link_and_read", |a| fs::hard_link(a[0], a[1]).and_then(|()| fs::read(a[1])).map(drop)),
    ("chmod", |a| fs::set_permissions(a[0], fs::Permissions::from_mode(0o777))),
    ("rename_exchanging", |a| {
        let (from, to, exchange) = (text(a[0]), text(a[1]), libc::RENAME_EXCHANGE);
        let (from, to) = (from.as_ptr(), to.as_ptr());
        let at = libc::AT_FDCWD;
        check(unsafe { libc::syscall(libc::SYS_renameat2, at, from, at, to, exchange) }).map(drop)
    }),
    ("nameless", |a| {
        OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(a[0])?.write_all(b"hidden")
    }),
    ("fchmod", fchmod),
    ("utimes", utimes),
    ("lock", |a| check(unsafe { libc::flock(File::open(a[0])?.as_raw_fd(), libc::LOCK_EX) }).map(drop)),
    ("watch", watch),
    ("mkfifo", |a| check(unsafe { libc::mkfifo(text(a[0]).as_ptr(), 0o600) }).map(drop)),
    ("exec_shell", |_| Err(command("/bin/sh").args(["-c", "echo through"]).exec())),
    ("exec_loader", |_| {
        let loaders =
            ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1"];
        // What is not there is what fails first.
        let run = |loader: &str| command(loader).args(["/bin/sh", "-c", "echo through"]).exec();
        Err(loaders.map(run).into_iter().last().unwrap())
    }),
    ("exec_script", exec_script),
    ("exec_memory", exec_memory),
];

#[allow(clippy::disallowed_methods, reason = "starting programs is the attack")]
pub(crate) fn command(program: &str) -> std::process::Command {
    std::process::Command::new(program)
}

fn read_descriptor(a: &[&str]) -> io::Result<()> {
    let mut byte = 0_u8;
    let descriptor = a[0].parse().unwrap();
    // SAFETY: one byte of room; the number may be closed.
    effect(check(unsafe { libc::pread(descriptor, (&raw mut byte).cast(), 1, 0) } as i64)? == 1)
}

fn open_truncating(a: &[&str]) -> io::Result<()> {
    // SAFETY: the string ends with NUL.
    check(unsafe { libc::open(text(a[0]).as_ptr(), libc::O_RDONLY | libc::O_TRUNC) })?;
    effect(fs::metadata(a[0])?.len() == 0)
}

fn fchmod(a: &[&str]) -> io::Result<()> {
    File::open(a[0])?.set_permissions(fs::Permissions::from_mode(0o4777))?;
    effect(fs::metadata(a[0])?.mode() & 0o7777 == 0o4777)
}

fn utimes(a: &[&str]) -> io::Result<()> {
    let times = [libc::timespec { tv_sec: 1, tv_nsec: 0 }; 2];
    // SAFETY: the string ends with NUL, and there are two times.
    check(unsafe { libc::utimensat(libc::AT_FDCWD, text(a[0]).as_ptr(), times.as_ptr(), 0) })?;
    effect(fs::metadata(a[0])?.mtime() == 1)
}

fn watch(a: &[&str]) -> io::Result<()> {
    // SAFETY: takes an integer.
    let watcher = check(unsafe { libc::inotify_init1(0) })? as i32;
    // SAFETY: the string ends with NUL.
    check(unsafe { libc::inotify_add_watch(watcher, text(a[0]).as_ptr(), libc::IN_ALL_EVENTS) }).map(drop)
}

fn exec_script(a: &[&str]) -> io::Result<()> {
    let mut script = OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(a[0])?;
    script.write_all(b"#!/bin/sh\necho through\n")?;
    drop(script);
    Err(command(a[0]).exec())
}

fn exec_memory(_: &[&str]) -> io::Result<()> {
    // SAFETY: the string ends with NUL; the descriptor has just been made.
    let mut file = unsafe { File::from_raw_fd(check(libc::memfd_create(c"x".as_ptr(), 0))? as i32) };
    file.write_all(b"#!/bin/sh\necho through\n")?;
    let argv = [c"x".as_ptr(), std::ptr::null()];
    // SAFETY: the arrays end with a null pointer.
    unsafe {
        let empty = argv[1..].as_ptr();
        libc::syscall(
            libc::SYS_execveat,
            file.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            empty,
            libc::AT_EMPTY_PATH,
        );
    }
    Err(io::Error::last_os_error())
}
