//! `probity trust`: which repositories' own policies this machine's checks may use.

use std::path::{self, Path, PathBuf};

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
    let repository = match snapshot::open(&args.target) {
        Ok(target) => trustworthy(&target, args)?,
        Err(error) => args
            .revoke
            .then(|| gone(&trust, &args.target))
            .flatten()
            .ok_or_else(|| CliError::target(&error))?,
    };
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

/// What the target is trusted as.
fn trustworthy(target: &Target, args: &TrustArgs) -> Result<PathBuf, CliError> {
    let repository = target.identity();
    if args.revoke || carries_policy(target, args)? {
        return Ok(repository);
    }
    let told = format!("{} carries no probity.kdl to be trusted", tame(&repository.display().to_string()));
    Err(CliError::wrong(told).hinted("`probity init` writes one, and trusts it"))
}

/// The trusted repository that has been at this place, where there is none now.
fn gone(trust: &Trust, target: &Path) -> Option<PathBuf> {
    let place = path::absolute(target).ok()?;
    let listed = |at: &PathBuf| trust.list().any(|path| Path::new(path) == at);
    [place.join(".git"), place].into_iter().find(listed)
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
