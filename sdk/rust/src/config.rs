//! Members of a configuration that are read more leniently than their types say.
//!
//! A policy file does not tell one value from a list of one: `hosts "a" "b"` becomes an array and `hosts "a"` a
//! scalar. A plain `Vec<String>` would refuse the latter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A list of names; a single one may stand without brackets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "OneOrMany")]
pub struct Names(pub Vec<String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        match names {
            OneOrMany::One(name) => Self(vec![name]),
            OneOrMany::Many(names) => Self(names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_or_several_are_accepted_and_written_back_as_a_list() {
        let written_back = |json: &str| {
            let names: Names = serde_json::from_str(json).unwrap();
            serde_json::to_string(&names).unwrap()
        };
        assert_eq!(written_back(r#""foo""#), r#"["foo"]"#);
        assert_eq!(written_back(r#"["foo","bar"]"#), r#"["foo","bar"]"#);
        assert_eq!(written_back("[]"), "[]");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for json in ["1", "null", "true", r#"["foo",1]"#, r#"{"foo":"bar"}"#] {
            assert!(serde_json::from_str::<Names>(json).is_err(), "{json}");
        }
    }
}
