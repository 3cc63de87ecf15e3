//! A session that outlives its checks: what a watch and an editor hold on to.
//!
//! [`Live`] owns one engine and the plugins' processes. Whoever notices a change calls [`Live::apply_change`] from any
//! thread, which ends the check that runs, and whoever runs checks calls [`Live::check`] again. What the change did not
//! touch comes from the session's memory or the store; plugins that would be started the same are not started again.

mod relay;
mod shown;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use probity_engine::{Engine, Executor as _, StoreError, StoreWarning};
use probity_host::{Host, PluginSpec, Sink};

use crate::cache;
use crate::check::{CheckError, Checked, Prepared, every_problem};
use crate::policy::CheckedAnalysis;
use crate::report::{AnalysisResult, Outcome};
use crate::session::{self, Session, World};
use crate::settings::{Day, Settings};
use crate::snapshot::{self, Cancel, References, Snapshot, SnapshotError, Survey, Taking, Target, What};
use crate::source::{Chosen, SourceError};
use crate::state;

use relay::Relay;
use shown::{Shown, rests_on};

/// How often a thread that waits for a snapshot looks whether it is still wanted.
const SLICE: Duration = Duration::from_millis(10);

/// Something that a check may come out differently for.
#[derive(Debug, Clone)]
pub enum Change {
    /// The target, or a file that the policy rests on: all is read again.
    Target,
    /// A text that counts in place of the policy's file, and is trusted no more than that: where the settings name no
    /// file, in a repository that the person trusts alone, and without grants. `None` takes it back.
    Policy(Option<Arc<str>>),
    /// An unsaved buffer that counts in place of a file of the working tree; `None` takes it back. A file that git ignores
    /// stays ignored, and so does what a buffer says of attributes and ignored files until it is saved.
    Buffer {
        /// Relative to the root of the working tree.
        path: PathBuf,
        /// What the file is to hold.
        bytes: Option<Arc<[u8]>>,
    },
    /// Another day is taken for today.
    Day(Day),
}

/// A change that cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The path is absolute, or leads out of the working tree.
    #[error("the buffer {} is no path below the root of the working tree", path.display())]
    Outside {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The session checks commits.
    #[error("a buffer is part of the working tree, and this session does not check that")]
    NotTheWorktree,
}

/// What came of one check.
#[derive(Debug)]
pub enum Round {
    /// There is a report.
    Checked(Box<Checked>),
    /// Nothing that a check rests on differs from the last report, in which nothing had failed.
    Unchanged,
    /// A change came, or the end. What was learnt until then is kept.
    Cancelled,
}

/// What has to be watched for a session to be up to date. Absolute paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watching {
    /// The path that the repository was searched for from, upwards.
    pub target: PathBuf,
    /// Holds `HEAD` and the index.
    pub git_dir: PathBuf,
    /// Holds the references; the same folder unless the working tree is a linked one.
    pub common_dir: PathBuf,
    /// The working tree, where that is checked.
    pub worktree: Option<Arc<Survey>>,
    /// Files that the choice of the policy rests on. They need not exist.
    pub policy: Vec<PathBuf>,
    /// Folders of plugins that the policy names by path.
    pub plugins: Vec<PathBuf>,
    /// Files outside the target that the policy lets plugins see. They need not exist.
    pub inputs: Vec<PathBuf>,
    /// Where Probity itself writes.
    pub own: Vec<PathBuf>,
}

/// The session. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    relay: Arc<Relay>,
    world: World,
    cancel: Cancel,
    /// Apart from the state, so that nobody waits for a check to learn it.
    watching: Mutex<Option<Watching>>,
    /// The engine of a check whose answers may not be remembered.
    aside: Mutex<Option<Engine>>,
    /// Held by the check that runs.
    state: Mutex<State>,
}

struct State {
    settings: Settings,
    taking: Taking,
    policy: Option<Arc<str>>,
    warnings: Vec<StoreWarning>,
    /// What the last report rested on, if it is one that could be given again.
    shown: Option<Shown>,
}

