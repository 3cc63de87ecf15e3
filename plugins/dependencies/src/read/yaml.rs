//! YAML as a tree that is no larger than its text: references to other places (aliases), which could make it grow without limit, are refused.

use saphyr_parser::{Event, Parser};

use super::ReadError;

/// No honest lock file is nested deeper.
const DEEPEST: usize = 64;

/// A value. Scalars are kept as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the text.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(own, _)| own == name).map(|(_, node)| node)
    }

    pub(crate) fn members(&self) -> &[(String, Node)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Self::Scalar(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

/// What is open, from the outside in.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads the first document.
pub(crate) fn read(text: &str) -> Result<Node, ReadError> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(ReadError::malformed)?;
        let complete = match event {
            Event::Alias(_) => {
                return Err(ReadError::Malformed("it refers to other places in itself".to_owned()));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                None
            }
            Event::Scalar(text, ..) => Some(Node::Scalar(text.into_owned())),
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(closed).transpose()?,
            _ => None,
        };
        if open.len() > DEEPEST {
            return Err(ReadError::TooDeep(DEEPEST));
        }
        let Some(node) = complete else { continue };
        match open.last_mut() {
            None => return Ok(node),
            Some(outer) => put(outer, node)?,
        }
    }
    Err(ReadError::Other("a document"))
}

fn closed(open: Open) -> Result<Node, ReadError> {
    match open {
        Open::List(nodes) => Ok(Node::List(nodes)),
        Open::Map(members, None) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            match names.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => Err(ReadError::Twice(pair[0].to_owned())),
                None => Ok(Node::Map(members)),
            }
        }
        Open::Map(_, Some(name)) => Err(ReadError::Malformed(format!("{name:?} has no value"))),
    }
}

fn put(outer: &mut Open, node: Node) -> Result<(), ReadError> {
    match outer {
        Open::List(nodes) => nodes.push(node),
        Open::Map(members, name) => match (name.take(), node) {
            (Some(name), node) => members.push((name, node)),
            (None, Node::Scalar(text)) => *name = Some(text),
            (None, _) => return Err(ReadError::Malformed("a name is no text".to_owned())),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_scalars_as_written() {
        let node = read("a: 1.10\nb:\n  - x\n  - {y: 'z', on: true}\n").unwrap();
        assert_eq!(node.text("a"), Some("1.10"));
        let Some(Node::List(list)) = node.get("b") else { panic!("{node:?}") };
        assert_eq!((list[1].text("y"), list[1].flag("on")), (Some("z"), true));
    }

    #[test]
    fn what_grows_repeats_or_nests_is_refused() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert!(read(bomb).unwrap_err().to_string().contains("other places"));
        assert_eq!(read("a: 1\na: 2\n"), Err(ReadError::Twice("a".to_owned())));
        assert!(read(&"[".repeat(5_000)).is_err());
        assert!(read(&"- ".repeat(5_000)).is_err());
        for text in ["", "a: [", "? {a: b}\n: c\n", "\t- x: y: z"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
