//! What the arguments decide, call by call, against the numbers of this machine's headers.

use super::*;

const THREAD: i32 = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS;
const ABOVE: i64 = 1 << 32;
const DENIED_AS_SUCH: u32 = 0x0005_0000 + libc::EPERM as u32;

fn verdict(number: libc::c_long, arguments: &[i64]) -> u32 {
    verdict_in(CIRCUMSTANCES, number, arguments)
}

fn verdict_in(circumstances: Circumstances, number: libc::c_long, arguments: &[i64]) -> u32 {
    let program = compiled(Architecture::HERE, &rules(circumstances), Denial::AtOnce);
    let mut all = [0; 6];
    for (to, from) in all.iter_mut().zip(arguments) {
        *to = from.cast_unsigned();
    }
    let number = u32::try_from(number).unwrap();
    interpreter::run(&program, &Data { number, architecture: Architecture::HERE.audit(), arguments: all })
}

fn allowed(number: libc::c_long, arguments: &[i64]) {
    assert_eq!(verdict(number, arguments), libc::SECCOMP_RET_ALLOW, "{number} {arguments:x?}");
}

fn denied(number: libc::c_long, arguments: &[i64]) {
    assert_eq!(verdict(number, arguments), DENIED_AS_SUCH, "{number} {arguments:x?}");
}

fn fails(number: libc::c_long, arguments: &[i64], error: i32) {
    let expected = 0x0005_0000 + u32::try_from(error).unwrap();
    assert_eq!(verdict(number, arguments), expected, "{number} {arguments:x?}");
}

#[test]
fn threads_but_no_processes() {
    allowed(libc::SYS_clone, &[THREAD.into()]);
    denied(libc::SYS_clone, &[libc::SIGCHLD.into()]);
    denied(libc::SYS_clone, &[(libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD).into()]);
    denied(libc::SYS_clone, &[(THREAD | libc::CLONE_NEWUSER).into()]);
    for own in [libc::CLONE_FILES, libc::CLONE_FS, libc::CLONE_SIGHAND] {
        denied(libc::SYS_clone, &[(THREAD & !own).into()]);
        assert_eq!(verdict_in(STARTING, libc::SYS_clone, &[(THREAD & !own).into()]), DENIED_AS_SUCH);
    }
    allowed(libc::SYS_close_range, &[3, ABOVE - 1, 4]);
    denied(libc::SYS_close_range, &[3, ABOVE - 1, 2]);
    denied(libc::SYS_close_range, &[3, ABOVE - 1, 6]);
    fails(libc::SYS_clone3, &[], libc::ENOSYS);
    for number in [libc::SYS_setsid, libc::SYS_unshare, libc::SYS_ptrace, libc::SYS_wait4] {
        denied(number, &[]);
    }
    denied(libc::SYS_prlimit64, &[1, 7, 0, 1]);
    denied(libc::SYS_prlimit64, &[0, 7, ABOVE, 1]);
    allowed(libc::SYS_prlimit64, &[0, 7, 0, 1]);
    allowed(libc::SYS_prctl, &[libc::PR_SET_NAME.into()]);
    denied(libc::SYS_prctl, &[libc::PR_SET_PDEATHSIG.into()]);
}

#[test]
fn what_hides_or_takes_a_disk_only_where_that_is_its_own() {
    let alone = Circumstances { alone: true, ..CIRCUMSTANCES };
    let nameless = i64::from(libc::O_TMPFILE | libc::O_RDWR);
    for (number, arguments, error) in [
        (libc::SYS_fallocate, [3, 0, 0, 1 << 30], libc::EOPNOTSUPP),
        (libc::SYS_openat, [-100, 1, nameless, 0o600], libc::EOPNOTSUPP),
        (libc::SYS_openat, [-100, 1, nameless | ABOVE, 0o600], libc::EOPNOTSUPP),
        (libc::SYS_openat2, [-100, 1, 1, 24], libc::ENOSYS),
    ] {
        fails(number, &arguments, error);
        assert_eq!(verdict_in(alone, number, &arguments), libc::SECCOMP_RET_ALLOW, "{number}");
    }
    let directory = i64::from(libc::O_DIRECTORY | libc::O_CLOEXEC);
    allowed(libc::SYS_openat, &[-100, 1, directory]);
}

