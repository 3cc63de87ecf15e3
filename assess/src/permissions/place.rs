//! Where a granted thing leads on this machine, and what nobody may grant.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use probity_net::Endpoint;
use probity_registry::PermissionKind;
use probity_registry::manifest::{ANY, token_of};

use super::program::{FOLDERS, program};
use super::{Declaring, Thing};

/// What a plugin could learn more from than its person can oversee.
const NEVER: [&str; 4] = ["/proc", "/sys", "/dev", "/run"];
/// Why they are out of bounds.
const KERNEL: &str = "it shows what runs on the machine";
/// Why Probity's own folders are.
const OWN: &str = "Probity keeps its answers and the person's choices there";

/// From where paths are seen, and what is out of bounds.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) home: Option<PathBuf>,
    /// What no plugin may read, nor anything above it: the answers and the choices of the person.
    pub(super) guarded: Vec<PathBuf>,
    /// The names of the environment's variables, and whether what one holds could be a token. Not what it is.
    pub(super) variables: BTreeMap<String, bool>,
}

/// Why something that was granted cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// `*` stands for any name in a manifest, and for none in a grant.
    #[error("{ANY:?} leaves the name open; what is granted has one")]
    Open,
    /// `~` without a home.
    #[error("this account has no home folder")]
    NoHome,
    /// Nothing lies there, or it cannot be seen.
    #[error("{} cannot be reached: {reason}", path.display())]
    Unreachable {
        /// Where it should lie.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The whole machine, the whole home, the kernel's own files, or what Probity keeps.
    #[error("{} is never granted: {reason}", path.display())]
    Never {
        /// Where the path leads.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// A policy's path leads through a link: whoever made the link would decide what is granted.
    #[error("{} leads by a link to {}; grant that path itself", path.display(), real.display())]
    Link {
        /// As granted.
        path: PathBuf,
        /// Where it leads.
        real: PathBuf,
    },
    /// It leads elsewhere than when it was granted.
    #[error("when it was granted it led to {}, and now to {}; grant it again if that is meant", then.display(), now.display())]
    Moved {
        /// Where it led.
        then: PathBuf,
        /// Where it leads.
        now: PathBuf,
    },
    /// Another folder lies there than when it was granted.
    #[error("{} is another folder than the one that was granted; grant it again if that is meant", path.display())]
    Replaced {
        /// Where.
        path: PathBuf,
    },
    /// A folder of which it was not noted which one was granted.
    #[error("{} was granted by an earlier version of Probity, which did not note which folder that was; grant it again", path.display())]
    Unmarked {
        /// Where.
        path: PathBuf,
    },
    /// No folder of the system has a program of that name.
    #[error("there is no program {name:?} in {}, {} or {}", FOLDERS[0], FOLDERS[1], FOLDERS[2])]
    NoProgram {
        /// The name.
        name: String,
    },
    /// It is not to be started by plugins.
    #[error("{} is not granted to be started: {reason}", path.display())]
    Program {
        /// Where the name leads.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// Another program could come to lie there.
    #[error("{} is not granted: somebody who is not root could change {}", program.display(), changeable.display())]
    Changeable {
        /// Where the name leads.
        program: PathBuf,
        /// The program itself, or a folder or link on the way to it.
        changeable: PathBuf,
    },
    /// It names no server, or not as an address is written.
    #[error("{reason}")]
    Server {
        /// What is wrong.
        reason: String,
    },
    /// It names no server and variable.
    #[error("{what:?} is no server and variable that holds its token, such as api.example.org=API_TOKEN")]
    Token {
        /// As granted.
        what: String,
    },
    /// The variable that was granted as a token holds none.
    #[error("the variable {variable}, whose value was to be sent along as a token, {reason}")]
    NoToken {
        /// Its name.
        variable: String,
        /// What is wrong, without the value.
        reason: &'static str,
    },
    /// Only a policy's folder says where a relative path begins.
    #[error("{path:?} is relative: only a policy, beside which it lies, can grant it")]
    Relative {
        /// As asked for.
        path: String,
    },
}

impl PlaceError {
    /// What the person could do about it, where the message does not say.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            PlaceError::NoHome => Some("set HOME"),
            PlaceError::Unreachable { .. } => Some("correct the path, or put there what it names"),
            PlaceError::Never { reason, .. } => Some(match *reason {
                KERNEL => "remove the grant",
                OWN => "keep what the plugin needs in another folder, and grant that",
                _ => "grant the file or folder in it that the plugin needs",
            }),
            PlaceError::NoProgram { .. } => Some("install it there"),
            PlaceError::Program { .. } => Some("remove the grant, or grant another program"),
            PlaceError::Changeable { .. } => Some("give it to root, and let nobody else write to it"),
            PlaceError::NoToken { .. } => Some("set it to the token before you check"),
            PlaceError::Open
            | PlaceError::Link { .. }
            | PlaceError::Moved { .. }
            | PlaceError::Replaced { .. }
            | PlaceError::Unmarked { .. }
            | PlaceError::Server { .. }
            | PlaceError::Token { .. }
            | PlaceError::Relative { .. } => None,
        }
    }
}

