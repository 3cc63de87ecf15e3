//! Counts a child's threads and processes where the kernel sets them no bound: each new one is asked for by a call that waits for an answer.

use crate::linux::usage::crowd;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// After so long a call that was let go on has made its thread, or failed; it takes microseconds.
const LONG: Duration = Duration::from_secs(1);

/// A child's threads, with those of the processes below it.
#[derive(Debug)]
pub(crate) struct Crowd {
    process: u32,
    family: bool,
    most: u64,
    /// No fewer than there were at the last look.
    known: u64,
    /// How many were admitted since.
    admitted: u64,
    /// By whom, and when; of each thread the last call, since it makes no other before that has returned.
    under_way: BTreeMap<u32, Instant>,
}

impl Crowd {
    /// Of a process, with those below it if it has a `family`; `most` counts itself and its supervisor, too.
    pub(crate) fn new(process: u32, family: bool, most: u64) -> Crowd {
        Crowd { process, family, most, known: most, admitted: 0, under_way: BTreeMap::new() }
    }

    /// Whether there may be one more, which this thread asks for and then makes.
    pub(crate) fn admits(&mut self, thread: u32) -> bool {
        self.under_way.remove(&thread);
        if self.is_full() {
            self.look();
        }
        let admitted = !self.is_full();
        if admitted {
            self.admitted += 1;
            self.under_way.insert(thread, Instant::now());
        }
        admitted
    }

    fn is_full(&self) -> bool {
        self.known.saturating_add(self.admitted) >= self.most
    }

    /// Who is being made just now may be counted twice, but is not missed.
    fn look(&mut self) {
        self.under_way.retain(|_, since| since.elapsed() < LONG);
        self.admitted = self.under_way.len() as u64;
        // Where that cannot be seen, there are no more.
        self.known = crowd(self.process, self.family, self.most).unwrap_or(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn there_are_no_more_than_there_may_be() {
        let own = std::process::id();
        let now = || crowd(own, false, u64::MAX).unwrap();
        let (ends, threads): (Vec<_>, Vec<_>) = (0..8)
            .map(|_| {
                let (end, stay) = mpsc::channel::<()>();
                (end, std::thread::spawn(move || stay.recv()))
            })
            .unzip();
        // Other tests have threads, too.
        let most = now() + 1000;
        let mut crowd = Crowd::new(own, false, most);
        let admitted = (0..).take_while(|thread| crowd.admits(*thread)).count() as u64;
        assert!((1..=most - 8).contains(&admitted), "{admitted} of {most}: eight are there");
        drop(ends);
        threads.into_iter().for_each(|thread| assert!(thread.join().unwrap().is_err()));
    }

    #[test]
    fn who_asks_again_has_made_the_one_before() {
        let most = crowd(std::process::id(), false, u64::MAX).unwrap() + 100;
        let mut crowd = Crowd::new(std::process::id(), false, most);
        // None of them is made, so a look finds room each time.
        assert!((0..10 * most).all(|_| crowd.admits(1)));
        assert!(!Crowd::new(std::process::id(), false, 1).admits(1), "this one is there already");
    }
}
