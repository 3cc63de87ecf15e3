//! The plugins of a check: the built-in ones, and those that the policy names by path and hash. An answer of the host needs
//! each of them as an instance, that is, with a configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_engine::Digest;
use probity_host::{
    Grants, Interpreter, PackageFile, PackageKind, PackageProgram, PluginSpec, Program, PythonError,
};
use probity_registry::{EntryKind, Package, PackageError, PathSource, PluginId, TreeFile};

use crate::policy::{self, PluginDeclaration, Policy};
use crate::settings::Builtin;

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
}

/// Every plugin that a policy can use, by id.
#[derive(Debug, Clone)]
pub struct Catalogue {
    plugins: BTreeMap<Arc<str>, Listed>,
    /// From where relative paths of the policy are seen.
    folder: PathBuf,
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
    /// The built-in plugins and those that `policy` declares, each package checked against its hash. A relative path is
    /// seen from the folder beside the policy; `search_path` is where an interpreter is looked for.
    ///
    /// # Errors
    /// One for each declared plugin that cannot be used.
    pub fn new(
        builtins: &[Builtin],
        policy: Option<(&Policy, &Path)>,
        search_path: &[PathBuf],
    ) -> Result<Catalogue, Vec<CatalogueError>> {
        let mut plugins: BTreeMap<Arc<str>, Listed> = builtins.iter().map(built_in).collect();
        let mut errors = Vec::new();
        for declaration in policy.iter().flat_map(|(policy, _)| &policy.plugins) {
            let folder = policy.map_or(Path::new("."), |(_, folder)| folder);
            match declared(declaration, folder, search_path) {
                Some(Ok(listed)) => drop(plugins.insert(listed.id.clone(), listed)),
                Some(Err(error)) => errors.push(error),
                None => {}
            }
        }
        let folder = policy.map_or_else(PathBuf::new, |(_, folder)| folder.to_owned());
        if errors.is_empty() { Ok(Catalogue { plugins, folder }) } else { Err(errors) }
    }

    fn granted(&self, grants: &policy::Grants) -> Grants {
        let file = |path: &String| (path.as_str().into(), self.folder.join(path));
        Grants {
            env: grants.env.iter().map(|name| name.as_str().into()).collect(),
            files: grants.file.iter().map(file).collect(),
        }
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
        let grants = |id: &str| {
            let declaration = policy.and_then(|policy| policy.plugin(id));
            declaration.map(|declaration| self.granted(&declaration.grants)).unwrap_or_default()
        };
        configured
            .into_iter()
            .filter_map(|(instance, (id, config))| Some(self.get(&id)?.spec(instance, config, grants(&id))))
            .collect()
    }
}

impl Listed {
    fn spec(&self, instance: Arc<str>, config: Arc<str>, grants: Grants) -> PluginSpec {
        PluginSpec { instance, artifact: self.artifact, program: self.program.clone(), config, grants }
    }
}

fn built_in(builtin: &Builtin) -> (Arc<str>, Listed) {
    let id: Arc<str> = format!("probity/core/{}", builtin.name).into();
    let program = Program::Builtin { name: builtin.name.clone() };
    let listed = Listed { id: id.clone(), version: None, folder: None, artifact: builtin.artifact, program };
    (id, listed)
}

/// `None` for a declaration that only configures a built-in plugin.
fn declared(
    declaration: &PluginDeclaration,
    folder: &Path,
    search_path: &[PathBuf],
) -> Option<Result<Listed, CatalogueError>> {
    let (path, sha256) = (declaration.path.as_ref()?, declaration.sha256.as_ref()?);
    let id = &declaration.id.value;
    let wrong = |reason: String| CatalogueError::Name { id: id.clone(), reason };
    let load = || {
        let plugin = PluginId::parse(id).map_err(|error| wrong(error.to_string()))?;
        let sha256 = sha256.value.parse().map_err(|error| wrong(format!("{error}")))?;
        let package = PathSource { dir: folder.join(&path.value), sha256 }.load(&plugin)?;
        listed(package, search_path)
    };
    Some(load())
}

fn listed(package: Package, search_path: &[PathBuf]) -> Result<Listed, CatalogueError> {
    let program = program(&package, search_path)?;
    Ok(Listed {
        id: package.id.to_string().into(),
        version: Some(package.version.to_string()),
        folder: Some(package.dir),
        artifact: program.artifact(),
        program: Program::Package(program),
    })
}

/// The package in the host's words.
fn program(package: &Package, search_path: &[PathBuf]) -> Result<PackageProgram, CatalogueError> {
    let kind = match package.manifest.entry.kind {
        EntryKind::Python => {
            let found = Interpreter::find(search_path);
            let lacks = |source| CatalogueError::Interpreter { id: package.id.to_string(), source };
            PackageKind::Python(Arc::new(found.map_err(lacks)?))
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
    })
}
