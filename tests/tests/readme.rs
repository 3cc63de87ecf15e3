//! The README's first check: its output is what the program prints, to the letter.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use probity_tests::{Lab, Run};

#[test]
fn the_readme_shows_the_real_output_of_a_first_check() {
    let lab = Lab::new();
    let mut repository = lab.repository("project");
    repository.history(30);
    repository.author("Mallory", "mallory@example.net");
    repository.write("tests/data/sample", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0");
    repository.commit("add test data");
    let mut check = lab.command();
    check.args(["check", "--now", "2026-06-01"]).current_dir(repository.path());
    let run = Run::of(check.output().unwrap()).expect(1);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(readme.contains(&format!("```text\n{shown}```\n")), "the README must show:\n{shown}");
}
