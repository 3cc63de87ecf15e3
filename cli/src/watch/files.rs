//! Which folders are watched, and what an event in one of them means.
//!
//! Each folder is watched by itself: ignored ones such as `target/` or `node_modules/` are left out, which a recursive
//! watch could not do. Files that Probity only reads tell nothing. A watch is on a folder, not on a name: what comes to be
//! at the same place is another folder, to be watched anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};
use probity_assess::live::Watching;
use probity_assess::snapshot::{FolderId, folder_id};

use super::Cause;
use super::ways::Ways;
use crate::error::CliError;

/// What the file system said, as far as it can matter.
#[derive(Debug)]
pub(crate) enum Notice {
    /// Something happened to these paths.
    Event(Event),
    /// It has lost count of what happened.
    Lost,
    /// Something can be watched no more.
    Failed(notify::Error),
}

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Changed(Cause),
    /// Git has taken or given back the lock of the index.
    Locked(bool),
}

/// The folders that are watched.
#[derive(Debug)]
pub(crate) struct Folders<W = RecommendedWatcher> {
    watcher: W,
    watched: BTreeMap<PathBuf, FolderId>,
    watching: Watching,
    ways: Ways,
}

impl Folders {
    /// Watches nothing yet. `hear` is called from another thread.
    pub(crate) fn new(hear: impl Fn(Notice) + Send + 'static) -> Result<Folders, CliError> {
        let tell = move |event: notify::Result<Event>| match event {
            Ok(event) if event.need_rescan() => hear(Notice::Lost),
            Ok(event) if is_only_read(event.kind) => {}
            Ok(event) => hear(Notice::Event(event)),
            Err(error) => hear(Notice::Failed(error)),
        };
        let watcher = notify::recommended_watcher(tell).map_err(|error| cannot(&error, 0))?;
        Ok(Folders::by(watcher))
    }
}

impl<W: Watcher> Folders<W> {
    fn by(watcher: W) -> Folders<W> {
        let (watched, watching, ways) = (BTreeMap::new(), Watching::default(), Ways::default());
        Folders { watcher, watched, watching, ways }
    }

    /// Watches what is to be watched now, and no more. Says whether anything is watched that was not before: what
    /// happened there until now, nobody has told.
    pub(crate) fn watch(&mut self, watching: Watching) -> Result<bool, CliError> {
        self.ways = ways(&watching);
        let needed = folders(&watching);
        self.watching = watching;
        let wanted = needed.iter().chain(&self.ways.folders);
        let wanted: BTreeMap<PathBuf, FolderId> =
            wanted.filter_map(|folder| Some((folder.clone(), folder_id(folder)?))).collect();
        let gone = self.watched.iter().filter(|(folder, then)| wanted.get(*folder) != Some(then));
        let gone: Vec<PathBuf> = gone.map(|(folder, _)| folder.clone()).collect();
        gone.iter().for_each(|folder| self.unwatch(folder));
        let (mut is_new, count) = (false, wanted.len());
        for (folder, id) in wanted {
            if self.watched.contains_key(&folder) {
                continue;
            }
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => is_new |= self.watched.insert(folder, id).is_none(),
                Err(error) if is_gone(&error) => {}
                // Not every folder above may be listed by this account.
                Err(error) if !needed.contains(&folder) && is_forbidden(&error) => {}
                Err(error) => return Err(cannot(&error, count)),
            }
        }
        Ok(is_new)
    }

    /// Watches all anew: it is not known what happened.
    pub(crate) fn forget(&mut self) {
        let all: Vec<PathBuf> = self.watched.keys().cloned().collect();
        all.iter().for_each(|folder| self.unwatch(folder));
    }

    fn unwatch(&mut self, folder: &Path) {
        // One that was removed is watched no more already.
        let _ = self.watcher.unwatch(folder);
        self.watched.remove(folder);
    }

    /// Whether there is no repository any more where one was.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.watching.git_dir.is_dir() || !self.watching.target.exists()
    }

    /// How many folders are watched.
    pub(crate) fn count(&self) -> usize {
        self.watched.len()
    }

    /// What an event means for what is checked; nothing in most cases.
    pub(crate) fn meanings(&mut self, event: &Event) -> Vec<Meaning> {
        if matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))) {
            // What comes to be at this place is another folder, which is to be watched anew.
            for path in &event.paths {
                let from = self.watched.range(path.clone()..).map(|(folder, _)| folder);
                let below: Vec<PathBuf> =
                    from.take_while(|folder| folder.starts_with(path)).cloned().collect();
                below.iter().for_each(|folder| self.unwatch(folder));
            }
        }
        event.paths.iter().filter_map(|path| meaning(&self.watching, &self.ways, event.kind, path)).collect()
    }
}

