//! Plugins as confined processes: which profile each kind of program gets.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use probity_sandbox::{
    Ceiling, Child, Clock, Entry, Launcher, Level, Limits, Observer, Profile, SpawnError, runtime_libraries,
};
use tempfile::TempDir;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use crate::allowance::Allowance;
use crate::kept::{Keeping, Kept};
use crate::launch::{Launch, Launched, Process};
use crate::package::{PackageKind, PackageProgram};
use crate::programs;
use crate::trace::{Grounds, Trace};
use crate::{CopyError, GitGrant, Interpreter, Node, Places, PluginSpec, Program, Sink, StartError};

/// Starts plugins in the sandbox.
#[derive(Debug)]
pub struct Sandboxed {
    launcher: Launcher,
    places: Arc<Places>,
    limits: Limits,
    surroundings: BTreeMap<String, String>,
    weak: bool,
    /// Starts those that do not demand namespaces, if they are to see more of the machine.
    open: Option<Launcher>,
    /// Whose processes are traced.
    trace: Option<Arc<Trace>>,
}

impl Sandboxed {
    /// Starts the running program anew for built-in plugins; its `main` has to call `probity_sandbox::launched`
    /// first. `cache` is an absolute path of a directory for copies of packages and for plugins' scratch files;
    /// it is made when it is needed.
    ///
    /// # Errors
    /// The running program cannot be opened.
    pub fn new(cache: PathBuf) -> Result<Sandboxed, SpawnError> {
        Sandboxed::in_places(Arc::new(Places::only(cache)))
    }

    /// As [`new`](Self::new), with a folder that stands in for the cache where that cannot be written.
    ///
    /// # Errors
    /// The running program cannot be opened.
    pub fn in_places(places: Arc<Places>) -> Result<Sandboxed, SpawnError> {
        Ok(Sandboxed::with_launcher(Launcher::new()?, places))
    }

    /// As [`new`](Self::new), with a launcher that was made elsewhere.
    pub fn with_launcher(launcher: Launcher, places: Arc<Places>) -> Sandboxed {
        // Deadlines are the host's; a limit on processor time would end a plugin for being asked often.
        let limits = Limits { cpu_seconds: 7 * 24 * 3600, tasks: 512, ..Limits::default() };
        Sandboxed {
            launcher,
            places,
            limits,
            surroundings: BTreeMap::new(),
            weak: false,
            open: None,
            trace: None,
        }
    }

    /// The same, which may start plugins for which a guarantee is missing, if this machine cannot give more. Where it can,
    /// nothing changes.
    #[must_use]
    pub fn allowing_weak(self, allowed: bool) -> Sandboxed {
        let weak = allowed && {
            let survey = self.launcher.survey();
            // Without Landlock it depends on the plugin.
            survey.landlock_abi.is_none() || survey.report.level < Level::Standard
        };
        Sandboxed { launcher: self.launcher.allowing_weak(weak), weak, ..self }
    }

    /// The same, with these environment variables for every plugin in place of those that are the same on each run: to see
    /// whether its answers depend on them.
    #[must_use]
    pub fn surrounded(self, surroundings: BTreeMap<String, String>) -> Sandboxed {
        Sandboxed { surroundings, ..self }
    }

    /// The same, without namespaces for plugins that do not demand them: in these every machine looks the same, and it would
    /// stay hidden whether answers depend on what else there is to be seen. Changes nothing where Landlock is absent.
    ///
    /// # Errors
    /// The running program cannot be opened.
    pub fn in_the_open(self) -> Result<Sandboxed, SpawnError> {
        let closed = Ceiling { namespaces: false, ..Ceiling::default() };
        let launcher = Launcher::new()?.below(closed);
        let open = (launcher.survey().report.level >= Level::Standard).then_some(launcher);
        Ok(Sandboxed { open, ..self })
    }

    /// The same, which writes down what the processes of one plugin try. They may do what they may do otherwise, and are slower.
    #[must_use]
    pub fn tracing(self, trace: Arc<Trace>) -> Sandboxed {
        Sandboxed { trace: Some(trace), ..self }
    }