impl Ground {
    /// Where what a person grants leads, all links followed. A variable and a server lead nowhere.
    pub(super) fn of_person(
        &self,
        thing: &Thing,
        repo: Option<&Path>,
    ) -> Result<Option<PathBuf>, PlaceError> {
        self.place(thing, None, repo).map(|place| place.map(|(_, real)| real))
    }

    /// Where what a policy grants leads: not through a link, since grants of a policy are bound to no place.
    pub(super) fn of_policy(
        &self,
        thing: &Thing,
        declaring: Declaring<'_>,
    ) -> Result<Option<PathBuf>, PlaceError> {
        self.place_of_policy(thing, declaring.folder, declaring.repo)
    }

    /// Whether what was granted can be had at the moment: a token, if its variable is set.
    pub(super) fn at_hand(&self, thing: &Thing) -> Result<(), PlaceError> {
        let Some((_, variable)) = token_of(&thing.what).filter(|_| thing.kind == PermissionKind::Token)
        else {
            return Ok(());
        };
        let lacks = |reason| Err(PlaceError::NoToken { variable: variable.to_owned(), reason });
        match self.variables.get(variable) {
            Some(true) => Ok(()),
            Some(false) => lacks("holds no token: that is one word of visible ASCII"),
            None => lacks("is not set"),
        }
    }

    fn place_of_policy(
        &self,
        thing: &Thing,
        folder: &Path,
        repo: Option<&Path>,
    ) -> Result<Option<PathBuf>, PlaceError> {
        match self.place(thing, Some(folder), repo)? {
            Some((_, real)) if thing.is_of_target() => Ok(Some(real)),
            Some((path, real)) if path != real => Err(PlaceError::Link { path, real }),
            place => Ok(place.map(|(_, real)| real)),
        }
    }

    /// The path with only its beginning (the home or the policy's folder) made real, and the whole made real.
    fn place(
        &self,
        thing: &Thing,
        folder: Option<&Path>,
        repo: Option<&Path>,
    ) -> Result<Option<(PathBuf, PathBuf)>, PlaceError> {
        if thing.what == ANY {
            return Err(PlaceError::Open);
        }
        let path = match thing.kind {
            PermissionKind::Env | PermissionKind::Limit | PermissionKind::Scratch => return Ok(None),
            // The target of each check; there may be none now.
            PermissionKind::Read if thing.is_of_target() => match repo {
                None => return Ok(None),
                Some(repo) => repo.to_owned(),
            },
            PermissionKind::Net => return server(&thing.what).map(|()| None),
            PermissionKind::Token => return token(&thing.what).map(|()| None),
            // What decides where it leads is root's alone, links too.
            PermissionKind::Exec => {
                let real = self.permitted(program(&thing.what)?)?;
                return Ok(Some((real.clone(), real)));
            }
            PermissionKind::File | PermissionKind::Read => self.expanded(&thing.what, folder)?,
        };
        let real = match thing.kind {
            // A file that is not there is an answer, too.
            PermissionKind::File => real_or_absent(&path),
            _ => path.canonicalize(),
        };
        let real =
            real.map_err(|error| PlaceError::Unreachable { path: path.clone(), reason: error.to_string() })?;
        self.permitted(real).map(|real| Some((path, real)))
    }

