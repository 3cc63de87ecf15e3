//! The host itself: an executor for the engine over the plugins of a session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use probity_engine::{Ask, Digest, Executor, Failure, FailureKind, Leaf, Reply, Request};
use probity_protocol::method::PluginApiClient as _;
use probity_sandbox::Report;
use tokio::time::timeout;

use crate::context::{Context, HostStats};
use crate::grants::HTTP_WITH_TOKEN;
use crate::plugin::{DESCRIBE, Plugin, Running};
use crate::{HostOptions, PluginSpec};

/// The version of what the host itself says in a plugin's stead: which keys, configurations and answers it accepts,
/// which it refuses, and in which words. Such refusals are remembered as the plugin's own answers are; so raise this
/// whenever any of it changes, and everything is asked anew.
const ABI: u32 = 3;

/// How long a killed process may take to be gone.
const REAPING: Duration = Duration::from_secs(1);

/// How long it may take then to copy its scratch folder.
const KEEPING: Duration = Duration::from_secs(30);

/// The plugins of a session. No process is started before the first question that needs one.
pub struct Host {
    context: Context,
    plugins: BTreeMap<Arc<str>, Plugin>,
}

impl Host {
    /// A host of these plugins. Starts nothing.
    pub fn new(options: HostOptions) -> Arc<Host> {
        let by_instance = |spec: &PluginSpec| (Arc::clone(&spec.instance), Plugin::new(spec.clone()));
        let plugins = options.plugins.iter().map(by_instance).collect();
        Arc::new(Host { context: Context::new(options), plugins })
    }

    /// A host for the next revision, with which the one before ends. It takes over the processes that would be started the
    /// same now: of the same plugin with the same configuration, to whom the same is shown, and who have told nothing
    /// but facts. All others are killed. What failed to start is started again.
    ///
    /// To be called when nothing runs in `before`.
    pub fn succeeding(before: &Host, options: HostOptions) -> Arc<Host> {
        let host = Host::new(options);
        host.context.inherit_runtime(&before.context);
        let retire =
            |(instance, plugin): (&Arc<str>, &Plugin)| Some((Arc::clone(instance), plugin.retire()?));
        let running: Vec<_> = before.plugins.iter().filter_map(retire).collect();
        if running.is_empty() {
            return host;
        }
        // Where it cannot be told what is shown, nobody is taken over, and the next start tells why.
        let git = host.context.options().sources.git();
        for (instance, running) in running {
            running.leaving.wait();
            let heir =
                host.plugins.get(&instance).zip(git.as_ref().ok()).filter(|(plugin, git)| {
                    plugin.inherit(&before.plugins[&instance], &running, git.as_ref())
                });
            if heir.is_none() {
                let why = "killed by the host: it is not what would be started now";
                match running.is_idle() {
                    true => running.connection.dismiss_idle(why),
                    false => running.connection.dismiss(why),
                }
            }
        }
        host
    }

    /// How much was done so far.
    pub fn stats(&self) -> HostStats {
        self.context.stats()
    }

    /// What the sandbox guarantees for each plugin that was started, sorted by instance.
    pub fn levels(&self) -> Vec<(Arc<str>, Report)> {
        let started =
            |(instance, plugin): (&Arc<str>, &Plugin)| Some((Arc::clone(instance), plugin.report()?));
        self.plugins.iter().filter_map(started).collect()
    }

    /// Ends all plugins. Those without open work are killed at once, which loses nothing, since they may write
    /// nothing that lasts; the others are given the limits' grace. Later questions fail.
    pub fn shutdown(&self) {
        let running: Vec<Arc<Running>> = self.plugins.values().filter_map(Plugin::retire).collect();
        let Some(runtime) = self.context.started_runtime() else { return };
        let grace = self.context.limits().grace;
        let ending: Vec<_> =
            running.into_iter().map(|one| runtime.spawn(async move { end(&one, grace).await })).collect();
        runtime.block_on(async {
            for one in ending {
                // A panic in there has dropped the process, which kills it.
                let _ = one.await;
            }
        });
    }

