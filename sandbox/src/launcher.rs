//! The host's side of a start: pipes, orders, and the launcher's process. What that says is heard in `hearing.rs`.

mod hearing;
mod starter;

use crate::attempt::Attempts;
use crate::cgroup::Groups;
use crate::checked::Checked;
use crate::child::{Child, Pipes};
use crate::entry::Prepared;
use crate::error::SpawnError;
use crate::guarantee::{Ceiling, Level};
use crate::linux::descriptors::{duplicate_above, sealed, status_pair};
use crate::linux::kernel;
use crate::linux::template::Copy;
use crate::profile::{Entry, Limits, Profile};
use crate::spec::{Denial, GO, Orders};
use crate::survey::{Survey, told};
use crate::violation::Observer;
use hearing::{Hearers, listen};
pub(crate) use starter::Starter;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Starts children. Owns a thread that does nothing else, since the kernel ends a child together with the very thread
/// that has started it. The thread lives as long as the launcher or any of its children.
#[derive(Debug)]
pub struct Launcher {
    starter: Starter,
    ceiling: Ceiling,
    least: Level,
    /// Why this machine denies namespaces, once that is known.
    denied: OnceLock<String>,
    /// Where control groups can be made for children, or why not; looked for when the first child is started.
    groups: OnceLock<Result<Arc<Groups>, String>>,
    /// Programs that need not be checked again.
    checked: Checked,
}

impl Launcher {
    /// A launcher that starts the running program anew, whose `main` has to call [`crate::launched`] first.
    ///
    /// To be made early: the program is opened here, and is the same from then on, whatever happens to its file.
    ///
    /// # Errors
    ///
    /// [`SpawnError::Program`] if it cannot be opened, e.g. since `/proc` is not mounted, or no thread can be started.
    pub fn new() -> Result<Launcher, SpawnError> {
        // The descriptor gives a thing to execute; nothing is read from it.
        let path = Path::new("/proc/self/exe");
        let program = File::open(path).map_err(SpawnError::Program)?;
        Launcher::with_program(program.into())
    }

    /// A launcher that starts another program whose `main` calls [`crate::launched`] first: for tests, whose own
    /// `main` belongs to the test harness.
    ///
    /// # Errors
    ///
    /// [`SpawnError::Program`] if no thread can be started.
    pub fn with_program(program: OwnedFd) -> Result<Launcher, SpawnError> {
        // Out of the way of the numbers that a child expects at fixed places.
        let program = duplicate_above(&program, 10).map_err(SpawnError::Program)?;
        let starter = Starter::new(program).map_err(SpawnError::Program)?;
        Ok(Launcher {
            starter,
            ceiling: Ceiling::default(),
            least: Level::Standard,
            denied: OnceLock::new(),
            groups: OnceLock::new(),
            checked: Checked::default(),
        })
    }

    /// The same launcher, taking the kernel to offer no more than this.
    #[must_use]
    pub fn below(self, ceiling: Ceiling) -> Launcher {
        Launcher { ceiling, denied: OnceLock::new(), ..self }
    }

    /// The same launcher, which starts children at the level *weak* too: where a guarantee is missing that a plugin ought
    /// to be under. Without a filter of system calls, or without anything that decides on files, it still starts nothing.
    #[must_use]
    pub fn allowing_weak(self, allowed: bool) -> Launcher {
        Launcher { least: if allowed { Level::Weak } else { Level::Standard }, ..self }
    }

    /// The same launcher, with control groups in this folder, which this process is in and which was delegated to it: to try
    /// that where the machine has none.
    #[must_use]
    pub fn grouping_in(self, folder: &Path) -> Launcher {
        Launcher { groups: OnceLock::from(Groups::within(folder).map(Arc::new)), ..self }
    }

    /// Where control groups are made for children, or why there are none.
    fn groups(&self) -> &Result<Arc<Groups>, String> {
        self.groups.get_or_init(|| Groups::find().map(Arc::new))
    }

    /// Begins with what the first start needs and others share, while the caller gets ready for it. Returns at once; what fails,
    /// fails again at the start.
    pub fn prepare(&self) {
        // While there is no other process, which could be in the way.
        let _ = self.groups();
        self.starter.prepare();
    }

    /// Starts one child, and returns once it is confined. Blocks for a few milliseconds.
    ///
    /// # Errors
    ///
    /// In every case none of the plugin's code has run, and no process is left. In particular [`SpawnError::Digest`] if
    /// the bytes are not the expected ones, and [`SpawnError::Weak`] if a guarantee does not hold that is demanded.
    pub fn spawn(&self, profile: &Profile) -> Result<Child, SpawnError> {
        self.spawn_heard(profile, &Hearers::default())
    }

