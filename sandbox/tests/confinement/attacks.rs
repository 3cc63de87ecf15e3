//! Each attack succeeds in a free process, and fails in a confined one, whichever way that was started.

use crate::Test;
use crate::cases::{
    Case, GRANTED_WITH_EXEC, MAY_BE_DENIED_ANYWAY, NEEDS_ROOT, OPEN_AT_STANDARD, OPEN_AT_STANDARD_WITH_EXEC,
    OPEN_WITH_EXEC, SUBJECTS,
};
use crate::lab::{HARMLESS, HOSTILE, Lab, Outcome, Way, command};
use crate::table::{Cell, Row, Table};
use crate::users::is_root;
use probity_sandbox::{Level, Limits};
use std::cell::{OnceCell, RefCell};
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::rc::Rc;

/// One test for each attack, which writes what came of it into the table.
pub(crate) fn tests(table: &Rc<RefCell<Table>>) -> Vec<Test> {
    let cases = SUBJECTS.iter().flat_map(|(_, cases)| *cases);
    cases
        .map(|case| {
            let table = Rc::clone(table);
            let test: Box<dyn Fn()> = Box::new(move || check(case, &table));
            (format!("attack::{}", case.name), test)
        })
        .collect()
}

/// Whether a list holds the attack or its mechanism.
fn among(list: &[&str], case: &Case) -> bool {
    list.contains(&case.name) || list.contains(&case.mechanism())
}

fn check(case: &Case, table: &RefCell<Table>) {
    let free = run(&Scene::new(Level::Standard, case), case, Way::Free);
    let excused =
        among(MAY_BE_DENIED_ANYWAY, case) || among(NEEDS_ROOT, case) && (!is_root() || in_container());
    assert!(free.through() || excused, "the attack does not work at all: {free:?}");
    let unsandboxed = if free.through() { Cell::Through } else { Cell::NotApplicable };
    let standard = confined(case, Level::Standard);
    let full = confined(case, Level::Full);
    let [standard_with_exec, full_with_exec] =
        [Level::Standard, Level::Full].map(|level| confined_with_exec(case, level));
    let name = case.name.to_owned();
    let row = Row { name, unsandboxed, standard, full, standard_with_exec, full_with_exec };
    table.borrow_mut().add(row);
    let open = among(OPEN_AT_STANDARD, case);
    let expected = if open { Cell::Through } else { Cell::Denied };
    // Where nothing can be shown, nothing can be open either.
    if free.through() {
        assert_eq!(standard, expected, "at the level standard");
    }
    assert_eq!(full, Cell::Denied, "at the level full");
    let through = |through| if through { Cell::Through } else { Cell::Denied };
    let with_exec = among(GRANTED_WITH_EXEC, case) || among(OPEN_WITH_EXEC, case);
    let at_standard = with_exec || open || among(OPEN_AT_STANDARD_WITH_EXEC, case);
    if free.through() {
        assert_eq!(standard_with_exec, through(at_standard), "at the level standard, with exec");
    }
    assert_eq!(full_with_exec, through(with_exec), "at the level full, with exec");
}

/// What comes of it where the plugin may start a program. Those that go by git get git too.
fn confined_with_exec(case: &Case, level: Level) -> Cell {
    let mut scene = Scene::new(level, case);
    let mut granted = if case.attack == "program_by_git" { git_with_helpers() } else { Vec::new() };
    granted.push(HARMLESS.to_owned());
    scene.lab.grant(&granted);
    cell(case, level, Way::Native, &run(&scene, case, Way::Native))
}

/// git, and the folder of its helpers as it tells it itself.
pub(crate) fn git_with_helpers() -> Vec<String> {
    let helpers = String::from_utf8(plain("/usr/bin/git", &["--exec-path"], None).stdout).unwrap();
    vec!["/usr/bin/git".to_owned(), helpers.trim_end().to_owned()]
}

/// Makes a repository with a commit in a folder, and returns its git directory.
pub(crate) fn commit(folder: &Path) -> PathBuf {
    plain("git", &["init", "--quiet", "repo"], Some(folder));
    let folder = folder.join("repo");
    fs::write(folder.join("file"), "text").unwrap();
    plain("git", &["add", "file"], Some(&folder));
    plain("git", &["commit", "--quiet", "-m", "one"], Some(&folder));
    folder.join(".git")
}

/// A program in a free process, given to understand that a folder is its own.
#[allow(clippy::disallowed_methods, reason = "git prepares what git is to be tried on")]
fn plain(program: &str, arguments: &[&str], folder: Option<&Path>) -> Output {
    let mut command = std::process::Command::new(program);
    command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
        command.env(name, "somebody");
    }
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    output
}

/// What comes of it at a level, however the plugin is started.
fn confined(case: &Case, level: Level) -> Cell {
    let cells = Way::CONFINED.map(|way| {
        // Each time in a new scene, since what succeeds also destroys.
        cell(case, level, way, &run(&Scene::new(level, case), case, way))
    });
    assert_eq!(cells[0], cells[1], "{:?} at the level {level}", Way::CONFINED);
    cells[0]
}

