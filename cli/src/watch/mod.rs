//! Noticing that a repository, its policy or a plugin has changed, by notification from the file system.
//!
//! [`files`] says which folders are watched and what an event in them means, [`ways`] how to notice what is not there yet, [`quiet`] makes one change of the many
//! events of, say, a branch switch. What is done about a change, `commands::watch` knows.

pub(crate) mod files;
pub(crate) mod quiet;
pub(crate) mod today;
mod ways;

use std::collections::BTreeSet;

/// What a change was in. The order is the one in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Head,
    Repository,
    Worktree,
    Policy,
    Plugin,
    Input,
    Day,
}

/// `HEAD and the policy`.
pub(crate) fn told(causes: &BTreeSet<Cause>) -> String {
    let name = |cause: &Cause| match cause {
        Cause::Head => "HEAD",
        Cause::Repository => "the repository",
        Cause::Worktree => "the working tree",
        Cause::Policy => "the policy",
        Cause::Plugin => "a plugin",
        Cause::Input => "a file that plugins see",
        Cause::Day => "the day",
    };
    let names: Vec<&str> = causes.iter().map(name).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_as_a_person_would() {
        let told = |causes: &[Cause]| told(&causes.iter().copied().collect());
        assert_eq!(told(&[Cause::Policy]), "the policy");
        assert_eq!(told(&[Cause::Policy, Cause::Head]), "HEAD and the policy");
        assert_eq!(told(&[Cause::Day, Cause::Worktree, Cause::Head]), "HEAD, the working tree and the day");
    }
}