    /// As [`spawn`](Self::spawn), and `observer` hears of the system calls that are denied to the child, where the kernel
    /// can tell (see [`Child::report`]). The child notices no difference, whatever the observer does. What there is to
    /// tell has been told once the child is dropped.
    ///
    /// # Errors
    ///
    /// As for [`spawn`](Self::spawn).
    pub fn spawn_observed(&self, profile: &Profile, observer: Observer) -> Result<Child, SpawnError> {
        self.spawn_heard(profile, &Hearers { observer: Some(observer), attempts: None })
    }

    /// As [`spawn_observed`](Self::spawn_observed), and the paths that the child names are written down in `attempts`, where the
    /// kernel can tell. The child may do what it may do otherwise, and is slower.
    ///
    /// # Errors
    ///
    /// As for [`spawn`](Self::spawn).
    pub fn spawn_traced(
        &self,
        profile: &Profile,
        observer: Observer,
        attempts: Arc<Attempts>,
    ) -> Result<Child, SpawnError> {
        self.spawn_heard(profile, &Hearers { observer: Some(observer), attempts: Some(attempts) })
    }

    fn spawn_heard(&self, profile: &Profile, hearers: &Hearers) -> Result<Child, SpawnError> {
        let mut prepared = Prepared::new(&profile.entry, &self.checked)?;
        let denied = match self.denied() {
            Some(denied) => denied,
            None => match self.attempt(profile, &mut prepared, hearers, true) {
                Err(Refusal::Denied(denial)) => self.note(denial),
                other => return other.map_err(|refusal| refusal.error(None)),
            },
        };
        match self.attempt(profile, &mut prepared, hearers, false) {
            Ok(mut child) => {
                child.report_denial(denied);
                Ok(child)
            }
            Err(refusal) => Err(refusal.error(Some(denied))),
        }
    }

    /// Starts a child that does nothing, to see what it gets: with a scratch directory, and nothing else granted.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let scratch = std::env::temp_dir();
        let profile = Profile {
            entry: Entry::Nothing,
            read: Vec::new(),
            data: Vec::new(),
            list: Vec::new(),
            execute: Vec::new(),
            programs: Vec::new(),
            // It writes nothing there.
            scratch: scratch.is_absolute().then_some(scratch),
            keep: false,
            environment: Vec::new(),
            limits: Limits::default(),
            least: Level::None,
        };
        let survey = match self.spawn_observed(&profile, Arc::new(drop)) {
            Ok(child) => Survey::of(self.ceiling, child.report().clone()),
            Err(error) => Survey::without(self.ceiling, told(&error)),
        };
        let groups = self.groups().as_ref().map(|groups| groups.folder().to_owned());
        Survey { groups: groups.map_err(Clone::clone), ..survey }
    }

    /// What a profile's plugin has to reach. Nothing of a plugin runs in a survey.
    fn least(&self, profile: &Profile) -> Level {
        match profile.entry {
            Entry::Nothing => Level::None,
            _ => self.least.max(profile.least),
        }
    }

    /// Why namespaces are not to be tried.
    fn denied(&self) -> Option<String> {
        let unwanted = || (!self.ceiling.namespaces).then(|| "they are not to be used".to_owned());
        self.denied.get().cloned().or_else(unwanted)
    }

    /// Keeps in mind what will not change, and puts it into words.
    fn note(&self, denial: Denial) -> String {
        let denied = format!("{}: {}{}", denial.stage, denial.reason, kernel::why_denied());
        if denial.everybody { self.denied.get_or_init(|| denied).clone() } else { denied }
    }

    fn attempt(
        &self,
        profile: &Profile,
        prepared: &mut Prepared,
        hearers: &Hearers,
        namespaces: bool,
    ) -> Result<Child, Refusal> {
        // What a group adds is not needed for any level: without one the child is started all the same.
        let groups = self.groups().as_ref().ok();
        let group = groups.and_then(|groups| Some((Arc::clone(groups), groups.group(&profile.limits).ok()?)));
        let orders = orders(
            profile,
            group.as_ref().map(|(_, group)| group.entrance()),
            prepared,
            self.least(profile),
            hearers,
            Ceiling { namespaces, ..self.ceiling },
        )?;
        let (pipes, theirs) = Pipes::new().map_err(making("pipes"))?;
        let (status, their_status) = status_pair().map_err(making("a status socket"))?;
        let (ending, their_ending) = io::pipe().map_err(making("a pipe"))?;
        let mut descriptors = Vec::from(theirs);
        descriptors.extend([orders, their_status, their_ending.into()]);
        descriptors.extend(prepared.entry().map_err(making("a descriptor of the program"))?);

        let (copy, family) = (Copy { name: name(profile), descriptors }, !profile.programs.is_empty());
        let traced = hearers.attempts.is_some();
        let start = || {
            let pid = self.starter.start(copy)?;
            let mut child = Child::new(pid, pipes, ending, family, self.starter.clone())?;
            child.grouped(group);
            // What takes a moment is done while the launcher gets ready.
            let expected = hearers.expect_listener(profile, &mut child);
            let report = listen(&status, &mut child, profile, self.least(profile), traced);
            // Only now all its processes are known, and go with the child.
            expected.map_err(making("a thread"))?;
            Ok::<_, Refusal>((child, report))
        };
        let (checked, started) = match prepared.is_unchecked() {
            true => self.check(prepared, &status, start),
            false => (Ok(()), start()),
        };
        let (mut child, report) = started?;
        checked?;
        child.set_report(report?);
        child.guard(profile).map_err(making("a thread"))?;
        Ok(child)
    }

    /// Checks what the launcher is to execute, and lets it go on or tells it to end, while somebody starts it and listens to it.
    fn check<T>(
        &self,
        prepared: &mut Prepared,
        mut status: &UnixStream,
        start: impl FnOnce() -> T,
    ) -> (Result<(), SpawnError>, T) {
        // Both fail if it has ended, of which it has told why.
        let refuse = || drop(status.shutdown(Shutdown::Write));
        let checking = || {
            let checked = prepared.check(&self.checked);
            match checked {
                Ok(()) => drop(status.write_all(GO)),
                Err(_) => refuse(),
            }
            checked
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("sandbox-check".to_owned());
            match thread.spawn_scoped(scope, checking) {
                Ok(thread) => {
                    let started = start();
                    (thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), started)
                }
                Err(error) => {
                    refuse();
                    (Err(making("a thread")(error)), start())
                }
            }
        })
    }
}

