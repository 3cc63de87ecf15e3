//! The launcher: a copy of the template (`template.rs`) that is to become a plugin. It gives up everything, in an order that
//! matters, proves it to the host, and only then runs the plugin.
//!
//! It is a copy of a process with one thread, so unlike a forked copy of the host it may allocate and take its time.

use super::seclude::seclude;
use super::{
    descriptors, init, kernel, landlock, limits, passing, privileges, probe, process, seccomp, supervisor,
    template,
};
use crate::error::LaunchError;
use crate::guarantee::{Facts, Level, Report};
use crate::profile::{Confined, Limits};
use crate::spec::{ARGUMENT, Denial, ENDING, ENTRY, GO, Kind, ORDERS, Orders, STATUS, Word};
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::ptr;

/// To be called first thing in `main`, before any thread is started or file opened.
///
/// Returns `None` in an ordinary start. In a process that a [`crate::Launcher`] has started, either returns the proof of
/// confinement ([`crate::Entry::Itself`]: `main` then runs the plugin), or replaces the process by the plugin.
///
/// # Errors
///
/// The process must end without doing anything else; the host knows the reason already.
pub fn launched() -> Result<Option<Confined>, LaunchError> {
    if std::env::args_os().nth(1).is_none_or(|argument| argument != ARGUMENT) {
        return Ok(None);
    }
    template::serve()?;
    let (orders, status) = inherited()?;
    let launched = launch(orders, &status);
    if let Err(error) = &launched {
        // The host may be gone, in which case there is nobody to tell.
        let _ = tell(&status, &last_word(error));
    }
    launched.map(Some)
}

/// The host's orders, and the socket for the answer.
fn inherited() -> Result<(File, UnixStream), LaunchError> {
    let orders = descriptors::inherited(ORDERS).map_err(|_| LaunchError::NotStartedByHost)?;
    if !descriptors::is_sealed(&orders) {
        return Err(LaunchError::NotStartedByHost);
    }
    let status = descriptors::inherited(STATUS).map_err(|_| LaunchError::NotStartedByHost)?;
    Ok((File::from(orders), UnixStream::from(status)))
}

fn launch(mut orders: File, status: &UnixStream) -> Result<Confined, LaunchError> {
    let mut bytes = Vec::new();
    step("reading the orders", orders.read_to_end(&mut bytes))?;
    let orders: Orders =
        serde_json::from_slice(&bytes).map_err(|error| LaunchError::Orders(error.to_string()))?;
    let ending = step("taking the pipe for its end", descriptors::inherited(ENDING))?;
    let entry = match orders.entry {
        Kind::Itself | Kind::Nothing => None,
        _ => Some(step("taking the program", descriptors::inherited(ENTRY))?),
    };
    step("leaving the session", process::lead_session())?;
    step("tying its life to the host's", process::die_with(orders.host))?;
    let own = step("opening the running program", probe::Program::own(&orders))?;
    process::private_files();
    let grouped = orders.group.as_ref().is_some_and(|entrance| std::fs::write(entrance, "0").is_ok());
    let (facts, parent) = match orders.ceiling.namespaces {
        true => (seclude(&orders, ending, status)?, init::NUMBER),
        false => stay(&orders, ending)?,
    };
    confine(&orders, Facts { grouped, ..facts }, parent, (entry.as_ref(), own), status)?;
    if orders.waits {
        step("waiting for the program to be checked", allowed(status))?;
    }
    match entry {
        None if orders.entry == Kind::Nothing => std::process::exit(0),
        None => itself(orders),
        Some(entry) => Err(execute(&entry, orders)),
    }
}

/// Goes on without namespaces. Returns in the process that is to become the plugin, with what was done so far and the
/// number of its parent.
fn stay(orders: &Orders, ending: OwnedFd) -> Result<(Facts, u32), LaunchError> {
    let facts = Facts { tasks: kernel::tasks_of_user(), ..Facts::default() };
    if !orders.starts_processes() {
        return Ok((facts, orders.host));
    }
    let supervised = supervisor::fork_and_supervise(orders.host, ending);
    let parent = step("starting the plugin's process", supervised)?;
    Ok((Facts { supervised: true, ..facts }, parent))
}

/// The order matters: what needs files or privileges comes before they are given up, the parent-death signal after the
/// change of credentials that would clear it, the filter last.
fn confine(
    orders: &Orders,
    mut facts: Facts,
    parent: u32,
    (entry, own): (Option<&OwnedFd>, Option<probe::Program>),
    status: &UnixStream,
) -> Result<(), LaunchError> {
    let abi = kernel::landlock_abi().min(orders.ceiling.landlock_abi);
    let filtered = orders.ceiling.seccomp && kernel::seccomp_offered();
    facts.processes = orders.starts_processes();

    // Before this process opens anything, which could get that number.
    let (last, files) = step("making a descriptor out of reach", last_report(orders, status))?;
    let directory = orders.scratch.as_ref().map_or(Path::new("/"), Path::new);
    step(format!("entering {}", directory.display()), std::env::set_current_dir(directory))?;
    let rules = step("preparing Landlock", landlock::rules(orders, abi, entry))?;
    let limits = Limits { files, ..orders.limits.clone() };
    step("limiting resources", limits::apply(&limits, facts.secluded))?;
    facts.limits = true;
    facts.unprivileged = step("dropping privileges", privileges::drop_all())?;
    facts.landlock_abi = step("enforcing Landlock", rules.map_or(Ok(0), landlock::Rules::enforce))?;
    if let Some(own) = own.filter(|_| facts.landlock_abi > 0) {
        step("testing the confinement", own.try_to_execute())?;
    }
    step("tying its life to its parent's", process::die_with(parent))?;
    facts.parent_death = true;
    let closed = match entry {
        Some(_) => descriptors::close_on_exec_from(ORDERS),
        // But for that one, which comes after all others.
        None => descriptors::close_between(ENDING, last.as_raw_fd()),
    };
    step("closing descriptors", closed)?;
    facts.detached = true;
    if filtered {
        let heard = orders.heard && orders.ceiling.listener && kernel::listeners_offered();
        let circumstances = seccomp::Circumstances {
            own_pid: std::process::id(),
            landlock_abi: facts.landlock_abi,
            traced: orders.traced,
            processes: facts.processes,
            alone: facts.secluded,
            counted: heard && !facts.grouped && !facts.tasks.are_bounded_alone(facts.secluded),
            reports: last.as_raw_fd().cast_unsigned(),
        };
        let listener = step("filtering system calls", seccomp::install(circumstances, heard))?;
        facts.seccomp = true;
        if let Some(listener) = listener {
            let counted = circumstances.counted;
            let word = Word::Filtered { landlock_abi: facts.landlock_abi, counted };
            step("handing over the filter's listener", hand_over(listener, &word, last))?;
            (facts.heard, facts.counted) = (true, counted);
        }
    }
    if facts.secluded {
        facts.seclusion = probe::seclusion(orders);
    }
    prove(orders, facts, status)
}