fn cell(case: &Case, level: Level, way: Way, confined: &Outcome) -> Cell {
    if confined.through() {
        return Cell::Through;
    }
    // It was the attack that failed, not the start.
    let killed = confined.status.code().is_none();
    // The loader takes the hostile program's place, and fails in its own words.
    let loader = case.attack == "exec_loader" && confined.errors.contains("cannot open shared object file");
    assert!(killed || loader || confined.output.starts_with("denied: "), "{way:?}, {level}: {confined:?}");
    Cell::Denied
}

fn run(scene: &Scene, case: &Case, way: Way) -> Outcome {
    let arguments = (case.arguments)(scene);
    let all: Vec<&str> = [case.attack].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    scene.lab.run(way, &all)
}

/// Whether this root is not allowed all that root is, and that attacks need.
fn in_container() -> bool {
    // Passing over modes, other groups and users, raw sockets, roots, mounts, clocks, terminals, devices, the kernel's log.
    const NEEDED: [u32; 11] = [1, 2, 6, 7, 13, 18, 21, 25, 26, 27, 34];
    let needed: u64 = NEEDED.iter().map(|number| 1 << number).sum();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let missing = u64::from_str_radix(effective.trim(), 16).unwrap() & needed != needed;
    missing || status.lines().any(|line| line == "Seccomp:\t2")
}

/// A lab with everybody whom an attack may be aimed at.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) tcp: TcpListener,
    pub(crate) udp: UdpSocket,
    _stream: UnixListener,
    _datagram: UnixDatagram,
    victim: OnceCell<Victim>,
    /// The secret, open, and not closed by `exec`.
    pub(crate) leaked: Leaked,
}

impl Scene {
    fn new(level: Level, case: &Case) -> Scene {
        let mut lab = Lab::at(level);
        // All other attacks may take their time on a busy machine.
        let cpu_seconds = if case.attack == "processor" { 1 } else { 30 };
        let limits = Limits { memory: 128 << 20, cpu_seconds, file_size: 16 << 20, ..Limits::default() };
        lab.limits = Limits { scratch_size: 20 << 20, scratch_files: 1000, ..limits };
        decorate(&lab);
        // What is inherited.
        std::env::set_current_dir(lab.path("home")).unwrap();
        Scene {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _stream: UnixListener::bind(lab.path("home/stream")).unwrap(),
            _datagram: UnixDatagram::bind(lab.path("home/datagram")).unwrap(),
            victim: OnceCell::new(),
            leaked: Leaked::new(&lab),
            lab,
        }
    }

    /// What `program_by_git` is given: git, a git directory with a commit, a folder to write to, and the way.
    pub(crate) fn git(&self, way: &str) -> Vec<String> {
        let directory = commit(&self.lab.path("granted")).into_os_string().into_string().unwrap();
        vec!["/usr/bin/git".to_owned(), directory, self.lab.text("scratch"), way.to_owned()]
    }

    /// A copy of a file among what is granted, as somebody could have put it there.
    pub(crate) fn plant(&self, file: &str) -> String {
        fs::copy(file, self.lab.path("granted/planted")).unwrap();
        self.lab.text("granted/planted")
    }

    /// Started for those that aim at it.
    pub(crate) fn victim(&self) -> &Victim {
        self.victim.get_or_init(Victim::new)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // The directory is about to go.
        std::env::set_current_dir("/").unwrap();
    }
}

/// An attribute on each file, and a file that only root reads without being allowed to.
fn decorate(lab: &Lab) {
    fs::write(lab.path("granted/private"), "private").unwrap();
    fs::set_permissions(lab.path("granted/private"), Permissions::from_mode(0o000)).unwrap();
    let secret = std::ffi::CString::new(lab.text("home/secret")).unwrap();
    // SAFETY: strings end with NUL. Not every file system has attributes.
    unsafe { libc::setxattr(secret.as_ptr(), c"user.note".as_ptr(), c"x".as_ptr().cast(), 1, 0) };
}

pub(crate) struct Leaked(OwnedFd);

impl Leaked {
    fn new(lab: &Lab) -> Leaked {
        let secret = File::open(lab.path("home/secret")).unwrap();
        // SAFETY: duplicates an open descriptor; the result belongs to nobody else.
        Leaked(unsafe { OwnedFd::from_raw_fd(libc::fcntl(secret.as_raw_fd(), libc::F_DUPFD, 50)) })
    }
}

impl std::fmt::Display for Leaked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_raw_fd().fmt(f)
    }
}

/// A process of the same user that lets everybody trace it.
pub(crate) struct Victim {
    process: Child,
    pub(crate) address: String,
}

impl Victim {
    fn new() -> Victim {
        use std::os::unix::process::CommandExt;
        // In a group of its own, which can be aimed at.
        let mut process = command(HOSTILE, &["victim"]).process_group(0).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        Victim { process, address: address.trim().to_owned() }
    }

    pub(crate) fn pid(&self) -> String {
        self.process.id().to_string()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
