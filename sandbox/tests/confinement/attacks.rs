//! Each attack succeeds in a free process, and fails in a confined one, whichever way that was started.

use crate::Test;
use crate::lab::{HOSTILE, Lab, Way, command};
use probity_sandbox::Limits;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Child;

/// The name of the test, the attack, and the attack's arguments in a lab.
type Case = (&'static str, &'static str, fn(&Scene) -> Vec<String>);

const FILES: &[Case] = &[
    ("read_etc_passwd", "read", |_| words("/etc/passwd")),
    ("read_secret_in_home", "read", |s| vec![s.lab.text("home/secret")]),
    ("read_by_dotdot", "read", |s| vec![s.lab.text("granted/../home/secret")]),
    ("read_by_symlink", "read", |s| vec![s.lab.text("granted/link")]),
    ("list_home", "list", |s| vec![s.lab.text("home")]),
    ("list_root", "list", |_| words("/")),
    ("read_own_environment", "read", |_| words("/proc/self/environ")),
    ("read_own_maps", "read", |_| words("/proc/self/maps")),
    ("read_environment_of_host", "read", |_| vec![format!("/proc/{}/environ", std::process::id())]),
    ("list_descriptors_of_host", "list", |_| vec![format!("/proc/{}/fd", std::process::id())]),
    ("read_root_of_host", "read", |_| vec![format!("/proc/{}/root/etc/passwd", std::process::id())]),
    ("read_mounts", "read", |_| words("/proc/self/mounts")),
    ("list_devices", "list", |_| words("/dev")),
    ("read_inherited_descriptor", "read_descriptor", |s| vec![s.leaked.as_raw_fd().to_string()]),
    ("read_inherited_variable", "read_variable", |_| words(crate::lab::SECRET_VARIABLE)),
    ("write_outside", "write", |s| vec![s.lab.text("home/new")]),
    ("write_granted", "write", |s| vec![s.lab.text("granted/data")]),
    ("write_to_temporary_files", "write", |s| vec![format!("{}.new", s.lab.text("home"))]),
    ("append_to_granted", "append", |s| vec![s.lab.text("granted/data")]),
    ("truncate_granted", "truncate", |s| vec![s.lab.text("granted/data")]),
    ("truncate_granted_by_opening", "open_truncating", |s| vec![s.lab.text("granted/data")]),
    ("unlink_granted", "unlink", |s| vec![s.lab.text("granted/data")]),
    ("mkdir_in_granted", "mkdir", |s| vec![s.lab.text("granted/new")]),
    ("symlink_in_granted", "symlink", |s| vec!["data".to_owned(), s.lab.text("granted/new")]),
    ("rename_granted_to_scratch", "rename", |s| vec![s.lab.text("granted/data"), s.lab.text("scratch/data")]),
    ("rename_secret_to_scratch", "rename", |s| vec![s.lab.text("home/secret"), s.lab.text("scratch/secret")]),
    ("link_secret_to_scratch", "link_and_read", |s| {
        vec![s.lab.text("home/secret"), s.lab.text("scratch/secret")]
    }),
    ("chmod_secret", "chmod", |s| vec![s.lab.text("home/secret")]),
    ("chmod_granted", "chmod", |s| vec![s.lab.text("granted/data")]),
    ("fchmod_granted", "fchmod", |s| vec![s.lab.text("granted/data")]),
    ("utimes_of_secret", "utimes", |s| vec![s.lab.text("home/secret")]),
    ("lock_granted", "lock", |s| vec![s.lab.text("granted/data")]),
    ("watch_home", "watch", |s| vec![s.lab.text("home")]),
    ("mkfifo_in_scratch", "mkfifo", |s| vec![s.lab.text("scratch/pipe")]),
    ("exec_shell", "exec_shell", |_| vec![]),
    ("exec_script_in_scratch", "exec_script", |s| vec![s.lab.text("scratch/script")]),
    ("exec_memory_file", "exec_memory", |_| vec![]),
];

const NETWORK: &[Case] = &[
    ("tcp_connect_to_loopback", "tcp_connect", |s| vec![s.tcp.local_addr().unwrap().port().to_string()]),
    ("tcp_listen", "tcp_listen", |_| vec![]),
    ("udp_send", "udp_send", |s| vec![s.udp.local_addr().unwrap().port().to_string()]),
    ("unix_connect", "unix_connect", |s| vec![s.lab.text("home/stream")]),
    ("abstract_socket", "abstract_socket", |_| vec![]),
    ("netlink", "netlink", |_| vec![]),
    ("datagram_pair_pointed_elsewhere", "datagram_pair", |s| vec![s.lab.text("home/datagram")]),
    ("sequenced_pair", "sequenced_pair", |_| vec![]),
];

