//! How much of the work is whose, lately and before.
//!
//! A commit's day is what its maker wrote, so somebody could seem to have been there for long by one commit of an old date. Therefore a
//! commit counts as arrived on the latest day that it or any commit before it has, days after the tip's left out.

use probity_sdk::git::Person;
use probity_sdk::people;

use crate::facts::{Facts, Run};

/// The last twelve months before the tip.
pub(crate) const YEAR: i64 = 365;

/// Who did how much. Days are counted from 1970.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The day of the tip.
    pub(crate) tip: i64,
    /// When the first commit of a person arrived.
    pub(crate) begun: i64,
    /// Commits of the last twelve months.
    pub(crate) recent: u64,
    /// Commits before those.
    pub(crate) earlier: u64,
    /// All who made commits, in the order in which they came.
    pub(crate) people: Vec<Share>,
    /// For each author of the facts the place in `people`.
    places: Vec<(Person, usize)>,
}

/// What one person did, under all names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// As most of the commits name the person.
    pub(crate) person: Person,
    /// The first commit.
    pub(crate) first: String,
    /// When it arrived.
    pub(crate) begun: i64,
    /// Commits of the last twelve months.
    pub(crate) recent: u64,
    /// Commits before those.
    pub(crate) earlier: u64,
}

impl Standing {
    /// `None` if there is no commit of a person.
    pub(crate) fn of(facts: Facts) -> Option<Self> {
        let tip = facts.runs.last()?.1;
        let mut places = places(&facts);
        let mut standing =
            Self { tip, begun: tip, recent: 0, earlier: 0, people: Vec::new(), places: Vec::new() };
        let arrived = arrivals(&facts.runs, tip);
        for (Run(by, _, commits), arrived) in facts.runs.iter().zip(&arrived) {
            let Some(by) = *by else { continue };
            let group = places.groups[by];
            let place = *places.of_group[group].get_or_insert_with(|| {
                let person = facts.people[places.usual[group]].person.clone();
                let first = facts.people[by].first.clone();
                standing.people.push(Share { person, first, begun: *arrived, recent: 0, earlier: 0 });
                standing.people.len() - 1
            });
            let (share, recent) = (&mut standing.people[place], *arrived > tip.saturating_sub(YEAR));
            let (of_share, of_all) = match recent {
                true => (&mut share.recent, &mut standing.recent),
                false => (&mut share.earlier, &mut standing.earlier),
            };
            *of_share = of_share.saturating_add(*commits);
            *of_all = of_all.saturating_add(*commits);
        }
        standing.begun = standing.people.first()?.begun;
        let place = |group: &usize| places.of_group[*group].unwrap_or_default();
        let of = places.groups.iter().map(place);
        standing.places = facts.people.into_iter().map(|met| met.person).zip(of).collect();
        standing.places.sort();
        Some(standing)
    }

    /// Who made most commits before the last twelve months; of equals, who came first.
    pub(crate) fn leader(&self) -> Option<usize> {
        let most = self.people.iter().map(|share| share.earlier).max().filter(|most| *most > 0)?;
        self.people.iter().position(|share| share.earlier == most)
    }

    /// The place of somebody who is named like this in a commit.
    pub(crate) fn place(&self, person: &Person) -> Option<usize> {
        let at = self.places.binary_search_by(|(known, _)| known.cmp(person)).ok()?;
        Some(self.places[at].1)
    }
}

/// How many commits of people arrived within so many days before the tip.
pub(crate) fn within(facts: &Facts, days: i64) -> Option<u64> {
    let tip = facts.runs.last()?.1;
    let arrived = arrivals(&facts.runs, tip);
    let runs = facts.runs.iter().zip(arrived);
    let counted = runs.filter(|(run, arrived)| run.0.is_some() && *arrived > tip.saturating_sub(days));
    Some(counted.fold(0_u64, |sum, (run, _)| sum.saturating_add(run.2)))
}

/// For each run the day on which it arrived.
pub(crate) fn arrivals(runs: &[Run], tip: i64) -> Vec<i64> {
    let latest = |latest: &mut i64, run: &Run| {
        if run.1 <= tip {
            *latest = run.1.max(*latest);
        }
        Some(*latest)
    };
    runs.iter().scan(i64::MIN, latest).collect()
}

struct Places {
    /// For each author the first one who is the same.
    groups: Vec<usize>,
    /// The place of such a one among those who made commits.
    of_group: Vec<Option<usize>>,
    /// For each such one the author whose name most of the commits bear.
    usual: Vec<usize>,
}

fn places(facts: &Facts) -> Places {
    let people: Vec<Person> = facts.people.iter().map(|met| met.person.clone()).collect();
    let groups = people::groups(&people);
    let mut commits = vec![0_u64; people.len()];
    for Run(by, _, count) in &facts.runs {
        if let Some(commits) = by.and_then(|by| commits.get_mut(by)) {
            *commits = commits.saturating_add(*count);
        }
    }
    let mut usual: Vec<usize> = (0..people.len()).collect();
    for (author, group) in groups.iter().enumerate() {
        if commits[author] > commits[usual[*group]] {
            usual[*group] = author;
        }
    }
    Places { groups, of_group: vec![None; people.len()], usual }
}
