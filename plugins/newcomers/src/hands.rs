//! Whether anybody but its author is seen in a commit.

use probity_sdk::git::Commit;
use probity_sdk::people::{is_forge, is_pull_request, same};

/// Whether the commit itself shows another's hand: somebody else committed it, or a forge made it of a pull request.
pub(crate) fn others(commit: &Commit, subject: &str) -> bool {
    if is_forge(&commit.committer) {
        // A forge also commits for its users what they edit in the browser, or send by its interface: then it is nobody else.
        return is_pull_request(subject);
    }
    !same(&commit.author, &commit.committer)
}

#[cfg(test)]
mod tests {
    use probity_sdk::git::Person;

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