fn is_only_read(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

/// The ways to all that a check rests on.
fn ways(watching: &Watching) -> Ways {
    let mut ways = Ways::default();
    ways.add_search(&watching.target);
    ways.add(&watching.git_dir, Cause::Repository);
    ways.add(&watching.common_dir, Cause::Repository);
    watching.policy.iter().for_each(|file| ways.add_file(file, Cause::Policy));
    watching.inputs.iter().for_each(|file| ways.add_file(file, Cause::Input));
    watching.plugins.iter().for_each(|folder| ways.add(folder, Cause::Plugin));
    ways
}

/// Whether something is there now that was not, or the other way round.
fn comes_or_goes(kind: EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

/// Every folder whose content a check rests on. Canonical, for the system tells of each under one name alone.
fn folders(watching: &Watching) -> BTreeSet<PathBuf> {
    let Watching { git_dir, common_dir, worktree, plugins, .. } = watching;
    let mut all = BTreeSet::from([git_dir.clone(), common_dir.clone()]);
    all.extend(["info", "objects/info"].map(|name| common_dir.join(name)));
    for of in [git_dir, common_dir] {
        below(&of.join("refs"), &mut all);
    }
    all.extend(worktree.iter().flat_map(|survey| &survey.folders).cloned());
    plugins
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .for_each(|folder| below(&folder, &mut all));
    all.retain(|folder| folder.is_dir());
    all
}

/// A folder and all those below it, links aside.
fn below(folder: &Path, all: &mut BTreeSet<PathBuf>) {
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            }
        }
        all.insert(folder);
    }
}

fn meaning(watching: &Watching, ways: &Ways, kind: EventKind, path: &Path) -> Option<Meaning> {
    let Watching { git_dir, common_dir, worktree, plugins, own, .. } = watching;
    if own.iter().any(|own| path.starts_with(own)) {
        return None;
    }
    if let Some(cause) = ways.cause(path, comes_or_goes(kind)) {
        return Some(Meaning::Changed(cause));
    }
    let holds = |folder: &PathBuf| {
        path.starts_with(folder) || folder.canonicalize().is_ok_and(|folder| path.starts_with(folder))
    };
    if plugins.iter().any(holds) {
        return Some(Meaning::Changed(Cause::Plugin));
    }
    for dir in [git_dir, common_dir] {
        if let Ok(name) = path.strip_prefix(dir) {
            return in_git(kind, name, worktree.is_some());
        }
    }
    let survey = worktree.as_ref()?;
    if !path.parent().is_some_and(|folder| survey.folders.contains(folder)) {
        return None;
    }
    let is_known = || survey.files.contains(path);
    let matters = match kind {
        // A file that was there and is not part of the snapshot is ignored.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => is_known(),
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
            is_known() || survey.folders.contains(path)
        }
        // Whether what is new is ignored, the next snapshot tells.
        _ => !path.ends_with(".git"),
    };
    matters.then_some(Meaning::Changed(Cause::Worktree))
}

