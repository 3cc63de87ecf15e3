//! Reads the nodes of a manifest, going on after each fault.

use std::collections::HashMap;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;
use semver::Version;

use super::limits::Wanted;
use super::{Entry, EntryKind, INTERFACES, Manifest, ManifestError, MinLevel, permissions};
use crate::PluginId;

/// The parser descends for each brace and comment; a manifest needs none of the first and few of the second.
const MAX_NESTING: usize = 128;

const NAMES: [&str; 9] =
    ["publisher", "namespace", "name", "version", "interface", "entry", "permissions", "limits", "sandbox"];

pub(super) fn read(text: &str) -> Result<Manifest, Vec<ManifestError>> {
    if text.matches('{').count() + text.matches("/*").count() > MAX_NESTING {
        return Err(vec![ManifestError::Nested { limit: MAX_NESTING }]);
    }
    let document = KdlDocument::parse_v2(text).map_err(syntax)?;
    let mut errors = Vec::new();
    let nodes = sort_out(&document, &mut errors);
    let id = id(&nodes, &mut errors);
    let version = take(&nodes, "version", &mut errors, version);
    let interface = take(&nodes, "interface", &mut errors, interface);
    let entry = take(&nodes, "entry", &mut errors, entry);
    let mut wanted = Wanted::default();
    let mut permissions = nodes
        .get("permissions")
        .map(|node| permissions::read(node, &mut wanted, &mut errors))
        .unwrap_or_default();
    if let Some(node) = nodes.get("limits") {
        wanted.read(node, &mut errors);
    }
    let Wanted { amounts: limits, permissions: more, .. } = wanted;
    permissions.extend(more);
    if let Some(node) = nodes.get("permissions").filter(|_| permissions.len() > permissions::LIMIT) {
        errors.push(ManifestError::Greedy { limit: permissions::LIMIT, at: node.name().span() });
    }
    permissions.sort();
    let sandbox = nodes.get("sandbox").map(|node| sandbox(node).map_err(|error| errors.push(error)).ok());
    match (id, version, interface, entry) {
        (Some(id), Some(version), Some(interface), Some(entry)) if errors.is_empty() => {
            let min_level = sandbox.flatten();
            Ok(Manifest { id, version, interface, entry, permissions, limits, min_level })
        }
        _ => Err(errors),
    }
}

fn syntax(error: kdl::KdlError) -> Vec<ManifestError> {
    let one = |d: kdl::KdlDiagnostic| ManifestError::Syntax {
        message: d.message.unwrap_or_else(|| "this is no KDL".to_owned()),
        help: d.help,
        at: d.span,
    };
    error.diagnostics.into_iter().map(one).collect()
}

type Nodes<'a> = HashMap<&'a str, &'a KdlNode>;

fn sort_out<'a>(document: &'a KdlDocument, errors: &mut Vec<ManifestError>) -> Nodes<'a> {
    let mut nodes = Nodes::new();
    for node in document.nodes() {
        let name = node.name().value();
        let at = node.name().span();
        if !NAMES.contains(&name) {
            errors.push(ManifestError::UnknownNode { name: name.to_owned(), at });
        } else if nodes.insert(name, node).is_some() {
            errors.push(ManifestError::Twice { name: name.to_owned(), at });
        }
    }
    nodes
}

fn take<T>(
    nodes: &Nodes<'_>,
    name: &'static str,
    errors: &mut Vec<ManifestError>,
    read: impl FnOnce(&KdlNode) -> Result<T, ManifestError>,
) -> Option<T> {
    let Some(node) = nodes.get(name) else {
        errors.push(ManifestError::Missing { name });
        return None;
    };
    read(node).map_err(|error| errors.push(error)).ok()
}

fn id(nodes: &Nodes<'_>, errors: &mut Vec<ManifestError>) -> Option<PluginId> {
    let mut part = |name| {
        take(nodes, name, errors, |node| {
            let (text, at) = string(node, "one text, such as name \"idle\"")?;
            // Each part alone first, so that the fault is shown where it is.
            PluginId::new("x", "x", text).map_err(|reason| ManifestError::Id { reason, at })?;
            Ok(text.to_owned())
        })
    };
    let (publisher, namespace, name) = (part("publisher"), part("namespace"), part("name"));
    PluginId::new(&publisher?, &namespace?, &name?).ok()
}

