//! What a denied call is answered with, and what people are told of it.

use super::architecture::Architecture;
use super::calls::Call;
use super::naming::{Named, named};
use super::rule::{Action, Rule, decide};
use super::{Circumstances, DENIED, STARTS, rules};
use crate::linux::listener;

/// The answer to a denied call.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: libc::c_int,
    /// The call, with what its arguments tell by their numbers alone.
    pub(crate) call: String,
    pub(crate) reason: &'static str,
}

/// What becomes of a call that its filter has told of.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is allowed, and names these files.
    GoesOn(&'static [Named]),
    /// It is allowed as long as there are not too many threads and processes; else it is denied like this.
    Starts(Refusal),
    /// It is denied.
    Refused(Refusal),
}

/// What the filter of a child says, told from without.
#[derive(Debug)]
pub(crate) struct Refusals(Vec<Rule>);

impl Refusals {
    /// Of a filter that makes up for what this Landlock ABI lacks, tells which files are named if it is `traced`, and of new threads if
    /// they are `counted`.
    pub(crate) fn new(landlock_abi: u32, traced: bool, counted: bool, processes: bool) -> Refusals {
        // Which process the filter takes for its own matters to what is not told. What depends on whether it is alone and names files is
        // told where it is allowed, and else fails untold.
        let (own_pid, alone, reports) = (0, true, u32::MAX);
        Refusals(rules(Circumstances { own_pid, landlock_abi, traced, processes, alone, counted, reports }))
    }

    /// The answer to a call that the filter has told of.
    pub(crate) fn of(&self, call: &listener::Call) -> Verdict {
        let (number, arguments) = (call.number, &call.arguments);
        let known = Call::of(Architecture::HERE, number);
        let error = match decide(&self.0, DENIED, Architecture::HERE, number, arguments) {
            Action::Tell if known.is_some_and(|call| STARTS.contains(&call)) => {
                let (call, reason) = ("one more thread or process".to_owned(), CROWDED);
                return Verdict::Starts(Refusal { error: libc::EAGAIN, call, reason });
            }
            Action::Tell => return Verdict::GoesOn(known.map(named).unwrap_or_default()),
            Action::Deny(error) => error,
            // The filter is asked, not this list of rules: what it has denied is denied.
            _ => libc::EPERM,
        };
        Verdict::Refused(match known {
            Some(call) => Refusal { error, call: described(call, arguments), reason: reason(call) },
            None => Refusal { error, call: format!("the system call {number}"), reason: UNLISTED },
        })
    }
}

const CROWDED: &str = "it has as many as it may have";

const UNLISTED: &str = "it is not among the calls that plugins may make";

fn reason(call: Call) -> &'static str {
    use Call::*;
    match call {
        socket | connect | bind | listen | accept | accept4 | sendto | sendmsg | sendmmsg | recvmmsg
        | socketpair | setsockopt => "plugins have no network and no sockets",
        fork | vfork | clone | wait4 | waitid => "plugins start no processes",
        kill | tkill | tgkill | pidfd_send_signal | rt_sigqueueinfo | rt_tgsigqueueinfo => {
            "plugins signal no other process"
        }
        ptrace | process_vm_readv | process_vm_writev | process_madvise | pidfd_getfd | kcmp | move_pages
        | migrate_pages | get_robust_list | prlimit64 | perf_event_open | clock_gettime | clock_getres
        | clock_nanosleep | timer_create => "plugins look into no other process",
        unshare | setns | mount | umount2 | pivot_root | chroot | fsopen | fsconfig | fsmount | fspick
        | open_tree | move_mount | mount_setattr => "plugins stay where they were put",
        chmod | fchmodat | fchmodat2 | chown | lchown | fchownat | utime | utimes | futimesat | setxattr
        | lsetxattr | fsetxattr | setxattrat | removexattr | lremovexattr | fremovexattr | removexattrat
        | file_setattr => "plugins change no modes, owners, times or attributes of files",
        truncate | openat | open => "plugins truncate nothing that they may only read",
        inotify_init | inotify_init1 | inotify_add_watch | fanotify_init | fanotify_mark => {
            "plugins watch no files"
        }
        setuid | setgid | setreuid | setregid | setresuid | setresgid | setfsuid | setfsgid | setgroups
        | capset => "plugins change no privileges",
        mmap => "it would escape the limit of memory",
        close_range => "all threads of a plugin have the same descriptors",
        madvise => "it would compare memory with that of other processes",
        ioctl => "plugins control no devices, and no attributes of files",
        _ => UNLISTED,
    }
}