impl Live {
    /// Opens the store. Looks at no target and starts nothing.
    ///
    /// # Errors
    /// Where the program cannot open itself, which starting built-in plugins needs.
    pub fn open(settings: Settings, sink: Arc<dyn Sink>) -> Result<Live, CheckError> {
        let world = World::new(&settings, sink)?;
        let relay = Arc::new(Relay::new(Host::new(world.options(&settings, None, Vec::new()))));
        let (engine, warnings) = session::engine(&settings, settings.remembers, relay.clone());
        let taking = Taking { survey: true, ..Taking::default() };
        let state = State { settings, taking, policy: None, warnings, shown: None };
        let cancel = Cancel::default();
        let (watching, aside, state) = (Mutex::new(None), Mutex::new(None), Mutex::new(state));
        Ok(Live { inner: Arc::new(Inner { engine, relay, world, cancel, watching, aside, state }) })
    }

    /// Ends the check that runs, waits until nothing of it runs any more, takes in the change and begins a new revision.
    ///
    /// # Errors
    /// For a buffer that cannot be part of what is checked. The running check is ended all the same.
    pub fn apply_change(&self, change: Change) -> Result<(), ChangeError> {
        self.cancel();
        let applied = {
            let mut state = self.state();
            self.inner.engine.clone().next_revision();
            state.apply(change)
        };
        self.inner.cancel.lower();
        applied
    }

    /// Checks the target as it is now. `tell` hears of each analysis as soon as its answer is known.
    ///
    /// # Errors
    /// As [`crate::check::check`]. The next check may go better.
    pub fn check(
        &self,
        tell: &(dyn Fn(&CheckedAnalysis, &AnalysisResult) + Sync),
    ) -> Result<Round, CheckError> {
        let mut state = self.state();
        let cancel = self.inner.cancel.next();
        if cancel.is_raised() {
            return Ok(Round::Cancelled);
        }
        let round = self.inner.round(&mut state, &cancel, tell);
        *self.inner.aside() = None;
        self.inner.engine.rest();
        // What failed may have failed for this alone; and a report that nobody gets is none that was shown.
        if cancel.is_raised() {
            state.shown = None;
            if let Ok(Round::Checked(checked)) = round {
                state.warnings = checked.warnings;
            }
            return Ok(Round::Cancelled);
        }
        if round.is_err() {
            state.shown = None;
        }
        round
    }

    /// Ends the check that runs, without waiting for it; no other one begins before as many changes are applied. For
    /// an end at once: nothing has to be applied then.
    pub fn cancel(&self) {
        self.inner.cancel.raise();
        self.inner.engine.cancel();
        if let Some(engine) = &*self.inner.aside() {
            engine.cancel();
        }
    }

    /// Finds out what has to be watched, and judges nothing. `false` if it was cancelled.
    ///
    /// # Errors
    /// Where there is no target that could be checked.
    pub fn look(&self) -> Result<bool, CheckError> {
        let state = self.state();
        let cancel = self.inner.cancel.next();
        let Some((target, snapshot)) = self.inner.taken(&state, &cancel)? else { return Ok(false) };
        // What is wrong with the policy, the check tells.
        let chosen = Chosen::choose(&state.settings, state.policy.as_deref(), &target, &snapshot);
        if let Ok(chosen) = chosen {
            self.inner.found_plugins(&chosen);
        }
        Ok(!cancel.is_raised())
    }

    /// What has to be watched, by what was found so far; `None` before a target could be opened.
    pub fn watching(&self) -> Option<Watching> {
        self.inner.watching().clone()
    }

    /// Ends the session: nothing runs afterwards, and what was learnt is kept.
    ///
    /// # Errors
    /// Where something could not be kept.
    pub fn close(self) -> Result<(), StoreError> {
        self.cancel();
        let _state = self.state();
        self.inner.relay.host().shutdown();
        self.inner.engine.flush()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A check that panicked has left nothing half done that a later one would go by.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, change: Change) -> Result<(), ChangeError> {
        match change {
            Change::Target => {}
            Change::Policy(text) => self.policy = text,
            Change::Day(day) => self.settings.day = day,
            Change::Buffer { .. } if self.settings.what != What::Worktree => {
                return Err(ChangeError::NotTheWorktree);
            }
            Change::Buffer { path, bytes } => {
                if !self.taking.buffers.set(&path, bytes) {
                    return Err(ChangeError::Outside { path });
                }
            }
        }
        Ok(())
    }
}

