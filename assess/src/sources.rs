//! What a check lets plugins have of the world: the target's objects, and the day.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use probity_engine::{Failure, FailureKind};
use probity_host::{GitGrant, Sources};

use crate::snapshot::Snapshot;

/// The sources of one check. The git directory for plugins is made when the first plugin is started, so a check
/// that starts none writes nothing.
#[derive(Debug)]
pub(crate) struct CheckSources {
    snapshot: Option<Arc<Snapshot>>,
    folder: PathBuf,
    day: Arc<str>,
    grant: Mutex<Option<GitGrant>>,
}

impl CheckSources {
    /// `folder` is where the git directory is to be made; `day` is `YYYY-MM-DD`.
    pub(crate) fn new(snapshot: Option<Arc<Snapshot>>, folder: PathBuf, day: &str) -> CheckSources {
        let day = serde_json::Value::from(day).to_string().into();
        CheckSources { snapshot, folder, day, grant: Mutex::new(None) }
    }
}

impl Sources for CheckSources {
    fn git(&self) -> Result<Option<GitGrant>, Failure> {
        let Some(snapshot) = &self.snapshot else { return Ok(None) };
        let mut grant = self.grant.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if grant.is_none() {
            let made = snapshot.git_dir(&self.folder).map_err(|error| {
                Failure::new(
                    FailureKind::Unavailable,
                    format!("cannot make a git directory for plugins in {}: {error}", self.folder.display()),
                )
            })?;
            *grant = Some(GitGrant { git_dir: made.git_dir, read: made.read });
        }
        Ok(grant.clone())
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        match (kind, id) {
            ("time", "day") => Ok(self.day.clone()),
            _ => Err(Failure::new(
                FailureKind::Unavailable,
                format!("there is no input {kind}/{id}; there is time/day"),
            )),
        }
    }
}

impl Drop for CheckSources {
    /// The git directory is of this check alone.
    fn drop(&mut self) {
        let made = self.grant.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        if made.is_some() {
            // What is left behind is found and removed by the next check; there is no one to tell here.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
