//! The system calls that are allowed with some arguments only, and those that fail in a way that programs understand.

use super::bpf::{Action, Case, Check, Rule};
use super::{Circumstances, DENIED};

use Action::{Allow, Fail};
use Check::{Bits, Is, Null};

/// All flags of `clone` that make a namespace, but that of time, whose bit belongs to the exit signal here.
const NAMESPACES: libc::c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// `fcntl` on locks that belong to an open file: the libc crate lacks them for some C libraries.
const OFD_LOCKS: [libc::c_int; 3] = [36, 37, 38];

/// Naming memory areas, which glibc and others do for the reader of `/proc/…/maps`.
const PR_SET_VMA: u32 = 0x5356_4d41;

pub(super) fn rules(circumstances: Circumstances) -> Vec<Rule> {
    let mut rules = Vec::from(threads(circumstances));
    rules.extend(memory());
    rules.extend(sockets());
    rules.extend(descriptors());
    rules.extend(metadata());
    rules.extend(absent());
    if circumstances.landlock_abi < 3 {
        rules.extend(truncation());
    }
    rules
}

fn threads(Circumstances { own_pid, landlock_abi }: Circumstances) -> [Rule; 8] {
    let thread = libc::CLONE_THREAD | libc::CLONE_VM;
    // The thread that `tkill` names may be any of the system's; only Landlock's scope knows whose it is.
    let tkill = if landlock_abi >= 6 { Allow } else { DENIED };
    [
        // Threads, never processes or namespaces.
        only(libc::SYS_clone, [vec![bits(0, thread | NAMESPACES, thread)]]),
        // Its flags are behind a pointer, where no filter can look: the C library falls back to `clone`.
        Rule::always(libc::SYS_clone3, Fail(libc::ENOSYS)),
        // Signals to itself only.
        only(libc::SYS_kill, [vec![Is(0, own_pid)]]),
        only(libc::SYS_tgkill, [vec![Is(0, own_pid)]]),
        Rule::always(libc::SYS_tkill, tkill),
        // Of another process it would show addresses.
        only(libc::SYS_get_robust_list, [vec![Is(0, 0)]]),
        // Its own limits may be read, never set.
        only(libc::SYS_prlimit64, [vec![Is(0, 0), Null(2)]]),
        // Harmless names and questions; above all not the parent-death signal.
        only(
            libc::SYS_prctl,
            [
                libc::PR_SET_NAME as u32,
                libc::PR_GET_NAME as u32,
                libc::PR_GET_DUMPABLE as u32,
                libc::PR_GET_PDEATHSIG as u32,
                libc::PR_CAPBSET_READ as u32,
                PR_SET_VMA,
            ]
            .map(|option| vec![Is(0, option)]),
        ),
    ]
}

fn memory() -> [Rule; 1] {
    let refused = |flags| Case { checks: vec![bits(3, flags, flags)], action: DENIED };
    [Rule {
        number: libc::SYS_mmap,
        // The limit of memory counts neither shared memory without a file nor mappings that grow downwards.
        cases: vec![refused(libc::MAP_SHARED | libc::MAP_ANONYMOUS), refused(libc::MAP_GROWSDOWN)],
        otherwise: Allow,
    }]
}

fn sockets() -> [Rule; 3] {
    let kind = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);
    [
        // A pair of stream sockets between its own threads. One of datagram sockets could be pointed at a socket of
        // another program by `sendmsg`.
        only(libc::SYS_socketpair, [vec![Is(0, libc::AF_UNIX as u32), bits(1, kind, libc::SOCK_STREAM)]]),
        // Only where the socket is connected to: no address, and no connecting by the way.
        only(libc::SYS_sendto, [vec![Null(4), bits(3, libc::MSG_FASTOPEN, 0)]]),
        // Options of a socket that it was given.
        only(
            libc::SYS_setsockopt,
            [
                vec![Is(1, libc::SOL_SOCKET as u32)],
                vec![Is(1, libc::IPPROTO_TCP as u32), Is(2, libc::TCP_NODELAY as u32)],
            ],
        ),
    ]
}

fn descriptors() -> [Rule; 2] {
    let controls = [
        libc::TCGETS as u32,
        libc::TIOCGWINSZ as u32,
        libc::FIONREAD as u32,
        libc::FIONBIO as u32,
        libc::FIOCLEX as u32,
        libc::FIONCLEX as u32,
    ];
    let [get, set, wait] = OFD_LOCKS;
    // No signals or leases: nothing that reaches another process.
    let commands = [
        libc::F_DUPFD,
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_GETLK,
        libc::F_SETLK,
        libc::F_SETLKW,
        get,
        set,
        wait,
        libc::F_GETPIPE_SZ,
        libc::F_SETPIPE_SZ,
    ];
    [
        Rule {
            otherwise: Fail(libc::ENOTTY),
            // Others change attributes even of files that are only readable, or speak to devices.
            ..only(libc::SYS_ioctl, controls.map(|command| vec![Is(1, command)]))
        },
        only(libc::SYS_fcntl, commands.map(|command| vec![Is(1, command as u32)])),
    ]
}

/// What Landlock does not mediate. Copying files and databases ask for it and would give up at an error, so some of it
/// seems to succeed.
fn metadata() -> [Rule; 4] {
    [
        Rule::always(libc::SYS_fchmod, Fail(0)),
        Rule::always(libc::SYS_fchown, Fail(0)),
        Rule::always(libc::SYS_utimensat, Fail(0)),
        // An exclusive lock works on a file that is only readable: it would lock out the user's own tools.
        Rule::always(libc::SYS_flock, Fail(libc::ENOLCK)),
    ]
}

/// What programs can do without if the kernel seems not to know it.
fn absent() -> [Rule; 5] {
    [
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        // Landlock does not mediate executing a memory file.
        libc::SYS_memfd_create,
        libc::SYS_pidfd_open,
    ]
    .map(|number| Rule::always(number, Fail(libc::ENOSYS)))
}

/// Landlock before ABI 3 does not mediate truncation, which needs no descriptor that is open for writing.
fn truncation() -> Vec<Rule> {
    let truncating = |argument| {
        // 3 is the odd access mode that gives neither reading nor writing.
        [libc::O_RDONLY, 3].map(|mode| Case {
            checks: vec![bits(argument, libc::O_TRUNC | libc::O_ACCMODE, libc::O_TRUNC | mode)],
            action: Fail(libc::EACCES),
        })
    };
    let open = |number, argument| Rule { number, cases: truncating(argument).to_vec(), otherwise: Allow };
    vec![
        Rule::always(libc::SYS_truncate, Fail(libc::EACCES)),
        // Its flags are behind a pointer.
        Rule::always(libc::SYS_openat2, Fail(libc::ENOSYS)),
        open(libc::SYS_openat, 2),
        #[cfg(target_arch = "x86_64")]
        open(libc::SYS_open, 1),
    ]
}

/// Allowed in each of these cases, and denied otherwise.
fn only<const N: usize>(number: libc::c_long, cases: [Vec<Check>; N]) -> Rule {
    let cases = cases.map(|checks| Case { checks, action: Allow });
    Rule { number, cases: cases.to_vec(), otherwise: DENIED }
}

fn bits(argument: u8, mask: libc::c_int, value: libc::c_int) -> Check {
    Bits { argument, mask: mask as u32, value: value as u32 }
}
