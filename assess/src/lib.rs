//! Checks a target against a policy: from settings to a report as data.
//!
//! [`check::check`] is the whole of it; read that first. Its stages lie in files of their own: [`snapshot`] (what is
//! checked), [`source`] and [`policy`] (against what), [`catalogue`] and `facts` (who can be asked), [`session`] (who
//! answers and remembers), [`verdict`] and [`score`] (what the answers come to), [`report`].
//!
//! Nothing here prints, or reads flags, the environment or the working directory.

pub mod cache;
pub mod catalogue;
pub mod check;
pub mod closing;
pub mod description;
pub mod determinism;
pub mod directory;
pub mod expression;
mod facts;
pub mod fetched;
mod files;
pub mod folders;
mod judging;
pub mod learn;
pub mod live;
mod outside;
pub mod permissions;
pub mod policy;
pub mod report;
pub mod score;
mod seal;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod source;
mod sources;
pub mod state;
pub mod suppress;
pub mod trace;
pub mod trust;
pub mod verdict;
pub mod why;
