//! Attacks on processes, privileges and the kernel.

use super::files::command;
use super::{Attack, check, effect};
use std::io::{self, Write};
use std::ptr;

// SAFETY: in this table, strings end with NUL, null pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("fork", |_| fork().map(drop)),
    ("vfork_by_library", |_| command("/bin/true").status().map(drop)),
    ("clone3", clone3),
    ("orphan", orphan),
    ("setsid", |_| check(unsafe { libc::setsid() }).map(drop)),
    ("kill", |a| check(unsafe { libc::kill(pid(a), libc::SIGURG) }).map(drop)),
    ("tkill", |a| call(libc::SYS_tkill, [pid(a).into(), libc::SIGURG.into(), 0, 0, 0])),
    ("tgkill", |a| call(libc::SYS_tgkill, [pid(a).into(), pid(a).into(), libc::SIGURG.into(), 0, 0])),
    ("pidfd_signal", pidfd_signal),
    ("ptrace", |a| {
        check(unsafe {
            libc::ptrace(libc::PTRACE_SEIZE, pid(a), ptr::null_mut::<u8>(), ptr::null_mut::<u8>())
        })
        .map(drop)
    }),
    ("read_memory", read_memory),
    ("limits_of_other", limits_of_other),
    ("raise_limit", raise_limit),
    ("outlive_host", |_| call(libc::SYS_prctl, [libc::PR_SET_PDEATHSIG.into(), 0, 0, 0, 0])),
    ("unshare_user", |_| check(unsafe { libc::unshare(libc::CLONE_NEWUSER) }).map(drop)),
    ("clone_user", clone_user),
    ("io_uring", io_uring),
    ("userfault", |_| call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0])),
    ("add_key", add_key),
    ("shared_memory", |_| {
        let segment = check(unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, 0o600) })? as i32;
        check(unsafe { libc::shmctl(segment, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
    }),
    ("message_queue", |_| {
        let queue = check(unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) })? as i32;
        check(unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
    }),
    ("personality", |_| call(libc::SYS_personality, [0x0040_0000, 0, 0, 0, 0])),
    ("priority", |_| call(libc::SYS_setpriority, [0, 0, 5, 0, 0])),
];

pub(super) fn pid(a: &[&str]) -> i32 {
    a[0].parse().unwrap()
}

pub(super) fn call(number: libc::c_long, [a, b, c, d, e]: [i64; 5]) -> io::Result<()> {
    // SAFETY: only used with calls that take integers, or null pointers.
    check(unsafe { libc::syscall(number, a, b, c, d, e) }).map(drop)
}

/// Forks a child that ends at once, and waits for it.
fn fork() -> io::Result<()> {
    // SAFETY: the child does nothing but end.
    let child = check(unsafe { libc::fork() })? as i32;
    if child == 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) }
    }
    // SAFETY: no status is wanted.
    check(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }).map(drop)
}

fn clone3(_: &[&str]) -> io::Result<()> {
    let mut arguments = [0_u64; 8];
    arguments[4] = libc::SIGCHLD as u64;
    // SAFETY: the structure has the first published size; the child ends at once.
    let child = check(unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), 64) })? as i32;
    if child == 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) }
    }
    // SAFETY: no status is wanted.
    check(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }).map(drop)
}

fn clone_user(_: &[&str]) -> io::Result<()> {
    let flags = i64::from(libc::CLONE_NEWUSER | libc::SIGCHLD);
    // SAFETY: without a stack of its own the child goes on with a copy of this one; it ends at once.
    let child = check(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })? as i32;
    if child == 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) }
    }
    // SAFETY: no status is wanted.
    check(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }).map(drop)
}

/// Leaves a process behind in a session of its own: it waits for a line that says whom to greet, and nobody reaps it.
fn orphan(_: &[&str]) -> io::Result<()> {
    // SAFETY: the child only calls what may be called after a fork.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        // SAFETY: plain system calls.
        unsafe {
            libc::setsid();
            let mut byte = 0_u8;
            libc::read(0, (&raw mut byte).cast(), 1);
            libc::_exit(0);
        }
    }
    writeln!(io::stdout(), "{child}")
}

fn pidfd_signal(a: &[&str]) -> io::Result<()> {
    // SAFETY: takes two integers.
    let descriptor = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid(a), 0) })?;
    call(libc::SYS_pidfd_send_signal, [descriptor, libc::SIGURG.into(), 0, 0, 0])
}

/// Reads from the address that the sibling has told.
fn read_memory(a: &[&str]) -> io::Result<()> {
    let mut byte = 0_u8;
    let address: usize = a[1].parse().unwrap();
    let here = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let there = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: 1 };
    // SAFETY: `here` has room for one byte; `there` is an address of another process.
    let read = unsafe { libc::process_vm_readv(pid(a), &raw const here, 1, &raw const there, 1, 0) };
    effect(check(read as i64)? == 1)
}

fn limits_of_other(a: &[&str]) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for one limit, and none to set.
    check(unsafe { libc::prlimit(pid(a), libc::RLIMIT_NOFILE, ptr::null(), &raw mut limit) }).map(drop)
}

fn raise_limit(_: &[&str]) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for one limit.
    check(unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) })?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: a valid limit.
    check(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) }).map(drop)
}

fn io_uring(_: &[&str]) -> io::Result<()> {
    let mut parameters = [0_u8; 120];
    // SAFETY: room for the structure.
    check(unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()) }).map(drop)
}

fn add_key(_: &[&str]) -> io::Result<()> {
    const PROCESS_KEYRING: i64 = -2;
    // SAFETY: the strings end with NUL, and the payload is as long as given.
    let key = unsafe {
        let (kind, name, payload) = (c"user".as_ptr(), c"sandbox-test".as_ptr(), c"x".as_ptr());
        libc::syscall(libc::SYS_add_key, kind, name, payload, 1, PROCESS_KEYRING)
    };
    check(key).map(drop)
}
