//! What a host is made of: the plugins, where their programs come from, what they may use. Plain data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use probity_engine::{Digest, Failure};

use crate::grants::Grants;
use crate::launch::Launch;
use crate::package::PackageProgram;
use crate::sink::Sink;

/// One plugin under one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSpec {
    /// What the engine's requests call it: `publisher/namespace/name`, or that and `#analysis`.
    pub instance: Arc<str>,
    /// Names the plugin's bytes: an answer given by other bytes is another answer.
    pub artifact: Digest,
    /// What is started.
    pub program: Program,
    /// Its configuration: a canonical JSON object.
    pub config: Arc<str>,
    /// What of the machine a person lets it see.
    pub grants: Grants,
}

impl PluginSpec {
    /// The plugin's id: the instance without the analysis.
    pub fn id(&self) -> &str {
        plugin_of(&self.instance)
    }
}

/// The id of the plugin that an instance is of.
pub fn plugin_of(instance: &str) -> &str {
    instance.split_once('#').map_or(instance, |(id, _)| id)
}

/// What is started for a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A plugin that is linked into the running program.
    Builtin {
        /// The one argument that the program's `main` finds after it was confined.
        name: String,
    },
    /// A package in a directory.
    Package(PackageProgram),
}

/// How long and how much plugins may do.
#[derive(Debug, Clone)]
pub struct CallLimits {
    /// How long a plugin may compute one call. The time in which the host answers its questions does not count.
    pub call: Duration,
    /// How long it may take to start, describe itself and take its configuration.
    pub start: Duration,
    /// How long it may take to answer a ping, after which it is taken to hang and is killed.
    pub ping: Duration,
    /// How long open work may take to end when the host is shut down, and then again from SIGTERM to SIGKILL.
    pub grace: Duration,
    /// How long a plugin may take to answer a call that was cancelled, after which it is killed.
    pub letting_go: Duration,
    /// How often a plugin that crashed is started again, in each revision.
    pub restarts: u32,
    /// How many calls one plugin computes at once at most. It may itself ask for fewer.
    pub concurrent: usize,
    /// The longest message that is read from a plugin, in bytes.
    pub message_bytes: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            call: Duration::from_secs(600),
            start: Duration::from_secs(60),
            ping: Duration::from_secs(2),
            grace: Duration::from_secs(2),
            letting_go: Duration::from_millis(50),
            restarts: 2,
            concurrent: 64,
            message_bytes: 256 << 20,
        }
    }
}

/// Where the target's objects lie, and which paths a plugin has to read for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitGrant {
    /// A git directory that was made for plugins; told to them as `session.gitDir`.
    pub git_dir: PathBuf,
    /// What they may read: that directory and the directories of objects.
    pub read: Vec<PathBuf>,
    /// Names what the directory shows beyond what a key can name, such as its `HEAD`: a stranger's process does not
    /// outlast a change of it.
    pub shows: String,
}

/// What the world holds for plugins.
pub trait Sources: Send + Sync + 'static {
    /// The target's objects. Asked when the first plugin is started; `None` where there is no target, as when
    /// plugins are only asked what they offer.
    ///
    /// # Errors
    /// A failure, which every request to a plugin then gets.
    fn git(&self) -> Result<Option<GitGrant>, Failure>;

    /// The value of an input as JSON: kind `time`, id `day` is `"2026-11-21"`.
    ///
    /// # Errors
    /// A failure where there is no such input.
    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure>;
}

/// All that a [`Host`](crate::Host) is made of.
pub struct HostOptions {
    /// The plugins. Nested queries find a plugin by its id, so the instance without `#` has to be among them for
    /// every plugin that others ask.
    pub plugins: Vec<PluginSpec>,
    /// What the world holds for them.
    pub sources: Arc<dyn Sources>,
    /// How their processes are started: [`Sandboxed`](crate::Sandboxed).
    pub launch: Arc<dyn Launch>,
    /// How long and how much they may do.
    pub limits: CallLimits,
    /// Who hears of their progress and their log.
    pub sink: Arc<dyn Sink>,
    /// The program's version, told to plugins. For people to read.
    pub version: String,
}

impl std::fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostOptions").field("plugins", &self.plugins).finish_non_exhaustive()
    }
}
