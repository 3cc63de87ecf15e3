//! What a commit by itself says about a review.

use probity_sdk::git::{Commit, Message, Person};
use probity_sdk::people::{folded, is_bot, is_forge, is_pull_request, same};
use probity_sdk::prelude::*;

/// The trace of somebody else's hand in a commit. The order is that of strength; a commit has the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Evidence {
    /// A trailer names somebody else who looked at it.
    Trailer,
    /// A trailer names the place where it was looked at.
    Place,
    /// A forge made it of a pull request, by squashing or merging.
    Request,
    /// Somebody else committed it.
    Applied,
    /// None by itself.
    None,
}

/// Keys of trailers that name who looked at a change.
const BY: [&str; 5] = ["reviewed-by", "acked-by", "approved-by", "reviewed by", "approved by"];
/// Keys of trailers that name where a change was looked at.
const AT: [&str; 6] =
    ["reviewed-on", "pr-url", "differential revision", "pull-request", "pull request", "merge-request"];
/// The evidence of a commit.
pub(crate) fn evidence(commit: &Commit, message: &Message) -> Evidence {
    let trailers = || message.end.lines().filter_map(trailer);
    if trailers().any(|(key, value)| BY.contains(&key.as_str()) && names_another(&commit.author, value)) {
        return Evidence::Trailer;
    }
    let merge_request = || message.end.lines().any(|line| line.starts_with("See merge request "));
    if trailers().any(|(key, value)| AT.contains(&key.as_str()) && !value.is_empty()) || merge_request() {
        return Evidence::Place;
    }
    let by_forge = is_forge(&commit.committer);
    if by_forge && is_pull_request(&message.subject) {
        return Evidence::Request;
    }
    // A forge commits for its users what they edit in the browser: then it is nobody else.
    if !by_forge && !is_bot(&commit.committer) && !same(&commit.author, &commit.committer) {
        return Evidence::Applied;
    }
    Evidence::None
}

fn trailer(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once(':')?;
    Some((key.trim().to_ascii_lowercase(), value.trim()))
}

fn names_another(author: &Person, value: &str) -> bool {
    let (name, email) = match value.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.trim_end_matches('>').trim()),
        None => (value, ""),
    };
    let nobody = name.is_empty() && email.is_empty();
    let author_again =
        (!email.is_empty() && folded(email) == folded(&author.email)) || folded(name) == folded(&author.name);
    !nobody && !author_again
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(author: &str, committer: &str, subject: &str, end: &str) -> Evidence {
        let person = |name: &str| {
            let (name, email) = name.split_once(' ').unwrap_or((name, ""));
            let email = if email.is_empty() { format!("{name}@example.org") } else { email.to_owned() };
            Person { name: name.to_owned(), email }
        };
        let commit = Commit {
            id: "c".into(),
            parents: vec!["p".into()],
            author: person(author),
            authored: 0,
            committer: person(committer),
            committed: 0,
        };
        evidence(&commit, &Message { id: "c".into(), subject: subject.into(), end: end.into() })
    }

    #[test]
    fn each_trace_is_told_from_what_only_looks_like_one() {
        let forge = "GitHub noreply@github.com";
        for (author, committer, subject, end, expected) in [
            ("Ada", "Ada", "x", "", Evidence::None),
            ("Ada", "Ada", "x", "Text\nReviewed-by: Bob <bob@example.org>", Evidence::Trailer),
            ("Ada", "Ada", "x", "Reviewed-by: Ada L <ADA@example.org>", Evidence::None),
            ("Ada", "Ada", "x", "Acked-by:", Evidence::None),
            ("Ada", "Ada", "x", "PR-URL: https://h/1", Evidence::Place),
            ("Ada", "Ada", "x", "See merge request group/project!7", Evidence::Place),
            ("Ada", "Ada", "x", "Signed-off-by: Bob <b@h>\nChange-Id: I123", Evidence::None),
            ("Ada", forge, "Add (#12)", "", Evidence::Request),
            ("Ada", forge, "Add #12", "", Evidence::None),
            ("Ada", forge, "Merge pull request #12 from ada/x", "", Evidence::Request),
            ("Ada", "Ada", "Merge pull request #12 from ada/x", "", Evidence::None),
            ("Ada", "Ada", "Add (#12)", "", Evidence::None),
            ("Ada", "Bob", "x", "", Evidence::Applied),
            ("Ada", "ada other@example.org", "x", "", Evidence::None),
            ("Ada", "renovate[bot]", "x", "", Evidence::None),
        ] {
            assert_eq!(of(author, committer, subject, end), expected, "{author} {committer} {subject} {end}");
        }
    }
}
