//! From the text of a policy to its data: the file, its `plugins`, and what is checked across nodes.
//! The tree of `analyze` is read in `tree.rs`.

use std::collections::BTreeMap;

use kdl::{KdlDocument, KdlNode};
use miette::SourceSpan;
use probity_host::bare_name;
use probity_registry::{PermissionKind, PluginId};

use crate::expression::suggest;
use crate::permissions::Thing;

use super::comments;
use super::json;
use super::model::{Configuration, PluginDeclaration, Policy, Spanned};
use super::nodes::Reader;
use super::problem::{Cause, PolicyErrors, Problem, Text};
use super::suppression::{self, Suppression};
use super::tree;

/// The largest policy that is read, in bytes.
pub(crate) const MAX_BYTES: u64 = 256 << 10;
/// Most blocks of children and block comments in it, each of which may nest in another one.
const MAX_BLOCKS: usize = 1000;
/// Deepest nesting of what was read.
const MAX_NESTING: usize = 32;
/// Bytes of stack for reading, of which only what is used is ever taken.
const STACK: usize = 64 << 20;

/// The plugins that come with Probity, by their bare names.
pub const BUILT_INS: &[&str] = &[
    "activity",
    "affiliation",
    "anomalies",
    "archive",
    "binary",
    "churn",
    "content",
    "dependencies",
    "entropy",
    "fuzz",
    "git",
    "github",
    "identity",
    "installs",
    "lineage",
    "linguist",
    "maintainers",
    "newcomers",
    "posture",
    "review",
    "typo",
    "workflows",
];

impl Policy {
    /// Reads a policy. `source_name` names it in messages.
    ///
    /// # Errors
    /// Everything that is wrong with its shape, its names and its expressions, as far as can be said without asking
    /// a plugin; if it is no KDL, what KDL's parser says.
    pub fn parse(source_name: &str, text: &str) -> Result<Policy, PolicyErrors> {
        let source = Text::new(source_name, text);
        let document = document(text).map_err(|problems| PolicyErrors::new(&source, problems, None))?;
        let mut reader = Reader::default();
        let mut plugins = Vec::new();
        let mut analyze = None;
        let mut suppress = Vec::new();
        for node in document.nodes() {
            match node.name().value() {
                "plugins" => read_plugins(&mut reader, node, &mut plugins),
                "analyze" if analyze.is_none() => analyze = Some(node),
                "analyze" => {
                    let cause = Cause::Duplicate { what: "`analyze`".to_owned() };
                    reader.problem(cause, node.name().span(), "the second one");
                }
                suppression::NODE => suppress.push(node),
                _ => reader.unknown_node(node, "a policy", &["plugins", "analyze", suppression::NODE]),
            }
        }
        let suppressions = read_suppressions(&mut reader, &suppress, text, &plugins);
        let analyzed = match analyze {
            Some(node) => tree::read(&mut reader, node, &plugins),
            None => {
                let cause =
                    Cause::Missing { node: "a policy".to_owned(), what: "a node `analyze`".to_owned() };
                reader.problem_with_hint(
                    cause,
                    (0, 0).into(),
                    "here",
                    "`probity init` writes a policy to begin with",
                );
                None
            }
        };
        let policy = analyzed.map(|analyzed| Policy {
            source: source.clone(),
            investigate: analyzed.investigate,
            investigate_if_fail: analyzed.investigate_if_fail,
            investigate_if_found: analyzed.investigate_if_found,
            plugins,
            tree: analyzed.tree,
            suppressions,
        });
        match policy {
            Some(policy) if reader.problems.is_empty() => Ok(policy),
            // Whatever is absent was told as a problem.
            policy => Err(PolicyErrors::new(&source, reader.problems, policy.map(Box::new))),
        }
    }
}

