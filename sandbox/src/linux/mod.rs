//! Everything that talks to the Linux kernel, and the only place of the program that is allowed `unsafe`.
//!
//! Each file wraps one group of system calls in safe functions. `confine.rs` puts them into order for the child;
//! `start.rs` and `process.rs` serve the host.
#![allow(unsafe_code)]

mod confine;
pub(crate) mod descriptors;
mod heap;
mod init;
pub(crate) mod kernel;
mod landlock;
mod limits;
pub(crate) mod listener;
mod mounts;
pub(crate) mod named;
mod namespaces;
mod outside;
pub(crate) mod passing;
mod paths;
mod peek;
mod privileges;
mod probe;
pub(crate) mod process;
mod processor;
pub(crate) mod scratch;
mod seccomp;
mod seclude;
mod start;
pub(crate) mod stopping;
pub(crate) mod supervisor;
pub(crate) mod template;
mod tree;
pub(crate) mod usage;

pub use confine::launched;
pub use heap::share_one_heap;
pub(crate) use probe::TESTED;
pub(crate) use seccomp::{Refusals, Verdict};
