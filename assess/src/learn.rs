//! What a plugin would have to ask a person for, told from what it was denied.
//!
//! It proposes no more than what it saw being denied; what nobody can grant it explains instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use probity_host::{Answered, Manner, Named, Outcome, Whose};
use probity_net::Endpoint;
use probity_registry::manifest::REPO;
use probity_registry::{Manifest, Permission, PermissionKind, PluginId};

use crate::catalogue::CatalogueError;
use crate::check::CheckError;
use crate::permissions::{Decided, PermissionRequest, Permissions, State, Thing};
use crate::settings::Settings;
use crate::snapshot;
use crate::trace::{AskedInput, Tracing};

/// The reason of a permission that is proposed: a person is asked for nothing on the word of a program.
pub const WHY: &str = "to be written by the plugin's author: what it needs this for";

/// After so many files of one folder, the folder is proposed.
const FILES: usize = 8;

/// What a plugin's manifest would have to say.
#[derive(Debug, Default)]
pub struct Learnt {
    /// What the manifest has, and what it would have to ask for beside, in the order of kinds and names.
    pub permissions: Vec<Proposed>,
    /// What the manifest asks for already and what was denied since nobody granted it.
    pub ungranted: Vec<Thing>,
    /// What was denied and cannot be asked for, and why, sorted.
    pub never: BTreeSet<(String, String)>,
    /// What the author has to do beside the manifest.
    pub advice: BTreeSet<String>,
    /// What the host cannot follow to where it leads, so that nothing is proposed for it, and what it was for, sorted.
    pub unknown: BTreeSet<(PathBuf, Manner)>,
    /// What was only looked at: whether it is there, its size or times. It may not matter.
    pub looked_at: Vec<PathBuf>,
}

/// Something that a manifest asks for, or would have to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// `env`, `read`, ….
    pub kind: &'static str,
    /// Which.
    pub what: String,
    /// The author's reason, or [`WHY`].
    pub why: String,
    /// Whether the plugin can do without, as its manifest says.
    pub optional: bool,
    /// Whether the manifest does not have it yet.
    pub is_new: bool,
}

impl Learnt {
    /// Whether there is anything that the manifest does not have yet.
    pub fn has_new(&self) -> bool {
        self.permissions.iter().any(|one| one.is_new)
    }

    /// What the manifest does not have yet, as it would stand there.
    pub fn block(&self) -> String {
        let new = self.permissions.iter().filter(|one| one.is_new);
        let lines = new.map(|one| format!("    {}\n", one.line()));
        format!("permissions {{\n{}}}\n", lines.collect::<String>())
    }
}

impl Proposed {
    /// As what is proposed stands in a manifest.
    fn line(&self) -> String {
        format!("{} {:?} why={:?}", self.kind, self.what, self.why)
    }
}

/// What the traced plugin would have to ask for.
///
/// # Errors
/// Where it cannot be told what it has already.
pub fn learnt(settings: &Settings, tracing: &Tracing) -> Result<Learnt, CheckError> {
    let one = |error: CatalogueError| CheckError::Plugins(vec![error]);
    let permissions = Permissions::read(settings).map_err(|error| one(error.into()))?;
    let request = match PluginId::parse(&tracing.plugin) {
        // Of one that did not start, the policy knows.
        Ok(id) if tracing.decided.is_empty() => PermissionRequest::of(settings, &id)?,
        _ => None,
    };
    let decided = request.map_or_else(|| tracing.decided.clone(), |request| request.decided);
    let target = snapshot::open(&settings.target).ok();
    let target = target.and_then(|target| target.worktree().unwrap_or(target.git_dir()).canonicalize().ok());
    let (wanted, learnt) = (BTreeSet::new(), Learnt::default());
    let mut learner = Learner { permissions, decided, target, wanted, learnt };
    learner.paths(&tracing.traced.named);
    tracing.inputs.iter().for_each(|asked| learner.input(asked));
    tracing.denied.iter().for_each(|denied| learner.call(denied));
    Ok(learner.finish())
}

struct Learner {
    permissions: Permissions,
    decided: Vec<Decided>,
    /// Where the target lies, which every permission means by one name.
    target: Option<PathBuf>,
    wanted: BTreeSet<Thing>,
    learnt: Learnt,
}

