//! What commits changed: rows as git counts them, and the characters in the changed lines.

use crate::lab::Lab;
use probity_plugin_git::changes::{self, KnownPairs};
use probity_plugin_git::shapes::Segment;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_root_commit_adds_all_its_files() {
    let lab = Lab::new();
    lab.write("b.txt", "1\n2\n").write("a/x", "no end").write("a-b", "").commit("root");
    assert_eq!(lab.files("HEAD"), "0\t0\ta-b\n1\t0\ta/x\n2\t0\tb.txt");
    lab.assert_as_git();
}

#[test]
fn lines_are_counted_as_git_counts_them() {
    let lab = Lab::new();
    lab.write("end", "a\nb").write("crlf", "a\r\nb\r\n").write("many", "x\n".repeat(50)).commit("one");
    lab.write("end", "a\nb\n")
        .write("crlf", "a\nb\r\n")
        .write("many", "x\n".repeat(40) + "y\n")
        .commit("two");
    assert_eq!(lab.files("HEAD"), "1\t1\tcrlf\n1\t1\tend\n1\t10\tmany");
    lab.write("end", "b\na")
        .write("crlf", "")
        .write("many", "y\n".to_owned() + &"x\n".repeat(45))
        .commit("three");
    assert_eq!(lab.files("HEAD"), "0\t2\tcrlf\n1\t1\tend\n6\t1\tmany");
    std::fs::remove_file(lab.path("many")).unwrap();
    lab.commit("four");
    assert_eq!(lab.files("HEAD"), "0\t46\tmany");
    lab.commit("empty");
    assert_eq!(lab.files("HEAD"), "");
    lab.assert_as_git();
}

#[test]
fn a_file_is_binary_if_either_side_has_an_early_nul_byte() {
    let lab = Lab::new();
    let late = |at: usize| [vec![b'a'; at], vec![0, b'\n']].concat();
    lab.write("early", late(7999))
        .write("late", late(8000))
        .write("was", "\0")
        .write("is", "a\n")
        .commit("one");
    assert_eq!(lab.files("HEAD"), "-\t-\tearly\n1\t0\tis\n1\t0\tlate\n-\t-\twas");
    lab.write("was", "a\n").write("is", "a\0\n").commit("two");
    assert_eq!(lab.files("HEAD"), "-\t-\tis\n-\t-\twas");
    assert_eq!(lab.changes_of(&lab.id("HEAD")).unwrap().graphemes, []);
    lab.assert_as_git();
}

#[test]
fn a_merge_is_compared_with_its_first_parent_only() {
    let lab = Lab::new();
    lab.write("a", "1\n").commit("root");
    for branch in ["one", "two", "three"] {
        lab.git(&["switch", "--quiet", "--create", branch, "main"]);
        lab.write(branch, format!("{branch}\n")).commit(branch);
    }
    lab.git(&["switch", "--quiet", "main"]);
    lab.write("main", "main\n").commit("main");
    lab.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "one"]);
    assert_eq!(lab.files("HEAD"), "1\t0\tone");
    lab.git(&["merge", "--quiet", "--no-ff", "-m", "octopus", "two", "three"]);
    assert_eq!(lab.files("HEAD"), "1\t0\tthree\n1\t0\ttwo");
    assert_eq!(lab.changes_of(&lab.id("HEAD")).unwrap().parents, 3);
    lab.assert_as_git();
}

#[test]
fn a_renamed_file_is_removed_and_added() {
    let lab = Lab::new();
    lab.write("old/name", "1\n2\n3\n").commit("one");
    lab.git(&["mv", "old", "new"]);
    lab.commit("two");
    assert_eq!(lab.files("HEAD"), "3\t0\tnew/name\n0\t3\told/name");
    lab.assert_as_git();
}

#[test]
fn a_file_may_take_the_place_of_a_folder() {
    let lab = Lab::new();
    lab.write("a/b", "1\n").write("a.b", "1\n").commit("one");
    std::fs::remove_dir_all(lab.path("a")).unwrap();
    lab.write("a", "1\n2\n").commit("two");
    assert_eq!(lab.files("HEAD"), "2\t0\ta\n0\t1\ta/b");
    lab.assert_as_git();
}

