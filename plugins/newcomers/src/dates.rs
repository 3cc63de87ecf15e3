//! When commits came in, by dates that anybody may write.

use std::collections::VecDeque;

pub(crate) const DAY: i64 = 86_400;
/// Of so many commits the middle date is taken for what the time was: some may be wrong.
pub(crate) const AROUND: usize = 31;

/// The date in the middle, of an even number the later one; none of none.
pub(crate) fn middle(dates: impl IntoIterator<Item = i64>) -> Option<i64> {
    let mut dates: Vec<i64> = dates.into_iter().collect();
    dates.sort_unstable();
    dates.get(dates.len() / 2).copied()
}

/// Goes through commits in the order in which they came in, and tells when.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    newest: VecDeque<i64>,
    floor: Option<i64>,
}

impl Arrivals {
    /// When the next commit came in: by its own date, but not before what came in long before it.
    pub(crate) fn next(&mut self, committed: i64) -> i64 {
        let at = self.floor.map_or(committed, |floor| committed.max(floor));
        self.newest.push_back(committed);
        if self.newest.len() > AROUND {
            self.newest.pop_front();
        }
        if self.newest.len() == AROUND {
            self.floor = self.floor.max(middle(self.newest.iter().copied()));
        }
        at
    }

    /// No further commit comes in before that.
    pub(crate) fn floor(&self) -> Option<i64> {
        self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_that_of_the_order_of_dates() {
        assert_eq!(middle([5, 1, 3]), Some(3));
        assert_eq!(middle([4, 1, 3, 2]), Some(3));
        assert_eq!(middle([]), None);
    }

    #[test]
    fn an_old_date_after_many_newer_ones_does_not_count() {
        let mut arrivals = Arrivals::default();
        for day in 0..40 {
            assert_eq!(arrivals.next(100 + day), 100 + day);
        }
        assert_eq!(arrivals.next(5), 124);
        assert_eq!(arrivals.next(141), 141);
    }

    #[test]
    fn a_few_dates_in_the_future_push_nobody_there() {
        let mut arrivals = Arrivals::default();
        for day in 0..100 {
            let date = if day % 3 == 0 { 9_000_000 } else { day };
            arrivals.next(date);
        }
        assert!(arrivals.floor().is_some_and(|floor| floor < 100));
    }
}
