//! Lets a bounded number of callers work at once; the others wait their turn.

use std::sync::{Condvar, Mutex, PoisonError};

/// Counts free places.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Mutex<usize>,
    left: Condvar,
}

/// A place taken; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Self { free: Mutex::new(places), left: Condvar::new() }
    }

    /// Waits for a place.
    pub(crate) fn enter(&self) -> Turn<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.left.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}
