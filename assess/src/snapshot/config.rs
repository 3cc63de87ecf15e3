//! Takes from a target's configuration the few values that say how its bytes are to be understood.
//!
//! The text is parsed and nothing else: includes are not followed, no program that it names is run, and no
//! value of it reaches the object database or git's own machinery.

use gix::config::File;
use gix::filter::plumbing::eol;
use gix::hash::Kind;

use super::error::OpenError;
use super::layout::Layout;
use super::tracking::Tracking;
use crate::files;

/// The most that is read of a configuration file, in bytes.
const CONFIG_LIMIT: u64 = 4 << 20;

/// Extensions that change nothing about reading objects, references and the index.
const HARMLESS: [&str; 7] = [
    "noop",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "relativeworktrees",
    "compatobjectformat",
    "submodulepathconfig",
];

/// What a repository's configuration says about its format and its working tree's files.
#[derive(Debug, Clone)]
pub(super) struct Config {
    /// The hash that names objects.
    pub(super) hash: Kind,
    /// There is no working tree, even if the git directory is called `.git`.
    pub(super) bare: bool,
    /// Objects may be missing on purpose.
    pub(super) partial: bool,
    /// How line endings of files are stored.
    pub(super) line_endings: eol::Configuration,
    /// Whether the executable bit of a file on disk means something.
    pub(super) file_mode: bool,
    /// Whether symbolic links lie on disk as such.
    pub(super) symlinks: bool,
    /// Whether patterns match without regard to case.
    pub(super) ignore_case: bool,
    /// Where branches come from.
    pub(super) tracking: Tracking,
}

/// Reads the configuration of a repository and refuses formats that cannot be read.
pub(super) fn read(layout: &Layout) -> Result<Config, OpenError> {
    let mut files = vec![parse(layout, &layout.common_dir.join("config"))?];
    if flag(&files[0], "extensions.worktreeConfig") == Some(true) {
        files.insert(0, parse(layout, &layout.git_dir.join("config.worktree"))?);
    }
    // The first file that knows a value decides, as git does: a worktree's own comes before the common one.
    let flag_of = |key: &str| files.iter().find_map(|file| flag(file, key));
    let text_of = |key: &str| files.iter().find_map(|file| text(file, key));
    let common = files.last().expect("the common file was put in first");
    let auto_crlf = match (text_of("core.autocrlf").as_deref(), flag_of("core.autocrlf")) {
        (Some("input"), _) => eol::AutoCrlf::Input,
        (_, Some(true)) => eol::AutoCrlf::Enabled,
        _ => eol::AutoCrlf::Disabled,
    };
    let line_ending = match text_of("core.eol").as_deref() {
        Some("crlf") => Some(eol::Mode::CrLf),
        Some("lf") => Some(eol::Mode::Lf),
        _ => None,
    };
    Ok(Config {
        hash: object_hash(layout, common)?,
        bare: flag(common, "core.bare") == Some(true),
        partial: is_partial(common),
        line_endings: eol::Configuration { auto_crlf, eol: line_ending },
        file_mode: flag_of("core.fileMode") != Some(false),
        symlinks: flag_of("core.symlinks") != Some(false),
        ignore_case: flag_of("core.ignoreCase") == Some(true),
        tracking: Tracking::of(common),
    })
}

fn parse(layout: &Layout, path: &std::path::Path) -> Result<File, OpenError> {
    let bytes = files::read(path, CONFIG_LIMIT)
        .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?
        .unwrap_or_default();
    let metadata = gix::config::file::Metadata {
        trust: gix::sec::Trust::Reduced,
        ..gix::config::file::Metadata::from(gix::config::Source::Local)
    };
    File::from_bytes_no_includes(&bytes, metadata, Default::default()).map_err(|_| OpenError::Damaged {
        what: "the configuration",
        path: path.to_owned(),
        reason: format!("it cannot be parsed as configuration of {}", layout.git_dir.display()),
    })
}

fn flag(file: &File, key: &str) -> Option<bool> {
    file.boolean(key).ok().flatten()
}

fn text(file: &File, key: &str) -> Option<String> {
    file.string(key).map(|value| value.to_string().to_ascii_lowercase())
}

/// The object format, once it is certain that nothing unknown changes how the repository is stored.
fn object_hash(layout: &Layout, config: &File) -> Result<Kind, OpenError> {
    let unsupported = |feature: String| OpenError::Unsupported { path: layout.git_dir.clone(), feature };
    let version = text(config, "core.repositoryFormatVersion").unwrap_or_default();
    let extended = match version.as_str() {
        "" | "0" => false,
        "1" => true,
        other => return Err(unsupported(format!("repository format version {other}"))),
    };
    if text(config, "extensions.refStorage").is_some_and(|storage| storage != "files")
        || layout.common_dir.join("reftable").is_dir()
    {
        return Err(unsupported("reftable references".to_owned()));
    }
    if !extended {
        return Ok(Kind::Sha1);
    }
    for section in config.sections_by_name("extensions").into_iter().flatten() {
        for name in section.body().value_names() {
            let name = name.to_string().to_ascii_lowercase();
            if !HARMLESS.contains(&name.as_str()) && name != "objectformat" && name != "refstorage" {
                return Err(unsupported(format!("the extension {name:?}")));
            }
        }
    }
    match text(config, "extensions.objectFormat").as_deref() {
        None | Some("sha1") => Ok(Kind::Sha1),
        Some("sha256") => Ok(Kind::Sha256),
        Some(other) => Err(unsupported(format!("the object format {other:?}"))),
    }
}

fn is_partial(config: &File) -> bool {
    let promises = |section: gix::config::file::SectionRef<'_>| {
        section.value("promisor").is_some_and(|value| value == "true" || value == "1")
    };
    text(config, "extensions.partialClone").is_some()
        || config.sections_by_name("remote").into_iter().flatten().any(promises)
}
