//! What a target's configuration says of the repositories that its branches come from. It is believed as far as to choose which
//! references are compared with what was seen before, and no further: nothing that it names is opened.

use gix::bstr::{BString, ByteSlice};
use gix::config::File;

use super::target::short_digest;

/// More remotes, or more branches, than these are not looked at.
const MOST: usize = 256;

/// Remotes, and which of their branches local ones follow.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracking {
    pub(super) remotes: Vec<Remote>,
    pub(super) upstreams: Vec<Upstream>,
}

/// Another repository that this one fetches from.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) name: BString,
    /// Stands for its address: one that moved is another repository.
    pub(super) address: String,
}

/// What a local branch follows.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    /// The local branch, without `refs/heads/`.
    pub(super) branch: BString,
    pub(super) remote: BString,
    /// The branch there, without `refs/heads/`.
    pub(super) merge: BString,
}

impl Tracking {
    pub(super) fn of(config: &File) -> Tracking {
        let mut tracking = Tracking::default();
        for section in config.sections_by_name("remote").into_iter().flatten().take(MOST) {
            let Some(name) = section.header().subsection_name() else { continue };
            let address = short_digest(&section.value("url").unwrap_or_default());
            tracking.remotes.push(Remote { name: name.to_owned(), address });
        }
        for section in config.sections_by_name("branch").into_iter().flatten().take(MOST) {
            let named = (section.header().subsection_name(), section.value("remote"), section.value("merge"));
            let (Some(branch), Some(remote), Some(merge)) = named else { continue };
            let Some(merge) = merge.strip_prefix(b"refs/heads/").map(BString::from) else { continue };
            tracking.upstreams.push(Upstream { branch: branch.to_owned(), remote, merge });
        }
        tracking
    }

    /// Stands for the address of a remote.
    pub(super) fn address(&self, remote: &[u8]) -> String {
        let found = self.remotes.iter().rfind(|one| one.name.as_bytes() == remote);
        found.map(|one| one.address.clone()).unwrap_or_default()
    }
}
