//! The arrows of docs/architecture.md, held against the manifests: which crate of ours may depend on which, and which heavy
//! libraries must stay out of which crate's tree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run::{Done, TaskError, cargo, output, print};

/// What each crate of ours may name among its normal dependencies. A plugin may name the SDK alone, in its two parts.
const ARROWS: &[(&str, &[&str])] = &[
    ("probity-protocol", &[]),
    ("probity-engine", &[]),
    ("probity-sandbox", &[]),
    ("probity-registry", &[]),
    ("probity-net", &[]),
    ("probity-sdk-macros", &[]),
    ("probity-sdk", &["probity-protocol", "probity-sdk-macros"]),
    ("probity-host", &["probity-engine", "probity-net", "probity-protocol", "probity-sandbox"]),
    ("probity-assess", &["probity-engine", "probity-host", "probity-net", "probity-registry"]),
    (
        "probity",
        &[
            "probity-assess",
            "probity-engine",
            "probity-host",
            "probity-net",
            "probity-protocol",
            "probity-registry",
            "probity-sandbox",
            "probity-plugin-*",
        ],
    ),
    ("probity-sdk-objects", &["probity-sdk"]),
    ("probity-plugin-*", &["probity-sdk", "probity-sdk-objects"]),
    ("probity-tests", &[]),
    ("xtask", &[]),
];

/// Libraries that must be in no one's tree but that of the crates named beside them (and of those above these).
const CONFINED: &[(&str, &[&str])] = &[
    ("salsa", &["probity-engine", "probity-host", "probity-assess", "probity"]),
    ("rusqlite", &["probity-engine", "probity-host", "probity-assess", "probity"]),
    (
        "gix",
        &[
            "probity-sdk-objects",
            "probity-plugin-archive",
            "probity-plugin-git",
            "probity-plugin-content",
            "probity-plugin-newcomers",
            "probity-plugin-installs",
            "probity-plugin-lineage",
            "probity-plugin-workflows",
            "probity-assess",
            "probity",
        ],
    ),
    ("ureq", &["probity-net", "probity-host", "probity-assess", "probity"]),
    ("clap", &["probity", "xtask"]),
];

/// Fails with one line for each arrow that runs the wrong way.
pub(crate) fn check() -> Done {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|e| TaskError::new(format!("cargo metadata: {e}")))?;
    let graph = Graph::read(&metadata);
    let mut wrong = graph.wrong_arrows();
    wrong.extend(graph.escaped_libraries());
    if wrong.is_empty() {
        print(&format!("layers: {} crates, every arrow runs downwards", graph.ours.len()));
        return Ok(());
    }
    Err(TaskError::new(wrong.join("\n")))
}

/// Names of packages and of what each depends on, development and build dependencies left out.
struct Graph {
    ours: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Graph {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let names: BTreeMap<String, String> =
            list(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        let name = |id: &Value| names.get(&text(id)).cloned().unwrap_or_default();
        let mut edges = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            let entry: &mut BTreeSet<String> = edges.entry(name(&node["id"])).or_default();
            entry.extend(normal.map(|dependency| name(&dependency["pkg"])));
        }
        let ours = list(&metadata["workspace_members"]).iter().map(name).collect();
        Graph { ours, edges }
    }

    fn wrong_arrows(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for from in &self.ours {
            let Some((_, allowed)) = ARROWS.iter().find(|(pattern, _)| matches(pattern, from)) else {
                wrong.push(format!("{from} has no place in the layers: name it in xtask/src/layers.rs"));
                continue;
            };
            let named = self.edges.get(from).into_iter().flatten().filter(|to| self.ours.contains(*to));
            for to in named.filter(|to| !allowed.iter().any(|pattern| matches(pattern, to))) {
                wrong.push(format!("{from} must not depend on {to}"));
            }
        }
        wrong
    }

    fn escaped_libraries(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (library, homes) in CONFINED {
            for from in self.ours.iter().filter(|name| !homes.contains(&name.as_str())) {
                if self.reaches(from, library) {
                    wrong.push(format!("{from} must not have {library} in its tree"));
                }
            }
        }
        wrong
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for next in self.edges.get(name).into_iter().flatten() {
                if next == to {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::Graph;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        Graph {
            ours: edges.iter().map(|(from, _)| (*from).to_owned()).collect(),
            edges: edges
                .iter()
                .map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
                .collect(),
        }
    }

    #[test]
    fn an_arrow_upwards_is_named() {
        let graph = graph(&[("probity-engine", &["probity-host"]), ("probity-host", &["probity-engine"])]);
        assert_eq!(graph.wrong_arrows(), ["probity-engine must not depend on probity-host"]);
    }

    #[test]
    fn a_plugin_may_name_the_sdk_alone() {
        let graph = graph(&[
            ("probity-plugin-git", &["probity-sdk", "probity-protocol"]),
            ("probity-protocol", &[]),
            ("probity-sdk", &["probity-protocol"]),
        ]);
        assert_eq!(graph.wrong_arrows(), ["probity-plugin-git must not depend on probity-protocol"]);
    }

    #[test]
    fn a_library_that_comes_in_through_another_is_found() {
        let graph = graph(&[("probity-sdk", &["serde", "helper"]), ("helper", &["salsa"])]);
        assert_eq!(
            graph.escaped_libraries(),
            ["helper must not have salsa in its tree", "probity-sdk must not have salsa in its tree"]
        );
    }
}
