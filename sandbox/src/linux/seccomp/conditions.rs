//! The system calls that are allowed with some arguments only, and those that fail in a way that programs understand.

use super::calls::Call;
use super::rule::{Action, Case, Check, Rule};
use super::{Circumstances, DENIED, SCOPE};

use Action::{Allow, Deny, Fail};
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

/// `close_range` on descriptors that are the calling thread's alone from now on.
const CLOSE_RANGE_UNSHARE: libc::c_int = 1 << 1;

/// `open` of a file without a name: the bit that tells it from opening a directory.
const NAMELESS: libc::c_int = 0o20_000_000;

/// How newer C libraries ask whether a descriptor is a terminal; if it fails, they ask as before.
const TCGETS2: u32 = 0x802c_542a;

pub(super) fn rules(circumstances: Circumstances) -> Vec<Rule> {
    // With room for those of the allowlist.
    let mut rules = Vec::with_capacity(256);
    rules.extend(memory());
    rules.extend(descriptors());
    rules.extend(clocks(circumstances));
    rules.extend(threads(circumstances));
    rules.extend(sockets(circumstances));
    rules.extend(metadata());
    rules.extend(absent());
    if circumstances.processes {
        rules.extend(processes());
    }
    rules.extend(opening(circumstances));
    if circumstances.landlock_abi < 3 {
        rules.push(truncation());
    }
    if !circumstances.alone {
        rules.extend(unbounded_disk());
    }
    rules
}

fn threads(circumstances: Circumstances) -> [Rule; 8] {
    let Circumstances { landlock_abi, processes, .. } = circumstances;
    // A thread with descriptors of its own would have a limit of its own for these, and files that its process does not show.
    let shared = libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_FS | libc::CLONE_SIGHAND;
    let thread = libc::CLONE_THREAD | shared;
    let foreign = NAMESPACES | libc::CLONE_PARENT;
    // The thread that `tkill` names may be any of the system's; only Landlock's scope knows whose it is.
    let tkill = if landlock_abi >= SCOPE || circumstances.signals() {
        signals(Call::tkill, OWN_THREADS, None, 1, circumstances)
    } else {
        Rule::always(Call::tkill, DENIED, OWN_THREADS)
    };
    let clone = match processes {
        false => only(
            Call::clone,
            "threads, never processes or namespaces",
            [vec![bits(0, thread | NAMESPACES, thread)]],
        ),
        true => only(
            Call::clone,
            "threads and processes below it, never namespaces, nor children of its own parent",
            [
                // The signal that tells the parent of its end is the usual one, or none.
                vec![bits(0, libc::CLONE_THREAD | foreign | AT_END, libc::SIGCHLD)],
                vec![bits(0, libc::CLONE_THREAD | foreign | AT_END, 0)],
                vec![bits(0, thread | foreign, thread)],
            ],
        ),
    };
    let signal = |call, itself, at| match circumstances.signals() {
        false => signals(call, itself, Some(circumstances.own_pid), at, circumstances),
        true => signals(
            call,
            "signals to its own processes: Landlock's scope or the process namespace holds no others",
            None,
            at,
            circumstances,
        ),
    };
    let prctl = [
        libc::PR_SET_NAME as u32,
        libc::PR_GET_NAME as u32,
        libc::PR_GET_DUMPABLE as u32,
        libc::PR_GET_PDEATHSIG as u32,
        libc::PR_CAPBSET_READ as u32,
        PR_SET_VMA,
    ];
    [
        clone,
        Rule::always(
            Call::clone3,
            Fail(libc::ENOSYS),
            "its flags are behind a pointer, where no filter can look: the C library falls back to `clone`",
        ),
        signal(Call::kill, "signals to itself only", 1),
        signal(Call::tgkill, "signals to its own threads only", 2),
        tkill,
        only(Call::get_robust_list, "of another process it would show addresses", [vec![Is(0, 0)]]),
        only(Call::prlimit64, "its own limits may be read, never set", [vec![Is(0, 0), Null(2)]]),
        only(
            Call::prctl,
            "harmless names and questions; above all not the parent-death signal",
            prctl.map(|option| vec![Is(0, option)]),
        ),
    ]
}

const OWN_THREADS: &str = "signals to its own threads, as far as Landlock knows them";

/// The bits of `clone`'s flags that say which signal tells of the end.
const AT_END: libc::c_int = 0xff;

/// Signals, to this process or to any; `at` is the argument that says which. Where the host stops a plugin to see what it has on the disk,
/// nobody but the host lets it go on.
fn signals(
    call: Call,
    reason: &'static str,
    to: Option<u32>,
    at: u8,
    Circumstances { alone, .. }: Circumstances,
) -> Rule {
    let to = || to.map(|process| Is(0, process));
    let cases: Vec<Vec<Check>> = match (alone, to()) {
        (true, None) => return Rule::always(call, Allow, reason),
        (true, Some(to)) => vec![vec![to]],
        // In one of the bits that signals have it is another.
        (false, _) => {
            let other =
                |bit: u32| Bits { argument: at, mask: 1 << bit, value: !(libc::SIGCONT as u32) & 1 << bit };
            (0..7).map(|bit| to().into_iter().chain([other(bit)]).collect()).collect()
        }
    };
    let cases = cases.into_iter().map(|checks| Case { checks, action: Allow }).collect();
    Rule { call, reason, cases, otherwise: DENIED }
}

