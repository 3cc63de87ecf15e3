//! The one way to the network: what a person granted is fetched here, by the host, for plugins that have no socket of their own.
//!
//! A grant names a server: a host and a port ([`Endpoint`]). No address is asked that is not public, after the name was resolved; a
//! redirect is an answer, which nobody follows here; no more is read than a limit. Start reading at [`Fetcher::fetch`].

mod address;
mod endpoint;
mod fetcher;

pub use endpoint::{Endpoint, EndpointError};
pub use fetcher::{FetchError, Fetched, Fetcher};
