//! Charges the processor time of a process to the calls that are open in it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::gate::SLICE;

/// What a process has used, and for whom. What it uses while no call is open is charged to those that come next.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<Read>);

#[derive(Debug)]
struct Read {
    /// What it had used at the last look.
    seen: Duration,
    looked: Instant,
    /// What each open call was charged with.
    open: BTreeMap<u64, Duration>,
    next: u64,
}

/// An open call; over when dropped.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    meter: &'a Meter,
    number: u64,
}

impl Meter {
    /// `used` is what the process has used to get ready, which is charged to nobody.
    pub(crate) fn new(used: Option<Duration>) -> Meter {
        let (seen, looked) = (used.unwrap_or_default(), Instant::now());
        Meter(Mutex::new(Read { seen, looked, open: BTreeMap::new(), next: 0 }))
    }

    /// Opens an account for a call.
    pub(crate) fn open(&self) -> Account<'_> {
        let mut read = self.0.lock();
        let number = read.next;
        read.next += 1;
        read.open.insert(number, Duration::ZERO);
        Account { meter: self, number }
    }
}

impl Account<'_> {
    /// What the call was charged with so far. `used` tells what the process has used in all; it is asked once in a while.
    pub(crate) fn charged(&self, used: impl FnOnce() -> Option<Duration>) -> Duration {
        let mut read = self.meter.0.lock();
        if read.looked.elapsed() >= SLICE / 2 {
            read.charge(used());
        }
        read.open.get(&self.number).copied().unwrap_or_default()
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.meter.0.lock().open.remove(&self.number);
    }
}

impl Read {
    fn charge(&mut self, used: Option<Duration>) {
        self.looked = Instant::now();
        let Some(used) = used else { return };
        let count = u32::try_from(self.open.len()).unwrap_or(u32::MAX).max(1);
        let each = used.saturating_sub(self.seen) / count;
        self.seen = used.max(self.seen);
        self.open.values_mut().for_each(|charged| *charged += each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Option<Duration> {
        Some(Duration::from_secs(count))
    }

    #[test]
    fn what_is_used_is_divided_among_the_open_calls() {
        let meter = Meter::new(seconds(5));
        let one = meter.open();
        let charge = |used| meter.0.lock().charge(used);
        let charged = |account: &Account<'_>| account.charged(|| None).as_secs();
        charge(seconds(7));
        assert_eq!(charged(&one), 2, "the start is nobody's");
        let two = meter.open();
        charge(seconds(11));
        assert_eq!((charged(&one), charged(&two)), (4, 2));
        drop(one);
        charge(seconds(12));
        charge(None);
        assert_eq!(charged(&two), 3);
        drop(two);
        let three = meter.open();
        charge(seconds(20));
        assert_eq!(charged(&three), 8, "who works for nobody is charged later");
    }
}
