//! What a program needs that a plugin was granted to start, beside its own file.
//!
//! Any program: its dynamic loader, which is executed in its stead, and its libraries, which are read. What else a program
//! starts or reads nobody can know without running it, so that only a program that does its work by itself is of use; git is
//! known here, since a granted git without this either starts nothing of its own or heeds what the target's people configured.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use probity_sandbox::{Profile, SpawnError, started_program};

/// Grants the start of `program`, a real path that was granted under this name, and all that it needs.
pub(crate) fn grant(profile: &mut Profile, name: &str, program: &Path) -> Result<(), SpawnError> {
    let unknown = |source| SpawnError::Libraries { path: program.to_owned(), source };
    let needs = started_program(program).map_err(unknown)?;
    profile.programs.push(program.to_owned());
    profile.programs.extend(needs.loader);
    profile.read.extend(needs.libraries);
    if is_git(Path::new(name)) || is_git(program) {
        profile.programs.extend(helpers(program));
    }
    // For all, since a git may have any name; to others they mean nothing.
    profile.environment.extend(surroundings());
    Ok(())
}

/// Whether it is called so, or as systems do that have several.
fn is_git(program: &Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "git" || name.starts_with("git-") || name.starts_with("git.")
}

/// The folder of git's other programs, which the first one starts as parts of itself. It was compiled into git, and nothing but
/// git can tell it; everybody has it at one of these places. Only one that is, with the folder that it lies in, no easier to change than git
/// itself, on the way to which the one above lies.
fn helpers(git: &Path) -> Option<PathBuf> {
    let owner = fs::metadata(git).ok()?.uid();
    let prefix = git.parent()?.parent()?;
    let places = ["libexec/git-core", "lib/git-core"].map(|place| prefix.join(place));
    let is_safe = |found: io::Result<fs::Metadata>| {
        found.is_ok_and(|found| found.is_dir() && found.uid() == owner && found.mode() & 0o022 == 0)
    };
    let parent = |place: &Path| place.parent().is_some_and(|parent| is_safe(fs::metadata(parent)));
    places.into_iter().find(|place| is_safe(fs::symlink_metadata(place)) && parent(place))
}

/// What git is told in place of the machine's and the person's configuration, neither of which it is shown: to write nothing
/// beside its answer, to ask nobody, and to start nothing for what a repository says. It makes git behave; what git *can* do
/// the sandbox decides.
fn surroundings() -> Vec<(String, String)> {
    const PLAIN: [(&str, &str); 8] = [
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_PAGER", "cat"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ];
    // The directory that is shown belongs to whoever runs the check, who is another one in a user namespace.
    // A `.mailmap` of the target would give its commits other authors: in a bare directory git reads that of HEAD by itself.
    const CONFIGURATION: [(&str, &str); 10] = [
        ("safe.directory", "*"),
        ("core.attributesFile", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.hooksPath", "/dev/null"),
        ("gc.auto", "0"),
        ("log.mailmap", "false"),
        ("mailmap.blob", ""),
        ("mailmap.file", "/dev/null"),
        ("maintenance.auto", "false"),
        ("protocol.allow", "never"),
    ];
    let plain = PLAIN.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let count = ("GIT_CONFIG_COUNT".to_owned(), CONFIGURATION.len().to_string());
    let configuration = CONFIGURATION.iter().enumerate().flat_map(|(at, (key, value))| {
        [
            (format!("GIT_CONFIG_KEY_{at}"), (*key).to_owned()),
            (format!("GIT_CONFIG_VALUE_{at}"), (*value).to_owned()),
        ]
    });
    plain.into_iter().chain([count]).chain(configuration).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_known_by_its_names() {
        for name in ["git", "/usr/lib/git-core/git", "/opt/bin/git.real", "git-2.50"] {
            assert!(is_git(Path::new(name)), "{name}");
        }
        assert!(!is_git(Path::new("/usr/bin/digit")) && !is_git(Path::new("gitk")));
    }

    #[test]
    fn helpers_lie_where_git_was_installed_and_nobody_else_can_write() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("bin")).unwrap();
        fs::write(at("bin/git"), "").unwrap();
        assert_eq!(helpers(&at("bin/git")), None);
        fs::create_dir_all(at("lib/git-core")).unwrap();
        fs::set_permissions(at("lib/git-core"), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(helpers(&at("bin/git")), None);
        fs::set_permissions(at("lib/git-core"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(helpers(&at("bin/git")), Some(at("lib/git-core")));
        fs::set_permissions(at("lib"), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(helpers(&at("bin/git")), None, "somebody could put another folder there");
    }
}