fn described(call: Call, arguments: &[u64; 6]) -> String {
    // The lower half is what the kernel looks at.
    let number = |at: usize| arguments[at] as i32;
    let name = call.name();
    match call {
        Call::socket | Call::socketpair => {
            format!("{name}({}, {})", family(number(0)), kind(number(1)))
        }
        Call::kill | Call::tkill => format!("{name}({}, signal {})", number(0), number(1)),
        Call::tgkill => format!("{name}({}, {}, signal {})", number(0), number(1), number(2)),
        Call::clone | Call::unshare => format!("{name}({})", namespaces(number(0))),
        Call::ptrace => format!("{name}({}, {})", number(0), number(1)),
        Call::process_vm_readv | Call::process_vm_writev | Call::prlimit64 => {
            format!("{name}({})", number(0))
        }
        Call::prctl => format!("{name}({})", number(0)),
        Call::fcntl | Call::ioctl => format!("{name}({}, {:#x})", number(0), number(1)),
        Call::madvise => format!("{name}(advice {})", number(2)),
        Call::mmap => format!("{name}(flags {:#x})", number(3)),
        Call::setsockopt => format!("{name}(level {}, option {})", number(1), number(2)),
        _ => name.to_owned(),
    }
}

fn family(number: i32) -> String {
    let name = match number {
        libc::AF_UNIX => "AF_UNIX",
        libc::AF_INET => "AF_INET",
        libc::AF_INET6 => "AF_INET6",
        libc::AF_NETLINK => "AF_NETLINK",
        libc::AF_PACKET => "AF_PACKET",
        libc::AF_ALG => "AF_ALG",
        libc::AF_VSOCK => "AF_VSOCK",
        other => return format!("family {other}"),
    };
    name.to_owned()
}

fn kind(number: i32) -> String {
    let name = match number & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) {
        libc::SOCK_STREAM => "SOCK_STREAM",
        libc::SOCK_DGRAM => "SOCK_DGRAM",
        libc::SOCK_RAW => "SOCK_RAW",
        libc::SOCK_SEQPACKET => "SOCK_SEQPACKET",
        other => return format!("type {other}"),
    };
    name.to_owned()
}

