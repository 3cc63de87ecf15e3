//! How many calls a plugin computes at once.
//!
//! A call that waits for its own nested queries does not count: its turn is given back meanwhile, and taken again
//! without waiting. So however deep queries nest, whoever waits here waits only for calls that are being computed.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How often a waiting thread looks whether its call is still wanted.
pub(crate) const SLICE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Gate {
    max: usize,
    active: Mutex<usize>,
    freed: Condvar,
}

/// The right to let the plugin compute one call. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    gate: &'a Gate,
}

impl Gate {
    pub(crate) fn new(max: usize) -> Gate {
        Gate { max: max.max(1), active: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits for a turn; `None` once `unwanted` says so.
    pub(crate) fn enter(&self, unwanted: &dyn Fn() -> bool) -> Option<Turn<'_>> {
        let mut active = self.active.lock();
        while *active >= self.max {
            self.freed.wait_for(&mut active, SLICE);
            if *active >= self.max && unwanted() {
                return None;
            }
        }
        *active += 1;
        Some(Turn { gate: self })
    }

    fn leave(&self) {
        *self.active.lock() -= 1;
        self.freed.notify_one();
    }
}

impl Turn<'_> {
    /// Runs `work` while others may have this turn.
    pub(crate) fn yielded<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Back<'a>(&'a Gate);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                // Beyond the limit if need be: its plugin already computes on it.
                *self.0.active.lock() += 1;
            }
        }
        self.gate.leave();
        let _back = Back(self.gate);
        work()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gate_lets_nobody_in_until_a_turn_is_yielded() {
        let gate = Gate::new(1);
        let turn = gate.enter(&|| false).unwrap();
        assert!(gate.enter(&|| true).is_none());
        turn.yielded(|| assert!(gate.enter(&|| true).is_some()));
        assert!(gate.enter(&|| true).is_none());
        drop(turn);
        assert!(gate.enter(&|| true).is_some());
    }
}
