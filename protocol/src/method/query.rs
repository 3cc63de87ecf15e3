//! Questions and answers: `plugin/query`, `engine/query`, `engine/queryMany`, `engine/input`.
//!
//! Keys and values are JSON that the host need not understand: they stay text. `V` is how a reader wants a value, by
//! default as that text.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::{self, ErrorObject};
use crate::message::Id;

/// The most keys of one `engine/queryMany`: whoever has more asks several times.
pub const MAX_KEYS: usize = 65_536;

/// What travels with a request beside its subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// How long the asker will wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What `progress` notifications about this request carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// In every `engine/*` request: the host's open request that it serves. Missing or closed is `-32600`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
}

/// Requests that serve another, and say which.
pub trait Inherit {
    /// The request that this one serves.
    fn parent(&self) -> Option<&Id>;
}

/// Params of `plugin/query`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginQuery {
    /// The query's name.
    pub query: String,
    /// Its key, a JSON object.
    #[schemars(with = "serde_json::Value")]
    pub key: Box<RawValue>,
    /// How often it was asked before in vain, since the process ended.
    #[serde(default)]
    pub attempt: u32,
    /// What travels with it.
    #[serde(rename = "_meta", default)]
    pub meta: Meta,
}

/// Params of `engine/query`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EngineQuery {
    /// The plugin to ask: an id or a bare name; absent means the asker itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The query's name.
    pub query: String,
    /// Its key, a JSON object.
    #[schemars(with = "serde_json::Value")]
    pub key: Box<RawValue>,
    /// What travels with it.
    #[serde(rename = "_meta", default)]
    pub meta: Meta,
}

/// Params of `engine/queryMany`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EngineQueryMany {
    /// The plugin to ask: an id or a bare name; absent means the asker itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The query's name.
    pub query: String,
    /// Its keys, 65536 at most. Each is remembered on its own.
    #[serde(deserialize_with = "bounded")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub keys: Vec<Box<RawValue>>,
    /// Whether one failure may fail the whole request.
    #[serde(default)]
    pub fail_fast: bool,
    /// What travels with it.
    #[serde(rename = "_meta", default)]
    pub meta: Meta,
}

/// Params of `engine/input`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InputParams {
    /// `time`; others may follow.
    pub kind: String,
    /// Which one of its kind: `day`.
    pub id: String,
    /// What travels with it.
    #[serde(rename = "_meta", default)]
    pub meta: Meta,
}

/// Keys, as long as there are not too many: what is left is not read then.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Box<RawValue>>, D::Error> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<Box<RawValue>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an array of keys, {MAX_KEYS} at most")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
            let mut keys = Vec::new();
            while let Some(key) = array.next_element()? {
                if keys.len() == MAX_KEYS {
                    return Err(A::Error::custom(format!("more than {MAX_KEYS} keys in one question")));
                }
                keys.push(key);
            }
            Ok(keys)
        }
    }
    deserializer.deserialize_seq(Keys)
}

impl Inherit for EngineQuery {
    fn parent(&self) -> Option<&Id> {
        self.meta.parent.as_ref()
    }
}

impl Inherit for EngineQueryMany {
    fn parent(&self) -> Option<&Id> {
        self.meta.parent.as_ref()
    }
}

impl Inherit for InputParams {
    fn parent(&self) -> Option<&Id> {
        self.meta.parent.as_ref()
    }
}

/// Result of `plugin/query` and `engine/query`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryResult<V = Box<RawValue>> {
    /// The value.
    #[schemars(with = "serde_json::Value")]
    pub value: V,
    /// Where a person should look, worst first.
    #[serde(default)]
    pub concerns: Vec<Concern>,
    /// For how many seconds the answer holds; absent means as long as what it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
}

/// A hint to the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Concern {
    /// What is the matter.
    pub message: String,
    /// Id of the plugin's rule that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl Concern {
    /// A hint without a location.
    pub fn new(message: impl Into<String>) -> Concern {
        Concern { message: message.into(), rule: None, location: None }
    }

    /// The same hint, as one of the rule with this id.
    #[must_use]
    pub fn rule(mut self, id: impl Into<String>) -> Concern {
        self.rule = Some(id.into());
        self
    }

    /// The same hint, at the commit with this id.
    #[must_use]
    pub fn commit(mut self, id: impl Into<String>) -> Concern {
        self.location.get_or_insert_default().commit = Some(id.into());
        self
    }

    /// The same hint, at the file with this path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Concern {
        self.location.get_or_insert_default().path = Some(path.into());
        self
    }

    /// The same hint, at this line of its file; the first is 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Concern {
        self.location.get_or_insert_default().line = Some(line);
        self
    }
}

/// A place in the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Id of a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Path of a file; quoted as git does where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Result of `engine/queryMany`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ManyResult<V = Box<RawValue>> {
    /// One for each key, in the keys' order.
    #[serde(bound(serialize = "V: Serialize", deserialize = "V: Deserialize<'de>"))]
    #[schemars(with = "Vec<ManyItem>")]
    pub results: Vec<ManyItem<V>>,
}

/// The answer for one key of many: a value or an error.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound(serialize = "V: Serialize", deserialize = "V: Deserialize<'de>"))]
pub struct ManyItem<V = Box<RawValue>> {
    /// The value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub value: Option<V>,
    /// Its concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<Concern>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "error::object::lenient")]
    #[schemars(with = "Option<error::object::Wire>")]
    pub error: Option<ErrorObject>,
}

/// A value that is `null` is there all the same.
fn present<'de, V: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<V>, D::Error> {
    V::deserialize(deserializer).map(Some)
}

/// Result of `engine/input`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InputResult<V = Box<RawValue>> {
    /// The value.
    #[schemars(with = "serde_json::Value")]
    pub value: V,
    /// SHA-256 of the value's JSON text, in hexadecimal: what the asker's answer now depends on.
    pub digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(keys: usize) -> Result<EngineQueryMany, serde_json::Error> {
        let keys = vec!["{}"; keys].join(",");
        serde_json::from_str(&format!(r#"{{"query":"q","keys":[{keys}]}}"#))
    }

    #[test]
    fn a_question_has_no_more_keys_than_the_limit() {
        assert_eq!(asking(MAX_KEYS).unwrap().keys.len(), MAX_KEYS);
        let error = asking(MAX_KEYS + 1).unwrap_err();
        assert!(error.is_data(), "told as wrong params, not as what is no JSON");
        assert!(error.to_string().starts_with("more than 65536 keys in one question"), "{error}");
        let other = serde_json::from_str::<EngineQueryMany>(r#"{"query":"q","keys":{}}"#).unwrap_err();
        assert!(other.to_string().contains("expected an array of keys, 65536 at most"), "{other}");
    }
}