impl Learner {
    fn paths(&mut self, named: &[Named]) {
        let unknown =
            named.iter().filter(|one| one.outcome == Outcome::Unknown && one.whose != Whose::Runtime);
        let used = unknown.filter(|one| one.manner != Manner::Look);
        self.learnt.unknown.extend(used.map(|one| (one.path.clone(), one.manner)));
        let mut read: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for one in named.iter().filter(|one| one.outcome == Outcome::Denied && one.whose != Whose::Runtime) {
            let path = plain(one);
            match one.manner {
                Manner::Read | Manner::List => *read.entry(path).or_default() |= one.manner == Manner::List,
                Manner::Write => self.never(&format!("writing {}", path.display()), WRITING),
                Manner::Execute => self.program(one, &path),
                Manner::Look => self.learnt.looked_at.push(path),
            }
        }
        self.files(read);
    }

    /// Files and, where true, folders that were to be read.
    fn files(&mut self, denied: BTreeMap<PathBuf, bool>) {
        let mut siblings: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for path in denied.iter().filter(|(_, listed)| !**listed).filter_map(|(path, _)| path.parent()) {
            *siblings.entry(path.to_owned()).or_default() += 1;
        }
        let many = siblings.into_iter().filter(|(_, count)| *count > FILES).map(|(folder, _)| folder);
        let many = many.filter(|folder| self.grantable(folder).is_ok());
        let folders: Vec<PathBuf> = many.collect();
        for path in folders.iter().chain(denied.keys()) {
            match self.grantable(path) {
                Ok(thing) => drop(self.wanted.insert(thing)),
                Err(reason) => self.never(&format!("reading {}", path.display()), &reason),
            }
        }
    }

    /// What a manifest would say of a path to be read, or why nobody may grant it.
    fn grantable(&self, path: &Path) -> Result<Thing, String> {
        let what = path.to_str().ok_or("its name is no text")?;
        let home = self.permissions.home();
        let below = home.as_deref().and_then(|home| path.strip_prefix(home).ok()).and_then(Path::to_str);
        let what = match below.filter(|below| !below.is_empty()) {
            _ if self.target.as_ref().is_some_and(|target| path.starts_with(target)) => REPO.to_owned(),
            Some(below) => format!("~/{below}"),
            None => what.to_owned(),
        };
        let thing = Thing { kind: PermissionKind::Read, what };
        self.permissions.grantable(&thing)?;
        is_askable(&thing).then_some(thing).ok_or_else(|| UNASKABLE.to_owned())
    }

    fn program(&mut self, one: &Named, path: &Path) {
        let of_system = Some(one).filter(|one| one.whose == Whose::Other);
        let thing = of_system.and_then(|_| Permissions::of_program(path)).ok_or_else(|| EXECUTING.to_owned());
        let thing = thing.and_then(|thing| match self.permissions.grantable(&thing) {
            Ok(()) if is_askable(&thing) => Ok(thing),
            Ok(()) => Err(UNASKABLE.to_owned()),
            Err(reason) => Err(reason),
        });
        match thing {
            Ok(thing) => drop(self.wanted.insert(thing)),
            Err(reason) => self.never(&format!("executing {}", path.display()), &reason),
        }
    }

    fn input(&mut self, asked: &AskedInput) {
        let AskedInput { kind, id, answered, .. } = asked;
        if !matches!(answered, Answered::Undeclared | Answered::Ungranted) {
            return;
        }
        let shown = format!("the input {kind}/{id}");
        if *answered == Answered::Undeclared {
            self.learnt.advice.insert(format!(
                "it asked for {shown} and does not say so: `permissions.inputs` of its description has to list \"{kind}\""
            ));
        }
        let thing = match kind.as_str() {
            "env" => Thing { kind: PermissionKind::Env, what: id.clone() },
            "file" => Thing { kind: PermissionKind::File, what: id.clone() },
            "http" => match Endpoint::of_address(id) {
                Some(server) => Thing { kind: PermissionKind::Net, what: server.to_string() },
                None => return self.never(&shown, "it is no address of https"),
            },
            "time" | "refs" => return,
            "state" => {
                return self.never(&shown, "what this machine remembers is for built-in plugins alone");
            }
            _ => return self.never(&shown, "there are no inputs of that kind"),
        };
        match self.permissions.grantable(&thing) {
            Ok(()) if is_askable(&thing) => drop(self.wanted.insert(thing)),
            Ok(()) => self.never(&shown, UNASKABLE),
            Err(reason) => self.never(&shown, &reason),
        }
    }

