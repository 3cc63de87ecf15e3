//! Reads the node `analyze`: what leads to an investigation, and the tree of categories and analyses.

use std::collections::BTreeSet;
use std::sync::Arc;

use kdl::KdlNode;

use crate::expression::{Type, suggest};

use super::json;
use super::model::{Analysis, Branch, Category, Configuration, Expr, PluginDeclaration, Spanned};
use super::nodes::Reader;
use super::parse;
use super::problem::Cause;

/// What `analyze` holds.
pub(super) struct Analyzed {
    pub(super) investigate: Expr,
    pub(super) investigate_if_fail: Vec<Spanned<String>>,
    pub(super) investigate_if_found: Vec<Spanned<String>>,
    pub(super) tree: Vec<Branch>,
}

/// Nothing if a part is missing that was told as a problem.
pub(super) fn read(reader: &mut Reader, node: &KdlNode, plugins: &[PluginDeclaration]) -> Option<Analyzed> {
    reader.no_arguments(node);
    reader.properties(node, &[]);
    let mut tree = Tree { reader, plugins, names: BTreeSet::new(), counts: false };
    let mut investigate = None;
    let mut if_fail: Option<Vec<Spanned<String>>> = None;
    let mut if_found: Option<Vec<Spanned<String>>> = None;
    let mut branches = Vec::new();
    let mut neighbours = BTreeSet::new();
    for child in node.iter_children() {
        match child.name().value() {
            "investigate" if investigate.is_none() => investigate = Some(tree.investigate(child)),
            "investigate-if-fail" if if_fail.is_none() => if_fail = Some(tree.analyses(child)),
            "investigate-if-found" if if_found.is_none() => if_found = Some(tree.analyses(child)),
            name @ ("investigate" | "investigate-if-fail" | "investigate-if-found") => {
                let cause = Cause::Duplicate { what: format!("`{name}`") };
                tree.reader.problem(cause, child.name().span(), "the second one");
            }
            "category" | "analysis" => branches.extend(tree.branch(child, &mut neighbours, true)),
            _ => {
                let known =
                    ["investigate", "investigate-if-fail", "investigate-if-found", "category", "analysis"];
                tree.reader.unknown_node(child, "`analyze`", &known);
            }
        }
    }
    if investigate.is_none() {
        let cause = Cause::Missing { node: "`analyze`".to_owned(), what: "a node `investigate`".to_owned() };
        let hint = "write: investigate policy=\"score > 0.5\"";
        tree.reader.problem_with_hint(cause, node.name().span(), "here", hint);
    }
    let (if_fail, if_found) = (if_fail.unwrap_or_default(), if_found.unwrap_or_default());
    tree.check_names(&if_fail, &[]);
    tree.check_names(&if_found, &if_fail);
    tree.check_counts(node, &branches, if_fail.is_empty() && if_found.is_empty());
    Some(Analyzed {
        investigate: investigate??,
        investigate_if_fail: if_fail,
        investigate_if_found: if_found,
        tree: branches,
    })
}

struct Tree<'a> {
    reader: &'a mut Reader,
    plugins: &'a [PluginDeclaration],
    /// The names of all analyses so far.
    names: BTreeSet<String>,
    /// Whether any analysis has a weight that reaches the score.
    counts: bool,
}

