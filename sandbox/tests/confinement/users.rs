//! The same tests once more as an ordinary user, where root runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The user, who owns nothing here.
const ORDINARY: u32 = 54_321;

pub(crate) fn is_root() -> bool {
    // SAFETY: takes no argument and cannot fail.
    (unsafe { libc::geteuid() }) == 0
}

/// Whether all chosen tests pass there too.
#[allow(clippy::disallowed_methods, reason = "the tests themselves are to run as somebody else")]
pub(crate) fn pass_as_ordinary_user(arguments: &[String]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let program = folder.path().join("confinement");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    std::os::unix::fs::chown(&temporary, Some(ORDINARY), Some(ORDINARY)).unwrap();
    let mut command = Command::new(&program);
    command.args(arguments).current_dir("/").env("TMPDIR", &temporary).uid(ORDINARY).gid(ORDINARY);
    command.status().unwrap().success()
}
