//! The memoizing query engine: what has been answered once is remembered across runs.
//!
//! [`Engine`] answers [`Request`]s. Within a session Salsa holds what is known (`db`); across runs a store
//! holds answers with the *traces* of what they rested on (`trace`, `verify`, `store`). What neither knows is
//! computed by an [`Executor`], which the caller supplies. The engine starts no process, reads no target and
//! prints nothing.
//!
//! Start reading at `settle`, which is the life of one question; `docs/engine.md` tells the whole.

mod account;
mod batch;
mod codec;
mod db;
mod deep;
mod digest;
mod engine;
mod execute;
mod executor;
mod give;
mod key;
mod lasting;
mod log;
mod memo;
mod nest;
mod pool;
mod refresh;
mod request;
mod rings;
mod session;
mod settle;
mod shelf;
mod stats;
pub mod store;
mod trace;
mod verify;
mod waits;
mod world;
mod writer;

pub use account::{Account, Cause, Change, Counts, Entry, Group, How};
pub use digest::{Digest, DigestError};
pub use engine::Engine;
pub use executor::{Ask, Executor, Leaf};
pub use key::{Key, KeyError};
pub use lasting::Lasting;
pub use request::{Answer, Failure, FailureKind, Outcome, Refusal, Reply, Request};
pub use stats::Stats;
pub use store::{StoreError, StoreLocation, StoreWarning};