/// Waits until the host has seen that the program is the right one. It closes the socket, or ends this process, if not.
fn allowed(mut status: &UnixStream) -> io::Result<()> {
    let mut word = [0; 8];
    let count = status.read(&mut word)?;
    if &word[..count] == GO { Ok(()) } else { Err(io::Error::other("the host did not allow it")) }
}

/// Another descriptor of the status socket, with a number that none can have under the limit, and that limit. The filter lets messages
/// with descriptors pass there alone: what lies in them is in no list of what a process holds.
fn last_report(orders: &Orders, status: &UnixStream) -> io::Result<(UnixStream, u64)> {
    let (number, files) = limits::out_of_reach(orders.limits.files)?;
    let number = i32::try_from(number).map_err(io::Error::other)?;
    Ok((UnixStream::from(descriptors::duplicate_at(status, number)?), files))
}

/// Gives the filter's listener to the host, and keeps nothing of it: the plugin could answer itself.
fn hand_over(listener: OwnedFd, word: &Word, status: UnixStream) -> io::Result<()> {
    passing::send(&status, &serde_json::to_vec(word)?, &listener)
}

/// Goes on only if every guarantee that is demanded holds.
fn prove(orders: &Orders, facts: Facts, status: &UnixStream) -> Result<(), LaunchError> {
    let report = Report::new(&facts);
    if report.level < orders.least {
        return Err(LaunchError::Weak { missing: report.missing_for(orders.least) });
    }
    if report.level > Level::None {
        step("testing the confinement", probe::everything_is_refused(&facts))?;
    }
    step("reporting to the host", tell(status, &Word::Confined(facts)))
}

fn itself(orders: Orders) -> Result<Confined, LaunchError> {
    for (name, value) in &orders.environment {
        process::set_variable(name, value);
    }
    let arguments = orders.arguments.into_iter().map(OsString::into_string).collect::<Result<Vec<_>, _>>();
    let arguments =
        arguments.map_err(|argument| LaunchError::Orders(format!("{argument:?} is not UTF-8")))?;
    Ok(Confined { arguments })
}

fn strings(strings: impl IntoIterator<Item = OsString>) -> io::Result<Vec<CString>> {
    strings.into_iter().map(|string| CString::new(string.into_vec()).map_err(io::Error::other)).collect()
}

/// Replaces this process by the program; returns only if that fails.
fn execute(program: &OwnedFd, orders: Orders) -> LaunchError {
    let variables =
        orders.environment.into_iter().map(|(name, value)| OsString::from(format!("{name}={value}")));
    let executed = strings(orders.arguments)
        .and_then(|arguments| Ok((arguments, strings(variables)?)))
        .map_or_else(|error| error, |(arguments, environment)| execveat(program, &arguments, &environment));
    LaunchError::Step { stage: "executing the program".to_owned(), source: executed }
}

fn execveat(program: &OwnedFd, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
    };
    let (argv, envp) = (pointers(arguments), pointers(environment));
    let (program, itself) = (program.as_raw_fd(), c"".as_ptr());
    process::default_sigpipe();
    // SAFETY: the arrays end with a null pointer, and all strings live until the call returns, which is on failure only.
    unsafe {
        libc::syscall(libc::SYS_execveat, program, itself, argv.as_ptr(), envp.as_ptr(), libc::AT_EMPTY_PATH)
    };
    io::Error::last_os_error()
}

pub(super) fn step<T>(stage: impl Into<String>, result: io::Result<T>) -> Result<T, LaunchError> {
    result.map_err(|source| LaunchError::Step { stage: stage.into(), source })
}

fn last_word(error: &LaunchError) -> Word {
    match error {
        LaunchError::Weak { missing } => Word::Weak(missing.clone()),
        LaunchError::Step { stage, source } => {
            Word::Failed { stage: stage.clone(), reason: source.to_string() }
        }
        LaunchError::Denied { stage, source, everybody } => {
            let reason = source.to_string();
            Word::Denied(Denial { stage: stage.clone(), reason, everybody: *everybody })
        }
        other => Word::Failed { stage: "reading the orders".to_owned(), reason: other.to_string() },
    }
}

pub(super) fn tell(mut status: &UnixStream, word: &Word) -> io::Result<()> {
    let bytes = serde_json::to_vec(word)?;
    status.write_all(&bytes)
}