const PROCESSES: &[Case] = &[
    ("fork", "fork", |_| vec![]),
    ("vfork_by_library", "vfork_by_library", |_| vec![]),
    ("clone3", "clone3", |_| vec![]),
    ("orphan", "orphan", |_| vec![]),
    ("setsid", "setsid", |_| vec![]),
    ("kill_sibling", "kill", |s| vec![s.victim.pid()]),
    ("kill_host", "kill", |_| vec![std::process::id().to_string()]),
    ("tkill_sibling", "tkill", |s| vec![s.victim.pid()]),
    ("tgkill_sibling", "tgkill", |s| vec![s.victim.pid()]),
    ("pidfd_signal_to_sibling", "pidfd_signal", |s| vec![s.victim.pid()]),
    ("ptrace_sibling", "ptrace", |s| vec![s.victim.pid()]),
    ("read_memory_of_sibling", "read_memory", |s| vec![s.victim.pid(), s.victim.address.clone()]),
    ("limits_of_sibling", "limits_of_other", |s| vec![s.victim.pid()]),
    ("raise_limit", "raise_limit", |_| vec![]),
    ("outlive_host", "outlive_host", |_| vec![]),
    ("unshare_user_namespace", "unshare_user", |_| vec![]),
    ("clone_user_namespace", "clone_user", |_| vec![]),
    ("io_uring", "io_uring", |_| vec![]),
    ("userfault", "userfault", |_| vec![]),
    ("add_key", "add_key", |_| vec![]),
    ("shared_memory", "shared_memory", |_| vec![]),
    ("message_queue", "message_queue", |_| vec![]),
    ("personality", "personality", |_| vec![]),
    ("priority", "priority", |_| vec![]),
];

const RESOURCES: &[Case] = &[
    ("memory_bomb", "memory", |_| vec![]),
    ("shared_memory_bomb", "memory_shared", |_| vec![]),
    ("growing_memory_bomb", "memory_growing", |_| vec![]),
    ("heap_bomb", "memory_heap", |_| vec![]),
    ("descriptor_bomb", "descriptors", |_| vec![]),
    ("large_file", "large_file", |s| vec![s.lab.text("scratch/large")]),
    ("processor_hog", "processor", |_| vec![]),
];

/// What containers, security modules or the kernel's configuration deny even to free processes of some machines. There
/// it cannot be shown that the attack works, but it still has to fail when confined.
const MAY_BE_DENIED_ANYWAY: [&str; 9] = [
    "unshare_user_namespace",
    "clone_user_namespace",
    "io_uring",
    "userfault",
    "add_key",
    "ptrace_sibling",
    "read_memory_of_sibling",
    "personality",
    "shared_memory",
];

pub(crate) fn tests() -> Vec<Test> {
    let cases = [FILES, NETWORK, PROCESSES, RESOURCES].into_iter().flatten();
    cases.map(|case| (format!("attack::{}", case.0), Box::new(|| check(case)) as Box<dyn Fn()>)).collect()
}

fn check((name, attack, arguments): &Case) {
    // Each time a new scene, since what succeeds also destroys.
    let run = |way| {
        let scene = Scene::new();
        let arguments = arguments(&scene);
        let all: Vec<&str> = [*attack].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        scene.lab.run(way, &all)
    };
    let free = run(Way::Free);
    if !free.through() {
        assert!(MAY_BE_DENIED_ANYWAY.contains(name), "the attack does not work at all: {free:?}");
        print!("(not applicable to free processes here) ");
    }
    for way in [Way::Itself, Way::Native] {
        let confined = run(way);
        assert!(!confined.through(), "the attack is not denied to {way:?}: {confined:?}");
        // It was the attack that failed, not the start.
        let killed = confined.status.code().is_none();
        assert!(killed || confined.output.starts_with("denied: "), "{way:?}: {confined:?}");
    }
}

/// A lab with everybody whom an attack may be aimed at.
struct Scene {
    lab: Lab,
    tcp: TcpListener,
    udp: UdpSocket,
    _stream: UnixListener,
    _datagram: UnixDatagram,
    victim: Victim,
    /// The secret, open, and not closed by `exec`.
    leaked: OwnedFd,
}

impl Scene {
    fn new() -> Scene {
        let mut lab = Lab::new();
        lab.limits = Limits { memory: 128 << 20, cpu_seconds: 1, file_size: 16 << 20, ..Limits::default() };
        let secret = File::open(lab.path("home/secret")).unwrap();
        // SAFETY: duplicates an open descriptor; the result belongs to nobody else.
        let leaked = unsafe { OwnedFd::from_raw_fd(libc::fcntl(secret.as_raw_fd(), libc::F_DUPFD, 50)) };
        Scene {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _stream: UnixListener::bind(lab.path("home/stream")).unwrap(),
            _datagram: UnixDatagram::bind(lab.path("home/datagram")).unwrap(),
            victim: Victim::new(),
            leaked,
            lab,
        }
    }
}

/// A process of the same user that lets everybody trace it.
struct Victim {
    process: Child,
    address: String,
}

impl Victim {
    fn new() -> Victim {
        let mut process = command(HOSTILE, &["victim"]).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        Victim { process, address: address.trim().to_owned() }
    }

    fn pid(&self) -> String {
        self.process.id().to_string()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn words(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}
