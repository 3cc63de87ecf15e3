//! What a plugin may see of the machine: what its manifest asks for, as far as a person has granted it and the machine's own
//! policy does not forbid it. Nothing by default; built-in plugins ask for nothing.

mod granted;
mod machine;
mod place;
mod request;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_host::Grants;
use probity_net::Endpoint;
use probity_registry::manifest::ANY;
use probity_registry::{Package, Permission, PermissionKind};

use crate::policy;
use crate::settings::Settings;

pub use granted::{Granted, GrantedError, Thing};
pub use machine::{Machine, MachineError};
pub use place::PlaceError;
pub use request::{GrantError, PermissionRequest};

/// Who has granted what, and what this machine forbids.
#[derive(Debug)]
pub struct Permissions {
    granted: Granted,
    machine: Machine,
    home: Option<PathBuf>,
    /// What no plugin may read, nor anything above it: the answers and the choices of the person.
    guarded: Vec<PathBuf>,
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
        /// Where a path leads; none for a variable.
        leads_to: Option<PathBuf>,
    },
    /// Nobody has granted it.
    Asked,
    /// The manifest leaves the name open, and none was granted.
    Open,
    /// The machine's policy forbids it, whoever granted it.
    Forbidden,
    /// It was granted and cannot be given.
    Refused(PlaceError),
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
        let guarded =
            [settings.cache.clone(), settings.granted.parent().unwrap_or(Path::new("/")).to_owned()];
        Ok(Permissions {
            granted: Granted::read(&settings.granted)?,
            machine: Machine::read(&settings.machine)?,
            home: home.map(|home: &OsString| PathBuf::from(home)),
            guarded: guarded.into(),
        })
    }

    /// What came of each thing that the package asks for, in the order of kinds and names. Relative paths of files are seen from
    /// `folder`, the policy's.
    pub fn decide(&self, package: &Package, policy: &policy::Grants, folder: &Path) -> Vec<Decided> {
        let person = self.granted.of(package);
        let mut decided = BTreeMap::new();
        for asked in &package.manifest.permissions {
            let by_policy = policy.things().map(|thing| (thing, Granter::Policy));
            let by_person = person.iter().map(|grant| (grant.thing.clone(), Granter::Person));
            let mut named: BTreeMap<String, Granter> = BTreeMap::new();
            for (thing, by) in by_person.chain(by_policy).filter(|(thing, _)| thing.is_covered_by(asked)) {
                named.insert(thing.what, by);
            }
            if named.is_empty() {
                let open = if asked.what == ANY { State::Open } else { State::Asked };
                let state =
                    if self.machine.forbids(asked.kind, &asked.what) { State::Forbidden } else { open };
                decided
                    .insert((asked.kind, asked.what.clone()), Decided { permission: asked.clone(), state });
            }
            for (what, by) in named {
                let state = self.state(asked.kind, &what, by, folder, person);
                let permission = Permission { what: what.clone(), ..asked.clone() };
                decided.insert((asked.kind, what), Decided { permission, state });
            }
        }
        decided.into_values().collect()
    }

    /// What the policy grants although the manifest does not ask for it.
    pub fn unasked(package: &Package, policy: &policy::Grants) -> Option<Thing> {
        let asked = &package.manifest.permissions;
        policy.things().find(|thing| !asked.iter().any(|permission| thing.is_covered_by(permission)))
    }

    /// Where a path that a person is about to grant leads.
    ///
    /// # Errors
    /// It leads nowhere, or to what nobody may grant.
    pub fn place(&self, kind: PermissionKind, what: &str) -> Result<Option<PathBuf>, PlaceError> {
        match kind {
            PermissionKind::Env => Ok(None),
            PermissionKind::Net => match Endpoint::parse(what) {
                Ok(_) => Ok(None),
                Err(error) => Err(PlaceError::Server { reason: error.to_string() }),
            },
            PermissionKind::File => place::file(what, self.home.as_deref(), None).map(Some),
            PermissionKind::Read => place::read(what, self.home.as_deref(), &self.guarded).map(Some),
        }
    }

    fn state(
        &self,
        kind: PermissionKind,
        what: &str,
        by: Granter,
        folder: &Path,
        person: &[granted::Grant],
    ) -> State {
        if self.machine.forbids(kind, what) {
            return State::Forbidden;
        }
        let leads_to = match (kind, by) {
            (PermissionKind::File, Granter::Policy) => {
                place::file(what, self.home.as_deref(), Some(folder)).map(Some)
            }
            _ => self.place(kind, what),
        };
        let then =
            person.iter().find(|grant| grant.thing.is(kind, what)).and_then(|grant| grant.leads_to.as_ref());
        match (leads_to, then) {
            (Ok(Some(now)), Some(then)) if by == Granter::Person && now != *then => {
                State::Refused(PlaceError::Moved { then: then.clone(), now })
            }
            (Ok(leads_to), _) => State::Granted { by, leads_to },
            (Err(error), _) => State::Refused(error),
        }
    }
}

/// What the host is told: the effective permissions.
pub(crate) fn effective(decided: &[Decided]) -> Grants {
    let mut grants = Grants::default();
    for Decided { permission, state } in decided {
        let State::Granted { leads_to, .. } = state else { continue };
        let what: Arc<str> = permission.what.as_str().into();
        match (permission.kind, leads_to) {
            (PermissionKind::File, Some(path)) => drop(grants.files.insert(what, path.clone())),
            (PermissionKind::Read, Some(path)) => drop(grants.read.insert(what, path.clone())),
            (PermissionKind::Env, _) => drop(grants.env.insert(what)),
            (PermissionKind::Net, _) => grants.net.extend(Endpoint::parse(&what)),
            (PermissionKind::File | PermissionKind::Read, None) => {}
        }
    }
    grants
}

/// The first thing that the plugin cannot do without and does not get.
pub(crate) fn lacking(decided: &[Decided]) -> Option<&Decided> {
    let given = |state: &State| matches!(state, State::Granted { .. } | State::Open);
    decided.iter().find(|decided| !decided.permission.optional && !given(&decided.state))
}