impl Inner {
    fn watching(&self) -> MutexGuard<'_, Option<Watching>> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where the target lies.
    fn found(&self, settings: &Settings, target: &Target, snapshot: Option<&Snapshot>) {
        let mut watching = self.watching();
        let before = watching.take().unwrap_or_default();
        let chosen = [&settings.trusted, &settings.granted, &settings.machine];
        let policy = settings.policy.iter().chain(chosen);
        *watching = Some(Watching {
            target: absolute(&settings.target),
            git_dir: target.git_dir().to_owned(),
            common_dir: target.identity(),
            worktree: snapshot.map_or(before.worktree, |snapshot| snapshot.survey.clone()),
            policy: policy.map(|file| absolute(file)).collect(),
            plugins: before.plugins,
            inputs: before.inputs,
            own: cache::own(&settings.cache, target.worktree().unwrap_or(target.git_dir())),
        });
    }

    /// Notes which plugins the policy names, whether or not they can be used.
    fn found_plugins(&self, chosen: &Chosen) {
        let Some(watching) = &mut *self.watching() else { return };
        let folders = chosen.policy.plugins.iter().filter_map(|plugin| plugin.path.as_ref());
        watching.plugins = folders.map(|path| absolute(&chosen.folder.join(&path.value))).collect();
    }

    fn aside(&self) -> MutexGuard<'_, Option<Engine>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes which files outside the target answers may rest on.
    fn found_inputs(&self, prepared: &Prepared) {
        let Some(watching) = &mut *self.watching() else { return };
        let granted = prepared.specs.iter().flat_map(|spec| spec.grants.files.iter());
        watching.inputs = granted.map(|(_, path)| absolute(path)).collect();
    }

    /// A check. Where it failed and the folders that it read from are not the same any more (the cache was cleared, a pack
    /// was made of others), what was looked for was there, and is again: it is checked once more.
    fn round(
        &self,
        state: &mut State,
        cancel: &Cancel,
        tell: &(dyn Fn(&CheckedAnalysis, &AnalysisResult) + Sync),
    ) -> Result<Round, CheckError> {
        let round = self.attempt(state, cancel, tell);
        let again = match &round {
            Ok((_, replaced)) => *replaced,
            Err(CheckError::Snapshot(error)) => {
                matches!(error, SnapshotError::Missing { .. } | SnapshotError::Cache { .. })
            }
            Err(_) => false,
        };
        let round = if again && !cancel.is_raised() { self.attempt(state, cancel, tell) } else { round };
        Ok(round?.0)
    }

