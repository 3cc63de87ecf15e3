//! With `compat="hipcheck"` the analyses give the numbers that Hipcheck's formulas give when they are computed by a plain script from what
//! git prints, and from nothing of Probity's.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs git and Python"
)]

#[path = "../parity/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

use probity_tests::{Lab, Repository};
use serde_json::Value;
use world::World;

/// 2026-11-21T00:00:00Z
const NOW: (&str, &str) = ("2026-11-21", "1795219200");
/// How far two numbers may be apart.
const TOLERANCE: f64 = 1e-9;

/// What the script computes.
fn expected(repository: &Repository) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(root.join("parity/hipcheck.py"))
        .arg(repository.path())
        .arg(NOW.1)
        .arg(root.join("../plugins"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn found(repository: &Repository) -> Value {
    let git = |name: &str| repository.git(["rev-parse", name]);
    let world = World::new(&repository.path().join(".git"), &git("HEAD"), &git("HEAD^{tree}"), NOW.0);
    world::numbers(&world).unwrap()
}

#[track_caller]
fn assert_parity(repository: &Repository) -> Value {
    let (found, expected) = (found(repository), expected(repository));
    for name in ["churn", "entropy"] {
        let list = |numbers: &Value| -> Option<Vec<f64>> {
            Some(numbers[name].as_array()?.iter().map(|number| number.as_f64().unwrap()).collect())
        };
        let (Some(ours), Some(theirs)) = (list(&found), list(&expected)) else {
            assert_eq!(found[name], expected[name], "{name}");
            continue;
        };
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= TOLERANCE, "{name}: {ours} and {theirs}");
        }
    }
    for name in ["activity", "affiliation", "binary", "identity"] {
        assert_eq!(found[name], expected[name], "{name}");
    }
    expected
}

#[test]
fn plain_histories_have_the_numbers_of_the_script() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(60);
    let numbers = assert_parity(&repository);
    assert_eq!(numbers["churn"].as_array().unwrap().len(), 60);
}

#[test]
fn so_have_merges_renames_binary_files_other_encodings_and_line_ends() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    let long: String = (0..40).map(|line| format!("let line_{line} = {};\n", line * 7)).collect();
    repository.write("src/a.rs", &long).write("Makefile", "all:\n\tcc\n").commit("begin");
    repository
        .author("Ann", "ann@REDHAT.com")
        .write("README.md", "# read\n")
        .commit("markdown is source to Hipcheck");
    repository.git(["checkout", "-q", "-b", "side"]);
    repository
        .write("src/b.py", "print('é e\u{301} 👩‍💻')\n")
        .author("Bob", "bob@nothp.com")
        .commit("clusters");
    repository.write("src/b.py", "print('x')\nprint('y')").commit("no line end at the end");
    repository.git(["checkout", "-q", "-"]);
    repository
        .write("src/a.rs", long.replace("= 21;", "= 22;").replace("= 56;", "= 57;"))
        .commit("two changes in one hunk");
    repository
        .write("src/a.rs", long.replace("= 14;", "= 15;").replace("= 245;", "= 246;"))
        .commit("two hunks");
    repository.merge("side");
    repository.git(["mv", "src/a.rs", "src/moved.rs"]);
    repository.commit_staged("a rename is a deletion and an addition");
    repository
        .write("tool", b"\x7fELF\0\x01\n\xff\xfe\n")
        .write("lib.so", b"\0\n")
        .write(".hidden/x.so", b"\0")
        .commit("binary files");
    repository
        .write("tool", b"\x7fELF\0\x02\n\xff\xfe\nmore\n")
        .write("lib.SO", b"\0\n")
        .commit("changed binary files");
    repository.write("latin.c", b"// caf\xe9\nint x;\n").commit("no UTF-8");
    repository
        .write("latin.c", b"// caf\xe8\nint x;\nint y;\n")
        .commit("what is no text is the same to Hipcheck");
    repository.write("dos.c", "int a;\r\nint b;\r\n").commit("CRLF");
    repository.write("dos.c", "int a;\r\nint c;\r\nint d;\r").commit("a lone CR at the end");
    repository.commit_staged("empty");
    repository.git(["rm", "-q", "latin.c"]);
    repository.commit_staged("a deletion");
    repository.write("a.json", "{}").commit("no source");
    repository
        .write("empty.rs", "")
        .write("copy1.c", "int a;\n")
        .write("copy2.c", "int a;\n")
        .commit("an empty file, and a file twice");
    repository.commit_by(b"Grace");
    let numbers = assert_parity(&repository);
    // tool and lib.so; neither the hidden one nor the one with capitals.
    assert_eq!(numbers["binary"], 2);
    assert_eq!(numbers["churn"].as_array().unwrap().len(), 16);
}

#[test]
fn where_nothing_varies_both_have_no_scores() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.write("a.c", "int a;\n").commit("one");
    let numbers = assert_parity(&repository);
    assert_eq!(numbers["churn"], Value::Null);
}
