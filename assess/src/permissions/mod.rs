//! What a plugin may see of the machine: what its manifest asks for, as far as a person has granted it and the machine's own
//! policy does not forbid it. Nothing by default; hardly a built-in plugin asks for anything.

mod amounts;
mod asker;
mod granted;
mod machine;
mod place;
mod program;
mod refused;
mod request;
mod thing;
mod tokens;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::SourceSpan;
use probity_host::Grants;
use probity_net::Endpoint;
use probity_registry::manifest::ANY;
use probity_registry::{Amounts, Permission, PermissionKind};

use crate::policy::{Cause, PluginDeclaration, Policy, Problem};
use crate::settings::Settings;

pub use asker::Asker;
pub use granted::{Granted, GrantedError};
pub use machine::{Machine, MachineError};
pub use place::PlaceError;
pub use refused::{AbsentFile, RefusedGrant, why_refused};
pub use request::{GrantError, PermissionRequest};
pub use thing::{Thing, quoted};

pub(crate) use amounts::allowance;
use place::Ground;
use tokens::{token, tokenless, variables};

/// Who has granted what, and what this machine forbids.
#[derive(Debug)]
pub struct Permissions {
    granted: Granted,
    machine: Machine,
    ground: Ground,
}

/// A policy as one that declares and grants.
#[derive(Debug, Clone, Copy)]
pub struct Declaring<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// From where its relative paths are seen.
    pub folder: &'a Path,
    /// Whether the person named it for this check. Under one that a repository brings along nobody's grants count: it would
    /// decide what a plugin with grants is asked.
    pub named: bool,
    /// The target's working tree, or its git directory if it has none; `None` where there is no target.
    pub repo: Option<&'a Path>,
}

/// One thing that a manifest asks for, or that of its kind was granted, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What the manifest asks for, with the name that was granted where it leaves that open.
    pub permission: Permission,
    /// What came of it.
    pub state: State,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The policy's `grant`, or the person by `probity plugin grant`. For a path, where it leads.
    Granted {
        /// Who granted it.
        by: Granter,
        /// Where a path or the name of a program leads; none for a variable.
        leads_to: Option<PathBuf>,
    },
    /// Nobody has granted it.
    Asked,
    /// The manifest leaves the name open, and none was granted.
    Open,
    /// The machine's policy forbids it, whoever granted it.
    Forbidden {
        /// Who did, if anybody.
        granted: Option<Granter>,
    },
    /// It was granted and cannot be given.
    Refused {
        /// Who granted it.
        by: Granter,
        /// Why it cannot be given.
        error: PlaceError,
    },
}

/// Who granted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granter {
    /// The policy that the check uses.
    Policy,
    /// The person, by `probity plugin grant`.
    Person,
}

