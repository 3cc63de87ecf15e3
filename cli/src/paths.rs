//! The folders that Probity keeps things in: from the environment, else the platform's own. Read once, at the edge.

use std::path::{Path, PathBuf};

use probity_assess::cache::STATE;

use crate::error::CliError;

/// What the machine's administrator forbids to plugins. No variable moves it.
pub(crate) const MACHINE: &str = "/etc/probity/machine.kdl";

/// Where answers are remembered and where the person's choices lie.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// Remembered answers, and what can be made again.
    pub(crate) cache: PathBuf,
    /// The person's own choices.
    pub(crate) config: PathBuf,
    /// What is remembered of repositories and cannot be made again.
    pub(crate) state: PathBuf,
}

impl Paths {
    /// `PROBITY_CACHE_DIR`, `PROBITY_CONFIG_DIR` and `PROBITY_STATE_DIR`, else the platform's folders.
    pub(crate) fn from_environment() -> Result<Paths, CliError> {
        let platform = directories::ProjectDirs::from("", "", "probity");
        let set =
            |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = |variable: &str, platform: Option<PathBuf>| {
            match set(variable) {
                Some(path) => std::path::absolute(path).ok(),
                None => platform,
            }
            .ok_or_else(|| {
                CliError::wrong("cannot tell where to keep files: this account has no home folder")
                    .hinted(format!("set {variable} to a folder"))
            })
        };
        let cache = folder("PROBITY_CACHE_DIR", platform.as_ref().map(|dirs| dirs.cache_dir().to_owned()))?;
        // Who moves the cache has one place for all that is kept; else what cannot be made again is not where caches are cleared.
        let own = platform
            .as_ref()
            .and_then(|dirs| dirs.state_dir())
            .filter(|_| set("PROBITY_CACHE_DIR").is_none());
        let beside = own.map_or_else(|| cache.join(STATE), Path::to_owned);
        Ok(Paths {
            state: folder("PROBITY_STATE_DIR", Some(beside))?,
            cache,
            config: folder("PROBITY_CONFIG_DIR", platform.as_ref().map(|dirs| dirs.config_dir().to_owned()))?,
        })
    }

    /// The folder of the memo store.
    pub(crate) fn store(&self) -> PathBuf {
        self.cache.join("store")
    }

    /// The list of trusted repositories.
    pub(crate) fn trusted(&self) -> PathBuf {
        self.config.join("trusted")
    }

    /// What was granted to plugins.
    pub(crate) fn granted(&self) -> PathBuf {
        self.config.join("grants.json")
    }
}

/// The folders in which the person's shell looks for programs.
pub(crate) fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}
