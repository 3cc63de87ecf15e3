//! Who is who among those whom commits name. Names and addresses are what somebody wrote, and prove nothing.

use std::collections::HashMap;

use crate::git::Person;

/// Names of machines that do not say so.
const BOTS: [&str; 9] = [
    "dependabot",
    "renovate",
    "github-actions",
    "bors",
    "mergify",
    "greenkeeper",
    "pre-commit-ci",
    "copybara",
    "web-flow",
];
/// How the names of machines end that do.
const BOT_ENDINGS: [&str; 5] = ["[bot]", "-bot", " bot", "-robot", " robot"];
/// Names that stand for nobody in particular.
const ANY_NAMES: [&str; 13] = [
    "",
    "root",
    "user",
    "admin",
    "ubuntu",
    "github",
    "gitlab",
    "unknown",
    "anonymous",
    "none",
    "no author",
    "(no author)",
    "your name",
];
/// Addresses under which forges commit for whoever pressed the button.
const FORGES: [&str; 3] = ["noreply@github.com", "noreply@gitlab.com", "noreply@codeberg.org"];
/// Addresses of settings that nobody made, which stand for nobody in particular.
const ANY_ADDRESSES: [&str; 4] = ["", "root@localhost", "you@example.com", "none@none"];
/// Where GitHub keeps its users' addresses for them.
const HIDDEN_ADDRESSES: &str = "@users.noreply.github.com";

/// Whether commits of this name are made by a machine.
pub fn is_bot(person: &Person) -> bool {
    let (name, email) = (folded(&person.name), folded(&person.email));
    BOT_ENDINGS.iter().any(|ending| name.ends_with(ending))
        || email.contains("[bot]@")
        || BOTS.contains(&name.as_str())
}

/// Whether it is the address under which a forge commits for its users: what they merge, squash or edit there.
pub fn is_forge(person: &Person) -> bool {
    FORGES.contains(&folded(&person.email).as_str())
}

/// Whether GitHub keeps the address for somebody: commits made in a browser bear such a one.
pub fn is_hidden(person: &Person) -> bool {
    folded(&person.email).ends_with(HIDDEN_ADDRESSES)
}

/// Whether the first line of a commit's message is one that forges write when they merge or squash a pull request.
pub fn is_pull_request(subject: &str) -> bool {
    let number = subject.trim_end().strip_suffix(')').and_then(|subject| subject.rsplit_once("(#"));
    let squashed =
        number.is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    squashed || subject.starts_with("Merge pull request #")
}

/// Whether two are one, by name or by address: somebody who changes one of them is not somebody else.
pub fn same(a: &Person, b: &Person) -> bool {
    folded(&a.email) == folded(&b.email) || folded(&a.name) == folded(&b.name)
}

/// For each of `people` the place of the first one who is the same, over any number of changes of name or address. Names and addresses that
/// stand for nobody in particular make nobody the same.
pub fn groups(people: &[Person]) -> Vec<usize> {
    let mut groups = Groups { first: (0..people.len()).collect() };
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut addresses: HashMap<String, usize> = HashMap::new();
    for (place, person) in people.iter().enumerate() {
        let name = folded(&person.name);
        if !ANY_NAMES.contains(&name.as_str()) {
            groups.join(place, *names.entry(name).or_insert(place));
        }
        let address = address(&person.email);
        if !ANY_ADDRESSES.contains(&address.as_str()) && !is_forge(person) {
            groups.join(place, *addresses.entry(address).or_insert(place));
        }
    }
    (0..people.len()).map(|place| groups.first(place)).collect()
}

struct Groups {
    first: Vec<usize>,
}

impl Groups {
    fn first(&mut self, place: usize) -> usize {
        let mut at = place;
        while self.first[at] != at {
            self.first[at] = self.first[self.first[at]];
            at = self.first[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.first[a.max(b)] = a.min(b);
    }
}

/// `123+ada@users.noreply.github.com` is `ada@users.noreply.github.com`.
fn address(email: &str) -> String {
    let email = folded(email);
    match email.strip_suffix(HIDDEN_ADDRESSES).and_then(|user| user.split_once('+')) {
        Some((_, user)) => format!("{user}{HIDDEN_ADDRESSES}"),
        None => email,
    }
}

/// As names and addresses are compared.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, email: &str) -> Person {
        Person { name: name.into(), email: email.into() }
    }

    #[test]
    fn machines_are_known_by_their_names() {
        assert!(is_bot(&person("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")));
        assert!(is_bot(&person("Renovate", "r@h")) && is_bot(&person("release-bot", "r@h")));
        assert!(is_bot(&person("Kubernetes Prow Robot", "r@h")));
        assert!(!is_bot(&person("Abbot", "abbot@example.org")));
    }

    #[test]
    fn people_are_the_same_over_changes_of_name_and_address() {
        let people = [
            person("Ada", "ada@old.org"),
            person("Bob", "bob@h"),
            person("Ada Lovelace", "ADA@new.org"),
            person("ada ", "ada@new.org"),
            person("Cyd", "1+cyd@users.noreply.github.com"),
            person("C", "22+cyd@users.noreply.github.com"),
            person("Bobby", "bob@h"),
        ];
        assert_eq!(groups(&people), [0, 1, 0, 0, 4, 4, 1]);
        assert!(same(&people[0], &people[3]) && !same(&people[0], &people[2]));
    }

    #[test]
    fn hidden_addresses_are_those_that_github_keeps() {
        assert!(is_hidden(&person("Cyd", "1+cyd@Users.noreply.github.com ")));
        assert!(!is_hidden(&person("Cyd", "noreply@github.com")));
    }

    #[test]
    fn names_of_nobody_in_particular_join_nobody() {
        let people = [
            person("root", "root@localhost"),
            person("root", "ada@h"),
            person("Bob", "noreply@github.com"),
            person("Cyd", "noreply@github.com"),
            person("", ""),
            person(" ", ""),
        ];
        assert_eq!(groups(&people), [0, 1, 2, 3, 4, 5]);
        assert_eq!(groups(&[]), [0_usize; 0]);
    }
}
