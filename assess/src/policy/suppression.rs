//! Lines of a policy that take findings out of what is judged: `suppress RULE`, where, why, and until when.
//!
//! A suppression names one rule of one plugin, and a place: a path, a commit, a package, or several of these, all of
//! which must fit. It never speaks of an analysis as a whole.

use std::sync::OnceLock;

use globset::{Glob, GlobBuilder, GlobMatcher};
use kdl::{KdlEntry, KdlNode};
use miette::SourceSpan;
use probity_host::bare_name;

use crate::settings::Day;

use super::model::{PluginDeclaration, Spanned};
use super::nodes::{Reader, value_span};
use super::parse;
use super::problem::Cause;

/// The name of the node.
pub(super) const NODE: &str = "suppress";
const PROPERTIES: [&str; 5] = ["path", "commit", "package", "reason", "until"];
/// Longest path, package or reason, in bytes.
const MAX_TEXT: usize = 1000;
const EXAMPLE: &str =
    "suppress \"content/private-key\" path=\"tests/data/**\" reason=\"made up for the tests\"";

/// A line that takes findings out.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppression {
    /// In full: `publisher/namespace/name`.
    pub plugin: String,
    /// The rule's id within its plugin.
    pub rule: String,
    pub place: Place,
    /// Why the findings are of no concern. Never blank.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Day>,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The rule as it is written.
    pub span: SourceSpan,
}

/// Which findings of the rule it takes out: those that have all that is given here. Something is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    pub path: Option<PathPattern>,
    /// A full id, in lower case.
    pub commit: Option<String>,
    pub package: Option<String>,
}

/// A path, or a pattern of paths: `*` is any part of a name, `?` one character of it, `**` any number of folders. Every
/// other character is itself.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: String,
    /// None for a text without wildcards, which is the path itself.
    pattern: Option<Glob>,
    /// Made when there is something to compare, which most checks of a policy have not.
    matcher: OnceLock<GlobMatcher>,
}

impl Suppression {
    /// As it is written in a policy: `content/private-key`, a stranger's plugin in full.
    pub fn rule_name(&self) -> String {
        rule_name(&self.plugin, &self.rule)
    }

    /// Whether it holds no more. On the day `until` it still does.
    pub fn is_expired(&self, today: &str) -> bool {
        // Days of four-digit years are in the order of their texts.
        self.until.as_ref().is_some_and(|until| until.as_str() < today)
    }
}

/// How a policy names a rule of this plugin.
pub fn rule_name(plugin: &str, rule: &str) -> String {
    format!("{}/{rule}", bare_name(plugin).unwrap_or(plugin))
}

impl PathPattern {
    fn new(text: &str) -> Result<PathPattern, globset::Error> {
        let pattern = match text.contains(['*', '?']) {
            false => None,
            true => {
                let mut glob = String::with_capacity(text.len());
                for c in text.chars() {
                    match c {
                        '[' | ']' | '{' | '}' => glob.extend(['[', c, ']']),
                        other => glob.push(other),
                    }
                }
                Some(GlobBuilder::new(&glob).literal_separator(true).backslash_escape(false).build()?)
            }
        };
        Ok(PathPattern { text: text.to_owned(), pattern, matcher: OnceLock::new() })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is, or fits, this path of a finding. A path that is no UTF-8 is compared as reports write it.
    pub fn matches(&self, path: &str) -> bool {
        let fits = |pattern: &Glob| self.matcher.get_or_init(|| pattern.compile_matcher()).is_match(path);
        self.text == path || self.pattern.as_ref().is_some_and(fits)
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &PathPattern) -> bool {
        self.text == other.text
    }
}

/// Reads one line. `text` is the whole file.
pub(super) fn read(
    reader: &mut Reader,
    node: &KdlNode,
    text: &str,
    plugins: &[PluginDeclaration],
) -> Option<Suppression> {
    let rule = reader.text_argument(node, "a rule");
    reader.no_children(node);
    let properties = reader.properties(node, &PROPERTIES);
    let place = place(reader, node, |name| properties.get(name).copied());
    let reason = reason(reader, node, properties.get("reason").copied());
    let until = properties.get("until").map(|entry| until(reader, entry));
    let (plugin, rule, span) = named(reader, &rule?, plugins)?;
    let until = match until {
        None => None,
        Some(day) => Some(day?),
    };
    let before = text.get(..node.name().span().offset()).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    Some(Suppression { plugin, rule, place: place?, reason: reason?, until, line, span })
}

/// The plugin in full, and its rule.
fn named(
    reader: &mut Reader,
    name: &Spanned<String>,
    plugins: &[PluginDeclaration],
) -> Option<(String, String, SourceSpan)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let (plugin, rule) = match name.value.rsplit_once('/') {
        Some((plugin, rule)) if !rule.is_empty() && rule.len() <= 200 && rule.chars().all(plain) => {
            (plugin, rule)
        }
        _ => {
            let cause =
                Cause::BadName { name: name.value.escape_debug().to_string(), what: "rule".to_owned() };
            let hint =
                "a rule is named with its plugin: content/private-key, or publisher/namespace/name/rule";
            reader.problem_with_hint(cause, name.span, "not a rule's name", hint);
            return None;
        }
    };
    let id = parse::known_plugin(reader, &Spanned { value: plugin.to_owned(), span: name.span }, plugins)?;
    Some((id.value, rule.to_owned(), name.span))
}