fn document(text: &str) -> Result<KdlDocument, Vec<Problem>> {
    let too_large = || {
        let what = format!("{MAX_BYTES} bytes, {MAX_BLOCKS} blocks, {MAX_NESTING} levels");
        let cause = Cause::TooLarge { what };
        vec![Problem { cause, span: (0, 0).into(), label: "in this file".to_owned(), hint: None }]
    };
    let blocks = text.matches('{').count() + text.matches("/*").count();
    if text.len() as u64 > MAX_BYTES || blocks > MAX_BLOCKS {
        return Err(too_large());
    }
    let text = comments::blanked(text);
    let parsed = with_deep_stack(|| {
        let parsed = KdlDocument::parse_v2(&text);
        // A document that is too deep is dropped here, where there is the stack for it.
        parsed.map(|document| (nesting(&document) <= MAX_NESTING).then_some(document))
    });
    match parsed {
        Some(Ok(Some(document))) => Ok(document),
        Some(Ok(None)) | None => Err(too_large()),
        Some(Err(error)) => {
            let mut problems: Vec<Problem> = error.diagnostics.iter().map(syntax_problem).collect();
            problems.sort_by_key(|problem| problem.span.offset());
            Err(problems)
        }
    }
}

/// Runs a function on a stack that KDL's recursive parser cannot exhaust within [`MAX_BLOCKS`]. Nothing if there is
/// no thread to be had.
fn with_deep_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).ok()?;
        thread.join().ok()
    })
}

fn nesting(document: &KdlDocument) -> usize {
    let children = document.nodes().iter().filter_map(KdlNode::children);
    1 + children.map(nesting).max().unwrap_or(0)
}

fn syntax_problem(diagnostic: &kdl::KdlDiagnostic) -> Problem {
    let message = diagnostic.message.clone().unwrap_or_else(|| "unexpected text".to_owned());
    let mut lower = message.chars();
    let message: String = lower.next().into_iter().flat_map(char::to_lowercase).chain(lower).collect();
    Problem {
        cause: Cause::Syntax { message },
        span: diagnostic.span,
        label: diagnostic.label.clone().unwrap_or_else(|| "here".to_owned()),
        hint: diagnostic.help.clone(),
    }
}

fn read_plugins(reader: &mut Reader, node: &KdlNode, plugins: &mut Vec<PluginDeclaration>) {
    reader.no_arguments(node);
    reader.properties(node, &[]);
    for child in node.iter_children() {
        if child.name().value() != "plugin" {
            reader.unknown_node(child, "`plugins`", &["plugin"]);
            continue;
        }
        let Some(declaration) = read_plugin(reader, child) else { continue };
        if plugins.iter().any(|other| other.id.value == declaration.id.value) {
            let cause = Cause::Duplicate { what: format!("plugin `{}`", declaration.id.value) };
            reader.problem(cause, declaration.id.span, "the second one");
            continue;
        }
        plugins.push(declaration);
    }
}

/// What takes findings out. They are read after all plugins, wherever they stand.
fn read_suppressions(
    reader: &mut Reader,
    nodes: &[&KdlNode],
    text: &str,
    plugins: &[PluginDeclaration],
) -> Vec<Suppression> {
    let mut suppressions: Vec<Suppression> = Vec::new();
    for node in nodes {
        let Some(read) = suppression::read(reader, node, text, plugins) else { continue };
        let is_same = |other: &Suppression| {
            (&other.plugin, &other.rule, &other.place) == (&read.plugin, &read.rule, &read.place)
        };
        if suppressions.iter().any(is_same) {
            let cause = Cause::Duplicate { what: format!("the suppression of `{}` there", read.rule_name()) };
            reader.problem(cause, read.span, "the second one");
            continue;
        }
        suppressions.push(read);
    }
    suppressions
}

