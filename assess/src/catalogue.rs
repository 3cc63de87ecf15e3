//! The plugins of a check: the built-in ones, and those that the policy names by path and hash. An answer of the host needs
//! each of them as an instance, that is, with a configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_engine::Digest;
use probity_host::{
    Allowance, Interpreter, Level, Node, NodeError, PackageFile, PackageKind, PackageProgram, PluginSpec,
    Program, PythonError,
};
use probity_registry::{Amounts, EntryKind, MinLevel, Package, PackageError, PathSource, PluginId, TreeFile};

use crate::permissions::{
    self, AbsentFile, Asker, Decided, Declaring, Machine, Permissions, PermissionsError, RefusedGrant, State,
    Thing, why_refused,
};
use crate::policy::{PluginDeclaration, Policy, PolicyErrors};
use crate::settings::{Builtin, Settings};
use crate::snapshot::short_digest;
use crate::trust::mark;

/// The configuration of a plugin that nobody configures.
const UNCONFIGURED: &str = "{}";

/// A plugin that can be asked.
#[derive(Debug, Clone)]
pub struct Listed {
    /// `publisher/namespace/name`.
    pub id: Arc<str>,
    /// Its own version; a built-in has the program's.
    pub version: Option<String>,
    /// Where it lies, if it is no built-in.
    pub folder: Option<PathBuf>,
    artifact: Digest,
    program: Program,
    /// What its manifest asks for, and what came of it.
    pub decided: Vec<Decided>,
    /// How much it may use, if it is no built-in.
    allowance: Option<Allowance>,
}

/// Every plugin that a policy can use, by id.
#[derive(Debug, Clone)]
pub struct Catalogue {
    plugins: BTreeMap<Arc<str>, Listed>,
    /// What tells the target from others, if there is one.
    target: Option<PathBuf>,
}

