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
    let mut options = OpenOptions::new();
    options.write(true);
    match args.force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let shown = tame(&file.display().to_string());
    let mut out = options.open(&file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::wrong(format!("{shown} exists already")).hinted("replace it with --force")
        }
        _ => CliError::wrong(format!("cannot write {shown}: {error}")),
    })?;
    out.write_all(policy::annotated_default().as_bytes()).map_err(|e| CliError::failed(&e))?;
    cx.result(&format!(
        "Wrote {shown}, the built-in policy with comments.\n\
         Edit it, commit it, then run `probity trust` so that checks here use it; CI passes `--policy probity.kdl`.\n"
    ))
}
