//! The sorts of findings: what each is looked for in.

use crate::kind::Kind;

/// Which question the findings of a rule answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Dangerous,
    Mutable,
    FetchAndRun,
    Permissions,
}

impl Group {
    /// The query that tells them.
    pub(crate) fn query(self) -> &'static str {
        match self {
            Self::Dangerous => "dangerous",
            Self::Mutable => "mutable",
            Self::FetchAndRun => "fetch_and_run",
            Self::Permissions => "permissions",
        }
    }

    /// Whether files of this kind can have such findings.
    pub(crate) fn looks_at(self, kind: Kind) -> bool {
        match self {
            Self::Dangerous | Self::Permissions => matches!(kind, Kind::Workflow | Kind::Action),
            Self::Mutable => !matches!(kind, Kind::Script | Kind::Page),
            Self::FetchAndRun => kind != Kind::PreCommit,
        }
    }

    /// What there is none of, if there is no such file.
    pub(crate) fn absent(self) -> &'static str {
        match self {
            Self::Dangerous | Self::Permissions => "there are no GitHub workflows or actions",
            Self::Mutable => {
                "there are no workflows, actions, container recipes, GitLab pipelines or pre-commit hooks"
            }
            Self::FetchAndRun => {
                "there are no workflows, actions, container recipes, pipelines, shell scripts or web pages"
            }
        }
    }
}
