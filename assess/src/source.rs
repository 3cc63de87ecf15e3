//! Which policy a check uses: the one that the person names, else the target's own where that is trusted, else the built-in one.

mod passed_over;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::CheckError;
use crate::permissions::Declaring;
use crate::policy::{MAX_BYTES, Policy, PolicyErrors};
use crate::report::PolicySource;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, SnapshotError, Target, What};
use crate::trust::{Trust, TrustError};

pub use passed_over::{Passed, PassedOver};

/// The name of the policy file in a target.
pub const FILE: &str = "probity.kdl";

/// A policy and where it comes from.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    pub(crate) kind: SourceKind,
    /// Relative paths in the policy are seen from here.
    pub(crate) folder: PathBuf,
    /// A policy in the working tree that was not considered.
    pub(crate) passed_over: Option<PassedOver>,
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
    /// The file, the target's own or a named one, is no text.
    #[error("the policy {} is not UTF-8 text", file.display())]
    NotUtf8 {
        /// The file.
        file: PathBuf,
    },
    /// The target's own file cannot be read.
    #[error("cannot read {FILE} of the target")]
    InTarget(#[source] SnapshotError),
    /// Whether the target's own may be used cannot be told.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The target's own policy lets a plugin see something of this machine.
    #[error("{FILE} of the target grants {plugin} what lies outside the target, which a repository may not")]
    Grants {
        /// The plugin.
        plugin: String,
    },
    /// It is not a policy.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
}

impl SourceError {
    /// What the person could do about it, where something can be said here. Problems of a policy bring hints of their own.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            SourceError::Read { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                Some("name the policy file itself; a policy is a short text")
            }
            SourceError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("allow yourself to read it, or name another file with --policy")
            }
            SourceError::Read { .. } => Some("check the path that --policy names"),
            SourceError::NotUtf8 { .. } => {
                Some("save it as UTF-8; `probity init` writes a policy to begin with")
            }
            SourceError::InTarget(error) => error.hint(),
            SourceError::Grants { .. } => Some(
                "if you mean it, name the file: --policy probity.kdl; whoever changes the repository could grant more",
            ),
            SourceError::Trust(_) | SourceError::Policy(_) => None,
        }
    }
}

impl Chosen {
    /// The policy as one that declares plugins and grants, where there is no target.
    pub(crate) fn declaring(&self) -> Declaring<'_> {
        Declaring {
            policy: &self.policy,
            folder: &self.folder,
            named: self.kind == SourceKind::File,
            repo: None,
        }
    }

    /// The same for a target.
    pub(crate) fn declaring_for<'a>(&'a self, target: &'a Target) -> Declaring<'a> {
        Declaring { repo: Some(target.worktree().unwrap_or(target.git_dir())), ..self.declaring() }
    }

    /// Chooses and reads the policy for a snapshot of a target. A `text` counts in place of the file, and is trusted no more
    /// than that: in an editor it may be what a stranger committed, with another blank at the end.
    pub(crate) fn choose(
        settings: &Settings,
        text: Option<&str>,
        target: &Target,
        snapshot: &Snapshot,
    ) -> Result<Chosen, SourceError> {
        match (&settings.policy, text) {
            (Some(file), Some(text)) => return Chosen::text(file, text),
            (Some(file), None) => return Chosen::file(file),
            (None, _) => {}
        }
        let is_trusted = Trust::read(&settings.trusted)?.holds(&target.identity());
        let own = match text {
            Some(text) => Ok(Some(text.as_bytes().to_owned())),
            None => own_policy(settings, target, snapshot),
        };
        let own = match own {
            // What is trusted and no policy any more must not silently give way to laxer rules.
            Err(SnapshotError::NoFile { .. }) if !is_trusted => Some(Vec::new()),
            own => own.map_err(SourceError::InTarget)?,
        };
        let is_worktree = settings.what == What::Worktree;
        let passed_over = passed_over::look(target, own.as_deref(), is_worktree, is_trusted);
        let passed_over = passed_over.filter(|_| text.is_none());
        let Some(own) = own else {
            return Ok(Chosen { passed_over, ..Chosen::built_in(SourceKind::BuiltIn)? });
        };
        if !is_trusted {
            return Ok(Chosen::built_in(SourceKind::BuiltInSinceUntrusted)?);
        }
        let folder = target.worktree().map_or_else(|| target.identity(), Path::to_path_buf);
        let own = String::from_utf8(own).map_err(|_| SourceError::NotUtf8 { file: FILE.into() })?;
        let policy = Policy::parse(FILE, &own)?;
        if let Some(granting) = policy.plugins.iter().find(|plugin| !plugin.grants.is_empty()) {
            return Err(SourceError::Grants { plugin: granting.id.value.clone() });
        }
        Ok(Chosen { policy, kind: SourceKind::Trusted, folder, passed_over })
    }

    /// The policy of a file that the person names.
    pub(crate) fn file(file: &Path) -> Result<Chosen, SourceError> {
        let read = |source| SourceError::Read { file: file.to_owned(), source };
        let size = fs::metadata(file).map_err(read)?.len();
        if size > MAX_BYTES {
            let message = format!("{size} bytes are more than the {MAX_BYTES} of a policy");
            return Err(read(io::Error::new(io::ErrorKind::FileTooLarge, message)));
        }
        let bytes = fs::read(file).map_err(read)?;
        let text = String::from_utf8(bytes).map_err(|_| SourceError::NotUtf8 { file: file.to_owned() })?;
        Chosen::text(file, &text)
    }

    /// A policy that the person is writing, in place of what that file holds.
    fn text(file: &Path, text: &str) -> Result<Chosen, SourceError> {
        let policy = Policy::parse(&file.display().to_string(), text)?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Chosen { policy, kind: SourceKind::File, folder, passed_over: None })
    }

    /// The policy that comes with the program.
    pub(crate) fn built_in(kind: SourceKind) -> Result<Chosen, PolicyErrors> {
        Ok(Chosen { policy: Policy::built_in()?, kind, folder: PathBuf::new(), passed_over: None })
    }
}

/// The policy of the target itself. A revision that the person names may be a stranger's branch, whose author would be judged by
/// rules of his own: for it, too, the policy is that of `HEAD`, which trust was given to.
fn own_policy(
    settings: &Settings,
    target: &Target,
    snapshot: &Snapshot,
) -> Result<Option<Vec<u8>>, SnapshotError> {
    if !matches!(settings.what, What::Rev(_)) {
        return target.policy_in(snapshot);
    }
    match target.snapshot_in(&What::Head, &settings.places) {
        Ok(head) => target.policy_in(&head),
        Err(SnapshotError::Unborn { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the last commit of the target has a policy.
///
/// # Errors
/// The commit cannot be read.
pub fn is_carried(settings: &Settings, target: &Target) -> Result<bool, CheckError> {
    match target.snapshot_in(&What::Head, &settings.places) {
        Ok(head) => Ok(target.policy_in(&head)?.is_some()),
        Err(SnapshotError::Unborn { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
