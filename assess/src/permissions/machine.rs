//! What an administrator forbids on this machine, whoever grants it:
//!
//! ```kdl
//! deny "read"
//! deny "env" "AWS_SECRET_ACCESS_KEY"
//! ```

use std::path::{Path, PathBuf};

use kdl::{KdlDocument, KdlNode};
use probity_registry::PermissionKind;

use crate::files;

const MAX_BYTES: u64 = 64 << 10;

/// What is forbidden.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    denied: Vec<(PermissionKind, Option<String>)>,
}

/// The file is there and says nothing that can be followed. No plugin is started then.
#[derive(Debug, thiserror::Error)]
#[error("cannot follow this machine's policy {}: {reason}", file.display())]
pub struct MachineError {
    file: PathBuf,
    reason: String,
}

impl Machine {
    /// Reads the file; one that is not there forbids nothing.
    ///
    /// # Errors
    /// It is there and cannot be read, or has a line that is not understood.
    pub fn read(file: &Path) -> Result<Machine, MachineError> {
        let wrong = |reason: String| MachineError { file: file.to_owned(), reason };
        let Some(bytes) = files::read(file, MAX_BYTES).map_err(|error| wrong(error.to_string()))? else {
            return Ok(Machine::default());
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        let document = KdlDocument::parse_v2(&text).map_err(|error| wrong(error.to_string()))?;
        let denied =
            document.nodes().iter().map(|node| denied(node).map_err(wrong)).collect::<Result<_, _>>()?;
        Ok(Machine { denied })
    }

    /// Whether nobody may grant this.
    pub fn forbids(&self, kind: PermissionKind, what: &str) -> bool {
        let covers = |denied: &Option<String>| denied.as_deref().is_none_or(|denied| denied == what);
        self.denied.iter().any(|(denied, of)| *denied == kind && covers(of))
    }
}

fn denied(node: &KdlNode) -> Result<(PermissionKind, Option<String>), String> {
    let text = node.to_string();
    let wrong = || {
        format!("{:?} is not deny \"env\", \"file\", \"read\" or \"net\", and at will one name", text.trim())
    };
    let is_plain = node.children().is_none() && node.entries().iter().all(|entry| entry.name().is_none());
    if node.name().value() != "deny" || !is_plain {
        return Err(wrong());
    }
    let texts: Option<Vec<&str>> = node.entries().iter().map(|entry| entry.value().as_string()).collect();
    let (kind, what) = match texts.as_deref() {
        Some([kind]) => (*kind, None),
        Some([kind, what]) => (*kind, Some((*what).to_owned())),
        _ => return Err(wrong()),
    };
    Ok((PermissionKind::named(kind).ok_or_else(wrong)?, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Machine, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Machine::read(file.path()).map_err(|error| error.to_string().split_once(": ").unwrap().1.to_owned())
    }

    #[test]
    fn a_kind_or_one_thing_of_it_is_forbidden() {
        let machine = read("deny \"read\"\ndeny \"env\" \"SECRET\"").unwrap();
        assert!(machine.forbids(PermissionKind::Read, "/srv/data"));
        assert!(machine.forbids(PermissionKind::Env, "SECRET"));
        assert!(!machine.forbids(PermissionKind::Env, "LANG"));
        assert!(!machine.forbids(PermissionKind::File, "SECRET"));
    }

    #[test]
    fn a_line_that_is_not_understood_is_no_leave() {
        for text in
            ["deny", "deny \"exec\"", "allow \"env\"", "deny \"env\" \"A\" \"B\"", "deny \"env\" { x; }"]
        {
            let error = read(text).unwrap_err();
            assert!(
                error.ends_with("is not deny \"env\", \"file\", \"read\" or \"net\", and at will one name"),
                "{error}"
            );
        }
        assert!(read("deny \"env").is_err());
        assert_eq!(Machine::read(Path::new("/nowhere/at/all")).unwrap(), Machine::default());
    }
}