/// Why it cannot be told what plugins may do. None is started then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionsError {
    /// What the person granted cannot be read.
    #[error(transparent)]
    Granted(#[from] GrantedError),
    /// What the machine forbids cannot be read.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl Permissions {
    /// Reads what was granted and what is forbidden.
    ///
    /// # Errors
    /// A file is there and cannot be read or understood.
    pub fn read(settings: &Settings) -> Result<Permissions, PermissionsError> {
        let home = settings.environment.get(OsStr::new("HOME")).filter(|home| !home.is_empty());
        let choices = settings.granted.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Permissions {
            granted: Granted::read(&settings.granted)?,
            machine: Machine::read(&settings.machine)?,
            ground: Ground {
                home: home.map(PathBuf::from),
                guarded: vec![settings.cache.clone(), choices],
                variables: variables(&settings.environment),
            },
        })
    }

    /// Whether a person could grant this on this machine; the error says why nobody can.
    pub(crate) fn grantable(&self, thing: &Thing) -> Result<(), String> {
        match self.ground.of_person(thing, None) {
            // Where the policy lies decides what is meant, and it is granted there.
            Err(PlaceError::Relative { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
            Ok(place) if self.machine.forbids(thing, place.as_deref()) => {
                Err("this machine's policy forbids it".to_owned())
            }
            Ok(_) => Ok(()),
        }
    }

    /// What a manifest would say of the program at this path, if that is one of the system's.
    pub(crate) fn of_program(path: &Path) -> Option<Thing> {
        program::name(path).map(|name| Thing { kind: PermissionKind::Exec, what: name.to_owned() })
    }

    /// The person's home folder, links followed.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.ground.home.as_deref().map(place::canonical)
    }

    /// What came of each thing that a plugin asks for, in the order of kinds and names. `declaration` is the policy's, if it has one.
    pub fn decide(
        &self,
        asker: &Asker,
        declaration: Option<&PluginDeclaration>,
        declaring: Declaring<'_>,
    ) -> Vec<Decided> {
        let granted = self.granted_to(asker, declaration, declaring);
        let mut decided = BTreeMap::new();
        for asked in &asker.permissions {
            let mut named = granted.iter().filter(|(thing, _)| thing.is_covered_by(asked)).peekable();
            if named.peek().is_none() {
                let state = self.ungranted(asked, declaring.repo);
                decided
                    .insert((asked.kind, asked.what.clone()), Decided { permission: asked.clone(), state });
            }
            for (thing, (by, place)) in named {
                let state = match place {
                    Ok(place) if self.machine.forbids(thing, place.as_deref()) => {
                        State::Forbidden { granted: Some(*by) }
                    }
                    Ok(place) => State::Granted { by: *by, leads_to: place.clone() },
                    Err(error) => State::Refused { by: *by, error: error.clone() },
                };
                let permission = Permission { what: thing.what.clone(), ..asked.clone() };
                decided.insert((thing.kind, thing.what.clone()), Decided { permission, state });
            }
        }
        decided.into_values().collect()
    }

    /// Everything that was granted to the plugin, by whom, and where it leads. The person's own word counts before the policy's,
    /// since it is bound to a place; so does the token that the person chose for a server.
    fn granted_to(
        &self,
        asker: &Asker,
        declaration: Option<&PluginDeclaration>,
        declaring: Declaring<'_>,
    ) -> BTreeMap<Thing, (Granter, Result<Option<PathBuf>, PlaceError>)> {
        let of_person = self.granted.of(asker);
        let chosen = |thing: &&Thing| {
            let server = thing.token_server();
            server.is_some() && of_person.iter().any(|grant| grant.thing.token_server() == server)
        };
        let at_hand = |thing: &Thing, place| self.ground.at_hand(thing).map(|()| place);
        let of_policy = declaration.into_iter().flat_map(|declaration| declaration.grants.keys());
        let by_policy = of_policy.filter(|thing| !chosen(thing)).map(|thing| {
            let place = self.ground.of_policy(thing, declaring).and_then(|place| at_hand(thing, place));
            (thing.clone(), (Granter::Policy, place))
        });
        let by_person = of_person.iter().map(|grant| {
            let place =
                self.ground.of_person(&grant.thing, declaring.repo).and_then(|now| grant.unmoved(now));
            (grant.thing.clone(), (Granter::Person, place.and_then(|place| at_hand(&grant.thing, place))))
        });
        by_policy.chain(by_person).filter(|_| declaring.named).collect()
    }

    /// No plugin gets more than this.
    pub(crate) fn most(&self) -> &Amounts {
        self.machine.most()
    }

    fn ungranted(&self, asked: &Permission, repo: Option<&Path>) -> State {
        let thing = Thing { kind: asked.kind, what: asked.what.clone() };
        let place = self.ground.of_person(&thing, repo).ok().flatten();
        match self.machine.forbids(&thing, place.as_deref()) {
            true => State::Forbidden { granted: None },
            false if asked.what == ANY => State::Open,
            false => State::Asked,
        }
    }
}

/// What the policy grants although the plugin does not ask for it: a slip, or another package than was meant.
pub(crate) fn unasked(asker: &Asker, declaration: &PluginDeclaration) -> Vec<Problem> {
    let is_asked = |thing: &Thing| asker.permissions.iter().any(|permission| thing.is_covered_by(permission));
    let asked: Vec<String> = asker.permissions.iter().map(ToString::to_string).collect();
    let hint = match &asked[..] {
        [] => "it asks for nothing: remove the line".to_owned(),
        asked => format!("it asks for {}: grant that, or remove the line", asked.join(", ")),
    };
    let problem = |(thing, span): (&Thing, &SourceSpan)| Problem {
        cause: Cause::UnaskedGrant { plugin: asker.id.clone(), thing: thing.to_string() },
        span: *span,
        label: "not asked for".to_owned(),
        hint: Some(hint.clone()),
    };
    declaration.grants.iter().filter(|(thing, _)| !is_asked(thing)).map(problem).collect()
}

/// What the host is told: the effective permissions.
pub(crate) fn effective(decided: &[Decided]) -> Grants {
    let mut grants = Grants::default();
    for one in decided {
        let Decided { permission, state } = one;
        let State::Granted { leads_to, .. } = state else {
            grants.tokenless.extend(tokenless(one));
            continue;
        };
        let what: Arc<str> = permission.what.as_str().into();
        match (permission.kind, leads_to) {
            (PermissionKind::File, Some(path)) => drop(grants.files.insert(what, path.clone())),
            (PermissionKind::Read, Some(path)) => drop(grants.read.insert(what, path.clone())),
            (PermissionKind::Exec, Some(path)) => drop(grants.exec.insert(what, path.clone())),
            (PermissionKind::Env, _) => drop(grants.env.insert(what)),
            (PermissionKind::Net, _) => grants.net.extend(Endpoint::parse(&what)),
            (PermissionKind::Token, _) => grants.tokens.extend(token(&what)),
            (PermissionKind::File | PermissionKind::Read | PermissionKind::Exec, None) => {}
            // They are in the allowance.
            (PermissionKind::Limit | PermissionKind::Scratch, _) => {}
        }
    }
    grants
}