fn version(node: &KdlNode) -> Result<Version, ManifestError> {
    let (text, at) = string(node, "one text, such as version \"1.2.0\"")?;
    let wrong =
        |e: semver::Error| ManifestError::Version { text: text.to_owned(), reason: e.to_string(), at };
    Version::parse(text).map_err(wrong)
}

fn interface(node: &KdlNode) -> Result<u32, ManifestError> {
    let (value, at) = argument(node, "one number, such as interface 1")?;
    let found = value.as_integer().ok_or(ManifestError::Shape { expected: "a whole number", at })?;
    let spoken = u32::try_from(found).ok().filter(|n| INTERFACES.contains(n));
    spoken.ok_or(ManifestError::Interface { found, first: *INTERFACES.start(), last: *INTERFACES.end(), at })
}

fn entry(node: &KdlNode) -> Result<Entry, ManifestError> {
    const SHAPE: &str = "entry kind=\"native\", \"python\" or \"node\", and path=\"…\"";
    let wrong = |at| ManifestError::Shape { expected: SHAPE, at };
    let (mut kind, mut path) = (None, None);
    for item in node.entries() {
        let text = item.value().as_string();
        match (item.name().map(|n| n.value()), text) {
            (Some("kind"), Some("native")) => kind = Some(EntryKind::Native),
            (Some("kind"), Some("python")) => kind = Some(EntryKind::Python),
            (Some("kind"), Some("node")) => kind = Some(EntryKind::Node),
            (Some("path"), Some(text)) if is_inside(text) => path = Some(text.to_owned()),
            (Some("path"), Some(text)) => {
                return Err(ManifestError::Path { path: text.to_owned(), at: item.span() });
            }
            _ => return Err(wrong(item.span())),
        }
    }
    match (kind, path, node.children()) {
        (Some(kind), Some(path), None) => Ok(Entry { kind, path }),
        _ => Err(wrong(node.span())),
    }
}

fn sandbox(node: &KdlNode) -> Result<MinLevel, ManifestError> {
    const SHAPE: &str = "sandbox min-level=\"standard\" or min-level=\"full\"";
    let wrong = |at| Err(ManifestError::Shape { expected: SHAPE, at });
    let ([one], None) = (node.entries(), node.children()) else { return wrong(node.span()) };
    match (one.name().map(|name| name.value()), one.value().as_string()) {
        (Some("min-level"), Some("standard")) => Ok(MinLevel::Standard),
        (Some("min-level"), Some("full")) => Ok(MinLevel::Full),
        _ => wrong(one.span()),
    }
}

fn is_inside(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control))
}

fn string<'a>(node: &'a KdlNode, expected: &'static str) -> Result<(&'a str, SourceSpan), ManifestError> {
    let (value, at) = argument(node, expected)?;
    value.as_string().map(|text| (text, at)).ok_or(ManifestError::Shape { expected, at })
}

fn argument<'a>(
    node: &'a KdlNode,
    expected: &'static str,
) -> Result<(&'a KdlValue, SourceSpan), ManifestError> {
    match (node.entries(), node.children()) {
        ([one], None) if one.name().is_none() => Ok((one.value(), one.span())),
        _ => Err(ManifestError::Shape { expected, at: node.span() }),
    }
}

/// The one argument of a node, and its properties.
pub(super) fn argument_beside_properties<'a>(
    node: &'a KdlNode,
    expected: &'static str,
) -> Result<(&'a KdlEntry, Vec<&'a KdlEntry>), ManifestError> {
    let (properties, arguments): (Vec<_>, Vec<_>) =
        node.entries().iter().partition(|entry| entry.name().is_some());
    match (&arguments[..], node.children()) {
        ([one], None) => Ok((one, properties)),
        _ => Err(ManifestError::Shape { expected, at: node.span() }),
    }
}
