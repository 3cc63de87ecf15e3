//! For how long answers may be taken for what asking anew would give.

use crate::Leaf;
use crate::give::Given;

/// For how long what was asked in a revision holds, as long as no leaf changes but the clock. A session that would answer
/// anew from the same leaves need not ask again until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// No failure was seen, neither by the asker nor by anything below that went on without the answer.
    facts: bool,
    /// The first second that is not too early, for a clock may be set back.
    since: u64,
    /// The first second that is too late.
    until: u64,
}

impl Default for Lasting {
    fn default() -> Lasting {
        Lasting { facts: true, since: 0, until: u64::MAX }
    }
}

impl Lasting {
    /// Whether all of it holds at `now`, in seconds since the beginning of 1970.
    pub fn holds(&self, now: u64) -> bool {
        self.facts && (self.since..self.until).contains(&now)
    }

    /// One more root.
    pub(crate) fn add(&mut self, given: &Given) {
        let Ok(fact) = &given.fact else {
            self.facts = false;
            return;
        };
        self.facts &= !fact.tainted;
        let Some(deep) = &fact.deep else {
            // Too many leaves to be listed: any of them may age.
            self.until = 0;
            return;
        };
        for (leaf, _) in &deep.leaves {
            if let Leaf::Expiry { since, at } = leaf {
                self.since = self.since.max(*since);
                self.until = self.until.min(*at);
            }
        }
    }
}
