//! Why a plugin is not running, and how that is told to the engine.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use probity_engine::{Failure, FailureKind};
use probity_protocol::Fault;
use probity_sandbox::{Level, SpawnError};

use crate::package::CopyError;
use crate::{PluginSpec, Program};

/// Why a plugin's process could not be started, or was not taken as the plugin that it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The threads that read and write could not be started.
    #[error("cannot start the threads that talk to plugins")]
    Runtime(#[source] io::Error),
    /// The sandbox refused, or the program is not the expected one.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The package's files could not be put where the plugin reads them.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A directory for the plugin's files, or a pipe to it, could not be made.
    #[error("cannot make {what}")]
    Resource {
        /// What was to be made.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process ended, or its connection did, before the plugin was ready.
    #[error("{fault} while the host waited for the answer to {step}")]
    Ended {
        /// The method that was being called.
        step: &'static str,
        /// The process's certificate.
        fault: Arc<Fault>,
    },
    /// No answer in time.
    #[error("no answer to {step}, {} ms after the start", limit.as_millis())]
    TimedOut {
        /// The method that was being called.
        step: &'static str,
        /// How long the start may take.
        limit: Duration,
    },
    /// What it answered is not acceptable.
    #[error("its answer to {step} is not acceptable: {reason}")]
    Unacceptable {
        /// The method that was called.
        step: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The target's objects cannot be offered to it.
    #[error("{}", .0.message)]
    Target(Failure),
    /// The start was given up since nobody wants the answer any more.
    #[error("the start was given up")]
    Unwanted,
}

impl StartError {
    /// Whether another start may go better: only a crash may.
    pub(crate) fn is_crash(&self) -> bool {
        matches!(self, StartError::Ended { fault, .. } if is_crash(fault))
    }

    fn kind(&self) -> FailureKind {
        match self {
            StartError::Ended { fault, .. } => kind(fault),
            StartError::TimedOut { .. } => FailureKind::TimedOut,
            StartError::Unacceptable { .. } => FailureKind::Protocol,
            StartError::Unwanted => FailureKind::Cancelled,
            StartError::Target(failure) => failure.kind,
            StartError::Spawn(_) => FailureKind::Denied,
            StartError::Runtime(_) | StartError::Copy(_) | StartError::Resource { .. } => {
                FailureKind::Crashed
            }
        }
    }

    /// What the engine is told: what is the same each time that this happens, wherever it happens.
    pub(crate) fn failure(&self, spec: &PluginSpec) -> Failure {
        let plugin = &spec.instance;
        let reason = match self {
            StartError::Spawn(SpawnError::Weak { missing, .. }) => {
                format!(
                    ": the sandbox of this machine cannot guarantee {}{}",
                    missing.join(", "),
                    demanded(spec, missing)
                )
            }
            StartError::Ended { step, fault } => {
                format!(": {} while the host waited for the answer to {step}", lasting(fault))
            }
            StartError::TimedOut { .. } | StartError::Unacceptable { .. } | StartError::Unwanted => {
                format!(": {self}")
            }
            StartError::Target(failure) => format!(": {}", failure.message),
            // These name paths of this machine.
            StartError::Spawn(_)
            | StartError::Copy(_)
            | StartError::Runtime(_)
            | StartError::Resource { .. } => String::new(),
        };
        Failure::new(self.kind(), format!("plugin {plugin} could not be started{reason}"))
    }

    /// What a person is told beside that, where there is more to tell and the process's certificate did not tell it.
    pub(crate) fn certificate(&self) -> Option<String> {
        match self {
            StartError::Ended { .. } | StartError::Unwanted => None,
            other => Some(format!("could not be started: {}", with_sources(other))),
        }
    }
}

/// Who demands what is missing, where that is the plugin and not every check.
fn demanded(spec: &PluginSpec, missing: &[String]) -> String {
    let both = !spec.grants.exec.is_empty() && !spec.grants.read.is_empty();
    match &spec.program {
        // No more than that would be missing for the level that every check demands.
        _ if both && missing.iter().any(|name| name.starts_with("hidden ")) => {
            "; it is granted both exec and read of the target, whose files programs could be made to \
             run; namespaces would keep them from that, and so would taking back one of both"
                .to_owned()
        }
        Program::Package(package) if package.least > Level::Standard => {
            let level = package.least;
            format!(
                "; its plugin.kdl demands that (sandbox min-level=\"{level}\"), and namespaces would provide it"
            )
        }
        _ => String::new(),
    }
}

/// What the engine is told about a call whose process ended.
pub(crate) fn ended(plugin: &str, fault: &Fault) -> Failure {
    Failure::new(kind(fault), format!("plugin {plugin}: {}", lasting(fault)))
}

/// What of an end is the same each time: the status, and what broke the protocol. Last words may name processes and
/// paths, and which pipe a dying process closed first is a matter of chance.
fn lasting(fault: &Fault) -> String {
    match fault {
        Fault::Ended { status, cause, .. } if is_crash(cause) => format!("the process ended ({status})"),
        Fault::Ended { status, cause, .. } => format!("the process ended ({status}; {cause})"),
        other => other.to_string(),
    }
}

/// Whether the process ended by itself, in contrast to one that broke the protocol and was killed for it.
pub(crate) fn is_crash(fault: &Fault) -> bool {
    match fault {
        Fault::Ended { cause, .. } => is_crash(cause),
        Fault::Eof | Fault::PartialMessage { .. } | Fault::Read(_) | Fault::Write(_) => true,
        _ => false,
    }
}

fn kind(fault: &Fault) -> FailureKind {
    match fault {
        Fault::Ended { cause, .. } => kind(cause),
        Fault::Closed => FailureKind::Cancelled,
        fault if is_crash(fault) => FailureKind::Crashed,
        _ => FailureKind::Protocol,
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
