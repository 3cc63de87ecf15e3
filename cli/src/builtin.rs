//! The official plugins, linked into the program and started as the program re-executing itself, confined.

use std::process::ExitCode;

use probity_registry::manifest::ANY;
use probity_registry::{Permission, PermissionKind};

/// A plugin that comes with the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin {
    /// Its bare name; its id is `probity/core/NAME`.
    pub(crate) name: &'static str,
    /// Hex digest over everything its answers can depend on, taken at build time.
    pub(crate) digest: &'static str,
}

/// Digests, by name, in the order of the names.
const DIGESTS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/digests.rs"));

/// The built-in plugins in the order of their names.
pub(crate) fn all() -> impl Iterator<Item = Builtin> {
    DIGESTS.iter().map(|&(name, digest)| Builtin { name, digest })
}

impl Builtin {
    /// What it asks a person for.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        let asks =
            |kind, why: &str| Permission { kind, what: ANY.to_owned(), why: why.to_owned(), optional: true };
        match self.name {
            "archive" => vec![asks(
                PermissionKind::File,
                "the archive of a release, to compare it with the tree of its tag",
            )],
            "github" => vec![
                asks(
                    PermissionKind::Net,
                    "what the API of GitHub, or of a server of your own, says of the repository",
                ),
                asks(PermissionKind::Token, "what only members see there, and more requests an hour"),
            ],
            _ => Vec::new(),
        }
    }
}

/// Runs the plugin of this name in this process, which the launcher has confined. `None`: there is no such plugin.
pub(crate) fn run(name: &str) -> Option<ExitCode> {
    Some(match name {
        "activity" => probity_plugin_activity::run(),
        "affiliation" => probity_plugin_affiliation::run(),
        "anomalies" => probity_plugin_anomalies::run(),
        "archive" => probity_plugin_archive::run(),
        "binary" => probity_plugin_binary::run(),
        "churn" => probity_plugin_churn::run(),
        "content" => probity_plugin_content::run(),
        "dependencies" => probity_plugin_dependencies::run(),
        "entropy" => probity_plugin_entropy::run(),
        "fuzz" => probity_plugin_fuzz::run(),
        "git" => probity_plugin_git::run(),
        "github" => probity_plugin_github::run(),
        "identity" => probity_plugin_identity::run(),
        "installs" => probity_plugin_installs::run(),
        "lineage" => probity_plugin_lineage::run(),
        "linguist" => probity_plugin_linguist::run(),
        "maintainers" => probity_plugin_maintainers::run(),
        "newcomers" => probity_plugin_newcomers::run(),
        "posture" => probity_plugin_posture::run(),
        "review" => probity_plugin_review::run(),
        "typo" => probity_plugin_typo::run(),
        "workflows" => probity_plugin_workflows::run(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_names_are_those_that_a_policy_may_use_bare() {
        let names: Vec<&str> = super::all().map(|builtin| builtin.name).collect();
        assert_eq!(names, probity_assess::policy::BUILT_INS);
    }
}
