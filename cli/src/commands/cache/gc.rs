//! `probity cache gc`: keeps the cache small. Checks do it by themselves when much was learnt.

use std::fmt::Write as _;

use probity_assess::cache;
use probity_engine::store;

use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::render::count;
use crate::size::Size;

/// The limit is that of the remembered answers; what else is unused goes by its age.
pub(super) fn gc(cx: &Context, paths: &Paths, max_size: Option<Size>) -> Ended {
    let limit = max_size.map_or(store::LIMIT, |size| size.0);
    let collected = store::collect(&paths.store(), limit).map_err(|e| CliError::failed(&e))?;
    let aside = store::forget_aside(&paths.store()).map_err(|e| CliError::failed(&e))?;
    let pruned = cache::prune(&paths.cache, cache::UNUSED).map_err(|e| CliError::failed(&e))?;
    let mut shown = String::new();
    let forgotten = count(collected.forgotten, "memo");
    let _ = writeln!(
        shown,
        "answers        {forgotten} forgotten; {} before, {} now",
        Size(collected.before),
        Size(collected.after)
    );
    let _ = writeln!(shown, "set aside      {} removed", Size(aside));
    let days = cache::UNUSED.as_secs() / 86_400;
    let _ = writeln!(
        shown,
        "other folders  {} removed ({} unused for {days} days)",
        Size(pruned.bytes),
        count(pruned.count, "folder")
    );
    cx.result(&shown)
}
