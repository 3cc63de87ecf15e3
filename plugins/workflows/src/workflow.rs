//! Workflows of GitHub, and descriptions of actions: the model that the checks go by.
//!
//! Start with [`report`]. Each check is a file below `workflow/`, and adds to the report what it finds.

mod checkout;
mod contexts;
mod credentials;
mod environment;
mod injection;
mod permissions;
mod references;
mod scripts;
mod variables;

pub(crate) use references::{is_commit, is_digest};
pub(crate) use scripts::script;

use probity_sdk::findings::Severity;

use crate::expression::{Reference, expressions};
use crate::finding::FileReport;
use crate::rules::UNREADABLE;
use crate::yaml::Node;

/// A workflow, or the steps of an action.
#[derive(Debug)]
pub(crate) struct Workflow<'a> {
    pub(crate) root: &'a Node,
    pub(crate) triggers: Triggers,
    pub(crate) jobs: Vec<Job<'a>>,
}

/// What sets a workflow off.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    names: Vec<String>,
    /// Whether whatever sets off the caller does: a reusable workflow, an action.
    called: bool,
}

#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) steps: Vec<Step<'a>>,
    /// Whether it names secrets of the repository.
    pub(crate) secrets: bool,
    /// Whether its token may write, as far as it is said here.
    pub(crate) writes: bool,
}

#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) node: &'a Node,
    /// The action that it uses.
    pub(crate) uses: Option<&'a str>,
    /// The script that it runs.
    pub(crate) run: Option<&'a Node>,
}

/// No honest job has more steps.
const MOST_STEPS: usize = 1000;

/// Events that run with the repository's token and secrets although a stranger sets them off.
pub(crate) const PRIVILEGED: [&str; 8] = [
    "pull_request_target",
    "workflow_run",
    "issue_comment",
    "issues",
    "discussion",
    "discussion_comment",
    "commit_comment",
    "gollum",
];

impl Triggers {
    fn of(root: &Node) -> Self {
        let Some(on) = root.get("on").or_else(|| root.get("true")) else { return Self::default() };
        let mut names: Vec<String> = if on.is_map() {
            on.entries().map(|(name, _)| name.to_owned()).collect()
        } else {
            on.members().filter_map(Node::text).map(str::to_owned).collect()
        };
        names.sort();
        let called = names.iter().any(|name| name == "workflow_call");
        Self { names, called }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub(crate) fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    pub(crate) fn is_called(&self) -> bool {
        self.called
    }
}

impl Job<'_> {
    pub(crate) fn privileged(&self) -> bool {
        self.secrets || self.writes
    }
}

impl<'a> Step<'a> {
    fn of(node: &'a Node) -> Self {
        Self { node, uses: node.get("uses").and_then(Node::text), run: node.get("run") }
    }

    /// Whether it uses this action, of any version.
    pub(crate) fn uses_action(&self, action: &str) -> bool {
        let name = self.uses.and_then(|uses| uses.split('@').next());
        name.is_some_and(|name| name.eq_ignore_ascii_case(action))
    }

    /// What it gives its action.
    pub(crate) fn with(&self, name: &str) -> Option<&'a Node> {
        self.node
            .get("with")?
            .entries()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn with_text(&self, name: &str) -> Option<&'a str> {
        self.with(name).and_then(Node::text)
    }
}

impl<'a> Workflow<'a> {
    /// What a workflow file describes; `None` if that is no workflow.
    fn of(root: &'a Node) -> Option<Self> {
        let jobs = root.get("jobs")?;
        let common = Shared::of(root);
        let jobs = jobs.entries().map(|(name, node)| common.job(name, node)).collect();
        Some(Self { root, triggers: Triggers::of(root), jobs })
    }

    /// The steps of a composite action, as of a job that is called.
    fn of_action(root: &'a Node) -> Option<Self> {
        let node = root.get("runs")?;
        let job = Shared::default().job("runs", node);
        Some(Self { root, triggers: Triggers { names: Vec::new(), called: true }, jobs: vec![job] })
    }
}

/// What holds for all jobs that do not say otherwise.
#[derive(Default)]
struct Shared<'a> {
    permissions: Option<&'a Node>,
    secrets: bool,
}

impl<'a> Shared<'a> {
    fn of(root: &'a Node) -> Self {
        let secrets = root.get("env").is_some_and(names_secrets);
        Self { permissions: root.get("permissions"), secrets }
    }

    fn job(&self, name: &'a str, node: &'a Node) -> Job<'a> {
        let permissions = node.get("permissions").or(self.permissions);
        let steps =
            node.get("steps").map(|steps| steps.members().map(Step::of).collect()).unwrap_or_default();
        let inherits = node.get("secrets").and_then(Node::text) == Some("inherit");
        let secrets = self.secrets || inherits || names_secrets(node);
        Job { name, node, steps, secrets, writes: permissions.is_some_and(writes) }
    }
}

fn writes(permissions: &Node) -> bool {
    permissions.text() == Some("write-all")
        || permissions.entries().any(|(_, level)| level.text() == Some("write"))
}

/// Whether expressions below this node name secrets, that of the job's own token aside.
fn names_secrets(node: &Node) -> bool {
    let is_secret = |found: &Reference| {
        found.path == "secrets" || found.path.starts_with("secrets.") && found.path != "secrets.github_token"
    };
    let mut found = false;
    node.texts(&mut |_, text| {
        found = found || expressions(text).iter().any(|placed| placed.references().iter().any(is_secret));
    });
    found
}

/// What is found in a workflow file.
pub(crate) fn report(root: &Node, report: &mut FileReport) -> bool {
    let Some(workflow) = Workflow::of(root) else { return false };
    if let Some(job) = workflow.jobs.iter().find(|job| job.steps.len() > MOST_STEPS) {
        let message = format!("a job has more than {MOST_STEPS} steps: nothing is known of what it does");
        report.find(UNREADABLE, Severity::Medium, job.node.line, message);
        return true;
    }
    all(&workflow, report);
    permissions::check(&workflow, report);
    true
}

/// What is found in the description of an action; nothing if it is none.
pub(crate) fn report_action(root: &Node, report: &mut FileReport) {
    let Some(action) = Workflow::of_action(root) else { return };
    all(&action, report);
    references::check_image(&action, report);
}

fn all(workflow: &Workflow<'_>, report: &mut FileReport) {
    checkout::check(workflow, report);
    injection::check(workflow, report);
    environment::check(workflow, report);
    credentials::check(workflow, report);
    references::check(workflow, report);
    scripts::check(workflow, report);
}

/// A condition without blanks and in lower case.
pub(crate) fn condition(node: &Node) -> String {
    let text = node.get("if").and_then(Node::text).unwrap_or_default();
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .map(|c| if c == '"' { '\'' } else { c })
        .collect()
}
