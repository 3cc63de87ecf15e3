//! The same tests once more as an ordinary user, where root runs them, and the table of attacks that comes of both.

use crate::Test;
use crate::table::{Table, mechanisms, shown};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The user, who owns nothing here.
const ORDINARY: u32 = 54_321;
/// Where the ordinary user's table is written to, for root to read.
const TABLE: &str = "SANDBOX_TEST_TABLE";

pub(crate) fn is_root() -> bool {
    // SAFETY: takes no argument and cannot fail.
    (unsafe { libc::geteuid() }) == 0
}

pub(crate) fn tests() -> Vec<Test> {
    tests!("table": there_are_at_least_120_distinct_mechanisms)
}

fn there_are_at_least_120_distinct_mechanisms() {
    assert!(mechanisms() >= 120, "{}", mechanisms());
}

/// Runs the tests as an ordinary user, if this is root, and shows the attacks. Whether all passed there, too; on a machine
/// that checks changes, also whether the tests ran as both.
pub(crate) fn as_both(arguments: &[String], table: &Table) -> bool {
    if let Some(path) = std::env::var_os(TABLE) {
        fs::write(path, table.lines()).unwrap();
        return true;
    }
    let (root, user, passed) = if is_root() {
        println!("\nas an ordinary user:");
        let (user, passed) = as_ordinary_user(arguments);
        (Some(table), user, passed)
    } else {
        (None, Some(table.clone()), true)
    };
    if table.is_empty() {
        return passed;
    }
    println!("\n{}", shown(root, user.as_ref()));
    let complete = root.is_some() && user.is_some();
    if !complete && std::env::var_os("CI").is_some() {
        println!(
            "a column of the table was not run: these tests have to run as root, who also runs them as a user"
        );
        return false;
    }
    passed
}

/// The table, and whether all chosen tests pass there.
#[allow(clippy::disallowed_methods, reason = "the tests themselves are to run as somebody else")]
fn as_ordinary_user(arguments: &[String]) -> (Option<Table>, bool) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let program = folder.path().join("confinement");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    std::os::unix::fs::chown(&temporary, Some(ORDINARY), Some(ORDINARY)).unwrap();
    let table = temporary.join("table");
    let mut command = Command::new(&program);
    command.args(arguments).current_dir("/").env("TMPDIR", &temporary).env(TABLE, &table);
    let passed = command.uid(ORDINARY).gid(ORDINARY).status().unwrap().success();
    let table = fs::read_to_string(table).ok().and_then(|lines| Table::read(&lines));
    (table, passed)
}
