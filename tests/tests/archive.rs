//! The archive of a release beside the tree of its tag, by the whole program: a file outside of the target that a policy names and grants.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use probity_tests::{Lab, Repository, Run};
use tar::{Builder, Header};

const CONFIGURE: &str = "AC_INIT([x], [1.0])\n";
const MACRO: &str = "# build-to-host.m4 serial 3\nAC_DEFUN([gl_BUILD_TO_HOST])\n";
const CHANGED: &str = "# build-to-host.m4 serial 30\ngl_am=`grep -aErls pattern $srcdir/`; eval $gl_am\n";

struct Release {
    lab: Lab,
    repository: Repository,
}

impl Release {
    /// A repository of xz's shape, with the tag `v1.0` and a commit after it.
    fn new() -> Release {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        repository.write("configure.ac", CONFIGURE).write("src/a.c", "int a;\n").write("m4/own.m4", "x\n");
        repository.commit("release");
        repository.git([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "tag",
            "-a",
            "-m",
            "one",
            "v1.0",
        ]);
        repository.write("src/a.c", "int b;\n").commit("after it");
        Release { lab, repository }
    }

    /// Writes the archive, and a policy beside it that grants it.
    fn policy(&self, archive: &[u8], config: &str) -> PathBuf {
        self.lab.file("policies/dist/x-1.0.tar.gz", archive);
        let text = format!(
            "plugins {{ plugin \"archive\" {{\n  grant {{ file \"dist/x-1.0.tar.gz\"; }}\n  \
             config {{ file \"dist/x-1.0.tar.gz\"; {config} }}\n}} }}\n\
             analyze {{ investigate policy=\"score > 0.5\"; analysis \"release-archive\" plugin=\"archive\"; }}\n"
        );
        self.lab.file("policies/policy.kdl", text)
    }

    fn check(&self, policy: &Path) -> Run {
        self.lab.check(self.repository.path(), &["--policy", policy.to_str().unwrap()])
    }

    /// The tag's archive as git makes it.
    fn of_git(&self, further: &[&str]) -> Vec<u8> {
        let file = self.lab.path("made.tar.gz");
        let arguments = ["archive", "--prefix=x-1.0/", "-o", file.to_str().unwrap()];
        self.repository.git(arguments.into_iter().chain(further.iter().copied()).chain(["v1.0"]));
        std::fs::read(file).unwrap()
    }
}