#[test]
fn signals_to_itself_only() {
    let own = i64::from(PID);
    allowed(libc::SYS_kill, &[own, 9]);
    // The kernel takes an int: what stands above it changes nothing.
    allowed(libc::SYS_kill, &[own | ABOVE, 9]);
    denied(libc::SYS_kill, &[-own, 9]);
    denied(libc::SYS_kill, &[-1, 9]);
    denied(libc::SYS_kill, &[0, 9]);
}

/// The host stops who writes to its disk, to see how much there is.
#[test]
fn nothing_lets_a_stopped_process_go_on_but_its_host() {
    let (own, go_on, end) = (i64::from(PID), i64::from(libc::SIGCONT), i64::from(libc::SIGKILL));
    let is_allowed = |circumstances: Circumstances, call: libc::c_long, arguments: &[i64]| {
        verdict_in(circumstances, call, arguments) == libc::SECCOMP_RET_ALLOW
    };
    for circumstances in [CIRCUMSTANCES, STARTING] {
        let own_namespace = Circumstances { alone: true, ..circumstances };
        for (call, one, other) in [
            (libc::SYS_kill, vec![own, go_on], vec![own, end]),
            (libc::SYS_kill, vec![own, go_on | ABOVE], vec![own, 0]),
            (libc::SYS_tgkill, vec![own, own, go_on], vec![own, own, libc::SIGURG.into()]),
            (libc::SYS_tkill, vec![own, go_on], vec![own, end]),
            (libc::SYS_timer_create, vec![0, 1], vec![0, 0]),
        ] {
            assert!(!is_allowed(circumstances, call, &one), "{call} {one:?}");
            assert!(is_allowed(circumstances, call, &other), "{call} {other:?}");
            assert!(is_allowed(own_namespace, call, &one), "{call} {one:?}");
        }
    }
    assert!(!is_allowed(STARTING, libc::SYS_clone, &[go_on]), "at its end a child would");
    assert!(is_allowed(STARTING, libc::SYS_clone, &[0]));
}

#[test]
fn processes_where_they_are_granted_but_no_namespaces_or_groups() {
    let allowed = |number: libc::c_long, arguments: &[i64]| {
        assert_eq!(
            verdict_in(STARTING, number, arguments),
            libc::SECCOMP_RET_ALLOW,
            "{number} {arguments:x?}"
        );
    };
    let denied = |number: libc::c_long, arguments: &[i64]| {
        assert_eq!(verdict_in(STARTING, number, arguments), DENIED_AS_SUCH, "{number} {arguments:x?}");
    };
    let child = i64::from(libc::SIGCHLD);
    allowed(libc::SYS_clone, &[THREAD.into()]);
    allowed(libc::SYS_clone, &[child]);
    allowed(libc::SYS_clone, &[child | i64::from(libc::CLONE_VM | libc::CLONE_VFORK)]);
    for number in [libc::SYS_wait4, libc::SYS_waitid] {
        allowed(number, &[]);
    }
    for flag in [libc::CLONE_NEWUSER, libc::CLONE_NEWPID, libc::CLONE_NEWNS, libc::CLONE_PARENT] {
        denied(libc::SYS_clone, &[child | i64::from(flag)]);
    }
    for number in [libc::SYS_setsid, libc::SYS_unshare, libc::SYS_ptrace, libc::SYS_pidfd_send_signal] {
        denied(number, &[]);
    }
    denied(libc::SYS_prctl, &[libc::PR_SET_CHILD_SUBREAPER.into()]);
    assert_eq!(verdict_in(STARTING, libc::SYS_clone3, &[]), 0x0005_0000 + libc::ENOSYS as u32);
    assert_eq!(verdict_in(STARTING, libc::SYS_setpgid, &[]), 0x0005_0000, "seems to succeed");
}

#[test]
fn signals_to_others_only_where_something_else_bounds_them() {
    let verdicts = |circumstances| -> Vec<bool> {
        let calls = [libc::SYS_kill, libc::SYS_tgkill];
        calls.map(|call| verdict_in(circumstances, call, &[1, 9]) == libc::SECCOMP_RET_ALLOW).to_vec()
    };
    assert_eq!(verdicts(STARTING), [true, true]);
    assert_eq!(verdicts(Circumstances { landlock_abi: 5, ..STARTING }), [false, false]);
    assert_eq!(verdicts(Circumstances { landlock_abi: 0, alone: true, ..STARTING }), [true, true]);
    assert_eq!(verdicts(Circumstances { alone: true, ..CIRCUMSTANCES }), [false, false]);
}

