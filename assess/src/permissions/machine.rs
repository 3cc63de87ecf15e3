//! What an administrator forbids on this machine, whoever grants it:
//!
//! ```kdl
//! deny "read"
//! deny "env" "AWS_SECRET_ACCESS_KEY"
//! deny "file" "/srv/private"
//! deny "net" "api.example.org"
//! deny "exec" "git"
//! limit "memory" "512MiB"
//! ```
//!
//! A path forbids itself and all below it, to `file` and `read` alike. A program is forbidden by whatever name it is started. A kind alone, or `*`, forbids the kind. A limit bounds what
//! plugins that are no built-ins may use, whoever granted them more.

use std::path::{Path, PathBuf};

use kdl::{KdlDocument, KdlNode, KdlValue};
use probity_net::Endpoint;
use probity_registry::manifest::{ANY, KEEP};
use probity_registry::{Amounts, PermissionKind, Resource};

use super::place::canonical;
use super::{Thing, program};
use crate::files;

const MAX_BYTES: u64 = 64 << 10;

/// What is forbidden.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    denied: Vec<Denied>,
    most: Amounts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Denied {
    All(PermissionKind),
    Variable(String),
    Below(PathBuf),
    Server(Endpoint),
    /// That a token is sent to it.
    Token(Endpoint),
    /// More of this than everybody gets.
    More(Resource),
    /// That a scratch folder is kept.
    Kept,
    /// A name or a path.
    Program(String),
}

/// The file is there and says nothing that can be followed. No plugin that asks for anything is started then.
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
        let mut machine = Machine::default();
        for node in document.nodes() {
            match node.name().value() {
                "limit" => machine.limit(node).map_err(wrong)?,
                _ => machine.denied.push(denied(node).map_err(wrong)?),
            }
        }
        Ok(machine)
    }

    /// How many rules it has.
    pub fn count(&self) -> usize {
        self.denied.len() + self.most.len()
    }

    /// No plugin that is no built-in gets more than this.
    pub fn most(&self) -> &Amounts {
        &self.most
    }

    fn limit(&mut self, node: &KdlNode) -> Result<(), String> {
        let wrong = || {
            let text = node.to_string();
            let names = Resource::ALL.map(Resource::name).join(", ");
            format!(
                "{:?} is not limit and one of {names}, and an amount, once: limit \"memory\" \"512MiB\"",
                text.trim()
            )
        };
        let is_plain = node.children().is_none() && node.entries().iter().all(|entry| entry.name().is_none());
        let [name, amount] = node.entries() else { return Err(wrong()) };
        let resource = name.value().as_string().and_then(Resource::named).ok_or_else(wrong)?;
        let amount = match amount.value() {
            KdlValue::String(text) if resource.is_bytes() => resource.read(text),
            KdlValue::Integer(number) if !resource.is_bytes() => u64::try_from(*number).ok(),
            _ => None,
        };
        let (least, _) = resource.bounds();
        let amount = amount.filter(|amount| is_plain && *amount >= least).ok_or_else(wrong)?;
        self.most.insert(resource, amount).map_or(Ok(()), |_| Err(wrong()))
    }

    /// Whether nobody may grant this, which leads to `place` if it is a path that leads anywhere.
    pub fn forbids(&self, thing: &Thing, place: Option<&Path>) -> bool {
        let is_path = matches!(thing.kind, PermissionKind::File | PermissionKind::Read);
        let wanted =
            (thing.kind == PermissionKind::Limit).then(|| Resource::of_wanted(&thing.what)).flatten();
        if wanted
            .is_some_and(|(resource, amount)| self.most.get(&resource).is_some_and(|most| amount > *most))
        {
            return true;
        }
        self.denied.iter().any(|denied| match denied {
            Denied::More(resource) => wanted.is_some_and(|(wanted, _)| wanted == *resource),
            Denied::Kept => thing.kind == PermissionKind::Scratch,
            Denied::All(kind) => *kind == thing.kind,
            Denied::Variable(name) => thing.kind == PermissionKind::Env && *name == thing.what,
            Denied::Server(server) => {
                thing.kind == PermissionKind::Net && Endpoint::parse(&thing.what).as_ref() == Ok(server)
            }
            Denied::Token(server) => {
                let of = thing.token_server().unwrap_or(&thing.what);
                thing.kind == PermissionKind::Token && Endpoint::parse(of).as_ref() == Ok(server)
            }
            Denied::Program(program) => {
                thing.kind == PermissionKind::Exec && (*program == thing.what || leads_to(program, place))
            }
            // What holds the forbidden shows it too.
            Denied::Below(path) => {
                is_path && place.is_some_and(|place| super::place::overlap(&canonical(path), place))
            }
        })
    }
}

