//! Whether anybody but its author is seen in a commit.

use probity_sdk::git::{Commit, Person};

use crate::people::folded;

/// Addresses under which forges commit for whoever pressed the button.
const FORGES: [&str; 3] = ["noreply@github.com", "noreply@gitlab.com", "noreply@codeberg.org"];

/// Whether the commit itself shows another's hand: somebody else committed it, or a forge made it of a pull request.
pub(crate) fn others(commit: &Commit, subject: &str) -> bool {
    if FORGES.contains(&folded(&commit.committer.email).as_str()) {
        // A forge also commits for its users what they edit in the browser, or send by its interface: then it is nobody else.
        return ends_in_number(subject) || subject.starts_with("Merge pull request #");
    }
    !same(&commit.author, &commit.committer)
}

/// `(#123)`, as GitHub and its likes end the subject of a squashed pull request.
fn ends_in_number(subject: &str) -> bool {
    let number = subject.trim_end().strip_suffix(')').and_then(|subject| subject.rsplit_once("(#"));
    number.is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether two people are one, by name or by address.
pub(crate) fn same(a: &Person, b: &Person) -> bool {
    folded(&a.email) == folded(&b.email) || folded(&a.name) == folded(&b.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_hand_is_told_from_a_forge_that_only_carries_out() {
        let person = |name: &str| match name {
            "forge" => Person { name: "GitHub".into(), email: "noreply@github.com".into() },
            name => Person { name: name.into(), email: format!("{name}@example.org") },
        };
        for (author, committer, subject, expected) in [
            ("ada", "ada", "Add (#12)", false),
            ("ada", "bob", "Add", true),
            ("ada", "forge", "Add x.yml", false),
            ("ada", "forge", "Add (#)", false),
            ("ada", "forge", "Add (#12)", true),
            ("ada", "forge", "Merge pull request #12 from ada/x", true),
        ] {
            let commit = Commit {
                id: "c".into(),
                parents: vec![],
                author: person(author),
                authored: 0,
                committer: person(committer),
                committed: 0,
            };
            assert_eq!(others(&commit, subject), expected, "{author} {committer} {subject}");
        }
    }
}
