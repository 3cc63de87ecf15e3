//! YAML as a tree with line numbers, bounded: what a hostile file could make large or deep is refused.
//!
//! The library reports events; the tree is built here, so that its depth is known before anything recurses over it. An alias is the same
//! node once more, not a copy, and each node knows how many it stands for, so that aliases of aliases are refused by their number.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

/// No honest file of this sort is larger; the services that read such files refuse far smaller ones.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;
/// So deeply may lists and maps be nested.
const DEEPEST: usize = 64;
/// So many nodes may a file have, those counted that aliases stand for.
const MOST_NODES: u64 = 100_000;
/// So many bytes of a text count as one more node, so that an alias of a long text is not had for nothing.
const TEXT_BYTES: u64 = 64;

/// Why a text is not taken for YAML.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum YamlError {
    #[error("it has {0} bytes, and {MOST_BYTES} are read")]
    TooLarge(usize),
    #[error("it is not UTF-8")]
    NotText,
    #[error("line {line}: {info}")]
    Malformed { line: u32, info: String },
    #[error("line {line}: the key {key:?} stands twice")]
    Twice { line: u32, key: String },
    #[error("line {0}: nested more than {DEEPEST} deep")]
    TooDeep(u32),
    #[error("it unfolds into more than {MOST_NODES} values")]
    TooMany,
}

/// A value and where it begins; a block begins on the line after its sign.
#[derive(Debug)]
pub(crate) struct Node {
    /// The first line of a file is 1.
    pub(crate) line: u32,
    pub(crate) value: Value,
    /// How many values it stands for, itself included.
    size: u64,
}

#[derive(Debug)]
pub(crate) enum Value {
    Scalar(String),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key and its value.
type Entry = (Rc<Node>, Rc<Node>);

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key of this map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The keys of this map that are texts, with their values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries = match &self.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().filter_map(|(key, value)| Some((key.text()?, &**value)))
    }

    /// The members of this list; a value that is no list is a list of one.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Node> {
        let (many, one) = match &self.value {
            Value::List(members) => (members.as_slice(), None),
            _ => (&[][..], Some(self)),
        };
        many.iter().map(|member| &**member).chain(one)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// The line of the file that a line of this text stands on, counted from 0.
    pub(crate) fn line_of(&self, line: usize) -> u32 {
        self.line.saturating_add(u32::try_from(line).unwrap_or(u32::MAX))
    }

    /// Each text below this node, keys included.
    pub(crate) fn texts<'a>(&'a self, seen: &mut dyn FnMut(&'a Node, &'a str)) {
        match &self.value {
            Value::Scalar(text) => seen(self, text),
            Value::List(members) => members.iter().for_each(|member| member.texts(seen)),
            Value::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.texts(seen);
                value.texts(seen);
            }),
        }
    }
}

/// The documents of a file.
pub(crate) fn documents(bytes: &[u8]) -> Result<Vec<Rc<Node>>, YamlError> {
    if bytes.len() > MOST_BYTES {
        return Err(YamlError::TooLarge(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| YamlError::NotText)?;
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut building = Building::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| malformed(&error))?;
        building.add(event, u32::try_from(span.start.line()).unwrap_or(u32::MAX))?;
    }
    Ok(building.documents)
}

fn malformed(error: &ScanError) -> YamlError {
    let line = u32::try_from(error.marker().line()).unwrap_or(u32::MAX);
    YamlError::Malformed { line, info: error.info().to_owned() }
}

#[derive(Default)]
struct Building {
    documents: Vec<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: u64,
}

/// A list or map that has not ended. The keys and values of a map alternate.
struct Open {
    line: u32,
    anchor: usize,
    members: Vec<Rc<Node>>,
}