/// What the plugin cannot do without and does not get.
pub(crate) fn lacking(decided: &[Decided]) -> Vec<Decided> {
    let given = |state: &State| matches!(state, State::Granted { .. } | State::Open);
    decided.iter().filter(|decided| !decided.permission.optional && !given(&decided.state)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use probity_registry::{PathSource, PluginId, tree_hash};

    use super::*;

    /// What came of `env "A"`, `env "B"` and `file "~/list"`, which a plugin asks for, as `name: state`.
    fn decided(machine: &str, granted: &str, by_policy: &str, named: bool) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), text).unwrap();
        };
        let manifest = "publisher \"a\"\nnamespace \"b\"\nname \"c\"\nversion \"1.0.0\"\ninterface 1\n\
                        entry kind=\"python\" path=\"c.py\"\npermissions {\n  env \"A\" why=\"a\"\n  \
                        env \"B\" why=\"b\" optional=#true\n  file \"~/list\" why=\"c\"\n}\n";
        write("plugin/plugin.kdl", manifest);
        write("plugin/c.py", "");
        let sha256 = tree_hash(&root.join("plugin")).unwrap();
        let source = PathSource { dir: root.join("plugin"), sha256 };
        let package = source.load(&PluginId::parse("a/b/c").unwrap()).unwrap();
        write("machine.kdl", machine);
        let granted = granted.replace("HASH", &sha256.to_string()).replace("ROOT", root.to_str().unwrap());
        write("config/grants.json", &format!("{{\"layout\": 1, \"packages\": {{{granted}}}}}"));
        let text = format!(
            "plugins {{ plugin \"a/b/c\" path=\"plugin\" sha256=\"{sha256}\" {{ grant {{ {by_policy} }} }} }}\n\
             analyze {{ investigate policy=\"score > 0.5\"; analysis \"x\" plugin=\"a/b/c\" policy=\"true\" }}\n"
        );
        let policy = Policy::parse("p.kdl", &text).unwrap();
        let permissions = Permissions {
            granted: Granted::read(&root.join("config/grants.json")).unwrap(),
            machine: Machine::read(&root.join("machine.kdl")).unwrap(),
            ground: Ground {
                home: Some(root.join("home")),
                guarded: vec![root.join("config")],
                variables: [("A_TOKEN".to_owned(), true)].into(),
            },
        };
        let declaring = Declaring { policy: &policy, folder: &root, named, repo: None };
        let decided = permissions.decide(&Asker::package(&package), policy.plugins.first(), declaring);
        let told = |one: &Decided| match &one.state {
            State::Granted { by, .. } => format!("{}: {by:?}", one.permission.what),
            State::Forbidden { .. } => format!("{}: Forbidden", one.permission.what),
            state => format!("{}: {state:?}", one.permission.what),
        };
        decided.iter().map(told).collect()
    }

    const BOTH: &str = "\"HASH\": {\"plugin\": \"a/b/c\", \"version\": \"1.0.0\", \"grants\": [\
                        {\"kind\": \"env\", \"what\": \"A\"}, \
                        {\"kind\": \"file\", \"what\": \"~/list\", \"leads_to\": \"ROOT/home/list\"}]}";

    #[test]
    fn a_plugin_gets_what_is_asked_for_granted_and_not_forbidden() {
        assert_eq!(decided("", "", "", true), ["A: Asked", "B: Asked", "~/list: Asked"]);
        assert_eq!(decided("", BOTH, "", true), ["A: Person", "B: Asked", "~/list: Person"]);
        assert_eq!(
            decided("", "", "env \"B\"; file \"~/list\"", true),
            ["A: Asked", "B: Policy", "~/list: Policy"]
        );
        assert_eq!(decided("", BOTH, "env \"A\"", true)[0], "A: Person", "whose word is bound to a place");
        let forbidden = decided("deny \"env\" \"A\"\ndeny \"read\"", BOTH, "env \"B\"", true);
        assert_eq!(forbidden, ["A: Forbidden", "B: Policy", "~/list: Person"]);
        let forbidden = decided("deny \"file\"\ndeny \"env\" \"*\"", "", "", true);
        assert_eq!(forbidden, ["A: Forbidden", "B: Forbidden", "~/list: Forbidden"]);
    }

    #[test]
    fn nobodys_grants_count_under_a_policy_that_the_person_has_not_named() {
        assert_eq!(decided("", BOTH, "env \"B\"", false), ["A: Asked", "B: Asked", "~/list: Asked"]);
    }

    #[test]
    fn a_grant_of_a_kind_that_is_not_known_is_no_leave() {
        let text = "{\"layout\": 1, \"packages\": {\"h\": {\"plugin\": \"a/b/c\", \"version\": \"1\", \
                    \"grants\": [{\"kind\": \"device\", \"what\": \"gpu\"}]}}}";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let error = Granted::read(file.path()).unwrap_err().to_string();
        assert!(error.contains("there is no permission \"device\""), "{error}");
    }
}
