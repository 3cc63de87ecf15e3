//! `probity init`: a commented policy to start from.

use std::fs::OpenOptions;
use std::io::{self, Write};

use probity_assess::policy;

use crate::args::InitArgs;
use crate::commands::{Context, Ended};
use crate::error::CliError;
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
    cx.result(&format!(
        "Wrote {shown}, the built-in policy with comments.\n\
         Edit it, commit it, then run `probity trust` so that checks here use it; CI passes `--policy probity.kdl`.\n"
    ))
}
