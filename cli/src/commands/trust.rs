//! `probity trust`: which repositories' own policies this machine's checks may use.

use probity_assess::snapshot::{self, Target};
use probity_assess::source;
use probity_assess::trust::Trust;

use crate::args::{Declared, TrustArgs};
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;
use crate::subject;

pub(crate) fn trust(cx: &Context, args: &TrustArgs) -> Ended {
    let paths = Paths::from_environment()?;
    let mut trust = Trust::read(&paths.trusted()).map_err(|e| CliError::failed(&e))?;
    if args.list {
        let list: String = trust.list().map(|path| format!("{}\n", tame(path))).collect();
        return cx.result(&list);
    }
    let target = snapshot::open(&args.target).map_err(|e| CliError::target(&e))?;
    let repository = target.identity();
    if !args.revoke && !carries_policy(&target, args)? {
        let told =
            format!("{} carries no probity.kdl to be trusted", tame(&repository.display().to_string()));
        return Err(CliError::wrong(told).hinted("`probity init` writes one, and trusts it"));
    }
    let changed = trust.set(&repository, !args.revoke).map_err(|e| CliError::failed(&e))?;
    let shown = tame(&repository.display().to_string());
    cx.result(&match (args.revoke, changed) {
        (false, true) => {
            format!("Checks of {shown} on this machine now use the probity.kdl that it carries, and whatever becomes of it.\n")
        }
        (false, false) => format!("{shown} is trusted already.\n"),
        (true, true) => format!("{shown} is no longer trusted.\n"),
        (true, false) => format!("{shown} was not trusted.\n"),
    })
}

/// One that is written and not committed yet counts, since it may be trusted first.
fn carries_policy(target: &Target, args: &TrustArgs) -> Result<bool, CliError> {
    if target.worktree().is_some_and(|root| root.join(source::FILE).is_file()) {
        return Ok(true);
    }
    let mut settings = subject::without_target(&Declared::default())?;
    settings.target.clone_from(&args.target);
    Ok(source::is_carried(&settings, target)?)
}
