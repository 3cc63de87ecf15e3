//! The engine in a fake world: which queries run, and which do not.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod batches;
mod cycles;
mod failures;
mod lab;
mod model;
mod plain;
mod processes;
mod reuse;
mod rings;
mod sessions;
mod store;
mod transfer;
mod verify;
mod why;
