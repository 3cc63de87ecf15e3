//! One change of many events: a branch switch writes a thousand files, and is one reason to check again.
//!
//! A library that only waits for silence would not do here: while git holds `index.lock` the working tree is
//! half-way between two states, however long it is silent, and the lock's end is itself an event.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Cause;

/// So long nothing may have happened before a change is taken for whole.
const QUIET: Duration = Duration::from_millis(50);
/// So much longer after git has given back the lock of the index: the references follow it.
const AFTER_LOCK: Duration = Duration::from_millis(50);
/// Files that are written without a pause are not waited for longer than this.
const LONGEST: Duration = Duration::from_secs(1);
/// A lock that was left behind is not waited for longer than this after the last event.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

/// The events since the last change that was acted on.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    causes: BTreeSet<Cause>,
    first: Option<Instant>,
    last: Option<Instant>,
    locked: bool,
}

impl Quiet {
    /// Something has changed.
    pub(crate) fn changed(&mut self, cause: Cause, now: Instant) {
        self.causes.insert(cause);
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Something may have changed that nobody told of.
    pub(crate) fn look_again(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Whether git is half-way between two states.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }

    /// Git has taken or given back the lock of the index.
    pub(crate) fn lock(&mut self, held: bool, now: Instant) {
        self.locked = held;
        if self.first.is_some() {
            (self.first, self.last) = (Some(now), Some(now + AFTER_LOCK));
        }
    }

    /// When the change will be whole if nothing more happens; `None` where there is none.
    pub(crate) fn due(&self) -> Option<Instant> {
        let (first, last) = (self.first?, self.last?);
        Some(match self.locked {
            true => last + LEFT_BEHIND,
            false => (last + QUIET).min((first + LONGEST).max(last)),
        })
    }

    /// The change, if it is whole.
    pub(crate) fn take(&mut self, now: Instant) -> Option<BTreeSet<Cause>> {
        if self.due()? > now {
            return None;
        }
        // A lock that is still held then was left behind.
        (self.first, self.last, self.locked) = (None, None, false);
        Some(std::mem::take(&mut self.causes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn many_events_are_one_change_once_it_is_quiet() {
        let (mut quiet, start) = (Quiet::default(), Instant::now());
        assert_eq!(quiet.due(), None);
        for ms in [0, 30, 60] {
            quiet.changed(Cause::Worktree, after(start, ms));
            assert_eq!(quiet.take(after(start, ms + 40)), None);
        }
        quiet.changed(Cause::Head, after(start, 70));
        let all = BTreeSet::from([Cause::Head, Cause::Worktree]);
        assert_eq!(quiet.take(after(start, 120)), Some(all));
        assert_eq!(quiet.take(after(start, 9999)), None, "nothing has happened since");
    }

    #[test]
    fn what_never_rests_is_acted_on_all_the_same() {
        let (mut quiet, start) = (Quiet::default(), Instant::now());
        let taken = (0..100).map(|step| after(start, step * 20)).find(|now| {
            quiet.changed(Cause::Worktree, *now);
            quiet.take(*now).is_some()
        });
        assert_eq!(taken, Some(after(start, 1000)));
    }

    #[test]
    fn a_lock_holds_a_change_back_and_one_that_is_left_behind_does_not_for_ever() {
        let (mut quiet, start) = (Quiet::default(), Instant::now());
        quiet.lock(true, start);
        quiet.changed(Cause::Worktree, after(start, 10));
        assert_eq!(quiet.take(after(start, 2000)), None);
        quiet.lock(false, after(start, 2000));
        assert_eq!(quiet.take(after(start, 2099)), None);
        assert!(quiet.take(after(start, 2100)).is_some());
        quiet.lock(true, after(start, 3000));
        quiet.changed(Cause::Worktree, after(start, 3000));
        assert!(quiet.take(after(start, 8000)).is_some());
    }
}