impl Tree<'_> {
    fn investigate(&mut self, node: &KdlNode) -> Option<Expr> {
        self.reader.no_arguments(node);
        self.reader.no_children(node);
        let properties = self.reader.properties(node, &["policy"]);
        let Some(entry) = properties.get("policy") else {
            let cause = Cause::Missing { node: "`investigate`".to_owned(), what: "`policy`".to_owned() };
            let hint = "write: investigate policy=\"score > 0.5\"";
            self.reader.problem_with_hint(cause, node.name().span(), "here", hint);
            return None;
        };
        let expr = self.reader.expression(entry)?;
        if let Err(error) = expr.reading.compile("score", &Type::Double) {
            self.reader.expression_problems(&expr, error);
        }
        Some(expr)
    }

    /// The names of analyses that a node lists.
    fn analyses(&mut self, node: &KdlNode) -> Vec<Spanned<String>> {
        self.reader.no_children(node);
        self.reader.properties(node, &[]);
        let mut names: Vec<Spanned<String>> = Vec::new();
        for entry in node.entries().iter().filter(|entry| entry.name().is_none()) {
            let Some(name) = self.reader.text(entry, "the name of an analysis") else { continue };
            if names.iter().any(|other| other.value == name.value) {
                let cause = Cause::Duplicate { what: format!("analysis `{}`", name.value) };
                self.reader.problem(cause, name.span, "the second one");
                continue;
            }
            names.push(name);
        }
        if names.is_empty() && node.entries().is_empty() {
            let cause = Cause::Missing {
                node: format!("`{}`", node.name().value()),
                what: "names of analyses".to_owned(),
            };
            self.reader.problem(cause, node.name().span(), "here");
        }
        names
    }

    /// A category or an analysis. `counts` says whether all categories above have a weight.
    fn branch(&mut self, node: &KdlNode, neighbours: &mut BTreeSet<String>, counts: bool) -> Option<Branch> {
        let is_category = node.name().value() == "category";
        let what = if is_category { "the category's name" } else { "the analysis' name" };
        let name = self.reader.text_argument(node, what);
        if let Some(name) = &name {
            self.check_name(name, if is_category { "category" } else { "analysis" });
            if is_category && !neighbours.insert(name.value.clone()) {
                let cause = Cause::Duplicate { what: format!("category `{}`", name.value) };
                self.reader.problem(cause, name.span, "the second one");
            }
        }
        match is_category {
            true => self.category(node, name, counts).map(Branch::Category),
            false => self.analysis(node, name, counts).map(Box::new).map(Branch::Analysis),
        }
    }

    fn category(&mut self, node: &KdlNode, name: Option<Spanned<String>>, counts: bool) -> Option<Category> {
        let properties = self.reader.properties(node, &["weight"]);
        let weight = self.reader.weight(properties.get("weight"));
        let mut children = Vec::new();
        let mut neighbours = BTreeSet::new();
        for child in node.iter_children() {
            match child.name().value() {
                "category" | "analysis" => {
                    children.extend(self.branch(child, &mut neighbours, counts && weight > 0.0));
                }
                _ => self.reader.unknown_node(child, "`category`", &["category", "analysis"]),
            }
        }
        let name = name?;
        if node.iter_children().next().is_none() {
            let cause = Cause::EmptyCategory { name: name.value.clone() };
            let hint = "give it an analysis, or remove it: it would weigh without judging anything";
            self.reader.problem_with_hint(cause, name.span, "nothing in it", hint);
        }
        Some(Category { name, weight, children })
    }

    fn analysis(&mut self, node: &KdlNode, name: Option<Spanned<String>>, counts: bool) -> Option<Analysis> {
        let properties = self.reader.properties(node, &["weight", "policy", "plugin", "query"]);
        let weight = self.reader.weight(properties.get("weight"));
        self.counts |= counts && weight > 0.0;
        let policy = properties.get("policy").and_then(|entry| self.reader.expression(entry));
        if let Some(expr) = &policy
            && let Err(error) = expr.reading.compile("value", &Type::Any)
        {
            self.reader.expression_problems(expr, error);
        }
        let query = properties.get("query").and_then(|entry| self.reader.text(entry, "`query`"));
        let plugin = match properties.get("plugin") {
            Some(entry) => self.reader.text(entry, "`plugin`"),
            None => name.clone(),
        };
        let of = plugin.as_ref().map_or("…", |plugin| &plugin.value);
        let config = parse::configuration(self.reader, node, of);
        let plugin = plugin.and_then(|plugin| parse::known_plugin(self.reader, &plugin, self.plugins));
        let name = name?;
        if !self.names.insert(name.value.clone()) {
            let cause = Cause::Duplicate { what: format!("analysis `{}`", name.value) };
            let hint = "give it a name of its own: analysis \"my-name\" plugin=\"…\"";
            self.reader.problem_with_hint(cause, name.span, "the second one", hint);
        }
        let plugin = plugin?;
        let instance = self.instance(&plugin.value, &name.value, &config);
        Some(Analysis { name, plugin, query, policy, weight, config, instance })
    }

    /// Analyses share one process of a plugin unless they configure it differently.
    fn instance(&self, plugin: &str, analysis: &str, config: &Configuration) -> Arc<str> {
        let declared = self.plugins.iter().find(|declaration| declaration.id.value == plugin);
        let shared = declared.map(|declaration| declaration.config.members.clone()).unwrap_or_default();
        let mut merged = shared.clone();
        merged.extend(config.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        if json::canonical_object(&merged) == json::canonical_object(&shared) {
            plugin.into()
        } else {
            format!("{plugin}#{analysis}").into()
        }
    }

    /// Names stand in reports, file names and identifiers of rules, so they are kept plain.
    fn check_name(&mut self, name: &Spanned<String>, what: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if name.value.is_empty() || name.value.len() > 200 || !name.value.chars().all(plain) {
            let cause = Cause::BadName { name: name.value.escape_debug().to_string(), what: what.to_owned() };
            let hint = "1 to 200 of the characters a-z A-Z 0-9 - _ . /";
            self.reader.problem_with_hint(cause, name.span, "not a name", hint);
        }
    }

    /// Each is an analysis of this policy, and not named in the other list.
    fn check_names(&mut self, names: &[Spanned<String>], others: &[Spanned<String>]) {
        for name in names.iter().filter(|name| others.iter().any(|other| other.value == name.value)) {
            let cause = Cause::Duplicate { what: format!("analysis `{}`", name.value) };
            let hint = "investigate-if-fail demands more: name it there alone";
            self.reader.problem_with_hint(cause, name.span, "in both lists", hint);
        }
        for name in names.iter().filter(|name| !self.names.contains(&name.value)) {
            let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let hint = suggest::hint(&name.value, &known);
            let cause = Cause::UnknownAnalysis { name: name.value.clone() };
            self.reader.problem_with_hint(cause, name.span, "no analysis of this policy", hint);
        }
    }

    /// A policy must be able to come to an investigation.
    fn check_counts(&mut self, node: &KdlNode, branches: &[Branch], lists_nothing: bool) {
        let has_branch =
            node.iter_children().any(|child| matches!(child.name().value(), "category" | "analysis"));
        if !has_branch {
            let cause = Cause::Missing { node: "`analyze`".to_owned(), what: "an analysis".to_owned() };
            let hint = "write: category \"practices\" { analysis \"activity\" }";
            self.reader.problem_with_hint(cause, node.name().span(), "here", hint);
        } else if !branches.is_empty() && !self.counts && lists_nothing {
            let hint =
                "the score would always be 0; give one analysis a weight, or name it in investigate-if-fail";
            self.reader.problem_with_hint(Cause::NothingCounts, node.name().span(), "in here", hint);
        }
    }
}