#[test]
fn memory_that_the_limit_counts() {
    let anonymous = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let shared = i64::from(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    let validated = i64::from(libc::MAP_SHARED_VALIDATE | libc::MAP_ANONYMOUS);
    allowed(libc::SYS_mmap, &[0, 4096, 3, anonymous]);
    allowed(libc::SYS_mmap, &[0, 4096, 1, libc::MAP_PRIVATE.into()]);
    for flags in [shared, shared | ABOVE, validated, anonymous | i64::from(libc::MAP_GROWSDOWN)] {
        denied(libc::SYS_mmap, &[0, 4096, 3, flags]);
    }
    allowed(libc::SYS_madvise, &[0, 4096, libc::MADV_DONTNEED.into()]);
    denied(libc::SYS_madvise, &[0, 4096, libc::MADV_MERGEABLE.into()]);
    denied(libc::SYS_madvise, &[0, 4096, i64::from(libc::MADV_MERGEABLE) | ABOVE]);
}

#[test]
fn sockets_that_reach_nobody() {
    let pair = i64::from(libc::SOCK_STREAM | libc::SOCK_CLOEXEC);
    denied(libc::SYS_socket, &[libc::AF_UNIX.into(), 1]);
    allowed(libc::SYS_socketpair, &[libc::AF_UNIX.into(), pair]);
    denied(libc::SYS_socketpair, &[libc::AF_UNIX.into(), libc::SOCK_DGRAM.into()]);
    denied(libc::SYS_socketpair, &[libc::AF_TIPC.into(), pair]);
    allowed(libc::SYS_sendto, &[4, 1, 1, 0, 0]);
    denied(libc::SYS_sendmsg, &[4, 1, 0]);
    allowed(libc::SYS_sendmsg, &[256, 1, 0]);
    denied(libc::SYS_sendmmsg, &[256, 1, 1, 0]);
    denied(libc::SYS_sendto, &[4, 1, 1, 0, ABOVE]);
    denied(libc::SYS_sendto, &[4, 1, 1, libc::MSG_FASTOPEN.into(), 0]);
    allowed(libc::SYS_setsockopt, &[4, libc::SOL_SOCKET.into(), libc::SO_SNDBUF.into()]);
    denied(libc::SYS_setsockopt, &[4, libc::SOL_SOCKET.into(), libc::SO_ATTACH_FILTER.into()]);
    denied(libc::SYS_setsockopt, &[4, libc::IPPROTO_IP.into(), libc::SO_SNDBUF.into()]);
}

#[test]
fn descriptors_that_reach_nobody() {
    denied(libc::SYS_fcntl, &[0, libc::F_SETOWN.into()]);
    fails(libc::SYS_fcntl, &[0, libc::F_SETLK.into()], libc::ENOLCK);
    fails(libc::SYS_ioctl, &[0, libc::TIOCSTI.cast_signed()], libc::ENOTTY);
    allowed(libc::SYS_ioctl, &[0, libc::TCGETS.cast_signed()]);
    fails(libc::SYS_fchmod, &[], 0);
    fails(libc::SYS_memfd_create, &[], libc::ENOSYS);
}

#[test]
fn clocks_of_itself_only() {
    let clock_of = |pid: i64, which: i64| (!pid << 3) | which;
    for call in
        [libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_clock_nanosleep, libc::SYS_timer_create]
    {
        for clock in [libc::CLOCK_REALTIME, libc::CLOCK_PROCESS_CPUTIME_ID, libc::CLOCK_TAI] {
            allowed(call, &[clock.into()]);
        }
        for which in [0, 1, 2] {
            allowed(call, &[clock_of(0, which)]);
            allowed(call, &[clock_of(PID.into(), which)]);
            denied(call, &[clock_of(1, which)]);
            denied(call, &[clock_of(1, which) & 0xffff_ffff]);
            // A thread, which the kernel takes only from the caller's own.
            allowed(call, &[clock_of(1, which | 4)]);
        }
        // A clock that is a device behind a descriptor.
        denied(call, &[clock_of(7, 3)]);
    }
}