/// The namespaces that flags of `clone` and `unshare` ask for; other flags are of no interest.
fn namespaces(flags: i32) -> String {
    let all = [
        (libc::CLONE_NEWUSER, "user"),
        (libc::CLONE_NEWNS, "mount"),
        (libc::CLONE_NEWPID, "process"),
        (libc::CLONE_NEWNET, "network"),
        (libc::CLONE_NEWIPC, "ipc"),
        (libc::CLONE_NEWUTS, "name"),
        (libc::CLONE_NEWCGROUP, "cgroup"),
    ];
    let asked: Vec<&str> = all.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
    if asked.is_empty() { "a process".to_owned() } else { format!("a {} namespace", asked.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::seccomp::naming;

    fn refused(traced: bool, number: u32, arguments: &[u64]) -> Refusal {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        match Refusals::new(7, traced, false, false).of(&listener::Call::new(number, all)) {
            Verdict::Refused(refusal) => refusal,
            other => panic!("it goes on: {other:?}"),
        }
    }

    fn told(call: Call, arguments: &[u64]) -> String {
        let refusal = refused(false, call.number(Architecture::HERE).unwrap(), arguments);
        format!("{} -> {}, {}", refusal.call, refusal.error, refusal.reason)
    }

    /// Whoever listens to a filter decides what becomes of the calls that it tells of: no other may ever go on.
    #[test]
    fn nothing_goes_on_but_what_is_allowed_and_names_files() {
        for (traced, expected) in [(false, 0), (true, naming::NAMING.iter().map(|g| g.calls.len()).sum())] {
            let here = |call: &Call| call.number(Architecture::HERE);
            let mut went_on = 0;
            for number in Call::ALL.iter().filter_map(here) {
                let call = listener::Call::new(number, [0; 6]);
                if let Verdict::GoesOn(named) = Refusals::new(7, traced, false, false).of(&call) {
                    assert!(!named.is_empty(), "{number}");
                    went_on += 1;
                }
            }
            let missing =
                naming::NAMING.iter().flat_map(|g| g.calls).filter(|(c, _)| here(c).is_none()).count();
            assert_eq!(went_on, if traced { expected - missing } else { 0 });
        }
        // What an older Landlock lacks stays denied.
        let truncating = [0, 0, (libc::O_TRUNC | libc::O_RDONLY) as u64, 0, 0, 0];
        let openat = listener::Call::new(Call::openat.number(Architecture::HERE).unwrap(), truncating);
        assert!(
            matches!(Refusals::new(2, true, false, false).of(&openat), Verdict::Refused(r) if r.error == libc::EACCES)
        );
        assert!(matches!(Refusals::new(3, true, false, false).of(&openat), Verdict::GoesOn(_)));
    }

    #[test]
    fn threads_start_where_they_are_counted_and_processes_where_they_are_granted() {
        let of = |counted, processes, number, flags: i32| {
            let call = listener::Call::new(number, [u64::from(flags.cast_unsigned()), 0, 0, 0, 0, 0]);
            matches!(Refusals::new(7, true, counted, processes).of(&call), Verdict::Starts(r) if r.error == libc::EAGAIN)
        };
        let thread =
            libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_FS | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
        let clone = Call::clone.number(Architecture::HERE).unwrap();
        assert!(of(true, false, clone, thread) && of(true, true, clone, thread));
        assert!(of(true, true, clone, libc::SIGCHLD) && !of(true, false, clone, libc::SIGCHLD));
        assert!(!of(true, true, clone, libc::SIGCHLD | libc::CLONE_NEWUSER), "a namespace");
        assert!(!of(false, true, clone, thread), "nobody has told of it");
        assert!(Call::vfork.number(Architecture::HERE).is_none_or(|vfork| of(true, true, vfork, 0)));
    }

    #[test]
    fn calls_are_told_with_what_their_numbers_say() {
        let above = 1 << 32;
        let told = [
            told(
                Call::socket,
                &[libc::AF_INET as u64 | above, (libc::SOCK_STREAM | libc::SOCK_CLOEXEC) as u64],
            ),
            told(Call::kill, &[1, 9]),
            told(Call::unshare, &[(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) as u64]),
            told(Call::clone, &[libc::SIGCHLD as u64]),
            told(Call::ioctl, &[0, 0x5412]),
            told(Call::keyctl, &[]),
        ];
        assert_eq!(
            told.join("\n"),
            "socket(AF_INET, SOCK_STREAM) -> 1, plugins have no network and no sockets\n\
             kill(1, signal 9) -> 1, plugins signal no other process\n\
             unshare(a user, mount namespace) -> 1, plugins stay where they were put\n\
             clone(a process) -> 1, plugins start no processes\n\
             ioctl(0, 0x5412) -> 25, plugins control no devices, and no attributes of files\n\
             keyctl -> 1, it is not among the calls that plugins may make"
        );
    }

    #[test]
    fn a_call_that_is_newer_than_the_list_is_told_by_its_number() {
        let refusal = refused(true, 999, &[]);
        assert_eq!((refusal.call.as_str(), refusal.error), ("the system call 999", libc::EPERM));
    }
}