/// Why an attempt came to nothing.
enum Refusal {
    /// It might succeed without namespaces.
    Denied(Denial),
    Other(SpawnError),
}

impl From<SpawnError> for Refusal {
    fn from(error: SpawnError) -> Self {
        Refusal::Other(error)
    }
}

impl Refusal {
    fn error(self, why_no_namespaces: Option<String>) -> SpawnError {
        match self {
            Refusal::Other(SpawnError::Weak { missing, .. }) => {
                SpawnError::Weak { missing, denied: why_no_namespaces }
            }
            Refusal::Other(error) => error,
            // It was not even asked for them.
            Refusal::Denied(Denial { stage, reason, .. }) => SpawnError::Launcher { stage, reason },
        }
    }
}

fn making(what: &'static str) -> impl Fn(io::Error) -> SpawnError {
    move |source| SpawnError::Resource { what, source }
}

/// What the launcher's process is called, for whoever lists processes; what it executes has a name of its own.
fn name(profile: &Profile) -> String {
    match &profile.entry {
        Entry::Itself { arguments } => arguments.first().filter(|name| !name.is_empty()).cloned(),
        Entry::Nothing | Entry::Native { .. } | Entry::Interpreter { .. } => None,
    }
    .unwrap_or_else(|| "sandbox".to_owned())
}

/// The orders, in a memory file that is at its beginning.
fn orders(
    profile: &Profile,
    group: Option<PathBuf>,
    prepared: &Prepared,
    least: Level,
    hearers: &Hearers,
    ceiling: Ceiling,
) -> Result<OwnedFd, SpawnError> {
    let (entry, arguments) = (prepared.kind, prepared.arguments.clone());
    check(profile, &arguments)?;
    let paths = |paths: &[PathBuf]| paths.iter().map(|path| path.clone().into_os_string()).collect();
    let orders = Orders {
        host: std::process::id(),
        entry,
        arguments,
        environment: profile.environment.clone(),
        read: paths(&profile.read),
        data: paths(&profile.data),
        list: paths(&profile.list),
        execute: paths(&profile.execute),
        programs: paths(&profile.programs),
        scratch: profile.scratch.clone().map(PathBuf::into_os_string),
        keep: profile.keep,
        group: group.map(PathBuf::into_os_string),
        limits: profile.limits.clone(),
        least,
        heard: hearers.observer.is_some(),
        traced: hearers.attempts.is_some(),
        waits: prepared.is_unchecked(),
        ceiling,
    };
    let bytes = serde_json::to_vec(&orders).map_err(|error| SpawnError::Profile(error.to_string()))?;
    Ok(sealed(&mut bytes.as_slice()).map_err(making("a memory file"))?.into())
}

fn check(profile: &Profile, arguments: &[OsString]) -> Result<(), SpawnError> {
    let refuse = |what: String| Err(SpawnError::Profile(what));
    if arguments.iter().any(|argument| argument.as_bytes().contains(&0)) {
        return refuse("an argument contains a NUL".to_owned());
    }
    let executed = profile.execute.iter().chain(&profile.programs);
    let read = profile.read.iter().chain(&profile.data);
    for path in read.chain(&profile.list).chain(executed).chain(&profile.scratch) {
        if !path.is_absolute() || path.as_os_str().as_bytes().contains(&0) {
            return refuse(format!("{} is not an absolute path", path.display()));
        }
    }
    for (name, value) in &profile.environment {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return refuse(format!("{name:?} is not a variable of the environment"));
        }
    }
    Ok(())
}
