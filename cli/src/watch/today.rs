//! The day that checks take for today, and its end, at which what has asked for it is to be asked again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use probity_assess::settings::Day;

/// Seconds of a day.
const DAY: u64 = 24 * 3600;

/// The present day, in UTC.
#[derive(Debug)]
pub(crate) struct Today {
    day: Day,
    /// The person has named it: it does not pass.
    named: bool,
}

impl Today {
    pub(crate) fn new(day: Day, named: bool) -> Today {
        Today { day, named }
    }

    /// How long it goes on; `None` for a day that does not pass.
    pub(crate) fn left(&self, now: SystemTime) -> Option<Duration> {
        (!self.named).then(|| Duration::from_secs(DAY - seconds(now) % DAY))
    }

    /// The day that it is now, if that is another one: the next, or one before where the clock was set back.
    pub(crate) fn passed(&mut self, now: SystemTime) -> Option<Day> {
        let day = Day::from_unix(seconds(now));
        if self.named || day == self.day {
            return None;
        }
        self.day = day.clone();
        Some(day)
    }
}

/// Since the beginning of 1970; a clock that stands before says the first day.
fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_day_passes_once_at_midnight_and_where_the_clock_is_set() {
        let (evening, midnight) = (1_780_271_999, 1_780_272_000);
        let mut today = Today::new(Day::from_unix(evening), false);
        assert_eq!(
            (today.left(at(evening)), today.passed(at(evening))),
            (Some(Duration::from_secs(1)), None)
        );
        assert_eq!(today.passed(at(midnight)).unwrap().as_str(), "2026-06-01");
        assert_eq!(
            (today.left(at(midnight)), today.passed(at(midnight))),
            (Some(Duration::from_secs(DAY)), None)
        );
        assert_eq!(today.passed(at(evening)).unwrap().as_str(), "2026-05-31");
    }

    #[test]
    fn a_day_that_was_named_does_not_pass() {
        let mut today = Today::new(Day::from_unix(0), true);
        assert_eq!((today.left(at(DAY)), today.passed(at(DAY))), (None, None));
    }
}
