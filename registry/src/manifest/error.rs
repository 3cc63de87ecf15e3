//! The faults of a manifest, each with its place.

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::PluginIdError;

/// All faults of one manifest.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{name} is no valid plugin manifest")]
pub struct ManifestErrors {
    name: String,
    #[source_code]
    source_code: NamedSource<String>,
    /// In the order of the file; those without a place last.
    #[related]
    pub errors: Vec<ManifestError>,
}

impl ManifestErrors {
    pub(super) fn new(name: &str, text: &str, errors: Vec<ManifestError>) -> Self {
        let source_code = NamedSource::new(name, text.to_owned());
        ManifestErrors { name: name.to_owned(), source_code, errors }
    }
}

/// One fault of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum ManifestError {
    /// The text is no KDL.
    #[error("{message}")]
    Syntax {
        /// What the parser said.
        message: String,
        /// What would help, if the parser knows.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// So many nested pairs of braces or comments that parsing it would not be safe.
    #[error("more than {limit} braces or comments in a manifest")]
    Nested {
        /// How many there may be.
        limit: usize,
    },
    /// A file of more bytes than a manifest may have.
    #[error("{size} bytes are more than the {limit} that a manifest may have")]
    TooBig {
        /// Its bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A node that no manifest has.
    #[error("a manifest has no {name:?}")]
    #[diagnostic(help(
        "it has publisher, namespace, name, version, interface, entry and, at will, permissions, limits and sandbox"
    ))]
    UnknownNode {
        /// Its name.
        name: String,
        /// Where.
        #[label("not known")]
        at: SourceSpan,
    },
    /// A node that must be there.
    #[error("{name:?} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A node that is there twice.
    #[error("{name:?} is given twice")]
    Twice {
        /// Its name.
        name: String,
        /// The second one.
        #[label("again here")]
        at: SourceSpan,
    },
    /// Arguments, properties or children that do not belong there.
    #[error("expected {expected}")]
    Shape {
        /// How it should look.
        expected: &'static str,
        /// Where.
        #[label("not this")]
        at: SourceSpan,
    },
    /// A part of the id that ids may not have.
    #[error("{reason}")]
    Id {
        /// What is wrong.
        reason: PluginIdError,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// No semantic version.
    #[error("{text:?} is no semantic version: {reason}")]
    Version {
        /// As written.
        text: String,
        /// What is wrong with it.
        reason: String,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A version of the protocol that is not spoken here.
    #[error("interface {found} is not spoken by this version of Probity, which speaks {first} to {last}")]
    Interface {
        /// As written.
        found: i128,
        /// The oldest that is spoken.
        first: u32,
        /// The newest that is spoken.
        last: u32,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A path that leads out of the package or is written in an unusual way.
    #[error("{path:?} is no path inside the package")]
    #[diagnostic(help("names with '/' between them, without '.', '..', an empty name or a leading '/'"))]
    Path {
        /// As written.
        path: String,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A permission that there is not.
    #[error("there is no permission {name:?}")]
    #[diagnostic(help("a package may ask for env, exec, file, read, net, scratch and token"))]
    UnknownPermission {
        /// As written.
        name: String,
        /// Where.
        #[label("not known")]
        at: SourceSpan,
    },
    /// A reason that cannot be shown to a person as it is.
    #[error("`why` is one line of at most {limit} characters")]
    Reason {
        /// The most characters.
        limit: usize,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// Something that nobody could grant.
    #[error("{kind} {what:?} cannot be asked for")]
    #[diagnostic(help(
        "env takes a variable's name; file a path without '.' and '..'; read one that begins with '/' or '~/', or $REPO; net a server \
         such as api.example.org or api.example.org:8443; exec a program's name or absolute path"
    ))]
    Unaskable {
        /// Which permission.
        kind: &'static str,
        /// As written.
        what: String,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A limit that there is not.
    #[error("there is no limit {name:?}")]
    #[diagnostic(help(
        "there are memory, cpu-seconds, wall-seconds, tasks and files; the scratch folder's are in `permissions`"
    ))]
    UnknownLimit {
        /// As written.
        name: String,
        /// Where.
        #[label("not known")]
        at: SourceSpan,
    },
    /// Less than any plugin needs, or more than anybody can grant.
    #[error("{name} is from {least} to {most}")]
    Amount {
        /// Which limit.
        name: &'static str,
        /// The least that can be asked for.
        least: String,
        /// The most that can be asked for.
        most: String,
        /// Where.
        #[label("not this")]
        at: SourceSpan,
    },
    /// More than everybody gets, for no reason.
    #[error("{name} of more than {default} has to be granted, and needs a `why`")]
    Unexplained {
        /// Which limit.
        name: &'static str,
        /// What needs no grant.
        default: String,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// More than anybody would read before granting it.
    #[error("a package may ask for {limit} things at most")]
    Greedy {
        /// How many.
        limit: usize,
        /// The first that is too many.
        #[label("one too many")]
        at: SourceSpan,
    },
}
