//! The envelope of a message: what kind it is, and how one is written.
//!
//! [`peek`] reads only as far as it must to route a message, so that a result of many megabytes is not scanned for it.
//! The writers here append JSON that is already text as it stands; it is neither parsed nor checked again.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::ErrorObject;

/// The id of a request as its sender wrote it: the JSON text of a number or of a string.
///
/// Ids are compared and echoed as text, so that large numbers survive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// The id as a number, if it is one that this crate's own peers give out.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The JSON text of the id.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Id(number.to_string().into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_u64() {
            Some(number) => serializer.serialize_u64(number),
            None => serde_json::from_str::<&RawValue>(&self.0)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"' | b'-' | b'0'..=b'9') => Ok(Id(raw.get().into())),
            _ => Err(de::Error::custom("an id is a number or a string")),
        }
    }
}

impl schemars::JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "string"] })
    }
}

/// What the head of a line says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peek {
    /// A request, its id written before its method.
    Request { id: Id, method: String },
    /// A notification, or a request whose id comes later in the line.
    Method(String),
    /// An answer. `id` is absent when it is none of the numbers that a [`Peer`](crate::Peer) gives out.
    Response { id: Option<u64> },
    /// An array: batches are not part of this protocol.
    Batch,
    /// An object that is no message.
    Neither,
}

/// Reads `line` up to the first member that decides what it is.
///
/// # Errors
/// The text up to that place is not JSON, not UTF-8, or no object.
pub fn peek(line: &[u8]) -> Result<Peek, serde_json::Error> {
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Ok(Peek::Batch);
    }
    let mut head = Head::default();
    let parsed = HeadSeed(&mut head).deserialize(&mut serde_json::Deserializer::from_slice(line));
    match parsed {
        Err(error) if !head.decided => Err(error),
        _ => Ok(head.into_peek()),
    }
}

#[derive(Default)]
struct Head {
    id: Option<Id>,
    method: Option<String>,
    answer: bool,
    decided: bool,
}

impl Head {
    fn into_peek(self) -> Peek {
        match (self.method, self.id) {
            (Some(method), Some(id)) => Peek::Request { id, method },
            (Some(method), None) => Peek::Method(method),
            (None, id) if self.answer => Peek::Response { id: id.and_then(|id| id.as_u64()) },
            (None, _) => Peek::Neither,
        }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Id,
    Method,
    Result,
    Error,
    #[serde(other)]
    Other,
}

struct HeadSeed<'a>(&'a mut Head);

impl HeadSeed<'_> {
    /// Ends the reading early: the error is how a visitor stops, and is dropped by [`peek`].
    fn stop<E: de::Error>(self) -> Result<(), E> {
        self.0.decided = true;
        Err(E::custom("decided"))
    }
}

impl<'de> DeserializeSeed<'de> for HeadSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeadSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut foreign_id = false;
        while let Some(member) = members.next_key::<Member>()? {
            match member {
                Member::Id => match members.next_value::<&RawValue>()?.get() {
                    "null" => foreign_id = true,
                    raw if raw.starts_with(['{', '[', 't', 'f']) => foreign_id = true,
                    raw => self.0.id = Some(Id(raw.into())),
                },
                Member::Method => {
                    self.0.method = Some(members.next_value()?);
                    return self.stop();
                }
                Member::Result | Member::Error => self.0.answer = true,
                Member::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
            if self.0.answer && (self.0.id.is_some() || foreign_id) {
                return self.stop();
            }
            if matches!(member, Member::Result | Member::Error) {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The frame of a request or, without `id`, of a notification, up to where its params begin.
pub(crate) fn call_head(id: Option<u64>, method: &str, capacity: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(capacity + method.len() + 64);
    frame.extend_from_slice(br#"{"jsonrpc":"2.0""#);
    if let Some(id) = id {
        frame.extend_from_slice(br#","id":"#);
        frame.extend_from_slice(id.to_string().as_bytes());
    }
    frame.extend_from_slice(br#","method":""#);
    frame.extend_from_slice(method.as_bytes());
    frame.push(b'"');
    frame
}

/// The frame of an answer, up to where its result begins. Close it with `}`.
pub(crate) fn result_head(id: &Id, capacity: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(capacity + id.as_json().len() + 48);
    frame.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    frame.extend_from_slice(id.as_json().as_bytes());
    frame.extend_from_slice(br#","result":"#);
    frame
}

/// The whole frame of an error; without `id` it answers a message whose id could not be read.
pub(crate) fn error_frame(id: Option<&Id>, error: &ErrorObject) -> Vec<u8> {
    let mut frame = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    frame.extend_from_slice(id.map_or("null", Id::as_json).as_bytes());
    frame.extend_from_slice(br#","error":"#);
    serde_json::to_writer(&mut frame, error).expect("an error object is JSON and a vector takes all bytes");
    frame.push(b'}');
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &str) -> Id {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_message_is_told_by_its_first_decisive_member() {
        let cases = [
            (r#"{"id":7,"method":"a/b","params":{"#, Peek::Request { id: id("7"), method: "a/b".into() }),
            (r#"{"method":"log","params":"#, Peek::Method("log".into())),
            (r#"{"id":7,"result":[1,2,"#, Peek::Response { id: Some(7) }),
            (r#"{"result":{"id":1},"id":8}"#, Peek::Response { id: Some(8) }),
            (r#"{"id":9,"error":{"#, Peek::Response { id: Some(9) }),
            (r#"{"error":{},"id":null}"#, Peek::Response { id: None }),
            (r#"{"id":"seven","result":1}"#, Peek::Response { id: None }),
            (r#"  [{"id":1}]"#, Peek::Batch),
            (r#"{"jsonrpc":"2.0"}"#, Peek::Neither),
        ];
        for (line, expected) in cases {
            assert_eq!(peek(line.as_bytes()).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for line in [&b"Traceback (most recent call last):"[..], b"5", b"\"text\"", b"{", b"{\"a\xff\":1}"] {
            assert!(peek(line).is_err(), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn an_id_is_echoed_as_it_was_written() {
        for text in ["0", "18446744073709551616", "-3", r#""a\u0062c""#] {
            assert_eq!(serde_json::to_string(&id(text)).unwrap(), text);
        }
        assert!(serde_json::from_str::<Id>("[1]").is_err());
    }
}