/// Whether this is one of the programs that a name means, or lies below a folder.
fn leads_to(program: &str, place: Option<&Path>) -> bool {
    let Some(place) = place else { return false };
    let is_meant = |meant| place.metadata().is_ok_and(|found| program::is_same(&found, &meant));
    let same_name = place.file_name().is_some_and(|name| name == program);
    let below = program.starts_with('/') && place.starts_with(canonical(Path::new(program)));
    same_name || below || program::meant(program).any(is_meant)
}

fn denied(node: &KdlNode) -> Result<Denied, String> {
    let text = node.to_string();
    let wrong = || {
        let kinds = "deny \"env\", \"file\", \"read\", \"net\", \"exec\", \"limit\", \"scratch\" or \"token\", and at will a variable's name, an \
                     absolute path, a server, a program, a limit's name";
        format!("{:?} is not {kinds}", text.trim())
    };
    let is_plain = node.children().is_none() && node.entries().iter().all(|entry| entry.name().is_none());
    let texts: Option<Vec<&str>> = node.entries().iter().map(|entry| entry.value().as_string()).collect();
    let (kind, what) = match texts.as_deref() {
        Some([kind]) => (*kind, ANY),
        Some([kind, what]) => (*kind, *what),
        _ => return Err(wrong()),
    };
    let kind = PermissionKind::named(kind)
        .filter(|_| is_plain && node.name().value() == "deny")
        .ok_or_else(wrong)?;
    match kind {
        kind if what == ANY => Ok(Denied::All(kind)),
        PermissionKind::Env => Ok(Denied::Variable(what.to_owned())),
        PermissionKind::Limit => Resource::named(what).map(Denied::More).ok_or_else(wrong),
        PermissionKind::Scratch if what == KEEP => Ok(Denied::Kept),
        PermissionKind::Scratch => Err(wrong()),
        PermissionKind::Exec if what.starts_with('/') || !what.is_empty() && !what.contains('/') => {
            Ok(Denied::Program(what.to_owned()))
        }
        PermissionKind::Exec => Err(wrong()),
        PermissionKind::Net => Endpoint::parse(what).map(Denied::Server).map_err(|_| wrong()),
        PermissionKind::Token => Endpoint::parse(what).map(Denied::Token).map_err(|_| wrong()),
        _ if what.starts_with('/') => Ok(Denied::Below(what.into())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Machine, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Machine::read(file.path()).map_err(|error| error.to_string().split_once(": ").unwrap().1.to_owned())
    }

    fn forbids(machine: &Machine, kind: PermissionKind, what: &str) -> bool {
        machine.forbids(&Thing { kind, what: what.to_owned() }, Some(Path::new(what)))
    }

    #[test]
    fn a_kind_or_one_thing_of_it_is_forbidden_however_it_is_written() {
        use PermissionKind::{Env, File, Net, Read};
        let machine =
            read("deny \"env\" \"SECRET\"\ndeny \"file\" \"/srv/private\"\ndeny \"net\" \"evil.example\"")
                .unwrap();
        let forbidden = [
            (Env, "SECRET"),
            (File, "/srv/private"),
            (File, "/srv/private/a"),
            (Read, "/srv/private/a"),
            (Read, "/srv"),
            (Net, "evil.example"),
            (Net, "evil.example:443"),
            (Net, "EVIL.example."),
        ];
        for (kind, what) in forbidden {
            assert!(forbids(&machine, kind, what), "{kind:?} {what}");
        }
        for (kind, what) in
            [(Env, "LANG"), (File, "/srv/public"), (Read, "/srv/private2"), (Net, "evil.example:444")]
        {
            assert!(!forbids(&machine, kind, what), "{kind:?} {what}");
        }
        let machine = read("deny \"token\" \"a.example\"").unwrap();
        for (what, forbidden) in [("a.example=X", true), ("A.example:443", true), ("b.example=X", false)] {
            assert_eq!(forbids(&machine, PermissionKind::Token, what), forbidden, "{what}");
        }
        assert!(!forbids(&machine, Net, "a.example"));
        assert!(forbids(&read("deny \"token\"").unwrap(), PermissionKind::Token, "b.example=X"));
        for text in ["deny \"net\"", "deny \"net\" \"*\""] {
            assert!(forbids(&read(text).unwrap(), Net, "a.b"), "{text}");
        }
    }

    #[test]
    fn more_than_everybody_gets_is_forbidden_as_a_kind_by_name_or_above_a_bound() {
        use PermissionKind::{Limit, Scratch};
        let machine = read("deny \"limit\" \"tasks\"\nlimit \"memory\" \"2GiB\"\ndeny \"scratch\"").unwrap();
        for (kind, what) in [(Limit, "tasks 600"), (Limit, "memory 3GiB"), (Scratch, "keep")] {
            assert!(forbids(&machine, kind, what), "{what}");
        }
        for what in ["memory 2GiB", "files 1000"] {
            assert!(!forbids(&machine, Limit, what), "{what}");
        }
        assert!(forbids(&read("deny \"limit\"").unwrap(), Limit, "files 1000"));
        assert_eq!(machine.most().get(&Resource::Memory), Some(&(2 << 30)));
    }

    #[test]
    fn a_program_is_forbidden_by_whatever_name_it_is_started() {
        let real = Path::new("/bin/true").canonicalize().unwrap();
        let forbids = |machine: &str, what: &str| {
            let thing = Thing { kind: PermissionKind::Exec, what: what.to_owned() };
            read(machine).unwrap().forbids(&thing, Some(&real))
        };
        for machine in [
            "deny \"exec\"",
            "deny \"exec\" \"true\"",
            "deny \"exec\" \"/bin/true\"",
            "deny \"exec\" \"/bin\"",
        ] {
            for what in ["true", "/bin/true", "/usr/local/bin/another-name"] {
                assert!(forbids(machine, what), "{machine} {what}");
            }
        }
        for machine in ["deny \"exec\" \"git\"", "deny \"exec\" \"/srv\"", "deny \"read\" \"/\""] {
            assert!(!forbids(machine, "true"), "{machine}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_no_leave() {
        let wrong = [
            "deny",
            "deny \"exec\" \"bin/git\"",
            "deny \"device\"",
            "allow \"env\"",
            "deny \"env\" \"A\" \"B\"",
            "deny \"env\" { x; }",
            "deny \"read\" \"x\"",
            "deny \"net\" \"https://a.b\"",
            "deny \"limit\" \"memory 2GiB\"",
            "deny \"scratch\" \"size\"",
        ];
        for text in wrong {
            let error = read(text).unwrap_err();
            assert!(
                error.contains("is not deny \"env\", \"file\", \"read\", \"net\", \"exec\", \"limit\", "),
                "{error}"
            );
        }
        let wrong = [
            "limit",
            "limit \"memory\"",
            "limit \"memory\" 5",
            "limit \"memory\" \"1KiB\"",
            "limit \"tasks\" \"5\"",
            "limit \"disk\" 5",
            "limit \"tasks\" 5 { x; }",
            "limit \"tasks\" most=5",
            "limit \"tasks\" 5\nlimit \"tasks\" 6",
        ];
        for text in wrong {
            let error = read(text).unwrap_err();
            assert!(error.contains("is not limit and one of memory, cpu-seconds,"), "{error}");
        }
        assert!(read("deny \"env").is_err());
        assert_eq!(Machine::read(Path::new("/nowhere/at/all")).unwrap(), Machine::default());
    }
}