    fn expanded(&self, what: &str, folder: Option<&Path>) -> Result<PathBuf, PlaceError> {
        let (base, rest) = match (what.strip_prefix("~/"), folder) {
            (Some(rest), _) => (self.home.as_deref().ok_or(PlaceError::NoHome)?, rest),
            (None, _) if what.starts_with('/') => (Path::new("/"), what),
            (None, Some(folder)) => (folder, what),
            (None, None) => return Err(PlaceError::Relative { path: what.to_owned() }),
        };
        let mut path = canonical(base);
        for part in Path::new(rest).components() {
            match part {
                Component::ParentDir => drop(path.pop()),
                Component::Normal(name) => path.push(name),
                Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
            }
        }
        Ok(path)
    }

    fn permitted(&self, real: PathBuf) -> Result<PathBuf, PlaceError> {
        let reason = if real.components().eq([Component::RootDir]) {
            "it is the whole machine"
        } else if NEVER.iter().any(|of_kernel| real.starts_with(of_kernel)) {
            KERNEL
        } else if self.home.as_deref().is_some_and(|home| canonical(home).starts_with(&real)) {
            "it is the whole home folder, or holds it"
        } else if self.guarded.iter().map(|kept| canonical(kept)).any(|kept| overlap(&kept, &real)) {
            OWN
        } else {
            return Ok(real);
        };
        Err(PlaceError::Never { path: real, reason })
    }
}

/// Whether one is the other or lies in it.
pub(super) fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

pub(super) fn canonical(path: &Path) -> PathBuf {
    // The folder of a file that is named without one.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// As [`Path::canonicalize`]; of what is not there, the folder is made real as far as it is there.
fn real_or_absent(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if crate::files::is_absent(&error) && path.symlink_metadata().is_err() => {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(error) };
            Ok(real_or_absent(folder)?.join(name))
        }
        real => real,
    }
}

fn server(what: &str) -> Result<(), PlaceError> {
    let wrong = |reason: String| PlaceError::Server { reason };
    let server = Endpoint::parse(what).map_err(|error| wrong(error.to_string()))?.to_string();
    if server == what { Ok(()) } else { Err(wrong(format!("{what:?} is written {server:?}"))) }
}

