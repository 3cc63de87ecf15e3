//! The way into namespaces: from a process of the host's to one that is alone with what was granted.
//!
//! Three processes take part. The launcher leaves the host's namespaces and ends; its sibling, the first process in the
//! new ones, builds the file tree and stays as their keeper; the keeper's child goes on to become the plugin. All are of
//! the launcher's session and process group, which outlast it: another session would be another group for the kernel's
//! scheduler, and on a busy machine wait for its turn.

use super::init::{Outside, fork_and_guard, go_on_inside};
use super::processor::Processors;
use super::tree::Root;
use super::{confine, kernel, namespaces, passing, privileges};
use crate::error::LaunchError;
use crate::guarantee::{Facts, Tasks};
use crate::spec::{Orders, Word};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// Returns in the process that is to become the plugin, with what was done so far.
pub(super) fn seclude(orders: &Orders, ending: OwnedFd, status: &UnixStream) -> Result<Facts, LaunchError> {
    let tasks = kernel::tasks_of_user();
    let processors = Processors::keep_to_this();
    machine("leaving the host's namespaces", namespaces::leave())?;
    machine("going on in new namespaces", go_on_inside())?;

    let mut outside = machine("reading /proc/self/stat", Outside::new())?;
    let number = machine("tying its life to the host's", outside.die_with(orders.host))?;
    confine::step("reporting to the host", confine::tell(status, &Word::Inside(number)))?;

    machine("naming the host", namespaces::rename_host())?;
    let limited = orders.ceiling.limited_namespaces && namespaces::limit_tasks(orders.limits.tasks);
    let root = machine("mounting a file system", Root::new())?;
    let tree = root.fill(orders).map_err(plugin("preparing the file tree"))?;
    if let Some(kept) = tree.kept {
        let said = serde_json::to_vec(&Word::Scratch).map_err(io::Error::other);
        let handed = said.and_then(|said| passing::send(status, &said, &kept));
        confine::step("handing over the scratch directory", handed)?;
    }
    confine::step("dropping privileges", privileges::drop_all())?;
    // Giving up privileges may have undone it.
    confine::step("tying its life to the host's", outside.die_with(orders.host))?;
    drop(outside);
    confine::step("starting the plugin's process", fork_and_guard(ending))?;
    if let Some(processors) = processors {
        processors.release();
    }

    let tasks = if limited { Tasks::OfNamespace } else { tasks };
    Ok(Facts { secluded: true, exact: tree.exact, tasks, ..Facts::default() })
}

/// What fails here fails for every plugin.
fn machine<T>(stage: &str, result: io::Result<T>) -> Result<T, LaunchError> {
    result.map_err(|source| LaunchError::Denied { stage: stage.to_owned(), source, everybody: true })
}

/// What fails here has to do with what this plugin is granted. What is not there is missed without namespaces, too.
fn plugin(stage: &'static str) -> impl Fn(io::Error) -> LaunchError {
    move |source| match source.kind() {
        io::ErrorKind::NotFound => LaunchError::Step { stage: stage.to_owned(), source },
        _ => LaunchError::Denied { stage: stage.to_owned(), source, everybody: false },
    }
}
