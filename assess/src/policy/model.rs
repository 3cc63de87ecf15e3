//! A policy as data: what is analysed, how each answer is judged, what it weighs. Every part knows its place in the
//! file, so that a later finding can point at the line that asked for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::SourceSpan;
use serde_json::{Map, Value};

use super::json;
use super::problem::Text;
use super::suppression::Suppression;
use crate::expression::Reading;
use crate::permissions::Thing;

/// A policy whose shape is right. Whether plugins can answer it is checked by [`Policy::check`].
#[derive(Debug, Clone)]
pub struct Policy {
    pub source: Text,
    /// The expression over `score` that decides to investigate.
    pub investigate: Expr,
    /// Names of analyses that lead to an investigation unless they pass. In the order of the file.
    pub investigate_if_fail: Vec<Spanned<String>>,
    /// Analyses that lead to an investigation if they fail; what they cannot judge does not.
    pub investigate_if_found: Vec<Spanned<String>>,
    /// The declared plugins, in the order of the file.
    pub plugins: Vec<PluginDeclaration>,
    /// The tree, in the order of the file.
    pub tree: Vec<Branch>,
    /// What takes findings out, in the order of the file.
    pub suppressions: Vec<Suppression>,
}

/// A value with its place in the file, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: SourceSpan,
}

/// The text of an expression.
#[derive(Debug, Clone)]
pub struct Expr {
    pub text: String,
    /// The text as it was read, once for all expressions of the same text.
    pub(crate) reading: Arc<Reading>,
    /// The whole value, with its quotes.
    pub span: SourceSpan,
    /// Where the first byte of the text is in the file, if the text stands there unchanged (without escapes).
    pub verbatim_at: Option<usize>,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.span, self.verbatim_at) == (&other.text, other.span, other.verbatim_at)
    }
}

/// A plugin that the policy declares.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginDeclaration {
    /// In full: `publisher/namespace/name`.
    pub id: Spanned<String>,
    /// The folder of a plugin that is no built-in, as written.
    pub path: Option<Spanned<String>>,
    /// The tree hash that the folder must have: 64 hexadecimal digits in lower case.
    pub sha256: Option<Spanned<String>>,
    pub config: Configuration,
    /// What of the machine it may see, if its manifest asks for it, and where that is written. Nothing by default.
    pub grants: BTreeMap<Thing, SourceSpan>,
}

/// The configuration of a plugin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Configuration {
    pub members: Map<String, Value>,
    /// Where each member is, by its name.
    pub spans: BTreeMap<String, SourceSpan>,
}

/// A part of the tree.
#[derive(Debug, Clone)]
pub enum Branch {
    Category(Category),
    Analysis(Box<Analysis>),
}

/// A group of analyses.
#[derive(Debug, Clone)]
pub struct Category {
    pub name: Spanned<String>,
    /// Finite and not negative. Counts relative to its neighbours.
    pub weight: f64,
    /// Not empty.
    pub children: Vec<Branch>,
}

/// One line of the policy: a query and how its answer is judged.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// Unique in the policy.
    pub name: Spanned<String>,
    /// In full: `publisher/namespace/name`.
    pub plugin: Spanned<String>,
    /// The plugin's default query if absent.
    pub query: Option<Spanned<String>>,
    /// The plugin's default policy if absent.
    pub policy: Option<Expr>,
    /// Finite and not negative; 0 means that the analysis informs and does not count.
    pub weight: f64,
    /// Laid over the configuration that the plugin has in `plugins`.
    pub config: Configuration,
    /// The plugin with this analysis' configuration: the plugin's id, or `id#name` if the configuration differs
    /// from the one the plugin has for all.
    pub instance: Arc<str>,
}

/// A plugin with one configuration, which gets a process of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// In full: `publisher/namespace/name`.
    pub plugin: String,
    /// The configuration as the policy gives it, an object in canonical JSON (RFC 8785).
    pub config: Arc<str>,
}

impl Policy {
    /// Every instance that an analysis uses or a declaration configures, by name. Plugins that these ask in turn
    /// and that the policy does not mention are not among them: they run with the configuration `{}`.
    pub fn instances(&self) -> BTreeMap<Arc<str>, Instance> {
        let mut instances = BTreeMap::new();
        for declaration in &self.plugins {
            let config = json::canonical_object(&declaration.config.members).into();
            let plugin = declaration.id.value.clone();
            instances.insert(plugin.as_str().into(), Instance { plugin, config });
        }
        for analysis in self.analyses() {
            instances.entry(analysis.instance.clone()).or_insert_with(|| {
                let members = self.merged(&analysis.plugin.value, &analysis.config.members);
                Instance {
                    plugin: analysis.plugin.value.clone(),
                    config: json::canonical_object(&members).into(),
                }
            });
        }
        instances
    }

    /// The analyses in the order of the file.
    pub fn analyses(&self) -> Vec<&Analysis> {
        fn collect<'a>(branches: &'a [Branch], found: &mut Vec<&'a Analysis>) {
            for branch in branches {
                match branch {
                    Branch::Category(category) => collect(&category.children, found),
                    Branch::Analysis(analysis) => found.push(analysis),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.tree, &mut found);
        found
    }

    /// The declaration of a plugin, by its full id.
    pub fn plugin(&self, id: &str) -> Option<&PluginDeclaration> {
        self.plugins.iter().find(|declaration| declaration.id.value == id)
    }

    /// The plugin's configuration with an analysis' members laid over it.
    pub(super) fn merged(&self, plugin: &str, own: &Map<String, Value>) -> Map<String, Value> {
        let mut members =
            self.plugin(plugin).map(|declared| declared.config.members.clone()).unwrap_or_default();
        members.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
        members
    }
}
