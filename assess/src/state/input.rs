//! The inputs `refs` and `state` as plugins see them.

use std::fmt::Write as _;

use gix::bstr::{BString, ByteSlice};
use serde::Serialize;

use super::ledger::Event;
use crate::snapshot::References;

/// What is known of the time before this check: the value of `state/refs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Past {
    /// The day from which on tags are known; null if nothing was known before.
    pub(crate) since: Option<String>,
    /// There are too many tags to compare them.
    pub(crate) truncated: bool,
    /// The branches that concern this check.
    pub(crate) branches: Vec<PastBranch>,
    /// What happened, the oldest first.
    pub(crate) events: Vec<Event>,
    /// How much more happened, long ago.
    pub(crate) dropped: u64,
}

/// What is known of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PastBranch {
    pub(crate) name: String,
    /// Whether it is what its repository shows first.
    pub(crate) main: bool,
    /// The day from which on it is known; null if it was not before.
    pub(crate) since: Option<String>,
    /// Why it cannot be told whether it went on from where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unknown: Option<&'static str>,
}

impl Past {
    pub(crate) fn value(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }
}

/// The value of `refs/tags`: `{"of_revision", "tags": [{"name", "id"}]}`, by name; null in place of the list where they are too many.
pub(crate) fn tags(references: &References, of_revision: bool) -> String {
    let Some(tags) = &references.tags else {
        return format!("{{\"of_revision\":{of_revision},\"tags\":null}}");
    };
    let mut value = format!("{{\"of_revision\":{of_revision},\"tags\":[");
    for (place, (name, id)) in tags.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        value.push_str(comma);
        value.push_str("{\"name\":");
        quote(&mut value, name);
        let _ = write!(value, ",\"id\":\"{id}\"}}");
    }
    value.push_str("]}");
    value
}

/// Adds a name as JSON. Most names are plain, and there may be many.
fn quote(value: &mut String, name: &BString) {
    let is_plain = |byte: &u8| (0x20..0x7f).contains(byte) && !b"\"\\".contains(byte);
    match std::str::from_utf8(name) {
        Ok(text) if name.iter().all(is_plain) => value.extend(["\"", text, "\""]),
        _ => value.push_str(&serde_json::to_string(&shown(name)).expect("a text is JSON")),
    }
}

/// The name of a reference as a text, losslessly: in double quotes with octal escapes if it is no UTF-8 or begins with such a quote.
pub(crate) fn shown(name: &BString) -> String {
    if let Ok(text) = name.to_str()
        && !text.starts_with('"')
    {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in name.iter().copied() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            0x20..0x7f => quoted.push(char::from(byte)),
            other => drop(write!(quoted, "\\{other:03o}")),
        }
    }
    quoted.push('"');
    quoted
}
