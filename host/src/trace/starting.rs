//! Starting what is traced, and finding out what its interpreter names by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use probity_sandbox::{Child, Entry, Launcher, Manner, Observer, Profile, SpawnError};

use super::{Grounds, Run, Trace, tidy};

/// How long an interpreter may need for nothing.
const PATIENCE: Duration = Duration::from_secs(10);

impl Trace {
    /// Starts a process of the plugin.
    pub(crate) fn start(
        &self,
        launcher: &Launcher,
        profile: &Profile,
        mut grounds: Grounds,
        observer: Observer,
    ) -> Result<Child, SpawnError> {
        grounds.usual.extend(usual(launcher, profile)?);
        let attempts = Arc::default();
        let child = launcher.spawn_traced(profile, observer, Arc::clone(&attempts))?;
        self.runs.lock().push(Run { attempts, grounds, report: child.report().clone() });
        Ok(child)
    }
}

/// What an interpreter looks for on its way to an empty script: no plugin's doing.
fn usual(launcher: &Launcher, profile: &Profile) -> Result<Vec<(PathBuf, Manner)>, SpawnError> {
    let Entry::Interpreter { path, sha256, arguments } = &profile.entry else { return Ok(Vec::new()) };
    let options = arguments.iter().take_while(|argument| argument.starts_with('-')).cloned();
    let arguments = options.chain(["/dev/null".to_owned()]).collect();
    let entry = Entry::Interpreter { path: path.clone(), sha256: *sha256, arguments };
    let attempts = Arc::default();
    let profile = Profile { entry, keep: false, ..profile.clone() };
    let mut child = launcher.spawn_traced(&profile, Arc::new(drop), Arc::clone(&attempts))?;
    child.stdin = None;
    // It reads nothing and writes little. Where its end is not seen, what is known by then is enough, and it is killed.
    let _ = child.ends_within(PATIENCE);
    drop(child);
    Ok(attempts.told().attempts.iter().map(|attempt| (tidy(&attempt.path), attempt.manner)).collect())
}
