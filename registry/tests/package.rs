//! Packages as they lie on disk: what is accepted, what is refused, and in which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use probity_registry::tree::{Tree, TreeLimits};
use probity_registry::{EntryKind, PackageError, PathSource, PluginId, tree_hash};
use tempfile::TempDir;

const MANIFEST: &str = "publisher acme\nnamespace tools\nname idle\nversion \"1.2.0\"\ninterface 1\n\
                        entry kind=python path=\"lib/idle.py\"\n";

fn package() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "plugin.kdl", MANIFEST, 0o644);
    write(dir.path(), "lib/idle.py", "print('hello')\n", 0o644);
    dir
}

fn write(dir: &Path, name: &str, text: &str, mode: u32) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

fn source(dir: &Path) -> PathSource {
    PathSource { dir: dir.to_owned(), sha256: tree_hash(dir).unwrap() }
}

fn idle() -> PluginId {
    PluginId::parse("acme/tools/idle").unwrap()
}

fn refusal(dir: &Path) -> String {
    tree_hash(dir).unwrap_err().to_string()
}

#[test]
fn the_tree_hash_is_that_of_sorted_lines_of_sha256_mode_and_path() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "b", "b\n", 0o755);
    write(dir.path(), "a/x", "a\n", 0o600);
    fs::create_dir(dir.path().join("empty")).unwrap();
    // printf '%s  644  a/x\n%s  755  b\n' $(printf 'a\n'|sha256sum) $(printf 'b\n'|sha256sum) | sha256sum
    let lines = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  644  a/x\n\
                 0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f  755  b\n";
    assert_eq!(tree_hash(dir.path()).unwrap(), probity_registry::Sha256::of(lines.as_bytes()));
}

#[test]
fn a_byte_a_name_or_an_executable_bit_more_is_another_package() {
    let dir = package();
    let before = tree_hash(dir.path()).unwrap();
    write(dir.path(), "lib/idle.py", "print('hello')\n", 0o664);
    assert_eq!(tree_hash(dir.path()).unwrap(), before, "another umask is the same package");
    write(dir.path(), "lib/idle.py", "print('hello')\n", 0o755);
    assert_ne!(tree_hash(dir.path()).unwrap(), before);
    write(dir.path(), "lib/idle.py", "print('hellO')\n", 0o644);
    assert_ne!(tree_hash(dir.path()).unwrap(), before);
}

#[test]
fn a_package_that_is_the_expected_one_is_taken() {
    let dir = package();
    let package = source(dir.path()).load(&idle()).unwrap();
    assert_eq!(package.version.to_string(), "1.2.0");
    assert_eq!(package.manifest.entry.kind, EntryKind::Python);
    let paths: Vec<&str> = package.tree.files().iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["lib/idle.py", "plugin.kdl"]);
}

#[test]
fn another_content_names_what_was_expected_and_what_was_found() {
    let dir = package();
    let source = source(dir.path());
    write(dir.path(), "lib/idle.py", "import os\n", 0o644);
    let found = tree_hash(dir.path()).unwrap();
    let message = source.load(&idle()).unwrap_err().to_string();
    let expected = format!(
        "plugin acme/tools/idle in {} is not the one that the policy names: expected sha256 {}, found {found}",
        dir.path().display(),
        source.sha256
    );
    assert_eq!(message, expected);
}

#[test]
fn a_package_of_another_name_is_refused() {
    let dir = package();
    let error = source(dir.path()).load(&PluginId::parse("acme/tools/busy").unwrap()).unwrap_err();
    assert!(matches!(error, PackageError::WrongId { .. }), "{error}");
    assert!(error.to_string().ends_with("is acme/tools/idle, but the policy calls it acme/tools/busy"));
}

#[test]
fn a_package_without_its_entry_or_manifest_is_refused() {
    let dir = package();
    fs::remove_file(dir.path().join("lib/idle.py")).unwrap();
    assert!(matches!(source(dir.path()).load(&idle()), Err(PackageError::NoEntry { .. })));
    fs::remove_file(dir.path().join("plugin.kdl")).unwrap();
    assert!(matches!(source(dir.path()).load(&idle()), Err(PackageError::NoManifest { .. })));
}

#[test]
fn a_native_entry_has_to_be_executable() {
    let dir = package();
    write(dir.path(), "plugin.kdl", &MANIFEST.replace("python", "native"), 0o644);
    let error = source(dir.path()).load(&idle()).unwrap_err();
    assert!(matches!(error, PackageError::NotExecutable { .. }), "{error}");
    write(dir.path(), "lib/idle.py", "\u{7f}ELF", 0o755);
    assert_eq!(source(dir.path()).load(&idle()).unwrap().manifest.entry.kind, EntryKind::Native);
}

#[test]
fn links_pipes_and_set_id_files_are_refused() {
    let dir = package();
    symlink("/etc/passwd", dir.path().join("lib/link")).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "lib/link is a symbolic link, and a package holds only regular files and directories"
    );
    let dir = package();
    symlink("/etc", dir.path().join("dir")).unwrap();
    assert!(refusal(dir.path()).starts_with("dir is a symbolic link"));

    let dir = package();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("s")).unwrap();
    assert!(refusal(dir.path()).starts_with("s is a socket"));

    let dir = package();
    write(dir.path(), "tool", "x", 0o4755);
    assert_eq!(
        refusal(dir.path()),
        "tool has mode 4755: set-user-id, set-group-id and sticky bits are not allowed"
    );
}

#[test]
fn names_that_could_be_confused_are_refused() {
    let dir = package();
    write(dir.path(), "lib/Idle.py", "", 0o644);
    assert_eq!(
        refusal(dir.path()),
        "lib/Idle.py and lib/idle.py are the same name where case does not count"
    );
    let dir = package();
    write(dir.path(), "a\u{1b}[31mred", "", 0o644);
    assert_eq!(
        refusal(dir.path()),
        r"the name a\x1b[31mred is not plain UTF-8 text without control characters"
    );
    let dir = package();
    let raw = std::ffi::OsStr::new("x").to_owned();
    let raw = [raw.as_encoded_bytes(), b"\xff"].concat();
    let name = <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(raw);
    fs::write(dir.path().join(name), "").unwrap();
    assert_eq!(refusal(dir.path()), r"the name x\xff is not plain UTF-8 text without control characters");
}

#[test]
fn a_package_beyond_the_limits_is_refused() {
    let dir = package();
    let usual = TreeLimits::default();
    let refused = |limits| Tree::read(dir.path(), &limits).unwrap_err().to_string();
    assert_eq!(refused(TreeLimits { entries: 2, ..usual }), "lib: more than 2 files and directories");
    assert_eq!(refused(TreeLimits { depth: 0, ..usual }), "lib: more than 0 directories inside each other");
    assert_eq!(refused(TreeLimits { file_bytes: 9, ..usual }), "lib/idle.py: more than 9 bytes in one file");
    assert_eq!(
        refused(TreeLimits { total_bytes: 20, ..usual }),
        "plugin.kdl: more than 20 bytes in all files"
    );
}

#[test]
fn a_directory_that_is_not_there_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let source = PathSource { dir: dir.path().join("gone"), sha256: probity_registry::Sha256([0; 32]) };
    let error = source.load(&idle()).unwrap_err();
    assert!(error.to_string().ends_with("gone cannot be used as a plugin package"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "cannot read .");
}
