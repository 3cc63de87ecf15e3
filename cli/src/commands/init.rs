//! `probity init`: a commented policy to start from. Who writes it trusts it: checks of this repository on this machine use it from then on.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

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
        true => {
            "Checks of this repository on this machine use it from now on (`probity trust --revoke` ends that)."
        }
        false => {
            "It is used where you name it with --policy, or after `probity trust` once the folder is a repository with a commit."
        }
    };
    cx.result(&format!(
        "Wrote {shown}, the built-in policy with comments.\n{next}\nCI passes `--policy probity.kdl`.\n"
    ))
}

/// Trusts the repository around the folder. False where there is none yet.
fn trusted(folder: &Path) -> Result<bool, CliError> {
    let Ok(target) = snapshot::open(folder) else { return Ok(false) };
    let paths = Paths::from_environment()?;
    let mut trust = Trust::read(&paths.trusted()).map_err(|e| CliError::failed(&e))?;
    trust.set(&target.identity(), true).map_err(|e| CliError::failed(&e))?;
    Ok(true)
}
