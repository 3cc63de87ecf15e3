//! The one way to the network: what a person granted is fetched here, by the host, for plugins that have no socket of their own.
//!
//! A grant names a server: a host and a port ([`Endpoint`]). No address is asked that is not public, after the name was resolved; a
//! redirect is an answer, which nobody follows here; no more is read than a limit. A [`Token`] goes to the server that is asked, and to nobody else. Start reading at [`Fetcher::fetch`].

mod address;
mod endpoint;
mod fetcher;
mod limited;
mod token;

pub use endpoint::{Endpoint, EndpointError};
pub use fetcher::{FetchError, Fetched, Fetcher};
pub use token::{Token, TokenError};
