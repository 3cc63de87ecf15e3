//! Resolves what a person calls a revision (`main`, `v1.2`, `HEAD~3`, `1a2b3c4`) to a commit's id.
//!
//! The target's references are read through a git directory of our own, so none of its configuration is.

use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::revision::spec::parse;

use super::error::{RevisionFault, SnapshotError};
use super::shim::Shim;
use super::target::Target;

/// The commit that `revision` names; tags are peeled. A git directory for the time being is made below `scratch`.
pub(super) fn resolve(target: &Target, revision: &str, scratch: &Path) -> Result<ObjectId, SnapshotError> {
    let failed = |source| SnapshotError::Cache { path: scratch.to_owned(), source };
    std::fs::create_dir_all(scratch).map_err(failed)?;
    let git_dir = tempfile::Builder::new().prefix("revision-").tempdir_in(scratch).map_err(failed)?;
    let objects: Vec<&Path> = target.dirs.all().collect();
    let shim = Shim {
        head: &target.head_text(),
        hash: target.config.hash,
        objects: &objects,
        shallow: &target.shallow,
    };
    shim.write_with_references(git_dir.path(), &target.layout).map_err(failed)?;

    let fault = |reason| SnapshotError::Revision { revision: revision.to_owned(), reason };
    let options = gix::open::Options::isolated().with(gix::sec::Trust::Full).open_path_as_is(true);
    let mut repository = gix::open_opts(git_dir.path(), options).map_err(|error| SnapshotError::Objects {
        path: target.dirs.own.clone(),
        source: std::io::Error::other(error.to_string()),
    })?;
    repository.objects.ignore_replacements = true;
    commit_of(&repository, revision).map_err(fault)
}

fn commit_of(repository: &gix::Repository, revision: &str) -> Result<ObjectId, RevisionFault> {
    let options = parse::Options {
        object_kind_hint: Some(parse::ObjectKindHint::Committish),
        ..parse::Options::default()
    };
    let spec = gix::revision::Spec::from_bstr(revision.as_bytes().as_bstr(), repository, options)
        .map_err(|error| fault_of(&error))?;
    let named =
        spec.single().ok_or_else(|| RevisionFault::Unresolvable { reason: "it is a range".to_owned() })?;
    let object = named.object().map_err(|_| RevisionFault::NotFound)?;
    let object = object
        .peel_tags_to_end()
        .map_err(|_| RevisionFault::Unresolvable { reason: "what the tag names is missing".to_owned() })?;
    match object.kind {
        gix::objs::Kind::Commit => Ok(object.id),
        kind => Err(RevisionFault::NotACommit { kind: kind.to_string() }),
    }
}

fn fault_of(error: &gix::Error) -> RevisionFault {
    match error.downcast_any_ref::<parse::Error>() {
        Some(parse::Error::AmbiguousPrefix { .. } | parse::Error::AmbiguousRefAndObject { .. }) => {
            RevisionFault::Ambiguous
        }
        Some(parse::Error::MissingReference { .. }) => RevisionFault::NotFound,
        _ if error.is_not_found() => RevisionFault::NotFound,
        _ => RevisionFault::Unresolvable { reason: error.to_string() },
    }
}