/// The report's words on one line, however they were wrapped.
fn words(run: &Run) -> String {
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = Header::new_ustar();
        header.set_size(content.len() as u64);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn what_git_makes_of_the_tag_passes_and_a_new_tag_and_a_new_commit_read_nothing_anew() {
    let mut release = Release::new();
    let policy = release.policy(&release.of_git(&[]), "tag \"v1.0\"");
    let run = release.check(&policy).expect(0);
    assert!(run.ran().contains(&"archive/compared".to_owned()), "{:?}", run.ran());
    assert!(!run.stdout.contains("archive-"), "{}", run.stdout);
    assert_eq!(release.check(&policy).expect(0).ran(), [""; 0]);
    release.repository.write("src/a.c", "int c;\n").commit("one more");
    release.repository.git(["tag", "v1.1"]);
    assert_eq!(release.check(&policy).expect(0).ran(), ["archive/differences"]);
    let policy = release.policy(&release.of_git(&["--format=zip"]), "tag \"v1.0\"");
    let run = release.check(&policy).expect(0);
    assert!(run.ran().contains(&"archive/compared".to_owned()), "other bytes are looked at: {:?}", run.ran());
    let policy = release.policy(&release.of_git(&[]), "");
    let run = release.check(&policy).expect(1);
    assert!(words(&run).contains("archive-changed-file (medium)"), "HEAD is not the tag: {}", run.stdout);
}

#[test]
fn the_trigger_of_xz_is_found_in_the_archive_and_not_in_the_tree() {
    let release = Release::new();
    let tree: [(&str, &[u8]); 3] = [
        ("x-1.0/configure.ac", CONFIGURE.as_bytes()),
        ("x-1.0/src/a.c", b"int a;\n"),
        ("x-1.0/m4/own.m4", b"x\n"),
    ];
    let with = |further: &[(&str, &[u8])]| packed(&[&tree[..], further].concat());
    let generated: (&str, &[u8]) = ("x-1.0/configure", b"#!/bin/sh\n");
    let run = release.check(&release.policy(&with(&[generated]), "tag \"v1.0\"")).expect(0);
    assert!(words(&run).contains("pass 1 entry"), "what is generated is noted: {}", run.stdout);
    let changed = with(&[generated, ("x-1.0/m4/build-to-host.m4", CHANGED.as_bytes())]);
    let run = release.check(&release.policy(&changed, "tag \"v1.0\"")).expect(1);
    assert!(words(&run).contains("archive-extra-build-file (medium)"), "{}", run.stdout);
    assert!(
        words(&run).contains("serial \"30\"") && words(&run).contains("m4/build-to-host.m4"),
        "{}",
        run.stdout
    );

    let mut release = Release::new();
    release.repository.write("m4/build-to-host.m4", MACRO).commit("have the macro in the tree");
    release.repository.git(["tag", "-f", "v1.0"]);
    let run = release.check(&release.policy(&changed, "tag \"v1.0\"")).expect(1);
    assert!(words(&run).contains("archive-changed-file (high)"), "{}", run.stdout);
}

#[test]
fn a_package_of_npm_is_compared_without_its_folder() {
    let release = Release::new();
    let files: [(&str, &[u8]); 3] = [
        ("package/configure.ac", CONFIGURE.as_bytes()),
        ("package/src/a.c", b"int a;\n"),
        ("package/package.json", b"{\"scripts\": {\"preinstall\": \"node evil.js\"}}"),
    ];
    let run = release.check(&release.policy(&packed(&files[..2]), "tag \"v1.0\"")).expect(0);
    assert!(words(&run).contains("pass 1 entry"), "what is left out is noted: {}", run.stdout);
    let run = release.check(&release.policy(&packed(&files), "tag \"v1.0\"")).expect(1);
    assert!(words(&run).contains("npm run its script preinstall"), "{}", run.stdout);
}

/// The names of all that lies below a folder, caches and scratch folders included.
fn names_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            names.push(entry.file_name().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    names
}

#[test]
fn a_hostile_archive_is_found_or_refused_and_writes_nothing() {
    let release = Release::new();
    let out = packed(&[("x-1.0/configure.ac", CONFIGURE.as_bytes()), ("../../out-of-it", b"x")]);
    let run = release.check(&release.policy(&out, "tag \"v1.0\"")).expect(1);
    assert!(words(&run).contains("archive-odd-entry (high)"), "{}", run.stdout);
    assert!(words(&run).contains("leads out of the folder: \"../../out-of-it\""), "{}", run.stdout);
    let written = names_below(&release.lab.path("."));
    assert!(written.iter().any(|name| name == "policy.kdl"), "the lab is looked through: {written:?}");
    assert!(!written.iter().any(|name| name.contains("out-of-it")), "{written:?}");

    // A megabyte that says that it is a gigabyte and a half.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for entry in 0..15 {
        let mut header = Header::new_ustar();
        header.set_path(format!("x-1.0/{entry}")).unwrap();
        header.set_size(100 << 20);
        header.set_cksum();
        bomb.write_all(header.as_bytes()).unwrap();
        for _ in 0..100 {
            bomb.write_all(&zeros).unwrap();
        }
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 16 << 20, "{}", bomb.len());
    let run = release.check(&release.policy(&bomb, "tag \"v1.0\"")).expect(10);
    assert!(words(&run).contains("it holds more than 1073741824 bytes of content"), "{}", run.stdout);
}

#[test]
fn without_an_archive_a_grant_or_the_tag_it_abstains_and_says_what_to_do() {
    let release = Release::new();
    let archive = release.of_git(&[]);
    let run = release.check(&release.policy(&archive, "tag \"v2.0\"")).expect(3);
    assert!(words(&run).contains("there is no tag \"v2.0\""), "{}", run.stdout);
    let plain = "analyze { investigate policy=\"score > 0.5\"; analysis \"release-archive\" plugin=\"archive\" CONFIG; }\n";
    for (config, told) in [
        ("", "no archive is named"),
        ("{ file \"dist/x-1.0.tar.gz\"; }", "grant { file \"dist/x-1.0.tar.gz\" }"),
    ] {
        let policy = release.lab.file("policies/other.kdl", plain.replace("CONFIG", config));
        let run = release.check(&policy).expect(3);
        assert!(words(&run).contains(told), "{}", run.stdout);
    }
    let policy = release.policy(b"\xfd7zXZ\0\xff", "tag \"v1.0\"");
    assert!(words(&release.check(&policy).expect(3)).contains("packed by xz cannot be read here"));
}

#[test]
fn an_archive_that_is_not_there_is_told_with_the_folder_where_it_was_looked_for() {
    let release = Release::new();
    let policy = release.policy(b"", "tag \"v1.0\"");
    let file = release.lab.path("policies/dist/x-1.0.tar.gz");
    std::fs::remove_file(&file).unwrap();
    let told = format!(
        "note: probity/core/archive may see file \"dist/x-1.0.tar.gz\", but nothing lies at {} \
         (the policy's folder is where a relative path begins)\n",
        file.display()
    );
    let run = release.check(&policy).expect(3);
    assert!(run.stdout.contains("there is no file \"dist/x-1.0.tar.gz\""), "{}", run.stdout);
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    let policy = release.policy(&release.of_git(&[]), "tag \"v1.0\"");
    let run = release.check(&policy).expect(0);
    assert!(!run.stderr.contains("nothing lies at"), "{}", run.stderr);
}
