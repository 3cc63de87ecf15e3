//! The part of one analysis.

use std::collections::HashMap;

use super::{Entry, Record, SCHEMA_VERSION, Why};

impl Record {
    /// What is noted of one analysis; `None` if the check had none of that name.
    pub fn part(&self, analysis: &str) -> Option<Why> {
        let (name, root) = self.analyses.iter().find(|(name, _)| name == analysis)?;
        let mut places = HashMap::from([(*root, 0)]);
        let mut order = vec![*root];
        let mut next = 0;
        while let Some(place) = order.get(next).copied() {
            for member in self.members(place) {
                let fresh = places.len();
                if *places.entry(member).or_insert(fresh) == fresh {
                    order.push(member);
                }
            }
            next += 1;
        }
        let moved = |place: &usize| {
            let mut entry = self.entries.get(*place)?.clone();
            for asked in &mut entry.asked {
                asked.members.iter_mut().for_each(|member| *member = places[member]);
            }
            Some(entry)
        };
        Some(Why {
            schema_version: SCHEMA_VERSION,
            analysis: name.clone(),
            check: self.check.clone(),
            entries: order.iter().filter_map(moved).collect(),
        })
    }

    /// The names of the analyses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.analyses.iter().map(|(name, _)| name.as_str())
    }

    fn members(&self, place: usize) -> Vec<usize> {
        let asked = self.entries.get(place).map(|entry: &Entry| entry.asked.as_slice()).unwrap_or_default();
        asked.iter().flat_map(|asked| asked.members.iter().copied()).collect()
    }
}