/// Why a declared plugin cannot be used. Nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The package is not what the policy says, or no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The interpreter that the package needs is not on this machine.
    #[error("plugin {id} is written in Python")]
    Interpreter {
        /// The plugin.
        id: String,
        /// What is missing.
        #[source]
        source: PythonError,
    },
    /// Node.js, which the package needs, is not on this machine.
    #[error("plugin {id} is written in JavaScript")]
    Node {
        /// The plugin.
        id: String,
        /// What is missing.
        #[source]
        source: NodeError,
    },
    /// What plugins may do is not known.
    #[error(transparent)]
    Permissions(#[from] PermissionsError),
    /// The policy grants what plugins do not ask for: all that is so.
    #[error(transparent)]
    Unasked(PolicyErrors),
    /// The plugin cannot do without something that it does not get.
    #[error("plugin {id} does not get what it cannot do without:\n{}", lacks(id, lacking))]
    Lacking {
        /// The plugin.
        id: String,
        /// What it lacks, and why.
        lacking: Vec<Decided>,
    },
    /// The policy's words name no package.
    #[error("plugin {id} is not named rightly: {reason}")]
    Name {
        /// The plugin, as written.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

impl Catalogue {
    /// The built-in plugins and those that the policy declares, each package checked against its hash, with what it may do. A
    /// relative path is seen from the folder beside the policy.
    ///
    /// # Errors
    /// One for each declared plugin that cannot be used.
    pub fn new(
        settings: &Settings,
        declaring: Option<Declaring<'_>>,
    ) -> Result<Catalogue, Vec<CatalogueError>> {
        Catalogue::made(settings, declaring, false)
    }

    /// The same for looking at plugins: also those that lack a grant, which get what was granted, and judge nothing.
    ///
    /// # Errors
    /// As [`new`](Catalogue::new).
    pub fn to_look_at(
        settings: &Settings,
        declaring: Option<Declaring<'_>>,
    ) -> Result<Catalogue, Vec<CatalogueError>> {
        Catalogue::made(settings, declaring, true)
    }

    fn made(
        settings: &Settings,
        declaring: Option<Declaring<'_>>,
        lenient: bool,
    ) -> Result<Catalogue, Vec<CatalogueError>> {
        let mut plugins: BTreeMap<Arc<str>, Listed> = settings.builtins.iter().map(built_in).collect();
        let (mut errors, mut unasked) = (Vec::new(), Vec::new());
        let mut permissions = Lazy { settings, read: None, most: None, lenient };
        if let Some(declaring) = declaring {
            for builtin in settings.builtins.iter().filter(|builtin| is_used(builtin, declaring.policy)) {
                let asker = Asker::built_in(builtin);
                let declaration = declaring.policy.plugin(&asker.id);
                unasked.extend(declaration.into_iter().flat_map(|said| permissions::unasked(&asker, said)));
                match (permissions.decided(&asker, declaration, declaring), plugins.get_mut(&*asker.id)) {
                    (Ok(decided), Some(listed)) => listed.decided = decided,
                    (Ok(_), None) => {}
                    (Err(error), _) => errors.push(error),
                }
            }
            for (declaration, package) in packages(declaring) {
                let decided = package.and_then(|package| {
                    let asker = Asker::package(&package);
                    unasked.extend(permissions::unasked(&asker, declaration));
                    let (decided, allowance) = permissions.decide(&package, declaration, declaring)?;
                    listed(settings, package, decided, allowance, declaring.repo)
                });
                match decided {
                    Ok(listed) => drop(plugins.insert(listed.id.clone(), listed)),
                    Err(error) => errors.push(error),
                }
            }
        }
        if let (Some(Declaring { policy, .. }), false) = (declaring, unasked.is_empty()) {
            errors.push(CatalogueError::Unasked(PolicyErrors::of(policy, unasked)));
        }
        let target = declaring.and_then(|declaring| declaring.repo).map(Path::to_owned);
        if errors.is_empty() { Ok(Catalogue { plugins, target }) } else { Err(errors) }
    }

    /// What the plugin of this id may see of the machine, as in a manifest, sorted.
    pub(crate) fn permissions(&self, id: &str) -> Vec<String> {
        let granted = |decided: &&Decided| matches!(decided.state, State::Granted { .. });
        let decided = self.get(id).into_iter().flat_map(|listed| &listed.decided);
        decided.filter(granted).map(|decided| decided.permission.to_string()).collect()
    }

    /// What was granted to plugins and is not given to them, by plugin. They can do without, or there were no catalogue.
    pub(crate) fn refused(&self) -> Vec<RefusedGrant> {
        self.iter().flat_map(|listed| RefusedGrant::among(&listed.id, &listed.decided)).collect()
    }

    /// The files that this plugin may see and that are not there.
    pub(crate) fn absent(&self, id: &str) -> Vec<AbsentFile> {
        self.get(id).into_iter().flat_map(|listed| AbsentFile::among(&listed.id, &listed.decided)).collect()
    }

    /// The plugins, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.plugins.values()
    }

    /// The plugin of this id.
    pub fn get(&self, id: &str) -> Option<&Listed> {
        self.plugins.get(id)
    }

    /// What the host needs: each instance of the policy, and, since plugins may ask any other by its id, every further
    /// plugin unconfigured.
    pub fn specs(&self, policy: Option<&Policy>) -> Vec<PluginSpec> {
        let mut configured: BTreeMap<Arc<str>, (Arc<str>, Arc<str>)> =
            self.plugins.keys().map(|id| (id.clone(), (id.clone(), UNCONFIGURED.into()))).collect();
        for (name, instance) in policy.map(Policy::instances).unwrap_or_default() {
            configured.insert(name, (instance.plugin.as_str().into(), instance.config));
        }
        configured
            .into_iter()
            .filter_map(|(instance, (id, config))| {
                Some(self.get(&id)?.spec(instance, config, self.target.as_deref()))
            })
            .collect()
    }
}

impl Listed {
    fn spec(&self, instance: Arc<str>, config: Arc<str>, target: Option<&Path>) -> PluginSpec {
        let mut grants = permissions::effective(&self.decided);
        grants.state = matches!(self.program, Program::Builtin { .. });
        grants.allowance = self.allowance.as_ref().map(|allowance| {
            let keeps = allowance.keeps.as_ref().and_then(|_| self.kept(&config, target?));
            Arc::new(Allowance { keeps, ..allowance.clone() })
        });
        PluginSpec { instance, artifact: self.artifact, program: self.program.clone(), config, grants }
    }
}

impl Listed {
    /// What its manifest asks for and nobody has granted, or cannot be given, as in a manifest.
    pub fn ungranted(&self) -> impl Iterator<Item = String> {
        let given = |one: &&Decided| !matches!(one.state, State::Granted { .. });
        self.decided.iter().filter(given).map(|one| one.permission.to_string())
    }

    /// The name of the scratch folder that it finds again: none but this very package with this configuration, for this target.
    /// Where another repository has taken its place that is another target.
    fn kept(&self, config: &str, target: &Path) -> Option<String> {
        let (marks, target) = (marks(target)?, target.as_os_str().as_encoded_bytes());
        let (artifact, config) = (self.artifact.as_bytes().as_slice(), config.as_bytes());
        Some(short_digest(&[artifact, config, b"\0", target, b"\0", marks.as_bytes()].concat()))
    }
}

/// What tells a repository from another one at the same place.
fn marks(target: &Path) -> Option<String> {
    // A bare one has no folder in it for what is git's.
    let git = mark(&target.join(".git")).unwrap_or_default();
    Some(format!("{} {git}", mark(target)?))
}

/// A line for each thing, and one on what to do where a person can do something.
fn lacks(id: &str, lacking: &[Decided]) -> String {
    let line = |one: &Decided| {
        let state = match why_refused(&one.state) {
            Some(why) => format!("it cannot be given: {why}"),
            None => format!("nobody has granted it ({})", one.permission.why),
        };
        format!("{}: {state}", one.permission)
    };
    let mut lines: Vec<String> = lacking.iter().map(line).collect();
    let options = lacking.iter().filter(|one| one.state == State::Asked);
    let thing = |one: &Decided| Thing { kind: one.permission.kind, what: one.permission.what.clone() };
    let options: String = options.map(|one| format!(" {}", thing(one).option())).collect();
    if !options.is_empty() {
        lines.push(format!("probity plugin grant {id} --policy FILE{options}"));
        lines.push(
            "grants it for checks with --policy; so does that policy's own `grant` (docs/permissions.md)"
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn built_in(builtin: &Builtin) -> (Arc<str>, Listed) {
    let id: Arc<str> = builtin.id().into();
    let program = Program::Builtin { name: builtin.name.clone() };
    let (version, folder, decided) = (None, None, Vec::new());
    let artifact = builtin.artifact;
    (id.clone(), Listed { id, version, folder, artifact, program, decided, allowance: None })
}

/// Whether a policy names the plugin. What was granted to one that it does not name is not looked at: nobody configured it.
fn is_used(builtin: &Builtin, policy: &Policy) -> bool {
    let id = builtin.id();
    policy.plugin(&id).is_some() || policy.analyses().iter().any(|analysis| analysis.plugin.value == id)
}

/// The packages that the policy declares, each read and compared with its hash.
pub(crate) fn packages(
    declaring: Declaring<'_>,
) -> impl Iterator<Item = (&PluginDeclaration, Result<Package, CatalogueError>)> {
    let package = move |declaration| Some((declaration, package(declaration, declaring.folder)?));
    declaring.policy.plugins.iter().filter_map(package)
}

/// `None` for a declaration that only configures a built-in plugin.
fn package(declaration: &PluginDeclaration, folder: &Path) -> Option<Result<Package, CatalogueError>> {
    let (path, sha256) = (declaration.path.as_ref()?, declaration.sha256.as_ref()?);
    let id = &declaration.id.value;
    let wrong = |reason: String| CatalogueError::Name { id: id.clone(), reason };
    let load = || {
        let plugin = PluginId::parse(id).map_err(|error| wrong(error.to_string()))?;
        let sha256 = sha256.value.parse().map_err(|error| wrong(format!("{error}")))?;
        Ok(PathSource { dir: folder.join(&path.value), sha256 }.load(&plugin)?)
    };
    Some(load())
}

/// Who has granted what, read when a package asks for something, and then once; and what this machine's policy lets everybody
/// have, read when there is any package.
struct Lazy<'a> {
    settings: &'a Settings,
    read: Option<Permissions>,
    most: Option<Amounts>,
    /// Whether a plugin may lack what it cannot do without.
    lenient: bool,
}

impl Lazy<'_> {
    /// What came of what the package asks for; an error if it cannot do without something that it does not get.
    fn decide(
        &mut self,
        package: &Package,
        declaration: &PluginDeclaration,
        declaring: Declaring<'_>,
    ) -> Result<(Vec<Decided>, Allowance), CatalogueError> {
        let decided = self.decided(&Asker::package(package), Some(declaration), declaring)?;
        let most = match self.most.take() {
            Some(most) => most,
            None => Machine::read(&self.settings.machine).map_err(PermissionsError::from)?.most().clone(),
        };
        let most = self.most.insert(most);
        let allowance = permissions::allowance(&package.manifest, &decided, most, self.settings.timeout);
        Ok((decided, allowance))
    }

    /// What came of what a plugin asks for, as above.
    fn decided(
        &mut self,
        asker: &Asker,
        declaration: Option<&PluginDeclaration>,
        declaring: Declaring<'_>,
    ) -> Result<Vec<Decided>, CatalogueError> {
        if asker.permissions.is_empty() {
            return Ok(Vec::new());
        }
        let permissions = match self.read.take() {
            Some(permissions) => permissions,
            None => Permissions::read(self.settings)?,
        };
        let decided = self.read.insert(permissions).decide(asker, declaration, declaring);
        match permissions::lacking(&decided) {
            lacking if self.lenient || lacking.is_empty() => Ok(decided),
            lacking => Err(CatalogueError::Lacking { id: asker.id.clone(), lacking }),
        }
    }
}

fn listed(
    settings: &Settings,
    package: Package,
    decided: Vec<Decided>,
    allowance: Allowance,
    target: Option<&Path>,
) -> Result<Listed, CatalogueError> {
    let program = program(&package, settings, target)?;
    Ok(Listed {
        id: package.id.to_string().into(),
        version: Some(package.version.to_string()),
        folder: Some(package.dir),
        artifact: program.artifact(),
        program: Program::Package(program),
        decided,
        allowance: Some(allowance),
    })
}

/// The package in the host's words.
fn program(
    package: &Package,
    settings: &Settings,
    target: Option<&Path>,
) -> Result<PackageProgram, CatalogueError> {
    let kind = match package.manifest.entry.kind {
        EntryKind::Python => {
            let found = Interpreter::find(&settings.search_path, target);
            let lacks = |source| CatalogueError::Interpreter { id: package.id.to_string(), source };
            PackageKind::Python(Arc::new(found.map_err(lacks)?))
        }
        EntryKind::Node => {
            let found = Node::find(&settings.search_path, target, Some(&settings.cache));
            let lacks = |source| CatalogueError::Node { id: package.id.to_string(), source };
            PackageKind::Node(Arc::new(found.map_err(lacks)?))
        }
        EntryKind::Native => PackageKind::Native,
    };
    let file = |file: &TreeFile| PackageFile {
        path: file.path.clone(),
        executable: file.executable,
        size: file.size,
        sha256: file.sha256.0,
    };
    Ok(PackageProgram {
        dir: package.dir.clone(),
        tree: package.hash.0,
        files: package.tree.files().iter().map(file).collect(),
        entry: package.manifest.entry.path.clone(),
        kind,
        least: match package.manifest.min_level {
            None => Level::None,
            Some(MinLevel::Standard) => Level::Standard,
            Some(MinLevel::Full) => Level::Full,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn another_repository_at_the_same_place_is_another_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("repo");
        let git = target.join(".git");
        assert_eq!(marks(&target), None);
        fs::create_dir_all(&git).unwrap();
        let first = marks(&target).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main").unwrap();
        assert_eq!(marks(&target), Some(first.clone()), "it stays the same as it changes");
        // What was there before keeps its number.
        fs::rename(&git, folder.path().join("before")).unwrap();
        fs::create_dir(&git).unwrap();
        let second = marks(&target).unwrap();
        assert_ne!(second, first, "the tree stayed");
        fs::rename(&target, folder.path().join("tree")).unwrap();
        fs::create_dir(&target).unwrap();
        fs::rename(folder.path().join("tree/.git"), &git).unwrap();
        assert_ne!(marks(&target).unwrap(), second, "git's folder stayed");
    }
}
