//! Something that can be granted.

use std::fmt;

use probity_registry::manifest::{REPO, token_of};
use probity_registry::{Permission, PermissionKind};
use serde::{Deserialize, Serialize};

/// `env "LANG"`: a kind, and a variable's name, a path or a server, as the manifest and the plugin write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Thing {
    /// What sort of thing.
    #[serde(with = "kind")]
    pub kind: PermissionKind,
    /// Which.
    pub what: String,
}

impl Thing {
    /// Whether it stands for whichever target is checked.
    pub(super) fn is_of_target(&self) -> bool {
        self.kind == PermissionKind::Read && self.what == REPO
    }

    /// The server that a granted token goes to; none for anything else.
    pub(crate) fn token_server(&self) -> Option<&str> {
        token_of(&self.what).filter(|_| self.kind == PermissionKind::Token).map(|(server, _)| server)
    }

    /// Whether a manifest that asks for `asked` asks for this.
    pub fn is_covered_by(&self, asked: &Permission) -> bool {
        asked.covers(self.kind, &self.what)
    }

    /// The option of `probity plugin grant` that grants it, as a shell reads it, whatever it is called.
    pub fn option(&self) -> String {
        match self.kind {
            // The person says which variable holds it.
            PermissionKind::Token if self.token_server().is_none() => {
                format!("--token {}=VARIABLE", quoted(&self.what))
            }
            kind => format!("--{} {}", kind.name(), quoted(&self.what)),
        }
    }
}

/// A text as one word of a shell: a stranger has written it, and a person may copy the command that it stands in.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind.name(), self.what)
    }
}

mod kind {
    use probity_registry::PermissionKind;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(kind: &PermissionKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PermissionKind, D::Error> {
        let name = String::deserialize(from)?;
        PermissionKind::named(&name)
            .ok_or_else(|| D::Error::custom(format!("there is no permission {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_ends_its_word() {
        let option = |what: &str| Thing { kind: PermissionKind::Env, what: what.to_owned() }.option();
        assert_eq!(option("LANG"), "--env 'LANG'");
        assert_eq!(option("X'; touch y; '"), r"--env 'X'\''; touch y; '\'''");
        assert_eq!(option(r#"$(x) `y` \ "z"#), r#"--env '$(x) `y` \ "z'"#);
        assert_eq!(option(""), "--env ''");
    }
}
