//! The calls that were cancelled and that a plugin has not let go of yet.
//!
//! Nobody waits for their answers, but a process must not be asked anew before it has let go of them or is killed: it
//! could be killed for them in the middle of what it is asked next.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::gate::SLICE;

/// How many such calls there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaving(Arc<Calls>);

#[derive(Debug, Default)]
struct Calls {
    open: Mutex<usize>,
    gone: Condvar,
}

/// One such call; over when dropped.
#[derive(Debug)]
pub(crate) struct Left(Arc<Calls>);

impl Leaving {
    /// Counts a call.
    pub(crate) fn enter(&self) -> Left {
        *self.0.open.lock() += 1;
        Left(Arc::clone(&self.0))
    }

    /// Whether there is none any more.
    pub(crate) fn is_over(&self) -> bool {
        *self.0.open.lock() == 0
    }

    /// Waits until there is none any more. Each has a limit of its own, so this has one too.
    pub(crate) fn wait(&self) {
        let mut open = self.0.open.lock();
        while *open > 0 {
            self.0.gone.wait_for(&mut open, SLICE);
        }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        *self.0.open.lock() -= 1;
        self.0.gone.notify_all();
    }
}
