//! The wire between Probity and its plugins: JSON-RPC 2.0, one message a line, both directions on one pair of pipes.
//!
//! Start reading at [`peer`]: a [`Peer`] is one end of a connection. [`method`] holds the shape of every message that
//! travels, [`error`] every error code, [`codec`] the framing and its limits, [`handshake`] the choice of a version,
//! [`schema`] the documents that are generated from all of it for authors in other languages.
//!
//! This crate knows nothing of processes, of the engine or of policies: a peer runs over any pair of byte streams.

pub mod codec;
pub mod error;
pub mod handshake;
pub mod message;
pub mod method;
pub mod peer;
pub mod schema;

pub use codec::{Garbage, Limits};
pub use error::{CallError, ErrorObject, Fault};
pub use handshake::VersionRange;
pub use message::Id;
pub use peer::{Call, Handler, Notification, Peer, Request, Response, Ticket};
