//! The engine in a fake world: which queries run, and which do not.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod batches;
mod cycles;
mod failures;
mod lab;
mod model;
mod processes;
mod reuse;
mod store;