fn token(what: &str) -> Result<(), PlaceError> {
    let is_name = |variable: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !variable.starts_with(|c: char| c.is_ascii_digit())
            && (1..=200).contains(&variable.len())
            && variable.chars().all(is_part)
    };
    match token_of(what) {
        Some((ANY, _)) => Err(PlaceError::Open),
        Some((of, variable)) if is_name(variable) => server(of),
        _ => Err(PlaceError::Token { what: what.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `home` with `data`, `cache/store` and links, in a folder that stands for the machine.
    struct Machine {
        folder: tempfile::TempDir,
    }

    impl Machine {
        fn new() -> Machine {
            let folder = tempfile::tempdir().unwrap();
            let machine = Machine { folder };
            for name in ["home/data", "home/cache/store", "policies"] {
                std::fs::create_dir_all(machine.root().join(name)).unwrap();
            }
            for (name, to) in [("home/link", "/"), ("home/other", "data"), ("policies/list", "../home/data")]
            {
                std::os::unix::fs::symlink(to, machine.root().join(name)).unwrap();
            }
            machine
        }

        fn root(&self) -> PathBuf {
            self.folder.path().canonicalize().unwrap()
        }

        /// Where it leads or why it does not, the folder's name left out.
        fn told(&self, kind: PermissionKind, what: &str, policy: bool) -> String {
            let root = self.root();
            let variables =
                [("API_TOKEN", true), ("LINES", false)].map(|(name, is)| (name.to_owned(), is)).into();
            let guarded = vec![root.join("home/cache")];
            let ground = Ground { home: Some(root.join("home")), guarded, variables };
            let thing = Thing { kind, what: what.to_owned() };
            let place = match policy {
                true => ground.place_of_policy(&thing, &root.join("policies"), None),
                false => ground.of_person(&thing, None),
            };
            let place = place.and_then(|place| ground.at_hand(&thing).map(|()| place));
            let told = place.map_or_else(|error| error.to_string(), |place| format!("{place:?}"));
            told.replace(&root.display().to_string(), "…")
        }
    }

    #[test]
    fn what_shows_too_much_is_never_granted() {
        let machine = Machine::new();
        for kind in [PermissionKind::Read, PermissionKind::File] {
            let told = |what: &str| machine.told(kind, what, false);
            assert_eq!(told("~/data"), "Some(\"…/home/data\")");
            assert_eq!(told("/"), "/ is never granted: it is the whole machine");
            assert_eq!(told("~/link"), "/ is never granted: it is the whole machine");
            assert_eq!(
                told("/sys/kernel"),
                "/sys/kernel is never granted: it shows what runs on the machine"
            );
            assert!(told("/proc/self/environ").ends_with("it shows what runs on the machine"));
            assert_eq!(told("~/."), "…/home is never granted: it is the whole home folder, or holds it");
            for kept in ["~/cache", "~/cache/store"] {
                assert!(told(kept).ends_with("Probity keeps its answers and the person's choices there"));
            }
        }
    }

    #[test]
    fn a_policy_grants_no_path_that_a_link_decides() {
        let machine = Machine::new();
        let policy = |kind, what| machine.told(kind, what, true);
        let link = "…/policies/list leads by a link to …/home/data; grant that path itself";
        assert_eq!(policy(PermissionKind::File, "list"), link);
        assert_eq!(
            policy(PermissionKind::Read, "~/other"),
            "…/home/other leads by a link to …/home/data; grant that path itself"
        );
        assert_eq!(policy(PermissionKind::File, "../home/data"), "Some(\"…/home/data\")");
        assert_eq!(machine.told(PermissionKind::Read, "~/other", false), "Some(\"…/home/data\")");
    }

    #[test]
    fn a_file_need_not_be_there_and_what_is_read_must() {
        let machine = Machine::new();
        assert_eq!(machine.told(PermissionKind::File, "~/none/list", false), "Some(\"…/home/none/list\")");
        let told = machine.told(PermissionKind::Read, "~/none", false);
        assert!(told.starts_with("…/home/none cannot be reached: "), "{told}");
        let told = machine.told(PermissionKind::File, "list", false);
        assert_eq!(told, "\"list\" is relative: only a policy, beside which it lies, can grant it");
    }

    #[test]
    fn a_token_is_a_variable_that_holds_one_for_one_server() {
        let machine = Machine::new();
        let told = |what: &str| machine.told(PermissionKind::Token, what, false);
        assert_eq!(told("api.example.org=API_TOKEN"), "None");
        assert_eq!(told("api.example.org:8443=API_TOKEN"), "None");
        let lacks = |name: &str, reason: &str| {
            format!("the variable {name}, whose value was to be sent along as a token, {reason}")
        };
        assert_eq!(told("a.b=NONE"), lacks("NONE", "is not set"));
        assert_eq!(told("a.b=LINES"), lacks("LINES", "holds no token: that is one word of visible ASCII"));
        assert_eq!(told("A.b=API_TOKEN"), "\"A.b\" is written \"a.b\"");
        for wrong in ["a.b", "a.b=", "a.b=1X", "a.b=A B", "a.b=A=B", "API_TOKEN"] {
            assert!(
                told(wrong).starts_with(&format!("{wrong:?} is no server and variable")),
                "{}",
                told(wrong)
            );
        }
        assert!(told("*=API_TOKEN").ends_with("what is granted has one"), "{}", told("*=API_TOKEN"));
    }

    #[test]
    fn what_is_granted_has_one_name() {
        let machine = Machine::new();
        for kind in PermissionKind::ALL {
            assert_eq!(machine.told(kind, "*", true), "\"*\" leaves the name open; what is granted has one");
        }
        assert_eq!(machine.told(PermissionKind::Net, "a.b:8443", false), "None");
        assert_eq!(machine.told(PermissionKind::Net, "A.b:443", false), "\"A.b:443\" is written \"a.b\"");
        let told = machine.told(PermissionKind::Net, "\u{430}pi.example", false);
        assert!(told.contains("is written \"xn--"), "{told}");
    }
}
