//! Canonical keys: JSON objects after RFC 8785, without fractions, exponents or duplicate members.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The argument of a query: a JSON object in canonical form (RFC 8785: no white space, members sorted by
/// their UTF-16 code units). Integers within ±(2^53 - 1) only, so that every language reads the same number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not JSON, nested too deep, a number that is no safe integer, or a member that occurs twice.
    #[error("key is not canonical JSON: {0}")]
    Invalid(String),
    /// JSON, but no object.
    #[error("key is not a JSON object")]
    NotAnObject,
}

impl Key {
    /// Brings `text` into canonical form. Accepts any order of members and white space.
    pub fn parse(text: &str) -> Result<Key, KeyError> {
        let node: Node = serde_json::from_str(text).map_err(|error| KeyError::Invalid(error.to_string()))?;
        if !matches!(node, Node::Object(_)) {
            return Err(KeyError::NotAnObject);
        }
        let mut canonical = String::with_capacity(text.len());
        node.write(&mut canonical);
        Ok(Key(canonical.into()))
    }

    /// The key `{}`.
    pub fn empty() -> Key {
        Key("{}".into())
    }

    /// A text that this engine wrote in canonical form before.
    pub(crate) fn from_canonical(text: &str) -> Key {
        Key(text.into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 2^53 - 1, the largest integer that a double holds without doubt.
const MAX_SAFE: u64 = (1 << 53) - 1;

enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn write(&self, out: &mut String) {
        match self {
            Node::Null => out.push_str("null"),
            Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Node::Integer(value) => out.push_str(&value.to_string()),
            Node::Text(text) => write_text(text, out),
            Node::Array(items) => write_list(out, ('[', ']'), items, Node::write),
            Node::Object(members) => write_list(out, ('{', '}'), members, |(name, value), out| {
                write_text(name, out);
                out.push(':');
                value.write(out);
            }),
        }
    }
}

fn write_list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    write: impl Fn(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

/// Escapes as RFC 8785 demands, which are the shortest forms. What needs none, as nearly all, is copied at once.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        let byte = escaped.as_bytes()[0];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            _ => out.push_str(&format!("\\u{byte:04x}")),
        }
        rest = &escaped[1..];
    }
    out.push_str(rest);
    out.push('"');
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with integers within ±(2^53 - 1)")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        if value > MAX_SAFE {
            return Err(E::custom(format_args!("{value} is beyond 2^53 - 1")));
        }
        Ok(Node::Integer(value as i64))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        if value.unsigned_abs() > MAX_SAFE {
            return Err(E::custom(format_args!("{value} is beyond -(2^53 - 1)")));
        }
        Ok(Node::Integer(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((name, map.next_value()?));
        }
        members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
        if let Some(pair) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(de::Error::custom(format_args!("member {:?} occurs twice", pair[0].0)));
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        Key::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn white_space_and_order_do_not_matter() {
        assert_eq!(
            canonical(" { \"b\" : [ 1 , true , null ] ,\n \"a\" : { } } "),
            r#"{"a":{},"b":[1,true,null]}"#
        );
        assert_eq!(Key::empty(), Key::parse(" {\t} ").unwrap());
    }

    #[test]
    fn members_are_sorted_by_utf_16_code_units() {
        // U+1F600 begins with the surrogate D83D, which is before U+FB33.
        assert_eq!(
            canonical("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"\u{80}\":3}"),
            "{\"\u{80}\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}"
        );
    }

    #[test]
    fn texts_are_escaped_no_more_than_needed() {
        let escaped = r#"{"a":"\u0022\u005c\/\u0008\u0009\u000a\u000c\u000d\u001F\u007f\u00e9"}"#;
        assert_eq!(canonical(escaped), "{\"a\":\"\\\"\\\\/\\b\\t\\n\\f\\r\\u001f\u{7f}é\"}");
    }

    #[test]
    fn integers_that_every_language_reads_alike_are_taken() {
        assert_eq!(
            canonical(r#"{"n":[9007199254740991,-9007199254740991,0]}"#),
            r#"{"n":[9007199254740991,-9007199254740991,0]}"#
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            r#"{"n":1.5}"#,
            r#"{"n":1.0}"#,
            r#"{"n":1e3}"#,
            r#"{"n":-0}"#,
            r#"{"n":9007199254740992}"#,
            r#"{"n":-9007199254740992}"#,
            r#"{"n":123456789012345678901234567890}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":1} {}",
            "",
        ] {
            assert!(matches!(Key::parse(text), Err(KeyError::Invalid(_))), "{text}");
        }
        for text in ["[]", "1", "null", "\"{}\""] {
            assert_eq!(Key::parse(text), Err(KeyError::NotAnObject), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(Key::parse(&deep), Err(KeyError::Invalid(_))), "refused, not a stack overflow");
    }
}
