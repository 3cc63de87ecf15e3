//! What a check lets plugins have of the world: the target's objects, and inputs from outside it.

use std::io;
use std::sync::{Arc, Mutex};

use probity_engine::{Failure, FailureKind};
use probity_host::{GitGrant, Places, Sources};
use tempfile::TempDir;

use crate::outside::Outside;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, View};

/// The sources of one check. The git directory for plugins is made when the first plugin is started, so a check
/// that starts none writes nothing.
#[derive(Debug)]
pub(crate) struct CheckSources {
    snapshot: Option<Arc<Snapshot>>,
    folder: Arc<SessionFolder>,
    outside: Outside,
    settings: Settings,
}

/// Where a session's git directory for plugins lies: of this session alone, and removed with it. From one check to the
/// next it stays the same directory as long as no more than its `HEAD` changes.
#[derive(Debug)]
pub(crate) struct SessionFolder {
    places: Arc<Places>,
    made: Mutex<Option<(TempDir, View)>>,
}

impl CheckSources {
    /// `folder` is where the git directory is to be made.
    pub(crate) fn new(
        snapshot: Option<Arc<Snapshot>>,
        folder: Arc<SessionFolder>,
        outside: Outside,
        settings: Settings,
    ) -> CheckSources {
        CheckSources { snapshot, folder, outside, settings }
    }

    /// What is asked of the target's references, and of what is remembered of them; `None` if it is something else.
    fn of_references(&self, kind: &str, id: &str) -> Option<Result<Arc<str>, String>> {
        let asked = matches!((kind, id), ("refs", "tags") | ("state", "refs"));
        let snapshot = self.snapshot.as_ref().filter(|_| asked)?;
        let observed = snapshot.observed(&self.settings);
        Some(if kind == "refs" { observed.tags.clone() } else { observed.state.clone() })
    }
}

impl SessionFolder {
    /// The git directory is to be made in `places`.
    pub(crate) fn new(places: Arc<Places>) -> SessionFolder {
        SessionFolder { places, made: Mutex::new(None) }
    }

    /// The git directory that shows `snapshot`.
    fn showing(&self, snapshot: &Snapshot) -> io::Result<GitGrant> {
        let mut made = self.made.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let view = snapshot.view();
        if let Some((folder, shown)) = &*made
            && *shown == view
            // Somebody may have cleared the cache meanwhile.
            && folder.path().join("HEAD").exists()
        {
            return snapshot.git_dir(folder.path());
        }
        let (folder, grant) = self.make(snapshot)?;
        *made = Some((folder, view));
        Ok(grant)
    }

    /// Its name is nobody else's: a process id would not do, for several machines or containers may share a cache.
    fn make(&self, snapshot: &Snapshot) -> io::Result<(TempDir, GitGrant)> {
        self.places.make(|place| {
            let sessions = place.join("sessions");
            std::fs::create_dir_all(&sessions)?;
            let folder = tempfile::Builder::new().prefix("session-").tempdir_in(&sessions)?;
            let grant = snapshot.git_dir(folder.path())?;
            Ok((folder, grant))
        })
    }
}

impl Sources for CheckSources {
    fn git(&self) -> Result<Option<GitGrant>, Failure> {
        let Some(snapshot) = &self.snapshot else { return Ok(None) };
        // The message may stand in a report, which names no path of this machine.
        let failed = |error: io::Error| {
            let kind = error.kind();
            let message = format!("cannot make a git directory for plugins in the cache: {kind}");
            Failure::new(FailureKind::Unavailable, message)
        };
        self.folder.showing(snapshot).map(Some).map_err(failed)
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        if let Some(value) = self.of_references(kind, id) {
            return value.map_err(|message| Failure::new(FailureKind::Unavailable, message));
        }
        Ok(self.outside.input(kind, id)?.to_string().into())
    }
}