    /// The same, with these limits on each process.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Sandboxed {
        Sandboxed { limits, ..self }
    }

    fn builtin(&self, name: &str) -> Profile {
        self.profile(Entry::Itself { arguments: vec![name.to_owned()] })
    }

    /// For a process that gets so many bytes of memory.
    fn package(&self, package: &PackageProgram, scratch: &Path, memory: u64) -> Result<Profile, StartError> {
        let copy = self.copied(package)?;
        let entry = copy.join(&package.entry);
        let mut profile = match &package.kind {
            PackageKind::Native => self.native(package, entry)?,
            PackageKind::Python(interpreter) => self.python(interpreter, &entry),
            PackageKind::Node(node) => self.node(node, &entry, memory),
        };
        profile.read.push(copy);
        profile.least = package.least;
        profile.scratch = Some(scratch.to_owned());
        profile.environment.extend(surroundings(scratch));
        Ok(profile)
    }

    fn copied(&self, package: &PackageProgram) -> Result<PathBuf, CopyError> {
        let changed = |error: &CopyError| matches!(error, CopyError::Changed { .. });
        self.places.make_unless(changed, |place| package.copy(place))
    }

    fn native(&self, package: &PackageProgram, path: PathBuf) -> Result<Profile, StartError> {
        let unknown = |source| SpawnError::Libraries { path: path.clone(), source };
        let execute = runtime_libraries(&path).map_err(unknown)?;
        let entry = Entry::Native { path, sha256: package.entry_sha256()?, arguments: Vec::new() };
        Ok(Profile { execute, ..self.profile(entry) })
    }

    /// `-I` would ignore the variable that makes the order of sets the same on each run, and would keep a script
    /// from its own modules. The environment is the host's alone, so what it guards against cannot happen.
    fn python(&self, interpreter: &Interpreter, script: &Path) -> Profile {
        let mut arguments: Vec<String> = ["-s", "-S", "-B", "-u"].map(str::to_owned).into();
        arguments.push(script.to_string_lossy().into_owned());
        let path = interpreter.path.clone();
        let entry = Entry::Interpreter { path, sha256: interpreter.sha256, arguments };
        let environment = [("PYTHONHASHSEED", "0"), ("PYTHONUTF8", "1"), ("OPENSSL_CONF", "/dev/null")];
        Profile {
            read: interpreter.modules.clone(),
            list: vec![interpreter.library.clone()],
            execute: interpreter.execute.clone(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..self.profile(entry)
        }
    }

    fn node(&self, node: &Node, script: &Path, memory: u64) -> Profile {
        let arguments = Node::arguments(script, memory);
        let entry = Entry::Interpreter { path: node.path.clone(), sha256: node.sha256, arguments };
        Profile {
            read: node.read.clone(),
            execute: node.execute.clone(),
            // It ends where it cannot read its settings; those of the machine are none of a plugin's business.
            environment: vec![("OPENSSL_CONF".to_owned(), "/dev/null".to_owned())],
            ..self.profile(entry)
        }
    }

    fn profile(&self, entry: Entry) -> Profile {
        let limits = self.limits.clone();
        let (read, data, list) = (Vec::new(), Vec::new(), Vec::new());
        let (execute, programs) = (Vec::new(), Vec::new());
        let (scratch, keep, environment, least) = (None, false, Vec::new(), Level::None);
        Profile { entry, read, data, list, execute, programs, scratch, keep, environment, limits, least }
    }

    fn traced(
        &self,
        launcher: &Launcher,
        profile: &Profile,
        spec: &PluginSpec,
        git: Option<&GitGrant>,
        observer: Observer,
        trace: &Trace,
    ) -> Result<Child, StartError> {
        let package = match &spec.program {
            Program::Builtin { .. } => None,
            Program::Package(package) => Some(self.copied(package)?),
        };
        let grounds = Grounds::new(spec, profile, git, package);
        Ok(trace.start(launcher, profile, grounds, observer)?)
    }

    /// A directory of its own for one process.
    fn scratch(&self) -> Result<TempDir, StartError> {
        self.places
            .folder("scratch", "process-")
            .map_err(|source| StartError::Resource { what: "a scratch directory", source })
    }
}

/// The same surroundings everywhere.
fn surroundings(scratch: &Path) -> [(String, String); 5] {
    let scratch = scratch.to_string_lossy().into_owned();
    [
        ("HOME".to_owned(), scratch.clone()),
        ("TMPDIR".to_owned(), scratch),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
    ]
}

impl Launch for Sandboxed {
    fn is_weak(&self) -> bool {
        self.weak
    }

    fn launch(
        &self,
        spec: &PluginSpec,
        git: Option<&GitGrant>,
        sink: &Arc<dyn Sink>,
    ) -> Result<Launched, StartError> {
        self.launcher.prepare();
        let allowance = spec.grants.allowance.as_deref();
        let trace = self.trace.as_ref().filter(|trace| trace.is_of(spec));
        let (mut profile, scratch) = match &spec.program {
            Program::Builtin { name } => (self.builtin(name), None),
            Program::Package(package) => {
                let scratch = self.scratch()?;
                let memory = allowance.map_or(self.limits.memory, |allowance| allowance.memory);
                (self.package(package, scratch.path(), memory)?, Some(scratch))
            }
        };
        let kept = match (allowance, &scratch) {
            (Some(allowance), Some(scratch)) => {
                profile.limits = allowance.limits(&profile.limits);
                Kept::of(allowance, &self.places).inspect(|kept| kept.put_into(scratch.path()))
            }
            _ => None,
        };
        profile.keep = kept.is_some();
        for (name, program) in &spec.grants.exec {
            programs::grant(&mut profile, name, program)?;
        }
        let mut environment: BTreeMap<String, String> =
            std::mem::take(&mut profile.environment).into_iter().collect();
        environment.extend(self.surroundings.clone());
        profile.environment = environment.into_iter().collect();
        profile.data.extend(git.into_iter().flat_map(|grant| grant.read.iter().cloned()));
        profile.data.extend(spec.grants.read.values().cloned());
        if spec.grants.runs_beside_target(git) {
            profile.least = Level::Full;
        }
        let open = self.open.as_ref().filter(|_| profile.least < Level::Full);
        let launcher = open.unwrap_or(&self.launcher);
        let child = match trace {
            Some(trace) => self.traced(launcher, &profile, spec, git, observer(spec, sink), trace)?,
            None => launcher.spawn_observed(&profile, observer(spec, sink))?,
        };
        // What a traced process leaves is lost.
        let keeping = Keeping::new(kept.filter(|_| trace.is_none()), sink, &spec.instance);
        launched(child, scratch, spec.grants.allowance.clone(), keeping)
            .map_err(|source| StartError::Resource { what: "a pipe to the plugin", source })
    }
}

