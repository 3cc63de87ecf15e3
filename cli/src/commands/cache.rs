//! `probity cache`: what earlier checks remembered.

use probity_engine::store;

use crate::args::CacheCommand;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;

pub(crate) fn cache(cx: &Context, command: &CacheCommand) -> Ended {
    let paths = Paths::from_environment()?;
    match command {
        CacheCommand::Info => info(cx, &paths),
        CacheCommand::Clear => clear(cx, &paths),
    }
}

fn info(cx: &Context, paths: &Paths) -> Ended {
    let folder = tame(&paths.store().display().to_string());
    let info = store::info(&paths.store()).map_err(|e| CliError::failed(&e))?;
    cx.result(&format!(
        "store    {folder}\nmemos    {}\ntraces   {}\nvalues   {}\nsize     {}\n",
        info.memos,
        info.traces,
        info.blobs,
        size(info.bytes)
    ))
}

/// Forgets the answers. What was made of targets' working trees stays.
fn clear(cx: &Context, paths: &Paths) -> Ended {
    store::clear(&paths.store()).map_err(|e| CliError::failed(&e))?;
    cx.result("Every remembered answer is forgotten.\n")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
