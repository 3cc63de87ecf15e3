//! Which policy a check uses: the one that the person names, else the target's own where that is trusted, else the built-in one.

use std::io;
use std::path::{Path, PathBuf};

use crate::policy::{Policy, PolicyErrors};
use crate::report::PolicySource;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, SnapshotError, Target};
use crate::trust::{Trust, TrustError};

/// The name of the policy file in a target.
pub const FILE: &str = "probity.kdl";

/// The largest policy that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A policy and where it comes from.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    pub(crate) kind: SourceKind,
    /// Relative paths in the policy are seen from here.
    pub(crate) folder: PathBuf,
}

/// Where a policy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// The person named a file.
    File,
    /// The target's own, which the person has trusted.
    Trusted,
    /// The one that comes with the program.
    BuiltIn,
    /// The built-in one, though the target has one of its own: that is not trusted.
    BuiltInSinceUntrusted,
}

impl From<SourceKind> for PolicySource {
    fn from(kind: SourceKind) -> PolicySource {
        match kind {
            SourceKind::File => PolicySource::File,
            SourceKind::Trusted => PolicySource::Trusted,
            SourceKind::BuiltIn | SourceKind::BuiltInSinceUntrusted => PolicySource::BuiltIn,
        }
    }
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The named file cannot be read.
    #[error("cannot read the policy {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The target's own file cannot be read.
    #[error("cannot read {FILE} of the target")]
    InTarget(#[source] SnapshotError),
    /// Whether the target's own may be used cannot be told.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It is not a policy.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
}

impl Chosen {
    /// Chooses and reads the policy for a snapshot of a target.
    pub(crate) fn choose(
        settings: &Settings,
        target: &Target,
        snapshot: &Snapshot,
    ) -> Result<Chosen, SourceError> {
        if let Some(file) = &settings.policy {
            return Chosen::file(file);
        }
        let Some(own) = target.policy_in(snapshot).map_err(SourceError::InTarget)? else {
            return Ok(Chosen::built_in(SourceKind::BuiltIn)?);
        };
        if !Trust::read(&settings.trusted)?.holds(&target.identity()) {
            return Ok(Chosen::built_in(SourceKind::BuiltInSinceUntrusted)?);
        }
        let folder = target.worktree().map_or_else(|| target.identity(), Path::to_path_buf);
        let policy = Policy::parse(FILE, &String::from_utf8_lossy(&own))?;
        Ok(Chosen { policy, kind: SourceKind::Trusted, folder })
    }

    /// The policy of a file that the person names.
    pub(crate) fn file(file: &Path) -> Result<Chosen, SourceError> {
        let read = |source| SourceError::Read { file: file.to_owned(), source };
        let size = std::fs::metadata(file).map_err(read)?.len();
        if size > MAX_BYTES {
            return Err(read(io::Error::other(format!(
                "{size} bytes are more than the {MAX_BYTES} of a policy"
            ))));
        }
        let text = std::fs::read_to_string(file).map_err(read)?;
        let policy = Policy::parse(&file.display().to_string(), &text)?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Chosen { policy, kind: SourceKind::File, folder })
    }

    /// The policy that comes with the program.
    pub(crate) fn built_in(kind: SourceKind) -> Result<Chosen, PolicyErrors> {
        Ok(Chosen { policy: Policy::built_in()?, kind, folder: PathBuf::new() })
    }
}