/// An event of the file of this name in a git directory.
fn in_git(kind: EventKind, name: &Path, with_worktree: bool) -> Option<Meaning> {
    let text = name.to_str().unwrap_or_default();
    if text == "index.lock" {
        return match kind {
            EventKind::Create(_) => Some(Meaning::Locked(true)),
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => Some(Meaning::Locked(false)),
            _ => None,
        };
    }
    if text.ends_with(".lock") {
        return None;
    }
    match text {
        // The folder itself was moved or removed.
        "" => Some(Meaning::Changed(Cause::Repository)),
        "HEAD" | "packed-refs" => Some(Meaning::Changed(Cause::Head)),
        "config"
        | "config.worktree"
        | "commondir"
        | "shallow"
        | "info/grafts"
        | "objects/info/alternates" => Some(Meaning::Changed(Cause::Repository)),
        "index" | "info/exclude" | "info/attributes" if with_worktree => {
            Some(Meaning::Changed(Cause::Worktree))
        }
        _ if name.starts_with("refs") => Some(Meaning::Changed(Cause::Head)),
        _ => None,
    }
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => {
            matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
        }
        _ => false,
    }
}

fn is_forbidden(error: &notify::Error) -> bool {
    matches!(&error.kind, ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// Why files cannot be watched, and what to do about it.
pub(crate) fn cannot(error: &notify::Error, folders: usize) -> CliError {
    /// The system's number for "too many open files", which a further watcher meets.
    const TOO_MANY: i32 = 24;
    let limit = |name: &str| fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).unwrap_or_default();
    match &error.kind {
        ErrorKind::MaxFilesWatch => CliError::failed(error)
            .while_doing(format!(
                "cannot watch {folders} folders: this account may watch no more than {} at once, those of other programs included",
                limit("max_user_watches").trim()
            ))
            .hinted(
                "raise the limit with `sysctl fs.inotify.max_user_watches=1048576`, add large folders to .gitignore, \
                 or watch commits alone, without --worktree",
            ),
        ErrorKind::Io(source) if source.raw_os_error() == Some(TOO_MANY) => CliError::failed(error)
            .while_doing(format!(
                "cannot watch files: this account has {} watchers or too many open files",
                limit("max_user_instances").trim()
            ))
            .hinted("end another watch, or raise the limit with `sysctl fs.inotify.max_user_instances=1024`"),
        _ => CliError::failed(error).while_doing("cannot watch the repository"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use notify::event::{CreateKind, DataChange, RemoveKind};
    use probity_assess::snapshot::Survey;

    use super::*;

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const MADE: EventKind = EventKind::Create(CreateKind::File);
    const REMOVED: EventKind = EventKind::Remove(RemoveKind::File);

    fn watching() -> Watching {
        let survey = Survey {
            folders: ["/r", "/r/src"].map(PathBuf::from).into(),
            files: ["/r/src/a.rs", "/r/.gitignore"].map(PathBuf::from).into(),
        };
        Watching {
            target: "/r".into(),
            git_dir: "/r/.git".into(),
            common_dir: "/r/.git".into(),
            worktree: Some(Arc::new(survey)),
            policy: vec!["/p/policy.kdl".into()],
            plugins: vec!["/q/plugin".into()],
            inputs: vec!["/i/list.txt".into()],
            own: vec!["/r/cache".into()],
        }
    }

    #[track_caller]
    fn means(kind: EventKind, path: &str, meaning: Option<Meaning>) {
        let watching = watching();
        assert_eq!(super::meaning(&watching, &ways(&watching), kind, Path::new(path)), meaning, "{path}");
    }

    #[test]
    fn only_what_a_check_rests_on_is_a_change() {
        let changed = |cause| Some(Meaning::Changed(cause));
        means(WRITTEN, "/r/src/a.rs", changed(Cause::Worktree));
        means(WRITTEN, "/r/debug.log", None);
        means(REMOVED, "/r/debug.log", None);
        means(REMOVED, "/r/src", changed(Cause::Worktree));
        means(MADE, "/r/src/b.rs", changed(Cause::Worktree));
        means(WRITTEN, "/r/cache/store/memos.sqlite", None);
        means(MADE, "/p/policy.kdl", changed(Cause::Policy));
        means(MADE, "/p/other.kdl", None);
        means(WRITTEN, "/q/plugin/a.py", changed(Cause::Plugin));
        means(WRITTEN, "/i/list.txt", changed(Cause::Input));
    }

    #[test]
    fn of_git_s_own_files_those_count_that_a_snapshot_reads() {
        let changed = |cause| Some(Meaning::Changed(cause));
        means(MADE, "/r/.git/HEAD", changed(Cause::Head));
        means(REMOVED, "/r/.git", changed(Cause::Repository));
        means(MADE, "/r/.git/refs/heads/main", changed(Cause::Head));
        means(MADE, "/r/.git/refs/heads/main.lock", None);
        means(MADE, "/r/.git/logs/HEAD", None);
        means(WRITTEN, "/r/.git/COMMIT_EDITMSG", None);
        means(MADE, "/r/.git/index", changed(Cause::Worktree));
        means(MADE, "/r/.git/index.lock", Some(Meaning::Locked(true)));
        means(REMOVED, "/r/.git/index.lock", Some(Meaning::Locked(false)));
        means(WRITTEN, "/r/.git/shallow", changed(Cause::Repository));
    }

    /// Watches so many folders and no more, as the system does.
    struct Limited(usize);

    impl Watcher for Limited {
        fn new<F: notify::EventHandler>(_: F, _: notify::Config) -> notify::Result<Limited> {
            Ok(Limited(0))
        }

        fn watch(&mut self, folder: &Path, _: RecursiveMode) -> notify::Result<()> {
            let left = self.0.checked_sub(1);
            self.0 =
                left.ok_or_else(|| notify::Error::new(ErrorKind::MaxFilesWatch).add_path(folder.to_owned()))?;
            Ok(())
        }

        fn unwatch(&mut self, _: &Path) -> notify::Result<()> {
            self.0 += 1;
            Ok(())
        }

        fn kind() -> notify::WatcherKind {
            notify::WatcherKind::NullWatcher
        }
    }

    #[test]
    fn where_not_every_folder_can_be_watched_that_is_an_error_with_what_to_do_and_no_watch_of_some() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let folders: BTreeSet<PathBuf> = (0..5).map(|number| root.join(number.to_string())).collect();
        folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let watching = |folders: &BTreeSet<PathBuf>| Watching {
            target: root.clone(),
            git_dir: root.clone(),
            common_dir: root.clone(),
            worktree: Some(Arc::new(Survey { folders: folders.clone(), files: BTreeSet::new() })),
            ..Watching::default()
        };
        let needed = root.ancestors().count();
        let mut watched = Folders::by(Limited(needed + 5));
        assert!(watched.watch(watching(&folders)).unwrap());
        assert!(!watched.watch(watching(&folders)).unwrap(), "they are watched");
        let more = root.join("more");
        fs::create_dir(&more).unwrap();
        let folders = folders.into_iter().chain([more]).collect();
        let shown = watched.watch(watching(&folders)).unwrap_err().shown(false);
        assert!(shown.contains(&format!("cannot watch {} folders", needed + 6)), "{shown}");
        assert!(shown.contains("hint: raise the limit with `sysctl fs.inotify.max_user_watches="), "{shown}");
    }

    #[test]
    fn a_limit_of_the_system_is_told_with_what_to_do() {
        let shown = cannot(&notify::Error::new(ErrorKind::MaxFilesWatch), 70_000).shown(false);
        assert!(shown.contains("70000 folders") && shown.contains("max_user_watches"), "{shown}");
        let full = std::io::Error::from_raw_os_error(24);
        let shown = cannot(&notify::Error::io(full), 0).shown(false);
        assert!(shown.contains("max_user_instances"), "{shown}");
    }
}
