//! What the last report of a session rested on: a report that would be the same is not made again.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use probity_engine::Lasting;

use crate::check::Prepared;
use crate::settings::Settings;
use crate::snapshot::References;
use crate::state::Stamp;

/// What a report rested on.
pub(super) struct Shown {
    pub(super) rests_on: String,
    /// How long that holds.
    pub(super) lasting: Lasting,
    /// The target's references and what was remembered of them, where anything went by these.
    pub(super) references: Option<(Option<References>, Option<Stamp>)>,
}

/// Everything that a report rests on: two checks of the same give the same report.
pub(super) fn rests_on(prepared: &Prepared, settings: &Settings) -> String {
    let (snapshot, policy) = (&prepared.snapshot, &prepared.policy);
    let seen = |path: &PathBuf| {
        std::fs::metadata(path)
            .ok()
            .map(|file| (file.len(), file.ino(), file.mtime(), file.mtime_nsec(), file.ctime_nsec()))
    };
    let grants: Vec<_> = prepared.specs.iter().map(|spec| (&spec.instance, &spec.grants)).collect();
    let granted = grants.iter().flat_map(|(_, grants)| grants.files.iter());
    let inputs: Vec<_> = granted.map(|(id, path)| (id, seen(path))).collect();
    // Their lines are in the report and not in the digest.
    let lines: Vec<usize> = policy.suppressions.iter().map(|checked| checked.said.line).collect();
    format!(
        "{} {} {} {:?} {} {:?} {:?} {lines:?} {grants:?} {inputs:?}",
        prepared.target_key().as_str(),
        snapshot.dirty,
        policy.digest,
        prepared.kind,
        settings.day.as_str(),
        snapshot.notes,
        prepared.warnings
    )
}
