//! What is odd about the addresses of those who came lately.

use std::collections::HashMap;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::Person;
use probity_sdk::people::{folded, is_hidden};

use crate::facts::{Facts, Run};
use crate::rules::{DISPOSABLE_ADDRESS, NEW_ADDRESS};
use crate::standing::{YEAR, arrivals};

/// Who made so many commits is known to a project by name.
const KNOWN: u64 = 50;
/// Where anybody has an address for minutes, and nobody can be asked later.
const DISPOSABLE: [&str; 33] = [
    "10minutemail.com",
    "33mail.com",
    "burnermail.io",
    "discard.email",
    "dispostable.com",
    "emailondeck.com",
    "fakeinbox.com",
    "getnada.com",
    "grr.la",
    "guerrillamail.com",
    "guerrillamail.net",
    "guerrillamail.org",
    "guerrillamailblock.com",
    "inboxkitten.com",
    "mail-temp.com",
    "mailcatch.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "mintemail.com",
    "minuteinbox.com",
    "moakt.com",
    "mohmal.com",
    "sharklasers.com",
    "spamgourmet.com",
    "temp-mail.org",
    "tempail.com",
    "tempmail.com",
    "tempr.email",
    "throwawaymail.com",
    "trash-mail.com",
    "trashmail.com",
    "yopmail.com",
];

/// An author under one name and address.
struct Author<'a> {
    person: &'a Person,
    /// The first commit.
    first: &'a str,
    /// Commits before the last twelve months.
    before: u64,
    /// Whether any is of these.
    lately: bool,
}

/// What is odd about who made commits in the last twelve months. `None` if there are no commits of people.
pub(crate) fn findings(facts: &Facts) -> Option<Vec<Finding>> {
    let authors = authors(facts)?;
    let mut namesakes: HashMap<String, Vec<&Author<'_>>> = HashMap::new();
    for author in &authors {
        namesakes.entry(folded(&author.person.name)).or_default().push(author);
    }
    let of = |author: &Author<'_>| {
        let namesakes = namesakes.get(&folded(&author.person.name)).map_or(&[][..], Vec::as_slice);
        disposable(author).or_else(|| new_address(author, namesakes))
    };
    Some(authors.iter().filter(|author| author.lately).filter_map(of).collect())
}

fn disposable(author: &Author<'_>) -> Option<Finding> {
    let email = folded(&author.person.email);
    let (_, host) = email.rsplit_once('@')?;
    let is = |provider: &str| {
        host.strip_suffix(provider).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    DISPOSABLE.into_iter().find(|provider| is(provider))?;
    let message = format!("{} writes under an address that anybody has for minutes", named(author));
    Some(Finding::new(DISPOSABLE_ADDRESS, Severity::Medium, message).commit(author.first))
}

fn new_address(author: &Author<'_>, namesakes: &[&Author<'_>]) -> Option<Finding> {
    let other = |known: &&&Author<'_>| {
        known.before >= KNOWN && folded(&known.person.email) != folded(&author.person.email)
    };
    let known = namesakes.iter().filter(other).max_by_key(|known| known.before)?;
    let message = format!(
        "{} is new; {} commits before the last twelve months are of the same name, as <{}>",
        named(author),
        known.before,
        shortened(&known.person.email)
    );
    let new = author.before == 0 && !is_hidden(author.person);
    new.then(|| Finding::new(NEW_ADDRESS, Severity::Low, message).commit(author.first))
}

fn authors(facts: &Facts) -> Option<Vec<Author<'_>>> {
    let tip = facts.runs.last()?.1;
    let met = facts.people.iter();
    let mut authors: Vec<Author<'_>> =
        met.map(|met| Author { person: &met.person, first: &met.first, before: 0, lately: false }).collect();
    for (Run(by, _, commits), arrived) in facts.runs.iter().zip(arrivals(&facts.runs, tip)) {
        let Some(author) = by.and_then(|by| authors.get_mut(by)) else { continue };
        if arrived > tip.saturating_sub(YEAR) {
            author.lately = true;
        } else {
            author.before = author.before.saturating_add(*commits);
        }
    }
    (!authors.is_empty()).then_some(authors)
}

fn named(author: &Author<'_>) -> String {
    format!("{} <{}>", shortened(&author.person.name), shortened(&author.person.email))
}