fn place<'n>(
    reader: &mut Reader,
    node: &KdlNode,
    property: impl Fn(&str) -> Option<&'n KdlEntry>,
) -> Option<Place> {
    let path = property("path").map(|entry| path(reader, entry));
    let commit = property("commit").map(|entry| commit(reader, entry));
    let package = property("package").map(|entry| some_text(reader, entry, "`package`"));
    if let (None, None, None) = (&path, &commit, &package) {
        let cause =
            Cause::Missing { node: format!("`{NODE}`"), what: "`path`, `commit` or `package`".to_owned() };
        let hint = format!("a whole rule is for the analysis' policy to judge; write: {EXAMPLE}");
        reader.problem_with_hint(cause, node.name().span(), "here", hint);
        return None;
    }
    // What is given and wrong was told: a wrong place must not become a wider one.
    let path = path.map_or(Some(None), |path| path.map(Some))?;
    let commit = commit.map_or(Some(None), |commit| commit.map(Some))?;
    let package = package.map_or(Some(None), |package| package.map(Some))?;
    Some(Place { path, commit, package })
}

fn path(reader: &mut Reader, entry: &KdlEntry) -> Option<PathPattern> {
    let text = some_text(reader, entry, "`path`")?;
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    // A quoted path is one that is no UTF-8, as reports write it.
    if !text.starts_with('"') && text.split('/').any(odd) {
        let cause = Cause::BadPlace { what: format!("path {text:?} fits no file of a repository") };
        let hint =
            "begin at the top of the tree, without `/` before or after; all below a folder is `folder/**`";
        reader.problem_with_hint(cause, value_span(entry), "not a path", hint);
        return None;
    }
    PathPattern::new(&text)
        .map_err(|error| {
            let cause = Cause::BadPlace { what: format!("path {text:?} is no pattern: {}", error.kind()) };
            reader.problem(cause, value_span(entry), "not a pattern");
        })
        .ok()
}

fn commit(reader: &mut Reader, entry: &KdlEntry) -> Option<String> {
    let text = reader.text(entry, "`commit`")?.value;
    if matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(text.to_ascii_lowercase());
    }
    let cause = Cause::BadPlace { what: format!("{:?} is no full id of a commit", shortened(&text)) };
    let hint = "40 hexadecimal digits, or 64; `git rev-parse` tells the full id";
    reader.problem_with_hint(cause, value_span(entry), "not a commit", hint);
    None
}

fn reason(reader: &mut Reader, node: &KdlNode, entry: Option<&KdlEntry>) -> Option<String> {
    match entry {
        Some(entry) => some_text(reader, entry, "`reason`"),
        None => {
            let cause = Cause::Missing { node: format!("`{NODE}`"), what: "`reason`".to_owned() };
            let hint = "say why it is of no concern, for those who read it later: reason=\"…\"";
            reader.problem_with_hint(cause, node.name().span(), "here", hint);
            None
        }
    }
}

fn until(reader: &mut Reader, entry: &KdlEntry) -> Option<Day> {
    let text = reader.text(entry, "`until`")?.value;
    Day::parse(&text)
        .map_err(|_| {
            let cause = Cause::BadPlace { what: format!("{:?} is no day", shortened(&text)) };
            let hint = "YYYY-MM-DD, the last day on which the finding stays suppressed";
            reader.problem_with_hint(cause, value_span(entry), "not a day", hint);
        })
        .ok()
}

/// A text with something in it, of a bounded length.
fn some_text(reader: &mut Reader, entry: &KdlEntry, what: &str) -> Option<String> {
    let text = reader.text(entry, what)?.value;
    if !text.trim().is_empty() && text.len() <= MAX_TEXT {
        return Some(text);
    }
    let found = if text.trim().is_empty() { "nothing".to_owned() } else { format!("{} bytes", text.len()) };
    let expected = format!("a text of at most {MAX_TEXT} bytes");
    let cause = Cause::WrongType { what: what.to_owned(), expected, found };
    reader.problem(cause, value_span(entry), "not such a text");
    None
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