#[test]
fn a_change_of_mode_alone_counts_no_lines() {
    let lab = Lab::new();
    lab.write("script", "1\n").write("blob", "\0").commit("one");
    for file in ["script", "blob"] {
        std::fs::set_permissions(lab.path(file), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    lab.commit("two");
    assert_eq!(lab.files("HEAD"), "-\t-\tblob\n0\t0\tscript");
    lab.assert_as_git();
}

#[test]
fn links_and_submodules_are_no_files() {
    let (lab, other) = (Lab::new(), Lab::new());
    other.write("x", "1\n").commit("other");
    lab.write("file", "1\n2\n").write("becomes", "1\n2\n3\n").commit("one");
    symlink("file", lab.path("link")).unwrap();
    std::fs::remove_file(lab.path("becomes")).unwrap();
    symlink("file", lab.path("becomes")).unwrap();
    lab.git(&["submodule", "--quiet", "add", &other.path("").display().to_string(), "module"]);
    std::fs::remove_file(lab.path(".gitmodules")).unwrap();
    lab.commit("two");
    assert_eq!(lab.files("HEAD"), "0\t3\tbecomes");
    std::fs::remove_file(lab.path("becomes")).unwrap();
    lab.write("becomes", "1\n").commit("three");
    assert_eq!(lab.files("HEAD"), "1\t0\tbecomes");
}

#[test]
fn names_that_are_no_text_are_quoted() {
    let lab = Lab::new();
    lab.write(OsStr::from_bytes(b"a\xffb.\xfe"), "1\n").write("naïve.é", "1\n").commit("one");
    assert_eq!(lab.files("HEAD"), "1\t0\t\"a\\377b.\\376\"\n1\t0\tnaïve.é");
    let extensions = lab.changes_of(&lab.id("HEAD")).unwrap().graphemes;
    let extensions: Vec<_> = extensions.iter().map(|counts| counts.extension.as_deref()).collect();
    assert_eq!(extensions, [Some("\"\\376\""), Some("é")]);
}

#[test]
fn only_changed_lines_are_counted_by_character_and_extension() {
    let lab = Lab::new();
    lab.write("a.rs", "keep\nold\nkeep\n").write("Makefile", "é\r\n").write("b.rs", "b\n").commit("one");
    lab.write("a.rs", "keep\nnew!\nkeep\n").write("Makefile", "e\u{301}\n").write("b.rs", "bb").commit("two");
    let changes = lab.changes_of(&lab.id("HEAD")).unwrap();
    let expected = "[{\"extension\":null,\"counts\":{\"é\":2}},\
        {\"extension\":\"rs\",\"counts\":{\"!\":1,\"b\":3,\"d\":1,\"e\":1,\"l\":1,\"n\":1,\"o\":1,\"w\":1}}]";
    assert_eq!(serde_json::to_string(&changes.graphemes).unwrap(), expected);
}

#[test]
fn packing_changes_no_answer() {
    let lab = Lab::new();
    let mut text = (0..400).map(|line| format!("line {line}\n")).collect::<String>();
    for round in 0..12 {
        text = text.replace(&format!("line {}\n", round * 31), &format!("changed {round}\nagain\n"));
        lab.write("file", &text).write(format!("other-{round}"), &text[round..]).commit("step");
    }
    let history = lab.history(&lab.id("HEAD")).unwrap();
    let loose = lab.changes(&history.segments[0]).unwrap();
    lab.git(&["repack", "--quiet", "-a", "-d", "-f", "--depth=50", "--window=50"]);
    assert_eq!(lab.changes(&history.segments[0]).unwrap(), loose);
    lab.assert_as_git();
}

#[test]
fn sha256_repositories_are_read_too() {
    let lab = Lab::initialised(&["--object-format=sha256"]);
    lab.write("a", "1\n").commit("one");
    lab.write("a", "1\n2\n").commit("two");
    assert_eq!(lab.files("HEAD"), "1\t0\ta");
    lab.assert_as_git();
}

#[test]
fn a_huge_file_is_binary() {
    let lab = Lab::new();
    lab.write("huge", "a\n".repeat(16 * 1024 * 1024 + 1))
        .write("large", "a\n".repeat(16 * 1024 * 1024))
        .commit("one");
    assert_eq!(lab.files("HEAD"), "-\t-\thuge\n16777216\t0\tlarge");
}

#[test]
fn many_callers_at_once_get_the_answers_of_one() {
    let lab = Lab::new();
    for round in 0..48 {
        lab.write("a", format!("{round}\n"))
            .write(format!("folder/{}", round % 5), "x\n".repeat(round))
            .commit("step");
    }
    let segment = lab.history(&lab.id("HEAD")).unwrap().segments.remove(0);
    let expected = serde_json::to_value(lab.changes(&segment).unwrap()).unwrap();
    let (repository, known) = (lab.repository(), KnownPairs::default());
    std::thread::scope(|scope| {
        let ask = |commits: &[String]| {
            let key = Segment { commits: commits.to_vec(), cut: Vec::new() };
            serde_json::to_value(changes::changes(&repository, &known, &key).unwrap()).unwrap()
        };
        let callers: Vec<_> =
            segment.commits.chunks(3).map(|commits| scope.spawn(move || ask(commits))).collect();
        for (at, caller) in callers.into_iter().enumerate() {
            let answer = caller.join().unwrap();
            assert_eq!(
                answer["commits"].as_array().unwrap()[..],
                expected["commits"].as_array().unwrap()[3 * at..][..3]
            );
        }
    });
}