    /// A denied call, in the words in which it is told.
    fn call(&mut self, told: &str) {
        let wanted = told.strip_prefix("wanted ").unwrap_or(told);
        let (call, reason) = wanted.split_once(": denied, ").unwrap_or((wanted, "nothing permits it"));
        let advice = match reason {
            "plugins have no network and no sockets" => {
                Some("it has no sockets: ask the host for the input `http`, with the permission `net`")
            }
            "plugins start no processes" => Some(
                "it may start programs that a person permits: `exec \"NAME\"`; which it wanted was not seen",
            ),
            _ => None,
        };
        self.learnt.advice.extend(advice.map(str::to_owned));
        self.never(call, reason);
    }

    fn never(&mut self, what: &str, reason: &str) {
        self.learnt.never.insert((what.to_owned(), reason.to_owned()));
    }

    fn finish(mut self) -> Learnt {
        let mut all: BTreeMap<(PermissionKind, String), Proposed> = BTreeMap::new();
        for Decided { permission, state } in &self.decided {
            let Permission { kind, what, why, optional } = permission.clone();
            let proposed = Proposed { kind: kind.name(), what, why, optional, is_new: false };
            all.insert((kind, proposed.what.clone()), proposed);
            let covered = |thing: &Thing| covers(permission, thing);
            if *state == State::Asked && self.wanted.iter().any(covered) {
                let thing = Thing { kind, what: permission.what.clone() };
                self.learnt.ungranted.push(thing);
            }
        }
        for thing in &self.wanted {
            let asked = self.decided.iter().any(|decided| covers(&decided.permission, thing));
            let within =
                self.wanted.iter().any(|other| other != thing && lies_in(thing, other.kind, &other.what));
            if !asked && !within {
                let (kind, what, why) = (thing.kind.name(), thing.what.clone(), WHY.to_owned());
                let proposed = Proposed { kind, what, why, optional: false, is_new: true };
                all.insert((thing.kind, thing.what.clone()), proposed);
            }
        }
        self.learnt.permissions = all.into_values().collect();
        self.learnt
    }
}

/// Whether whoever asks for the one asks for the other.
fn covers(permission: &Permission, thing: &Thing) -> bool {
    thing.is_covered_by(permission) || lies_in(thing, permission.kind, &permission.what)
}

/// Whether it is to be read and lies in a folder that is.
fn lies_in(thing: &Thing, kind: PermissionKind, what: &str) -> bool {
    let both = thing.kind == PermissionKind::Read && kind == PermissionKind::Read;
    both && Path::new(&thing.what).starts_with(what)
}

const WRITING: &str = "a plugin writes nothing but its scratch folder";
const EXECUTING: &str =
    "a plugin executes nothing but its own program and those of the system that it was granted";
const UNASKABLE: &str = "a manifest cannot name it";

/// As the plugin named it, or, where that leads back and forth, where it leads.
fn plain(named: &Named) -> PathBuf {
    let steps_back = named.path.components().any(|part| part == Component::ParentDir);
    if steps_back { named.leads_to.clone() } else { named.path.clone() }
}

/// Whether a manifest can ask for it, as the manifest's own reader sees it.
fn is_askable(thing: &Thing) -> bool {
    let proposed = Proposed {
        kind: thing.kind.name(),
        what: thing.what.clone(),
        why: WHY.to_owned(),
        optional: false,
        is_new: true,
    };
    let manifest = format!(
        "publisher \"a\"\nnamespace \"b\"\nname \"c\"\nversion \"1.0.0\"\ninterface 1\n\
         entry kind=\"python\" path=\"d\"\npermissions {{\n{}\n}}\n",
        proposed.line()
    );
    Manifest::parse("plugin.kdl", &manifest).is_ok()
}