fn read_plugin(reader: &mut Reader, node: &KdlNode) -> Option<PluginDeclaration> {
    let name = reader.text_argument(node, "the plugin's name");
    let properties = reader.properties(node, &["path", "sha256"]);
    let path = properties.get("path").and_then(|entry| reader.text(entry, "`path`"));
    let sha256 = properties.get("sha256").and_then(|entry| reader.text(entry, "`sha256`"));
    let sha256 = sha256.and_then(|digest| checked_digest(reader, digest));
    let of = name.as_ref().map_or("…", |name| &name.value);
    let (mut config, mut grants) = (None, None);
    for child in node.iter_children() {
        match child.name().value() {
            name @ ("config" | "grant") => {
                reader.no_arguments(child);
                reader.properties(child, &[]);
                let second = match name {
                    "config" => config.replace(configuration(reader, child, of)).is_some(),
                    _ => grants.replace(granted(reader, child)).is_some(),
                };
                if second {
                    let cause = Cause::Duplicate { what: format!("`{name}`") };
                    reader.problem(cause, child.name().span(), "the second one");
                }
            }
            _ => reader.unknown_node(child, "`plugin`", &["config", "grant"]),
        }
    }
    let id = plugin_id(reader, &name?)?;
    check_source(reader, &id, properties.contains_key("path"), properties.contains_key("sha256"));
    let (config, grants) = (config.unwrap_or_default(), grants.unwrap_or_default());
    Some(PluginDeclaration { id, path, sha256, config, grants })
}

/// What a plugin is let see: a node for each variable, each path and each server.
fn granted(reader: &mut Reader, node: &KdlNode) -> BTreeMap<Thing, SourceSpan> {
    let mut grants = BTreeMap::new();
    for child in node.iter_children() {
        let Some(kind) = PermissionKind::named(child.name().value()) else {
            reader.unknown_node(child, "`grant`", &PermissionKind::ALL.map(PermissionKind::name));
            continue;
        };
        reader.properties(child, &[]);
        let Some(Spanned { value, span }) = reader.text_argument(child, "what is granted") else { continue };
        let thing = Thing { kind, what: value };
        let is_second =
            |other: &Thing| thing.token_server().is_some() && other.token_server() == thing.token_server();
        if grants.contains_key(&thing) || grants.keys().any(is_second) {
            let cause =
                Cause::Duplicate { what: format!("`{}`", thing.token_server().unwrap_or(&thing.what)) };
            reader.problem(cause, span, "the second one");
        }
        grants.entry(thing).or_insert(span);
    }
    grants
}

/// A built-in plugin is part of the program; any other one needs a folder, and the hash that makes it trusted.
fn check_source(reader: &mut Reader, id: &Spanned<String>, has_path: bool, has_digest: bool) {
    let built_in = is_built_in(&id.value);
    if built_in && (has_path || has_digest) {
        let cause = Cause::Superfluous {
            node: "plugin".to_owned(),
            what: "path or digest if it is built in".to_owned(),
        };
        let hint = "a plugin of your own needs a name of its own: publisher/namespace/name";
        reader.problem_with_hint(cause, id.span, "this is a built-in plugin", hint);
    } else if !(built_in || has_path && has_digest) {
        let what = "`path` and `sha256`".to_owned();
        let cause = Cause::Missing { node: format!("plugin `{}`", id.value), what };
        let hint = "path=\"…\" is its folder, sha256=\"…\" the tree hash that the folder must have";
        reader.problem_with_hint(cause, id.span, "this is no built-in plugin", hint);
    }
}

fn checked_digest(reader: &mut Reader, digest: Spanned<String>) -> Option<Spanned<String>> {
    if digest.value.len() == 64 && digest.value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Spanned { value: digest.value.to_ascii_lowercase(), span: digest.span });
    }
    let hint =
        format!("64 hexadecimal digits are expected, here are {} characters", digest.value.chars().count());
    reader.problem_with_hint(Cause::BadDigest, digest.span, "not a digest", hint);
    None
}

