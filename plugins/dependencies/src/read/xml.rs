//! XML as elements with their text. Attributes are left out, and entities that a document defines are not resolved: they stay as written.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::{Lines, ReadError};

/// No honest manifest is nested deeper.
const DEEPEST: usize = 64;

/// An element.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Element {
    /// Without a prefix.
    pub(crate) name: String,
    /// Its own text, without blanks around it.
    pub(crate) text: String,
    pub(crate) line: u64,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at this path of names; the first of each.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// Reads the root element.
pub(crate) fn read(text: &str) -> Result<Element, ReadError> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines::of(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let place = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let complete = match reader.read_event().map_err(ReadError::malformed)? {
            Event::Start(tag) => {
                open.push(element(tag.local_name().into_inner(), lines.line(place)));
                None
            }
            Event::Empty(tag) => Some(element(tag.local_name().into_inner(), lines.line(place))),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                push(&mut open, &text.xml_content(XmlVersion::Implicit1_0));
                None
            }
            Event::CData(data) => {
                push(&mut open, &data.xml_content(XmlVersion::Implicit1_0));
                None
            }
            Event::GeneralRef(name) => {
                push(&mut open, &referred(&name.xml_content(XmlVersion::Implicit1_0)));
                None
            }
            Event::Eof => return Err(ReadError::Other("a complete document")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        if open.len() > DEEPEST {
            return Err(ReadError::TooDeep(DEEPEST));
        }
        let Some(mut element) = complete else { continue };
        element.text = element.text.trim().to_owned();
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => return Ok(element),
        }
    }
}

fn element(name: &str, line: u64) -> Element {
    Element { name: name.to_owned(), line, ..Element::default() }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn referred(name: &str) -> String {
    match name {
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "amp" => "&".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        other => format!("&{other};"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_their_text_and_lines() {
        let root = read("<?xml version=\"1.0\"?>\n<a xmlns='u'>\n <x:b> c &amp; d</x:b><!-- e -->\n <e/><![CDATA[f]]></a>").unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str()), ("a", "f"));
        assert_eq!((root.text_of("b"), root.child("b").unwrap().line), (Some("c & d"), 3));
        assert_eq!(root.child("e").unwrap().line, 4);
        assert!(root.at(&["b", "q"]).is_none());
    }

    #[test]
    fn entities_are_not_resolved() {
        let text = "<!DOCTYPE a [<!ENTITY x \"xxxx\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
        assert_eq!(read(text).unwrap().text, "&y;");
    }

    #[test]
    fn deep_and_broken_documents_are_refused() {
        assert_eq!(read(&"<a>".repeat(100_000)), Err(ReadError::TooDeep(DEEPEST)));
        for text in ["", "<a>", "<a></b>", "plain", "<a><b></a></b>"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