/// What starting programs needs beside `clone`, where they were granted.
fn processes() -> [Rule; 5] {
    let starts = "processes below it, bounded in number, and ended with it";
    let waits = "how its own children ended";
    [
        Rule::always(Call::fork, Allow, starts),
        Rule::always(Call::vfork, Allow, starts),
        Rule::always(Call::wait4, Allow, waits),
        Rule::always(Call::waitid, Allow, waits),
        Rule::always(
            Call::setpgid,
            Fail(0),
            "does nothing and seems to succeed: all stay in one group, which one signal ends; programs that manage others ask",
        ),
    ]
}

fn memory() -> [Rule; 2] {
    /// Offers pages to be merged with equal ones of other processes, which shows by its timing what those hold.
    const MERGEABLE: u32 = 12;
    let refused = |flags| Case { checks: vec![bits(3, flags, flags)], action: DENIED };
    [
        Rule {
            call: Call::mmap,
            reason: "the limit of memory counts neither shared memory without a file nor mappings that grow downwards",
            cases: vec![refused(libc::MAP_SHARED | libc::MAP_ANONYMOUS), refused(libc::MAP_GROWSDOWN)],
            otherwise: Allow,
        },
        Rule {
            call: Call::madvise,
            reason: "hints about its own memory, but none that compares it with that of others",
            cases: vec![Case { checks: vec![Is(2, MERGEABLE)], action: DENIED }],
            otherwise: Allow,
        },
    ]
}

/// A clock's number may name the processor time of any process.
fn clocks(Circumstances { own_pid, alone, .. }: Circumstances) -> [Rule; 4] {
    /// Set in numbers that name a process, a thread or a device.
    const DYNAMIC: u32 = 1 << 31;
    /// Set in addition where it is a thread, which the kernel takes only from the caller's own.
    const THREAD: u32 = 1 << 2;
    /// The bits below those of the inverted process id: which of its times.
    const WHICH: u32 = 3;
    let reason = "clocks that all share, and the processor time of itself: not that of others";
    let process = |pid: u32| Bits { argument: 0, mask: !WHICH, value: !pid << 3 };
    [Call::clock_gettime, Call::clock_getres, Call::clock_nanosleep, Call::timer_create].map(|call| {
        let clocks = [
            Bits { argument: 0, mask: DYNAMIC, value: 0 },
            Bits { argument: 0, mask: DYNAMIC | THREAD, value: DYNAMIC | THREAD },
            process(0),
            process(own_pid),
        ];
        // Which signal a timer sends stands behind a pointer; without one it is none that lets a stopped process go on.
        let plain = (call == Call::timer_create && !alone).then_some(Null(1));
        only(call, reason, clocks.map(|clock| [clock].into_iter().chain(plain).collect()))
    })
}

fn sockets(Circumstances { reports, .. }: Circumstances) -> [Rule; 4] {
    let kind = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);
    // Sizes, times and the like; above all no programs that the kernel would run on what arrives.
    let options = [
        libc::SO_REUSEADDR,
        libc::SO_SNDBUF,
        libc::SO_RCVBUF,
        libc::SO_KEEPALIVE,
        libc::SO_LINGER,
        libc::SO_RCVTIMEO,
        libc::SO_SNDTIMEO,
    ];
    let options = options.map(|option| vec![Is(1, libc::SOL_SOCKET as u32), Is(2, option as u32)]);
    let no_delay = vec![Is(1, libc::IPPROTO_TCP as u32), Is(2, libc::TCP_NODELAY as u32)];
    [
        only(
            Call::socketpair,
            "stream sockets between its own threads; a datagram socket could be pointed at another program's",
            [vec![Is(0, libc::AF_UNIX as u32), bits(1, kind, libc::SOCK_STREAM)]],
        ),
        only(
            Call::sendto,
            "only where the socket is connected to: no address, and no connecting by the way",
            [vec![Null(4), bits(3, libc::MSG_FASTOPEN, 0)]],
        ),
        only(
            Call::sendmsg,
            "the launcher's last report, on a descriptor that nobody can have afterwards: files that lie in messages are in no list",
            [vec![Is(0, reports)]],
        ),
        Rule {
            call: Call::setsockopt,
            reason: "sizes and times of a socket that it was given",
            cases: options
                .into_iter()
                .chain([no_delay])
                .map(|checks| Case { checks, action: Allow })
                .collect(),
            otherwise: DENIED,
        },
    ]
}

