//! How deep questions may nest, and on which stack.
//!
//! A nested question is settled on the thread that asks it, on top of its asker's frames. After [`HOP`]
//! levels it moves to a thread of its own, with a fresh stack, for which the asking thread waits. So the
//! stack that is needed does not grow with the depth: [`HOP`] levels at up to 32 KiB each, the executor's
//! frames included, fit into 2 MiB, which is what a thread of Rust's standard library has by default.

use std::thread;

use crate::db::Db;
use crate::give::Given;
use crate::pool::STACK;
use crate::{Failure, FailureKind};

/// So many levels share a stack.
const HOP: u32 = 48;
/// Deeper nesting is a runaway recursion: a plugin that asks itself with ever new keys.
pub(crate) const MAX_DEPTH: u32 = 1024;

/// Runs `run` one level deeper.
pub(crate) fn deeper(db: &dyn Db, run: impl FnOnce(&dyn Db) -> Given + Send) -> Given {
    let depth = db.depth().get();
    if depth >= MAX_DEPTH {
        let message = format!("queries are nested more than {MAX_DEPTH} deep");
        return Given::failed(Failure::new(FailureKind::TooDeep, message));
    }
    let _level = Level::enter(db);
    if depth > 0 && depth.is_multiple_of(HOP) { on_fresh_stack(db, run) } else { run(db) }
}

fn on_fresh_stack(db: &dyn Db, run: impl FnOnce(&dyn Db) -> Given + Send) -> Given {
    if let Some(batch) = db.alone().take() {
        batch.call_help(db);
    }
    let fork = db.fork();
    let lost = |reason: String| Given::failed(Failure::new(FailureKind::Crashed, reason));
    thread::scope(|scope| {
        let fresh = thread::Builder::new().name("engine-deep".into()).stack_size(STACK);
        match fresh.spawn_scoped(scope, move || run(&fork)) {
            Ok(thread) => thread.join().unwrap_or_else(|_| lost("the engine panicked".into())),
            Err(error) => lost(format!("cannot start a thread for a deeply nested query: {error}")),
        }
    })
}

/// One level, left again even when Salsa unwinds.
struct Level<'a>(&'a dyn Db);

impl<'a> Level<'a> {
    fn enter(db: &'a dyn Db) -> Level<'a> {
        db.depth().set(db.depth().get() + 1);
        Level(db)
    }
}

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.depth().set(self.0.depth().get() - 1);
    }
}
