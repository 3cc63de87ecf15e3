//! The host against a plugin that the test plays, over pipes in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../common/mod.rs"]
mod common;
mod peer;

mod calls;
mod faults;
mod nested;
mod start;
mod successors;