    /// The same once. `true`: it failed while what it read from was replaced.
    fn attempt(
        &self,
        state: &mut State,
        cancel: &Cancel,
        tell: &(dyn Fn(&CheckedAnalysis, &AnalysisResult) + Sync),
    ) -> Result<(Round, bool), CheckError> {
        let Some((target, snapshot)) = self.taken(state, cancel)? else {
            return Ok((Round::Cancelled, false));
        };
        let view = snapshot.view();
        let chosen = self.chosen(state, &target, &snapshot)?;
        self.found_plugins(&chosen);
        let open = |plugins| self.session(state, &snapshot, plugins, cancel);
        let prepared = Prepared::chosen(&state.settings, &target, snapshot.clone(), chosen, open)?;
        self.found_inputs(&prepared);
        let rests_on = rests_on(&prepared, &state.settings);
        let complete = snapshot.incomplete.is_none();
        // When a server answers otherwise, nobody is told.
        let unseen = prepared.specs.iter().any(|spec| !spec.grants.net.is_empty());
        let references = snapshot.references().ok();
        let remembered = || state::stamp(&state.settings.state, &target);
        let is_the_same = |shown: &Shown| {
            let same = |(was, then): &(Option<References>, _)| *was == references && *then == remembered();
            let stands = shown.rests_on == rests_on && shown.references.as_ref().is_none_or(same);
            !unseen && stands && shown.lasting.holds(self.relay.now())
        };
        if complete && state.shown.as_ref().is_some_and(is_the_same) {
            return Ok((Round::Unchanged, false));
        }
        let mut checked = prepared.run_telling(&state.settings, tell)?;
        if cancel.is_raised() {
            return Ok((Round::Cancelled, false));
        }
        let failed = matches!(checked.report.outcome, Outcome::Error);
        let goes_by = snapshot.was_observed().map(|_| (references, remembered()));
        let shown = || Shown { rests_on, lasting: self.engine.lasting(), references: goes_by };
        state.shown = (complete && !failed).then(shown);
        // Once is enough: what was refreshed is known now.
        state.settings.refresh.clear();
        checked.warnings.splice(0..0, std::mem::take(&mut state.warnings));
        let replaced = failed && snapshot.view() != view;
        Ok((Round::Checked(Box::new(checked)), replaced))
    }

    /// The target as it is now. `None`: cancelled.
    fn taken(&self, state: &State, cancel: &Cancel) -> Result<Option<(Target, Arc<Snapshot>)>, CheckError> {
        let (taking, settings) = (state.taking.clone(), state.settings.clone());
        let taking = Taking { cancel: cancel.clone(), ..taking };
        let opened = unless(cancel, move || {
            let target = snapshot::open(&settings.target)?;
            let snapshot = target.snapshot_taking_in(&settings.what, &settings.places, &taking);
            Ok::<_, CheckError>((target, snapshot))
        });
        let Some(opened) = opened else { return Ok(None) };
        let (target, snapshot) = opened?;
        self.found(&state.settings, &target, snapshot.as_ref().ok());
        Ok(Some((target, Arc::new(snapshot?))))
    }

    fn chosen(&self, state: &State, target: &Target, snapshot: &Snapshot) -> Result<Chosen, CheckError> {
        let settings = &state.settings;
        match Chosen::choose(settings, state.policy.as_deref(), target, snapshot) {
            Err(SourceError::Policy(errors)) => {
                Err(every_problem(settings, errors, self.world.sink.clone()).into())
            }
            chosen => Ok(chosen?),
        }
    }

    /// The engine and the plugins for a check. A snapshot that does not show everything gets others, for nothing that is
    /// judged by it may be remembered, not even in this session.
    fn session(
        &self,
        state: &State,
        snapshot: &Arc<Snapshot>,
        plugins: Vec<PluginSpec>,
        cancel: &Cancel,
    ) -> Result<Session, CheckError> {
        let snapshot_of = Some(snapshot.clone());
        if snapshot.incomplete.is_some() {
            let session = Session::open(&state.settings, snapshot_of, plugins, self.world.sink.clone())?;
            *self.aside() = Some(session.engine().clone());
            if cancel.is_raised() {
                session.engine().cancel();
            }
            return Ok(session);
        }
        let host =
            Host::succeeding(&self.relay.host(), self.world.options(&state.settings, snapshot_of, plugins));
        self.relay.set(host.clone());
        // What leaves are, the new host tells; and what failed is tried again.
        self.engine.clone().next_revision();
        // That has ended a cancellation which came before.
        if cancel.is_raised() {
            self.engine.cancel();
        }
        Ok(Session::lasting(self.engine.clone(), host, self.engine.warnings()))
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Does `work` on a thread of its own. `None` once nobody wants it any more: then it ends by itself.
fn unless<T: Send + 'static>(cancel: &Cancel, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::channel();
    let worker = thread::spawn(move || drop(done.send(work())));
    loop {
        match result.recv_timeout(SLICE) {
            Ok(done) => return Some(done),
            Err(RecvTimeoutError::Timeout) if cancel.is_raised() => return None,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return None,
            },
        }
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("engine", &self.engine).finish_non_exhaustive()
    }
}
