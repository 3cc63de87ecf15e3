//! JSON objects, one level at a time: names in their order with the text of their values, so that places are known and a name that is
//! given twice is noticed.

use std::collections::HashSet;
use std::fmt;

use probity_sdk::RawValue;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::ReadError;

/// The members of an object.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads an object. A byte order mark before it is passed over.
    pub(crate) fn read(text: &'a str) -> Result<Self, ReadError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let object: Object<'a> = serde_json::from_str(text).map_err(ReadError::malformed)?;
        let mut seen = HashSet::new();
        match object.0.iter().find(|(name, _)| !seen.insert(name)) {
            Some((twice, _)) => Err(ReadError::Twice(twice.clone())),
            None => Ok(object),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// The member as an object; an empty one if it is absent or null.
    pub(crate) fn object(&self, name: &str) -> Result<Object<'a>, ReadError> {
        match self.get(name).map(RawValue::get) {
            None | Some("null") => Ok(Object::default()),
            Some(text) => Object::read(text).map_err(|error| within(name, error)),
        }
    }

    /// The member, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get() == "true")
    }
}

fn within(name: &str, error: ReadError) -> ReadError {
    match error {
        ReadError::Malformed(reason) => ReadError::Malformed(format!("{name}: {reason}")),
        other => other,
    }
}

/// The value, if it is a text.
pub(crate) fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// Where in `whole` the text of `part` begins, of which it is a part.
pub(crate) fn place(whole: &str, part: &RawValue) -> usize {
    (part.get().as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if members.len() >= MOST_MEMBERS {
                return Err(M::Error::custom("an object with more than a million members"));
            }
            members.push((name, value));
        }
        Ok(Object(members))
    }
}

const MOST_MEMBERS: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_their_places() {
        let text = "\u{feff}{\n \"b\": {\"x\": 1},\n \"a\": \"é\"}";
        let object = Object::read(text).unwrap();
        assert_eq!(object.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(object.text("a").as_deref(), Some("é"));
        assert_eq!(object.text("b"), None);
        assert_eq!(&text[place(text, object.get("b").unwrap())..][..8], "{\"x\": 1}");
        assert_eq!(object.object("c").unwrap().0.len(), 0);
        assert!(object.object("a").is_err());
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let error = Object::read(r#"{"a": 1, "\u0061": 2}"#).unwrap_err();
        assert_eq!(error, ReadError::Twice("a".to_owned()));
    }

    #[test]
    fn broken_text_is_refused_and_deep_text_passed_over() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Object::read(&deep).unwrap().0.len(), 1);
        for text in ["", "[]", "{", "{\"a\":1}x", "null", "{\"a\":NaN}"] {
            assert!(matches!(Object::read(text), Err(ReadError::Malformed(_))), "{text}");
        }
    }
}
