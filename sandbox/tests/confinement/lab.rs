//! One place with secrets to steal, and the ways to run the hostile plugin there.

use probity_sandbox::{Ceiling, Child, Entry, Launcher, Level, Limits, Observer, Profile};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use tempfile::TempDir;

/// The argument after which the hostile plugin's follow, in a process that is no launcher.
pub(crate) const HOSTILE: &str = "--hostile";
/// The argument that makes this program the one that there is in each language.
pub(crate) const SAME: &str = "--same";
/// The argument that makes this program a host that is about to die.
pub(crate) const HOST: &str = "--host";
/// The second argument of attacks that keep what they have taken.
pub(crate) const HELD: &str = "held";
/// A variable that every confined process has.
pub(crate) const CONFINED_VARIABLE: &str = "GREETING";
/// A variable that every free process inherits.
pub(crate) const SECRET_VARIABLE: &str = "SANDBOX_TEST_SECRET";

/// How the hostile plugin is started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Free,
    Itself,
    Native,
}

impl Way {
    /// The ways that are confined.
    pub(crate) const CONFINED: [Way; 2] = [Way::Itself, Way::Native];
}

/// Each level at which plugins run, with each way that is confined.
pub(crate) fn everywhere() -> impl Iterator<Item = (Level, Way)> {
    [Level::Standard, Level::Full].into_iter().flat_map(|level| Way::CONFINED.map(|way| (level, way)))
}

/// A program that does no harm, which is what is granted wherever anything is.
pub(crate) const HARMLESS: &str = "/bin/true";

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) output: String,
    pub(crate) errors: String,
    pub(crate) status: ExitStatus,
    /// What the host heard that it was denied.
    pub(crate) denied: Vec<String>,
}

impl Outcome {
    pub(crate) fn through(&self) -> bool {
        self.status.success() && self.output.trim_end().ends_with("through")
    }
}

pub(crate) struct Lab {
    directory: TempDir,
    pub(crate) launcher: Launcher,
    pub(crate) limits: Limits,
    /// What is demanded.
    pub(crate) level: Level,
    /// Programs that are granted, with the folders of their helpers.
    programs: Vec<PathBuf>,
}

impl Lab {
    /// `home/secret`, which nobody granted; `granted/data` and a link there to the secret; an empty `scratch`.
    pub(crate) fn new() -> Lab {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["home", "granted", "scratch"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("home/secret"), "treasure").unwrap();
        fs::write(at("granted/data"), "public data").unwrap();
        std::os::unix::fs::symlink("../home/secret", at("granted/link")).unwrap();
        let (launcher, limits) = (Launcher::new().unwrap(), Limits::default());
        Lab { directory, launcher, limits, level: Level::None, programs: Vec::new() }
    }

    /// The same, on a kernel that offers no more than the ceiling.
    pub(crate) fn below(ceiling: Ceiling) -> Lab {
        let lab = Lab::new();
        Lab { launcher: lab.launcher.below(ceiling), ..lab }
    }

    /// The same, at no more than this level.
    pub(crate) fn at(level: Level) -> Lab {
        let lab = Lab::below(Ceiling { namespaces: level == Level::Full, ..Ceiling::default() });
        Lab { level, ..lab }
    }

    /// The same, where these programs may be started, as a host grants them; folders are those of helpers.
    pub(crate) fn granting(mut self, programs: &[impl AsRef<Path>]) -> Lab {
        self.grant(programs);
        self
    }

    pub(crate) fn grant(&mut self, programs: &[impl AsRef<Path>]) {
        self.programs = programs.iter().map(|program| program.as_ref().to_owned()).collect();
    }

    pub(crate) fn allowing_weak(self, allowed: bool) -> Lab {
        Lab { launcher: self.launcher.allowing_weak(allowed), ..self }
    }

