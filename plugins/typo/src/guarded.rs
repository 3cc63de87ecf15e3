//! The popular names in an index, so that a dependency costs a few look-ups and no walk over the list.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use probity_sdk::prelude::*;

use crate::distance::{LONGEST, differ_in_digits, distance, without_letters};
use crate::likeness::{look, parts, sorted_parts, squeezed};
use crate::lists::{self, ECOSYSTEMS, OF_ACTIONS, normal};

/// Shorter parts are too easily near to another honest one.
const SHORTEST_PART: usize = 5;
/// Longer parts may differ twice.
const LONG_PART: usize = 8;

/// The popular names of all ecosystems, each gathered when it is first asked for: most repositories have packages of one.
#[derive(Debug)]
pub(crate) struct Guarded(HashMap<&'static str, OnceLock<Names>>);

/// The popular names of one ecosystem, in their normal form.
#[derive(Debug, Default)]
struct Names {
    honest: HashSet<String>,
    /// The popular names as they are written.
    written: HashMap<String, &'static str>,
    /// Made for the first name that is not known to be honest.
    index: OnceLock<Index>,
}

/// What popular names are found by. All are kept in their normal form.
#[derive(Debug, Default)]
struct Index {
    by_look: HashMap<String, String>,
    by_parts: HashMap<String, String>,
    /// By a name with one part replaced by what is left of it when letters are taken away: name, and place of the part.
    by_letters: HashMap<String, Vec<(String, usize)>>,
}

/// Which popular name another is easily mistaken for, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Mistakable {
    pub(crate) popular: String,
    pub(crate) how: &'static str,
}

impl Guarded {
    pub(crate) fn new() -> Self {
        let all = ECOSYSTEMS.into_iter().chain(OF_ACTIONS);
        Self(all.map(|ecosystem| (ecosystem, OnceLock::new())).collect())
    }

    /// Whether names of this ecosystem can be judged.
    pub(crate) fn knows(&self, ecosystem: &str) -> bool {
        self.0.contains_key(ecosystem)
    }

    /// Which popular name of the ecosystem `name` is easily mistaken for.
    pub(crate) fn mistakable(&self, ecosystem: &str, name: &str) -> Option<Mistakable> {
        let names = self.0.get(ecosystem)?.get_or_init(|| Names::of(ecosystem));
        let found = names.mistakable(ecosystem, &normal(ecosystem, name))?;
        let written =
            names.written.get(&found.popular).map_or(found.popular.clone(), |name| (*name).to_owned());
        Some(Mistakable { popular: written, ..found })
    }
}

impl Names {
    fn of(ecosystem: &str) -> Self {
        let written: HashMap<String, &'static str> =
            lists::popular(ecosystem).map(|written| (normal(ecosystem, written), written)).collect();
        let neighbours = lists::neighbours(ecosystem).map(|name| normal(ecosystem, name));
        let honest = written.keys().cloned().chain(neighbours).collect();
        Self { honest, written, index: OnceLock::new() }
    }

    fn mistakable(&self, ecosystem: &str, name: &str) -> Option<Mistakable> {
        let index = || Index::of(lists::popular(ecosystem).map(|written| normal(ecosystem, written)));
        (!self.honest.contains(name)).then(|| self.index.get_or_init(index).mistakable(name)).flatten()
    }
}

impl Index {
    /// Of two names that share an entry the first counts.
    fn of(popular: impl Iterator<Item = String>) -> Self {
        let mut index = Self::default();
        for name in popular {
            index.by_look.entry(look(&name)).or_insert_with(|| name.clone());
            if let Some(parts) = sorted_parts(&name) {
                index.by_parts.entry(parts).or_insert_with(|| name.clone());
            }
            for (place, part) in parts(&name).iter().enumerate() {
                let letters: Vec<char> = part.chars().collect();
                if let Some(most) = tolerance(letters.len()) {
                    for rest in without_letters(&letters, most) {
                        let key = with_part(&name, place, &rest);
                        index.by_letters.entry(key).or_default().push((name.clone(), place));
                    }
                }
            }
        }
        index
    }

    fn mistakable(&self, name: &str) -> Option<Mistakable> {
        if let Some(popular) = self.by_look.get(&look(name)) {
            let same_letters = squeezed(popular) == squeezed(name);
            let how = if same_letters { "it differs in separators or scope alone" } else { "it looks alike" };
            return Some(Mistakable { popular: popular.clone(), how });
        }
        if let Some(popular) = sorted_parts(name).and_then(|parts| self.by_parts.get(&parts)) {
            return Some(Mistakable {
                popular: popular.clone(),
                how: "it has the same parts in another order",
            });
        }
        let popular = self.near(name)?;
        Some(Mistakable { popular, how: "it differs by a slip of the keyboard" })
    }