fn descriptors() -> [Rule; 3] {
    let controls = [
        libc::TCGETS as u32,
        libc::TIOCGWINSZ as u32,
        libc::FIONREAD as u32,
        libc::FIONBIO as u32,
        libc::FIOCLEX as u32,
        libc::FIONCLEX as u32,
    ];
    let commands = [
        libc::F_DUPFD,
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_GETPIPE_SZ,
        libc::F_SETPIPE_SZ,
    ];
    let [get, set, wait] = OFD_LOCKS;
    let locks = [libc::F_GETLK, libc::F_SETLK, libc::F_SETLKW, get, set, wait];
    let allowed = commands.map(|command| Case { checks: vec![Is(1, command as u32)], action: Allow });
    // As with `flock`, below.
    let unavailable =
        locks.map(|command| Case { checks: vec![Is(1, command as u32)], action: Fail(libc::ENOLCK) });
    let controls = controls.map(|command| Case { checks: vec![Is(1, command)], action: Allow });
    let unknown = Case { checks: vec![Is(1, TCGETS2)], action: Fail(libc::ENOTTY) };
    [
        Rule {
            call: Call::fcntl,
            reason: "flags and sizes of descriptors that it holds; no locks, signals or leases, which reach others",
            cases: allowed.into_iter().chain(unavailable).collect(),
            otherwise: DENIED,
        },
        Rule {
            call: Call::ioctl,
            reason: "questions; others change attributes even of files that are only readable, or speak to devices",
            cases: controls.into_iter().chain([unknown]).collect(),
            otherwise: Deny(libc::ENOTTY),
        },
        only(
            Call::close_range,
            "gives up descriptors, but for all threads of the process: each would count for itself",
            [vec![bits(2, CLOSE_RANGE_UNSHARE, 0)]],
        ),
    ]
}

/// What Landlock does not mediate. Copying files and databases ask for it and would give up at an error, so some of it
/// seems to succeed.
fn metadata() -> [Rule; 4] {
    let nothing = "does nothing and seems to succeed, since copying files and databases give up otherwise";
    [
        Rule::always(Call::fchmod, Fail(0), nothing),
        Rule::always(Call::fchown, Fail(0), nothing),
        Rule::always(Call::utimensat, Fail(0), nothing),
        Rule::always(
            Call::flock,
            Fail(libc::ENOLCK),
            "an exclusive lock works on a file that is only readable: it would lock out the user's own tools",
        ),
    ]
}

/// What programs can do without if the kernel seems not to know it.
fn absent() -> [Rule; 5] {
    let ring = "makes system calls that no filter sees";
    [
        Rule::always(Call::io_uring_setup, Fail(libc::ENOSYS), ring),
        Rule::always(Call::io_uring_enter, Fail(libc::ENOSYS), ring),
        Rule::always(Call::io_uring_register, Fail(libc::ENOSYS), ring),
        Rule::always(
            Call::memfd_create,
            Fail(libc::ENOSYS),
            "Landlock does not mediate executing a memory file",
        ),
        Rule::always(Call::pidfd_open, Fail(libc::ENOSYS), "names other processes"),
    ]
}

/// What opening files must not do: truncate where Landlock before ABI 3 does not mediate that, which needs no descriptor that is open
/// for writing; and make files without a name where the host has to count what there is.
fn opening(Circumstances { landlock_abi, alone, .. }: Circumstances) -> Vec<Rule> {
    let open = |call, argument| {
        // 3 is the odd access mode that gives neither reading nor writing.
        let truncating = [libc::O_RDONLY, 3].map(|mode| Case {
            // What is made without a name was not there before.
            checks: vec![bits(argument, NAMELESS | libc::O_TRUNC | libc::O_ACCMODE, libc::O_TRUNC | mode)],
            action: Deny(libc::EACCES),
        });
        let nameless =
            Case { checks: vec![bits(argument, NAMELESS, NAMELESS)], action: Fail(libc::EOPNOTSUPP) };
        let truncating = truncating.into_iter().filter(|_| landlock_abi < 3);
        let cases: Vec<Case> = truncating.chain((!alone).then_some(nameless)).collect();
        let reason =
            "opens a file: Landlock decides which, but not always whether it is truncated or has no name";
        Rule { call, reason, cases, otherwise: Allow }
    };
    if alone && landlock_abi >= 3 {
        return Vec::new();
    }
    vec![
        open(Call::openat, 2),
        open(Call::open, 1),
        Rule::always(Call::openat2, Fail(libc::ENOSYS), "its flags are behind a pointer"),
    ]
}

fn truncation() -> Rule {
    Rule::always(Call::truncate, Deny(libc::EACCES), "Landlock does not mediate truncation here")
}

/// What takes more of a disk than the host could see in time, where the scratch directory is no file system of its own.
fn unbounded_disk() -> [Rule; 1] {
    [Rule::always(
        Call::fallocate,
        Fail(libc::EOPNOTSUPP),
        "takes gigabytes in an instant; libraries write instead, as on file systems that lack it",
    )]
}

/// Allowed in each of these cases, and denied otherwise.
fn only<const N: usize>(call: Call, reason: &'static str, cases: [Vec<Check>; N]) -> Rule {
    let cases = cases.map(|checks| Case { checks, action: Allow });
    Rule { call, reason, cases: cases.to_vec(), otherwise: DENIED }
}

fn bits(argument: u8, mask: libc::c_int, value: libc::c_int) -> Check {
    Bits { argument, mask: mask as u32, value: value as u32 }
}
