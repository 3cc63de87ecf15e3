//! `probity trust`: which repositories' own policies this machine's checks may use.

use probity_assess::snapshot;
use probity_assess::trust::Trust;

use crate::args::TrustArgs;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;

pub(crate) fn trust(cx: &Context, args: &TrustArgs) -> Ended {
    let paths = Paths::from_environment()?;
    let mut trust = Trust::read(&paths.trusted()).map_err(|e| CliError::failed(&e))?;
    if args.list {
        let list: String = trust.list().map(|path| format!("{}\n", tame(path))).collect();
        return cx.result(&list);
    }
    let target = snapshot::open(&args.target).map_err(|e| CliError::target(&e))?;
    let repository = target.identity();
    let changed = trust.set(&repository, !args.revoke).map_err(|e| CliError::failed(&e))?;
    let shown = tame(&repository.display().to_string());
    cx.result(&match (args.revoke, changed) {
        (false, true) => {
            format!("Checks of {shown} on this machine now use the probity.kdl that it carries.\n")
        }
        (false, false) => format!("{shown} is trusted already.\n"),
        (true, true) => format!("{shown} is no longer trusted.\n"),
        (true, false) => format!("{shown} was not trusted.\n"),
    })
}