    fn plugin(&self, instance: &str) -> Result<&Plugin, Failure> {
        let absent = || Failure::new(FailureKind::Denied, self.context.names().absent(instance));
        self.plugins.get(instance).ok_or_else(absent)
    }
}

/// What answers: a plugin's artifact together with the host that speaks for it, and whether it may have seen too much.
fn hosted(artifact: &Digest, abi: u32, weak: bool) -> Digest {
    let weak: &[u8] = if weak { b"weak" } else { b"" };
    Digest::of(&[artifact.as_bytes().as_slice(), &abi.to_le_bytes(), weak].concat())
}

/// What a person decided for a plugin: its configuration, and what it may see.
fn configured(spec: &PluginSpec) -> Digest {
    Digest::of(format!("{}{}", spec.config, spec.grants.text()).as_bytes())
}

async fn end(running: &Running, grace: Duration) {
    let peer = &running.connection.peer;
    if !running.connection.routes.is_idle() {
        // Whether it agrees or not, its time is over.
        let _ = peer.with_deadline(grace).shutdown().await;
        peer.close();
        running.connection.terminate();
        if timeout(grace, peer.ended()).await.is_ok() {
            let _ = timeout(KEEPING, running.connection.kept()).await;
            return;
        }
    }
    let why = "killed by the host, which was shut down";
    match running.is_idle() {
        true => running.connection.dismiss_idle(why),
        false => running.connection.dismiss(why),
    }
    let _ = timeout(REAPING, peer.ended()).await;
    let _ = timeout(KEEPING, running.connection.kept()).await;
}

impl Executor for Host {
    fn leaves(&self, request: &Request) -> Vec<Leaf> {
        let artifact = Leaf::Artifact(Arc::clone(&request.plugin));
        match &*request.query {
            DESCRIBE => vec![artifact],
            _ => vec![artifact, Leaf::Config(Arc::clone(&request.plugin))],
        }
    }

    fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure> {
        match leaf {
            Leaf::Artifact(instance) => {
                let weak = self.context.options().launch.is_weak();
                Ok(hosted(&self.plugin(instance)?.spec.artifact, ABI, weak))
            }
            Leaf::Config(instance) => Ok(configured(&self.plugin(instance)?.spec)),
            Leaf::Input { kind, id } => Ok(Digest::of(self.input(kind, id)?.as_bytes())),
            Leaf::Expiry { .. } => {
                Err(Failure::new(FailureKind::Unavailable, "the engine itself knows what aged"))
            }
        }
    }

    fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
        let plugin = self.plugin(&request.plugin)?;
        if plugin.spec.grants.are_unrecorded() {
            ask.unrecorded();
        }
        plugin.answer(&self.context, request, ask)
    }

    fn is_slow(&self, kind: &str) -> bool {
        // Beside what is remembered, histories may have to be walked.
        matches!(kind, "http" | HTTP_WITH_TOKEN | "state")
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        self.context.options().sources.input(kind, id)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for plugin in self.plugins.values() {
            // Dropping a running plugin kills it.
            plugin.retire();
        }
        self.context.end_runtime();
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("plugins", &self.plugins.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_plugin_and_another_host_are_different_artifacts() {
        let (idle, busy) = (Digest::of(b"idle"), Digest::of(b"busy"));
        assert_ne!(hosted(&idle, 1, false), hosted(&busy, 1, false));
        assert_ne!(hosted(&idle, 1, false), hosted(&idle, 2, false));
        assert_ne!(
            hosted(&idle, 1, false),
            hosted(&idle, 1, true),
            "what was answered under a weak sandbox is apart"
        );
        assert_ne!(
            hosted(&idle, ABI, false),
            idle,
            "what was stored by a host that mixed nothing in is not taken"
        );
    }
}
