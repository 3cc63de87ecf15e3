//! Attacks on other processes of the same user: their signals, memory, descriptors and scheduling.

use super::processes::{call, pid};
use super::programs::in_child;
use super::{Attack, check, effect};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;

// SAFETY: in this table, pointers are to living values of the size that the call wants, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("queue_signal", |a| {
        // Signal, error, code: sent by `sigqueue`.
        let mut info = [0_i32; 32];
        (info[0], info[2]) = (libc::SIGURG, -1);
        let info = info.as_ptr();
        check(unsafe { libc::syscall(libc::SYS_rt_sigqueueinfo, pid(a), libc::SIGURG, info) }).map(drop)
    }),
    ("signal_by_descriptor", |a| {
        let (reader, _writer) = io::pipe()?;
        check(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETOWN, pid(a)) })?;
        effect(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_GETOWN) } == pid(a))
    }),
    ("write_memory", |a| {
        let (mut byte, address) = (7_u8, a[1].parse::<usize>().unwrap());
        let here = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        let there = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: 1 };
        let written = unsafe { libc::process_vm_writev(pid(a), &raw const here, 1, &raw const there, 1, 0) };
        effect(check(written as i64)? == 1)
    }),
    ("open_memory", |a| File::open(format!("/proc/{}/mem", a[0])).map(drop)),
    ("watch_end", |a| check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid(a), 0) }).map(drop)),
    ("take_descriptor", |a| {
        let process = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid(a), 0) })?;
        call(libc::SYS_pidfd_getfd, [process, 0, 0, 0, 0])
    }),
    ("compare", |a| call(libc::SYS_kcmp, [std::process::id().into(), pid(a).into(), 1, 0, 0])),
    ("move_pages", |a| call(libc::SYS_move_pages, [pid(a).into(), 0, 0, 0, 0])),
    ("pin", |a| {
        let mut mask = [0_u64; 16];
        check(unsafe { libc::syscall(libc::SYS_sched_getaffinity, 0, 128, mask.as_mut_ptr()) })?;
        check(unsafe { libc::syscall(libc::SYS_sched_setaffinity, pid(a), 128, mask.as_ptr()) }).map(drop)
    }),
    ("see_affinity", |a| {
        let mut mask = [0_u64; 16];
        check(unsafe { libc::syscall(libc::SYS_sched_getaffinity, pid(a), 128, mask.as_mut_ptr()) }).map(drop)
    }),
    // Best effort, at the default level.
    ("disk_priority", |a| call(libc::SYS_ioprio_set, [1, pid(a).into(), 2 << 13 | 4, 0, 0])),
    ("scheduler", |a| {
        let parameters = libc::c_int::from(0_u8);
        let batch = libc::SCHED_BATCH;
        check(unsafe { libc::syscall(libc::SYS_sched_setscheduler, pid(a), batch, &raw const parameters) })
            .map(drop)
    }),
    ("lock_list", |a| {
        let (mut head, mut length) = (0_usize, 0_usize);
        let (head, length) = (&raw mut head, &raw mut length);
        check(unsafe { libc::syscall(libc::SYS_get_robust_list, pid(a), head, length) }).map(drop)
    }),
    ("processor_time", |a| {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let scheduled = 2;
        check(unsafe { libc::clock_gettime(!pid(a) << 3 | scheduled, &raw mut time) }).map(drop)
    }),
    ("first_to_be_killed", |a| {
        fs::OpenOptions::new().write(true).open(format!("/proc/{}/oom_score_adj", a[0]))?.write_all(b"900")
    }),
    ("subreaper", |_| call(libc::SYS_prctl, [libc::PR_SET_CHILD_SUBREAPER.into(), 1, 0, 0, 0])),
    ("leave_group", |_| {
        check(unsafe { libc::setpgid(0, 0) })?;
        // It may lead one already; what it starts does not.
        in_child(|| {
            check(unsafe { libc::setpgid(0, 0) })?;
            effect(unsafe { libc::getpgrp() } == std::process::id().cast_signed())
        })
    }),
    ("kill_group", |a| check(unsafe { libc::kill(-pid(a), libc::SIGURG) }).map(drop)),
    ("be_traced", |_| call(libc::SYS_ptrace, [0; 5])),
];