impl Building {
    fn add(&mut self, event: Event<'_>, line: u32) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, _) => {
                // A block is said to begin at its first line that is not empty.
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let empty = text.bytes().take_while(|byte| block && *byte == b'\n').count();
                let line = line.saturating_sub(u32::try_from(empty).unwrap_or(u32::MAX));
                let size = 1 + text.len() as u64 / TEXT_BYTES;
                self.put(Value::Scalar(text.into_owned()), line, size, anchor)?;
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if self.open.len() == DEEPEST {
                    return Err(YamlError::TooDeep(line));
                }
                self.open.push(Open { line, anchor, members: Vec::new() });
            }
            Event::SequenceEnd => self.close(false)?,
            Event::MappingEnd => self.close(true)?,
            Event::Alias(anchor) => {
                let info = || "an alias of what has not ended".to_owned();
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| YamlError::Malformed { line, info: info() })?;
                self.place(node)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn close(&mut self, map: bool) -> Result<(), YamlError> {
        let Some(Open { line, anchor, members }) = self.open.pop() else { return Ok(()) };
        let size = members.iter().fold(1_u64, |sum, member| sum.saturating_add(member.size));
        let value = if map { Value::Map(pairs(members)?) } else { Value::List(members) };
        self.put(value, line, size, anchor)
    }

    fn put(&mut self, value: Value, line: u32, size: u64, anchor: usize) -> Result<(), YamlError> {
        let node = Rc::new(Node { line, value, size });
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node)
    }

    /// Puts a node where it belongs, and counts.
    fn place(&mut self, node: Rc<Node>) -> Result<(), YamlError> {
        self.nodes += 1;
        if node.size > MOST_NODES || self.nodes > MOST_NODES {
            return Err(YamlError::TooMany);
        }
        match self.open.last_mut() {
            Some(open) => open.members.push(node),
            None => self.documents.push(node),
        }
        Ok(())
    }
}

fn pairs(members: Vec<Rc<Node>>) -> Result<Vec<Entry>, YamlError> {
    let mut pairs = Vec::with_capacity(members.len() / 2);
    let mut names = std::collections::HashSet::new();
    let mut members = members.into_iter();
    while let (Some(key), Some(value)) = (members.next(), members.next()) {
        if let Some(name) = key.text()
            && !names.insert(name.to_owned())
        {
            return Err(YamlError::Twice { line: key.line, key: name.chars().take(80).collect() });
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> YamlError {
        documents(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn values_know_their_lines_and_blocks_those_of_their_text() {
        let text = "\u{feff}on: push\njobs:\n  a:\n    run: |\n\n      one\n\n      three\n    more: [x, &y 'z', *y]\n";
        let documents = documents(text.as_bytes()).unwrap();
        let job = documents[0].get("jobs").and_then(|jobs| jobs.get("a")).unwrap();
        let run = job.get("run").unwrap();
        assert_eq!((run.text(), run.line_of(0), run.line_of(2)), (Some("\none\n\nthree\n"), 5, 7));
        let more: Vec<_> = job.get("more").unwrap().members().map(|node| (node.text(), node.line)).collect();
        assert_eq!(more, [(Some("x"), 9), (Some("z"), 9), (Some("z"), 9)]);
        assert_eq!(documents[0].get("on").unwrap().members().count(), 1);
    }

    #[test]
    fn aliases_of_aliases_are_refused_before_they_unfold() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..40 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
        }
        assert_eq!(refused(&bomb), YamlError::TooMany);
        assert_eq!(refused(&format!("[{}]", "x,".repeat(200_000))), YamlError::TooMany);
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a, ".repeat(20));
        assert_eq!(refused(&text), YamlError::TooMany);
        assert!(matches!(refused("a: &a [*a]"), YamlError::Malformed { .. }));
    }

    #[test]
    fn depth_size_and_other_encodings_are_refused() {
        for deep in ["[".repeat(70) + &"]".repeat(70), "- ".repeat(100_000)] {
            assert_eq!(refused(&deep), YamlError::TooDeep(1));
        }
        assert!(matches!(refused(&"[".repeat(100_000)), YamlError::Malformed { line: 1, .. }));
        assert_eq!(refused(&"x".repeat(MOST_BYTES + 1)), YamlError::TooLarge(MOST_BYTES + 1));
        assert_eq!(documents(b"a: \xff").unwrap_err(), YamlError::NotText);
        assert!(matches!(refused("a:\n\tb: c\n"), YamlError::Malformed { line: 2, .. }));
        assert!(matches!(refused("a: 'b\n"), YamlError::Malformed { .. }));
        assert_eq!(refused("a: 1\nb: 2\na: 3\n"), YamlError::Twice { line: 3, key: "a".into() });
    }

    #[test]
    fn a_file_may_be_empty_or_have_several_documents() {
        assert!(documents(b"# nothing\n").unwrap().is_empty());
        assert_eq!(documents(b"a: 1\n---\nb: 2\n").unwrap().len(), 2);
    }
}
