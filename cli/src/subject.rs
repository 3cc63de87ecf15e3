//! From the command line and the environment to a check's settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use probity_assess::permissions::quoted;
use probity_assess::settings::{Builtin, Day, Settings};
use probity_assess::snapshot::What;
use probity_assess::state::StateUse;
use probity_host::Places;
use probity_net::Fetcher;

use crate::args::{Declared, Subject};
use crate::builtin;
use crate::error::CliError;
use crate::paths::{MACHINE, Paths, search_path};

/// The time that a call may take where the person does not say.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);

/// Merges flags, environment and defaults.
pub(crate) fn settings(subject: &Subject, timeout: Duration) -> Result<Settings, CliError> {
    let paths = Paths::from_environment()?;
    let day = match &subject.now {
        Some(text) => Day::parse(text).map_err(|e| CliError::usage(&e))?,
        None => today()?,
    };
    let what = match (&subject.rev, subject.worktree) {
        (Some(rev), _) => What::Rev(rev.clone()),
        (None, true) => What::Worktree,
        (None, false) => What::Head,
    };
    Ok(Settings {
        target: subject.target.clone(),
        what,
        policy: subject.policy.clone(),
        day,
        timeout,
        store: paths.store(),
        trusted: paths.trusted(),
        granted: paths.granted(),
        machine: MACHINE.into(),
        trust_imported: false,
        allow_weak_sandbox: subject.sandbox.allow_weak_sandbox,
        places: Arc::new(Places::new(paths.cache.clone(), std::env::temp_dir())),
        cache: paths.cache,
        remembers: true,
        state: StateUse::Look(paths.state),
        refresh: Vec::new(),
        builtins: builtins(),
        search_path: search_path(),
        fetch: Arc::new(Fetcher::default()),
        environment: std::env::vars_os().collect(),
    })
}

/// Settings for looking at plugins alone, those of a policy among them.
pub(crate) fn without_target(of: &Declared) -> Result<Settings, CliError> {
    let subject = Subject {
        target: PathBuf::from("."),
        policy: of.policy.clone(),
        worktree: false,
        rev: None,
        now: None,
        sandbox: of.sandbox,
    };
    settings(&subject, TIMEOUT)
}

/// A check's target and options, as they are written after a command in a shell, a blank before each.
pub(crate) fn words(subject: &Subject) -> String {
    let Subject { target, policy, worktree, rev, now, sandbox } = subject;
    let path = |path: &Path| quoted(&path.to_string_lossy());
    let parts = [
        target_word(target),
        policy.as_deref().map(|policy| format!("--policy {}", path(policy))),
        worktree.then(|| "--worktree".to_owned()),
        rev.as_ref().map(|rev| format!("--rev={}", quoted(rev))),
        now.as_ref().map(|now| format!("--now {}", quoted(now))),
        sandbox.allow_weak_sandbox.then(|| "--allow-weak-sandbox".to_owned()),
    ];
    parts.into_iter().flatten().map(|part| format!(" {part}")).collect()
}

/// A target as one word of a shell; none for the folder that every command takes without one.
pub(crate) fn target_word(target: &Path) -> Option<String> {
    (target != Path::new(".")).then(|| quoted(&target.to_string_lossy()))
}

pub(crate) fn today() -> Result<Day, CliError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.map_err(|_| {
        CliError::wrong("the clock of this machine is before 1970").hinted("set it, or pass --now YYYY-MM-DD")
    })?;
    Ok(Day::from_unix(since.as_secs()))
}

/// The built-in plugins with their digests, as a check takes them.
fn builtins() -> Vec<Builtin> {
    builtin::all()
        .map(|builtin| Builtin {
            name: builtin.name.to_owned(),
            artifact: builtin.digest.parse().expect("the build script writes digests"),
            permissions: builtin.permissions(),
        })
        .collect()
}