/// The children of a node as configuration of a plugin.
pub(super) fn configuration(reader: &mut Reader, node: &KdlNode, plugin: &str) -> Configuration {
    let mut configuration = Configuration { members: serde_json::Map::new(), spans: BTreeMap::new() };
    for child in node.iter_children() {
        let name = child.name().value().to_owned();
        let span = child.name().span();
        if is_grant(child) {
            let cause =
                Cause::BadConfiguration { message: "`grant` is no part of a configuration".to_owned() };
            let hint =
                format!("write it beside `config`: plugins {{ plugin {plugin:?} {{ grant {{ … }} }} }}");
            reader.problem_with_hint(cause, span, "not here", hint);
            continue;
        }
        match json::of_node(child) {
            Ok(value) => {
                if configuration.members.insert(name.clone(), value).is_some() {
                    reader.problem(Cause::Duplicate { what: format!("`{name}`") }, span, "the second one");
                }
            }
            Err(message) => {
                let cause = Cause::BadConfiguration { message: format!("configuration `{name}`: {message}") };
                reader.problem(cause, span, "here");
            }
        }
        configuration.spans.insert(name, span);
    }
    configuration
}

/// Whether a node says what a plugin is let see. No plugin has a configuration that looks the same.
fn is_grant(node: &KdlNode) -> bool {
    let mut kinds = node.iter_children().map(|child| PermissionKind::named(child.name().value()));
    node.name().value() == "grant"
        && node.iter_children().next().is_some()
        && kinds.all(|kind| kind.is_some())
}

/// The full id of a plugin. That a built-in of the name exists is checked; whether another one is declared is not.
pub(super) fn plugin_id(reader: &mut Reader, name: &Spanned<String>) -> Option<Spanned<String>> {
    let unknown = Cause::UnknownPlugin { name: name.value.clone() };
    let bare = name.value.strip_prefix("mitre/").unwrap_or(&name.value);
    if bare != name.value && BUILT_INS.contains(&bare) {
        let hint = format!("the plugin that measures what Hipcheck's does is built in: \"{bare}\"");
        reader.problem_with_hint(unknown, name.span, "a plugin of Hipcheck", hint);
        return None;
    }
    match PluginId::parse(&name.value) {
        Ok(id) => {
            let full = id.to_string();
            let claims_built_in = bare_name(&full).is_some();
            if claims_built_in && !is_built_in(&full) {
                let hint = match suggest::nearest(bare, BUILT_INS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "built in are {}; an analysis of another name needs plugin=\"…\"",
                        BUILT_INS.join(", ")
                    ),
                };
                reader.problem_with_hint(unknown, name.span, "not a built-in plugin", hint);
                return None;
            }
            Some(Spanned { value: full, span: name.span })
        }
        Err(error) => {
            reader.problem_with_hint(unknown, name.span, "not a plugin's name", error.to_string());
            None
        }
    }
}

/// The full id of a plugin that is built in or declared.
pub(super) fn known_plugin(
    reader: &mut Reader,
    plugin: &Spanned<String>,
    plugins: &[PluginDeclaration],
) -> Option<Spanned<String>> {
    let id = plugin_id(reader, plugin)?;
    let declared = plugins.iter().any(|declaration| declaration.id.value == id.value);
    if declared || is_built_in(&id.value) {
        return Some(id);
    }
    let known: Vec<&str> = plugins.iter().map(|declaration| declaration.id.value.as_str()).collect();
    let hint = match suggest::nearest(&id.value, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it: plugins {{ plugin \"{}\" path=\"…\" sha256=\"…\" }}", id.value),
    };
    let cause = Cause::UnknownPlugin { name: id.value };
    reader.problem_with_hint(cause, id.span, "not declared", hint);
    None
}

/// Whether the full id is that of a plugin which comes with Probity.
pub(super) fn is_built_in(id: &str) -> bool {
    bare_name(id).is_some_and(|name| BUILT_INS.contains(&name))
}
