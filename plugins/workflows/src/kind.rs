//! Which files are looked at, by their paths, and as what.

use probity_sdk::prelude::*;

/// Folders whose YAML files are workflows, directly in them.
const WORKFLOW_FOLDERS: [&str; 3] = [".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"];

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A GitHub workflow, or one of a service that takes the same.
    Workflow,
    /// The description of a GitHub action.
    Action,
    /// A recipe for a container image.
    Dockerfile,
    /// A pipeline of GitLab.
    Gitlab,
    /// The hooks of pre-commit.
    PreCommit,
    /// A shell script.
    Script,
    /// A page of HTML.
    Page,
}

/// What the file at a path from the root is taken for.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    let in_folder = |folder: &&str| path.strip_prefix(*folder).is_some_and(|name| !name.contains('/'));
    if WORKFLOW_FOLDERS.iter().any(in_folder) && is_yaml(path) {
        return Some(Kind::Workflow);
    }
    by_name(path)
}

/// Whether a file may be looked at whose path is known only from some folder on.
pub(crate) fn may_matter(path: &str) -> bool {
    let may_be_workflow = match path.split_once('/') {
        None => is_yaml(path),
        Some(("workflows", name)) => !name.contains('/') && is_yaml(name),
        Some(_) => false,
    };
    may_be_workflow || kind(path).is_some()
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yml") || path.ends_with(".yaml")
}

fn by_name(path: &str) -> Option<Kind> {
    let bare = path.strip_suffix('"').unwrap_or(path);
    let name = bare.rsplit('/').next().unwrap_or(bare).to_ascii_lowercase();
    match name.as_str() {
        "action.yml" | "action.yaml" => return Some(Kind::Action),
        ".gitlab-ci.yml" => return Some(Kind::Gitlab),
        ".pre-commit-config.yaml" | ".pre-commit-config.yml" => return Some(Kind::PreCommit),
        "dockerfile" | "containerfile" => return Some(Kind::Dockerfile),
        _ => {}
    }
    if name.ends_with(".gitlab-ci.yml") {
        return Some(Kind::Gitlab);
    }
    let (stem, extension) = name.rsplit_once('.')?;
    match extension {
        "sh" | "bash" | "zsh" | "ksh" | "ps1" => Some(Kind::Script),
        "html" | "htm" | "xhtml" => Some(Kind::Page),
        "dockerfile" | "containerfile" => Some(Kind::Dockerfile),
        "dockerignore" | "md" | "j2" | "tmpl" | "template" => None,
        _ if stem == "dockerfile" || stem.starts_with("dockerfile.") => Some(Kind::Dockerfile),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_places_and_names() {
        for (path, expected) in [
            (".github/workflows/ci.yml", Some(Kind::Workflow)),
            (".github/workflows/ci.yaml", Some(Kind::Workflow)),
            (".forgejo/workflows/ci.yaml", Some(Kind::Workflow)),
            (".github/workflows/nested/ci.yml", None),
            ("examples/.github/workflows/ci.yml", None),
            (".github/dependabot.yml", None),
            (".github/actions/setup/action.yml", Some(Kind::Action)),
            ("action.yaml", Some(Kind::Action)),
            ("docker/Dockerfile", Some(Kind::Dockerfile)),
            ("Dockerfile.alpine", Some(Kind::Dockerfile)),
            ("ci/linux.Dockerfile", Some(Kind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            (".gitlab-ci.yml", Some(Kind::Gitlab)),
            (".pre-commit-config.yaml", Some(Kind::PreCommit)),
            ("install.sh", Some(Kind::Script)),
            (r#""caf\351/install.sh""#, Some(Kind::Script)),
            ("docs/index.HTML", Some(Kind::Page)),
            ("src/main.rs", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn what_may_be_a_workflow_further_up_is_kept() {
        for path in ["ci.yml", "workflows/ci.yml", ".github/workflows/ci.yml", "a/b/Dockerfile"] {
            assert!(may_matter(path), "{path}");
        }
        for path in ["charts/values.yml", "workflows/a/ci.yml", "x/workflows/ci.yml", "main.rs"] {
            assert!(!may_matter(path), "{path}");
        }
    }
}
