//! Members of a configuration that are read more leniently than their types say.
//!
//! A policy file does not tell one value from a list of one: `hosts "a" "b"` becomes an array and `hosts "a"` a
//! scalar. A plain `Vec<String>` would refuse the latter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Invalid, invalid};

/// Another program whose numbers can be had, so that they can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compat {
    /// MITRE's Hipcheck.
    Hipcheck,
}

/// A list of names; a single one may stand without brackets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "OneOrMany")]
pub struct Names(pub Vec<String>);

impl Names {
    /// The names as extensions of files, which people write with or without the dot and in any case: bare, in lower case.
    pub fn extensions(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|name| name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase())
    }

    /// Whether each could follow the last dot of a file's name. `path` is the member's JSON pointer.
    ///
    /// # Errors
    /// For one that could not.
    pub fn check_extensions(&self, path: &str) -> Result<(), Invalid> {
        match self.extensions().all(|name| !name.is_empty() && !name.contains(['.', '/'])) {
            true => Ok(()),
            false => {
                Err(invalid(path, "extensions of one part, without slashes or inner dots, such as \"so\""))
            }
        }
    }
}

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
    fn extensions_are_taken_with_and_without_a_dot_and_in_any_case() {
        let names = Names([".So", "DLL", "c"].map(String::from).into());
        assert_eq!(names.extensions().collect::<Vec<_>>(), ["so", "dll", "c"]);
        assert_eq!(names.check_extensions("/x"), Ok(()));
        for none in ["tar.gz", "a/b", "", "."] {
            let refused = Names(vec![none.to_owned()]).check_extensions("/x");
            assert_eq!(refused.unwrap_err().path, "/x", "{none:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for json in ["1", "null", "true", r#"["foo",1]"#, r#"{"foo":"bar"}"#] {
            assert!(serde_json::from_str::<Names>(json).is_err(), "{json}");
        }
    }
}