/// Passes on what a process of the plugin is denied.
fn observer(spec: &PluginSpec, sink: &Arc<dyn Sink>) -> Observer {
    let (plugin, sink) = (Arc::clone(&spec.instance), Arc::clone(sink));
    Arc::new(move |violation| sink.denied(&plugin, &violation.to_string()))
}

fn launched(
    mut child: Child,
    scratch: Option<TempDir>,
    allowance: Option<Arc<Allowance>>,
    keeping: Keeping,
) -> io::Result<Launched> {
    let taken = |end: Option<OwnedFd>| end.ok_or_else(|| io::Error::other("a pipe of the child is gone"));
    let stdin = pipe::Sender::from_owned_fd(taken(child.stdin.take())?)?;
    let stdout = pipe::Receiver::from_owned_fd(taken(child.stdout.take())?)?;
    let stderr = pipe::Receiver::from_owned_fd(taken(child.stderr.take())?)?;
    let report = Some(child.report().clone());
    let clock = child.clock().ok();
    let (child, idle, scratch) = (Arc::new(Mutex::new(child)), Arc::default(), scratch.map(Arc::new));
    let process = Confined { child, clock, allowance, keeping, idle, scratch };
    Ok(Launched {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        process: Box::new(process),
        report,
    })
}

/// A child and the directory that goes with it.
struct Confined {
    child: Arc<Mutex<Child>>,
    clock: Option<Clock>,
    allowance: Option<Arc<Allowance>>,
    keeping: Keeping,
    /// Whether the host kills it while nothing is open in it.
    idle: Arc<AtomicBool>,
    scratch: Option<Arc<TempDir>>,
}

impl Process for Confined {
    fn terminate(&self) {
        // Fails only for a process that is gone.
        let _ = self.child.lock().terminate();
    }

    fn kill(&self) {
        // Fails only for a process that is gone.
        let _ = self.child.lock().kill();
    }

    fn end_idle(&self) {
        self.idle.store(true, Ordering::Release);
        self.kill();
    }

    fn used(&self) -> Option<Duration> {
        // Without the child, which others may hold for as long as this takes.
        self.clock.as_ref()?.processor_time().ok()
    }

    fn ended(&self) -> Pin<Box<dyn Future<Output = String> + Send>> {
        let (child, allowance, keeping) =
            (Arc::clone(&self.child), self.allowance.clone(), self.keeping.clone());
        let (idle, scratch) = (Arc::clone(&self.idle), self.scratch.clone());
        Box::pin(async move {
            loop {
                let waited = child.lock().try_wait();
                match waited {
                    Ok(Some(status)) => {
                        let overrun = child.lock().overrun().zip(allowance.as_deref());
                        if overrun.is_none() && is_orderly(status, idle.load(Ordering::Acquire)) {
                            // Not waited for: how it ended does not depend on the speed of a disk.
                            keeping.begin(&child.lock(), scratch);
                        }
                        let why = |(overrun, allowance): (_, &Allowance)| {
                            format!("killed by the host: {}", allowance.exceeded(overrun))
                        };
                        return overrun.map_or_else(|| status.to_string(), why);
                    }
                    Ok(None) => changed(&child).await,
                    Err(error) => return format!("its end could not be seen: {error}"),
                }
            }
        })
    }

    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let keeping = self.keeping.clone();
        Box::pin(async move { keeping.finished().await })
    }
}

/// Whether it ended as it should, or was ended by the host while it had nothing to do. Whoever is killed in the middle of something
/// may leave half of it.
fn is_orderly(status: ExitStatus, idle: bool) -> bool {
    status.success() || idle && status.signal() == Some(libc::SIGKILL)
}

/// Waits until the process has ended, or for a moment if the system cannot tell.
async fn changed(child: &Mutex<Child>) {
    let descriptor = child.lock().pidfd().try_clone_to_owned();
    match descriptor.and_then(watched) {
        Ok(descriptor) => drop(descriptor.readable().await),
        Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
    }
}

#[allow(unsafe_code)]
fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned by what registers it, which gives it to nobody and closes it last.
    unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ended_in_order_is_kept() {
        let ended = |raw, idle| is_orderly(ExitStatus::from_raw(raw), idle);
        assert!(ended(0, false) && ended(0, true) && ended(libc::SIGKILL, true));
        for raw in [1 << 8, libc::SIGKILL, libc::SIGTERM, libc::SIGSEGV] {
            assert!(!ended(raw, false), "{raw}");
        }
        assert!(!ended(libc::SIGSEGV, true));
    }
}
