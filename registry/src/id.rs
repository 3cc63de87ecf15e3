//! The name of a plugin: `publisher/namespace/name`.

use std::fmt;
use std::str::FromStr;

/// Publisher and namespace of the plugins that come with Probity; a bare name means one of them.
const BUILT_IN: (&str, &str) = ("probity", "core");

/// The longest part of an id, in bytes. Ids become file names and lines of reports.
const MAX_PART: usize = 64;

/// `publisher/namespace/name`, each part one or more of `a-z`, `0-9` and `-`, at most 64 bytes.
///
/// A bare name is the id of a built-in plugin: `churn` is `probity/core/churn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(Box<str>);

/// Why a text is no plugin id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginIdError {
    /// Neither a bare name nor three parts.
    #[error("plugin id {0:?} has neither one part (a built-in plugin) nor three (publisher/namespace/name)")]
    Parts(String),
    /// A part is empty, too long, or holds another character.
    #[error("{part:?} in plugin id {id:?} is not 1 to 64 of the characters a-z, 0-9 and '-'")]
    Part {
        /// The whole text.
        id: String,
        /// The part at fault.
        part: String,
    },
}

impl PluginId {
    /// Puts an id together from its parts.
    ///
    /// # Errors
    /// [`PluginIdError::Part`] when a part holds what ids may not hold.
    pub fn new(publisher: &str, namespace: &str, name: &str) -> Result<Self, PluginIdError> {
        for part in [publisher, namespace, name] {
            if !is_part(part) {
                let id = format!("{publisher}/{namespace}/{name}");
                return Err(PluginIdError::Part { id, part: part.to_owned() });
            }
        }
        Ok(PluginId(format!("{publisher}/{namespace}/{name}").into()))
    }

    /// Reads a full id, or the bare name of a built-in plugin.
    ///
    /// # Errors
    /// [`PluginIdError`], which repeats the text.
    pub fn parse(text: &str) -> Result<Self, PluginIdError> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [name] => PluginId::new(BUILT_IN.0, BUILT_IN.1, name),
            [publisher, namespace, name] => PluginId::new(publisher, namespace, name),
            _ => Err(PluginIdError::Parts(text.to_owned())),
        }
    }

    /// The first part.
    pub fn publisher(&self) -> &str {
        self.part(0)
    }

    /// The second part.
    pub fn namespace(&self) -> &str {
        self.part(1)
    }

    /// The third part.
    pub fn name(&self) -> &str {
        self.part(2)
    }

    /// Whether the id lies in the namespace of the plugins that come with Probity.
    pub fn is_builtin(&self) -> bool {
        (self.publisher(), self.namespace()) == BUILT_IN
    }

    fn part(&self, at: usize) -> &str {
        self.0.split('/').nth(at).unwrap_or_default()
    }
}

fn is_part(part: &str) -> bool {
    (1..=MAX_PART).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PluginId {
    type Err = PluginIdError;

    fn from_str(text: &str) -> Result<Self, PluginIdError> {
        PluginId::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_built_in_plugin() {
        let id = PluginId::parse("churn").unwrap();
        assert_eq!(id.to_string(), "probity/core/churn");
        assert!(id.is_builtin());
        assert!(!PluginId::parse("acme/tools/churn").unwrap().is_builtin());
    }

    #[test]
    fn what_is_no_id_is_refused_by_name() {
        for (text, message) in [
            (
                "a/b",
                r#"plugin id "a/b" has neither one part (a built-in plugin) nor three (publisher/namespace/name)"#,
            ),
            ("", r#""" in plugin id "probity/core/" is not 1 to 64 of the characters a-z, 0-9 and '-'"#),
            ("a/../c", r#"".." in plugin id "a/../c" is not 1 to 64 of the characters a-z, 0-9 and '-'"#),
            ("A/b/c", r#""A" in plugin id "A/b/c" is not 1 to 64 of the characters a-z, 0-9 and '-'"#),
        ] {
            assert_eq!(PluginId::parse(text).unwrap_err().to_string(), message);
        }
    }
}
