//! `probity cache clear`: forgets all that can be made again.

use probity_assess::cache;
use probity_engine::store;

use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::size::Size;

pub(super) fn clear(cx: &Context, paths: &Paths) -> Ended {
    let answers = store::clear(&paths.store()).map_err(|e| CliError::failed(&e))?;
    let beside = cache::clear(&paths.cache).map_err(|e| CliError::failed(&e))?;
    cx.result(&format!("Every remembered answer is forgotten; {} freed.\n", Size(answers + beside.bytes)))
}
