//! What all plugins of a host share: the options, the names, the threads that read and write, the counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use probity_sandbox::Report;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::names::Names;
use crate::waiting::apart;
use crate::{CallLimits, GitGrant, HostOptions, Launched, PluginSpec, StartError};

/// Threads that read and write for all plugins; the work itself is done elsewhere.
const IO_THREADS: usize = 2;

pub(crate) struct Context {
    options: HostOptions,
    names: Names,
    /// Made when the first plugin is started: a check that starts none has no threads of ours.
    runtime: Mutex<Option<Runtime>>,
    processes: AtomicU64,
    calls: AtomicU64,
}

/// How much a host has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostStats {
    /// Processes that were started.
    pub plugin_processes: u64,
    /// Queries that were put to plugins, nested ones among them.
    pub plugin_calls: u64,
}

impl Context {
    pub(crate) fn new(options: HostOptions) -> Context {
        let names = Names::new(options.plugins.iter().map(|spec| Arc::clone(&spec.instance)));
        Context {
            options,
            names,
            runtime: Mutex::new(None),
            processes: AtomicU64::new(0),
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn options(&self) -> &HostOptions {
        &self.options
    }

    pub(crate) fn limits(&self) -> &CallLimits {
        &self.options.limits
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The threads, started if need be.
    pub(crate) fn runtime(&self) -> Result<Handle, StartError> {
        let mut runtime = self.runtime.lock();
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let started = Builder::new_multi_thread()
            .worker_threads(IO_THREADS)
            .thread_name("plugin-io")
            .enable_io()
            .enable_time()
            .build()
            .map_err(StartError::Runtime)?;
        Ok(runtime.insert(started).handle().clone())
    }

    /// The threads, if there was a reason to start them.
    pub(crate) fn started_runtime(&self) -> Option<Handle> {
        self.runtime.lock().as_ref().map(|runtime| runtime.handle().clone())
    }

    /// Takes the threads over from a host that is to be gone.
    pub(crate) fn inherit_runtime(&self, from: &Context) {
        let inherited = from.runtime.lock().take();
        *self.runtime.lock() = inherited;
    }

    /// Ends the threads, without waiting for what they do.
    pub(crate) fn end_runtime(&self) {
        if let Some(runtime) = self.runtime.lock().take() {
            runtime.shutdown_background();
        }
    }

    /// Starts a process. On a thread of its own, since packages are copied and hashed meanwhile: who no longer wants it
    /// does not wait, and what has come to be by then is killed.
    pub(crate) fn launch(
        &self,
        spec: &PluginSpec,
        git: Option<&GitGrant>,
        runtime: &Handle,
        unwanted: &dyn Fn() -> bool,
    ) -> Result<Launched, StartError> {
        let (launch, spec, git) = (Arc::clone(&self.options.launch), spec.clone(), git.cloned());
        let sink = Arc::clone(&self.options.sink);
        let launched = apart(runtime, unwanted, move || launch.launch(&spec, git.as_ref(), &sink));
        let launched = launched.ok_or(StartError::Unwanted)??;
        self.processes.fetch_add(1, Ordering::Relaxed);
        Ok(launched)
    }

    /// Counts a call and gives it a number of its own.
    pub(crate) fn count_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn stats(&self) -> HostStats {
        HostStats {
            plugin_processes: self.processes.load(Ordering::Relaxed),
            plugin_calls: self.calls.load(Ordering::Relaxed),
        }
    }
}

/// What the sandbox guaranteed about a plugin's first process.
pub(crate) type Guaranteed = OnceLock<Report>;