    /// The popular name that differs in one part by few letters; the first by alphabet.
    fn near(&self, name: &str) -> Option<String> {
        let mut near: Vec<&str> = Vec::new();
        for (place, part) in parts(name).into_iter().enumerate() {
            let letters: Vec<char> = part.chars().collect();
            if letters.len() > LONGEST {
                continue;
            }
            for rest in without_letters(&letters, 2) {
                let found = self.by_letters.get(&with_part(name, place, &rest));
                let found = found
                    .into_iter()
                    .flatten()
                    .filter(|(popular, at)| *at == place && is_near(popular, place, &letters));
                near.extend(found.map(|(popular, _)| popular.as_str()));
            }
        }
        near.into_iter().min().map(str::to_owned)
    }
}

fn is_near(popular: &str, place: usize, letters: &[char]) -> bool {
    let part: Vec<char> = parts(popular)[place].chars().collect();
    let apart = distance(&part, letters);
    tolerance(part.len()).is_some_and(|most| (1..=most).contains(&apart)) && !differ_in_digits(&part, letters)
}

/// How many letters may differ in a part of this length.
fn tolerance(length: usize) -> Option<usize> {
    match length {
        ..SHORTEST_PART => None,
        SHORTEST_PART..=LONG_PART => Some(1),
        length if length <= LONGEST => Some(2),
        _ => None,
    }
}

/// The parts of a name with another one at a place.
fn with_part(name: &str, place: usize, part: &str) -> String {
    let mut parts = parts(name);
    parts[place] = part;
    // The place belongs to the key: what is left of one part must not be taken for another.
    format!("{place}:{}", parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ecosystem: &str, name: &str) -> Option<(String, &'static str)> {
        Guarded::new().mistakable(ecosystem, name).map(|found| (found.popular, found.how))
    }

    #[test]
    fn names_that_were_used_in_attacks_are_found() {
        for (ecosystem, name, popular) in [
            ("npm", "crossenv", "cross-env"),
            ("npm", "cross-env.js", ""),
            ("npm", "loadsh", "lodash"),
            ("npm", "expres", "express"),
            ("npm", "babelcli", "babel-cli"),
            ("npm", "types-node", "@types/node"),
            ("npm", "stream-event", "event-stream"),
            ("npm", "l0dash", "lodash"),
            ("npm", "mogodb", "mongodb"),
            ("npm", "discordi.js", ""),
            ("pypi", "colourama", "colorama"),
            ("pypi", "reqeusts", "requests"),
            ("pypi", "request", "requests"),
            ("pypi", "djangoo", "django"),
            ("pypi", "python-dateutils", "python-dateutil"),
            ("cargo", "rustdecimal", "rust_decimal"),
            ("cargo", "serdejson", "serde_json"),
            ("rubygems", "nokogirii", "nokogiri"),
            ("actions", "action/checkout", "actions/checkout"),
            ("actions", "actons/setup-node", "actions/setup-node"),
            ("actions", "softprop/action-gh-release", "softprops/action-gh-release"),
            ("action-owners", "dockre", "docker"),
        ] {
            let found = of(ecosystem, name).map(|(popular, _)| popular).unwrap_or_default();
            assert_eq!(found, popular, "{ecosystem} {name}");
        }
    }

    #[test]
    fn honest_names_are_left_alone() {
        for (ecosystem, name) in [
            ("npm", "react"),
            ("npm", "preact"),
            ("npm", "lodash.set"),
            ("npm", "val-loader"),
            ("npm", "babel-preset-es2017"),
            ("npm", "mysql2"),
            ("npm", "ws2"),
            ("npm", "@types/jest"),
            ("cargo", "serde-json"),
            ("cargo", "serde_json"),
            ("cargo", "humansize"),
            ("pypi", "Flask"),
            ("pypi", "scapy"),
            ("pypi", "ruamel.yaml"),
            ("go", "example.org/x"),
            ("actions", "Actions/Checkout"),
            ("action-owners", "actions-rs"),
            ("npm", ""),
            ("npm", "@/-"),
        ] {
            assert_eq!(of(ecosystem, name), None, "{ecosystem} {name}");
        }
        assert_eq!(of("npm", &"a".repeat(100_000)), None);
    }

    #[test]
    fn no_popular_name_is_mistaken_for_another() {
        let guarded = Guarded::new();
        for ecosystem in ECOSYSTEMS.into_iter().chain(OF_ACTIONS) {
            assert!(lists::popular(ecosystem).all(|name| guarded.mistakable(ecosystem, name).is_none()));
        }
    }
}
