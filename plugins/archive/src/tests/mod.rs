//! `archive` as the host asks it: repositories that git made, and archives of git's and of anybody else's making.

mod hostile;
mod packages;
mod releases;
mod world;