    pub(crate) fn grouping_in(self, groups: &Path) -> Lab {
        Lab { launcher: self.launcher.grouping_in(groups), ..self }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    pub(crate) fn profile(&self, entry: Entry) -> Profile {
        let (mut programs, mut read) = (Vec::new(), Vec::new());
        for program in &self.programs {
            programs.push(program.clone());
            if program.is_file() {
                let needs = probity_sandbox::started_program(program).unwrap();
                programs.extend(needs.loader);
                read.extend(needs.libraries);
            }
        }
        Profile {
            entry,
            read,
            data: vec![self.path("granted")],
            list: vec![],
            execute: vec![],
            programs,
            scratch: Some(self.path("scratch")),
            keep: false,
            environment: vec![(CONFINED_VARIABLE.to_owned(), "hello".to_owned())],
            limits: self.limits.clone(),
            least: self.level,
        }
    }

    /// The hostile plugin, as a plugin that is linked into this program.
    pub(crate) fn itself(&self, arguments: &[&str]) -> Profile {
        self.profile(Entry::Itself { arguments: owned(arguments) })
    }

    /// The hostile plugin, as a program of its own.
    pub(crate) fn native(&self, arguments: &[&str]) -> Profile {
        let path = std::env::current_exe().unwrap();
        let execute = probity_sandbox::runtime_libraries(&path).unwrap();
        // This program does not change while it runs, and is large.
        static OWN: OnceLock<[u8; 32]> = OnceLock::new();
        let sha256 = *OWN.get_or_init(|| sha256(&path));
        let arguments = owned(&[&[HOSTILE], arguments].concat());
        Profile { execute, ..self.profile(Entry::Native { path, sha256, arguments }) }
    }

    /// The hostile plugin, to be started in a way that is confined.
    pub(crate) fn confined(&self, way: Way, arguments: &[&str]) -> Profile {
        match way {
            Way::Free => panic!("a free process has no profile"),
            Way::Itself => self.itself(arguments),
            Way::Native => self.native(arguments),
        }
    }

    pub(crate) fn run(&self, way: Way, arguments: &[&str]) -> Outcome {
        match way {
            Way::Free => free(arguments),
            _ => self.start(&self.confined(way, arguments)),
        }
    }

    /// Starts what the profile says, as a host does that hears what is denied, and waits for its end.
    pub(crate) fn start(&self, profile: &Profile) -> Outcome {
        let (heard, observer) = hearing();
        let outcome = finish(self.launcher.spawn_observed(profile, observer).unwrap());
        let denied = heard.lock().unwrap().clone();
        Outcome { denied, ..outcome }
    }
}

/// Where what is denied is written to, and who writes it.
pub(crate) fn hearing() -> (Arc<Mutex<Vec<String>>>, Observer) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let writer = Arc::clone(&heard);
    (heard, Arc::new(move |violation| writer.lock().unwrap().push(violation.to_string())))
}

/// Reads a child's whole output and waits for its end.
pub(crate) fn finish(mut child: Child) -> Outcome {
    child.stdin = None;
    let output = all(child.stdout.take());
    let errors = all(child.stderr.take());
    Outcome { output, errors, status: child.wait().unwrap(), denied: Vec::new() }
}

fn all(pipe: Option<OwnedFd>) -> String {
    let mut bytes = Vec::new();
    File::from(pipe.unwrap()).read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// This program in a free process.
#[allow(clippy::disallowed_methods, reason = "the attacks have to succeed without the sandbox first")]
pub(crate) fn command(kind: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(kind).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn free(arguments: &[&str]) -> Outcome {
    let output = command(HOSTILE, arguments).spawn().unwrap().wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome {
        output: text(output.stdout),
        errors: text(output.stderr),
        status: output.status,
        denied: Vec::new(),
    }
}

pub(crate) fn sha256(path: &Path) -> [u8; 32] {
    Sha256::digest(fs::read(path).unwrap()).into()
}

pub(crate) fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}

/// Whether this process has any child, running or waiting to be reaped, but for the templates that children are copies of.
pub(crate) fn has_children() -> bool {
    // Who is gone by now was a template that ended with its launcher.
    let name = |child: u32| fs::read_to_string(format!("/proc/{child}/comm")).ok();
    children(std::process::id()).into_iter().filter_map(name).any(|name| name != TEMPLATE)
}

/// The children of a process, as the kernel lists them: also those that wait to be reaped.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let listed =
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default());
    listed
        .flat_map(|pids| pids.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}

/// What a template is called.
const TEMPLATE: &str = "sandbox-start\n";

/// Whether it is a template that a launcher keeps for the next start.
pub(crate) fn is_template(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name == TEMPLATE)
}

/// Waits for the end of a process that is no child of this one.
pub(crate) struct Watch(OwnedFd);

impl Watch {
    pub(crate) fn new(pid: i32) -> Watch {
        // SAFETY: takes two integers.
        let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        assert!(descriptor >= 0, "process {pid} is not there");
        // SAFETY: the descriptor has just been made.
        Watch(unsafe { OwnedFd::from_raw_fd(i32::try_from(descriptor).unwrap()) })
    }

    /// Whether it is gone, or is within so many milliseconds.
    pub(crate) fn ended_within(&self, milliseconds: i32) -> bool {
        use std::os::fd::AsRawFd;
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry.
        (unsafe { libc::poll(&raw mut poll, 1, milliseconds) }) == 1
    }

    pub(crate) fn ended(&self) {
        use std::os::fd::AsRawFd;
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry. Waits without end: a process that stays is a test that hangs, and is killed as such.
        assert_eq!(unsafe { libc::poll(&raw mut poll, 1, -1) }, 1);
    }
}
