//! `probity cache`: what earlier checks remembered, and what else lies in the cache folder. One file per command.

mod clear;
mod gc;
mod info;
mod transfer;
mod verify;

use crate::args::CacheCommand;
use crate::commands::{Context, Ended};
use crate::paths::Paths;

pub(crate) fn cache(cx: &Context, command: &CacheCommand) -> Ended {
    let paths = Paths::from_environment()?;
    match command {
        CacheCommand::Info => info::info(cx, &paths),
        CacheCommand::Clear => clear::clear(cx, &paths),
        CacheCommand::Gc { max_size } => gc::gc(cx, &paths, *max_size),
        CacheCommand::Export { file } => transfer::export(cx, &paths, file),
        CacheCommand::Import { file } => transfer::import(cx, &paths, file),
        CacheCommand::Verify { repair } => verify::verify(cx, &paths, *repair),
    }
}
