//! `probity init`: a commented policy to start from. Who writes it trusts it: checks of this repository on this machine use it once
//! it is committed.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use probity_assess::snapshot::{SnapshotError, What};
use probity_assess::trust::Trust;
use probity_assess::{policy, snapshot};

use crate::args::InitArgs;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;

pub(crate) fn init(cx: &Context, args: &InitArgs) -> Ended {
    let file = args.folder.join("probity.kdl");
    let shown = tame(&file.display().to_string());
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::wrong(format!("{shown} exists already")).hinted("replace it with --force")
        }
        _ => CliError::wrong(format!("cannot write {shown}: {error}")),
    };
    // Removed, not written over: in a stranger's repository it may be a link to a file of the person's.
    if args.force
        && let Err(error) = std::fs::remove_file(&file)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(failed(error));
    }
    let mut out = OpenOptions::new().write(true).create_new(true).open(&file).map_err(failed)?;
    out.write_all(policy::annotated_default().as_bytes()).map_err(|e| CliError::failed(&e))?;
    let next = match trusted(&args.folder)? {
        Use::Trusted => {
            "Checks of this repository on this machine use it once it is committed, before that with --worktree \
             (`probity trust --revoke` ends that)."
        }
        Use::NoRepository => {
            "It is used where you name it with --policy, or after `probity trust` once the folder is a repository with a commit."
        }
        Use::Elsewhere => {
            "It is used where you name it with --policy: it does not lie at the root of a working tree."
        }
        Use::Another => {
            "This repository's last commit has another probity.kdl, which a stranger may have written. Commit yours, or read \
             that one, and run `probity trust`; until then name yours with --policy."
        }
    };
    cx.result(&format!(
        "Wrote {shown}, the built-in policy with comments.\n{next}\nCI passes `--policy probity.kdl`.\n"
    ))
}

/// Where the policy that was written is used.
enum Use {
    Trusted,
    NoRepository,
    Elsewhere,
    Another,
}

/// Trusts the repository around the folder, unless that would be to trust what the person has not written.
fn trusted(folder: &Path) -> Result<Use, CliError> {
    let Ok(target) = snapshot::open(folder) else { return Ok(Use::NoRepository) };
    let root = target.worktree().and_then(|root| root.canonicalize().ok());
    if root.is_none() || folder.canonicalize().ok() != root {
        return Ok(Use::Elsewhere);
    }
    let paths = Paths::from_environment()?;
    let mut trust = Trust::read(&paths.trusted()).map_err(|e| CliError::failed(&e))?;
    if trust.holds(&target.identity()) {
        return Ok(Use::Trusted);
    }
    let carried = match target.snapshot(&What::Head, &paths.cache) {
        Ok(head) => target.policy_in(&head).map_err(|e| CliError::usage(&e))?,
        Err(SnapshotError::Unborn { .. }) => None,
        Err(error) => return Err(CliError::usage(&error)),
    };
    if carried.is_some_and(|carried| carried != policy::annotated_default().as_bytes()) {
        return Ok(Use::Another);
    }
    trust.set(&target.identity(), true).map_err(|e| CliError::failed(&e))?;
    Ok(Use::Trusted)
}
