//! Starts one child process under limits, and says which limits hold.
//!
//! A plugin is never trusted: it is started by a *launcher*, which is this very program started anew with a hidden
//! argument. The launcher confines itself with Landlock, seccomp and resource limits, proves it to the host, and only
//! then becomes the plugin. Whatever cannot be guaranteed is refused, never silently left out.
//!
//! Start reading at [`Launcher::spawn`] for the host's side, at [`launched`] for the child's side, and at
//! `guarantee.rs` for what is promised. This crate knows neither the protocol nor the engine.

mod attempt;
mod error;
mod guarantee;
mod identity;
mod profile;
mod runtime;
mod survey;
mod violation;

#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
mod checked;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod entry;
#[cfg(target_os = "linux")]
mod granted;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod spec;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(not(target_os = "linux"))]
mod elsewhere;

pub use attempt::{Attempt, Attempted, Attempts, Manner, Outcome};
pub use error::{LaunchError, SpawnError};
pub use guarantee::{Ceiling, Guarantee, Level, Report};
pub use identity::Identity;
pub use profile::{Confined, Entry, Limits, Profile};
pub use runtime::{StartedProgram, libraries_below, runtime_libraries, started_program};
pub use survey::{Survey, survey};
pub use violation::{Observer, Violation};

#[cfg(target_os = "linux")]
use linux::kernel;
#[cfg(target_os = "linux")]
pub use {
    child::{Child, Clock},
    guard::Overrun,
    kept::{KeepError, copy_folder, open_folder},
    launcher::Launcher,
    linux::launched,
    linux::share_one_heap,
};

#[cfg(not(target_os = "linux"))]
use elsewhere::kernel;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{
    Child, Clock, KeepError, Launcher, Overrun, copy_folder, launched, open_folder, share_one_heap,
};
