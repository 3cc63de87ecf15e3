//! Snapshots of commits.

use std::fs;
use std::path::Path;

use super::super::{Note, RevisionFault, SnapshotError, What, open};
use super::lab::Lab;

/// What is wrong with a revision.
fn fault(lab: &Lab, revision: &str) -> RevisionFault {
    match lab.try_snapshot(What::Rev(revision.into())).unwrap_err() {
        SnapshotError::Revision { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn head_is_what_git_says_however_it_is_stored() {
    let lab = Lab::holding(&[("file", "text")]);
    let (commit, tree) = (lab.git(&["rev-parse", "HEAD"]), lab.git(&["rev-parse", "HEAD^{tree}"]));
    let check = |how: &str| {
        let snapshot = lab.head();
        assert_eq!((&snapshot.commit, &snapshot.tree), (&commit, &tree), "{how}");
        assert!(!snapshot.dirty && snapshot.incomplete.is_none() && snapshot.notes.is_empty());
        assert!(snapshot.shallow.is_empty());
    };
    check("a loose branch, one commit");
    lab.git(&["pack-refs", "--all"]);
    check("a packed branch");
    lab.git(&["gc", "-q"]);
    check("packed objects");
    lab.git(&["checkout", "-q", "--detach"]);
    check("detached");
    fs::write(lab.repo(".git/index"), "not an index").unwrap();
    check("a damaged index is not even looked at");
}

#[test]
fn sha256_repositories_are_read() {
    let lab = Lab::with(&["--object-format=sha256"]);
    let commit = lab.commit(&[("dir/file", "text")]);
    let snapshot = lab.head();
    assert_eq!(snapshot.commit, commit);
    assert_eq!(lab.list(&snapshot), ["dir/file"]);
    lab.write("dir/file", "changed");
    let worktree = lab.worktree();
    assert_eq!(worktree.tree, lab.tree_by_git());
    assert_eq!(lab.show(&worktree, "dir/file"), "changed");
}

#[test]
fn revisions_are_resolved_as_git_does() {
    let lab = Lab::new();
    for number in 0..5 {
        lab.commit(&[("file", &number.to_string())]);
    }
    lab.git(&["tag", "light", "HEAD~1"]);
    lab.git(&["tag", "-a", "-m", "x", "heavy", "HEAD~2"]);
    lab.git(&["tag", "-a", "-m", "x", "twice", "heavy"]);
    lab.git(&["branch", "topic/one", "HEAD~4"]);
    lab.git(&["pack-refs", "--all"]);
    let short = lab.git(&["rev-parse", "--short", "HEAD~3"]);
    let tip = lab.git(&["rev-parse", "HEAD"]);
    for revision in [
        "main",
        "light",
        "heavy",
        "twice",
        "topic/one",
        "HEAD~3",
        "main^",
        "refs/heads/main",
        "@",
        &short,
        &tip,
    ] {
        let snapshot = lab.try_snapshot(What::Rev(revision.into())).unwrap();
        assert_eq!(snapshot.commit, lab.git(&["rev-parse", &format!("{revision}^{{commit}}")]), "{revision}");
        assert_eq!(snapshot.tree, lab.git(&["rev-parse", &format!("{revision}^{{tree}}")]), "{revision}");
    }
}

#[test]
fn what_names_no_commit_is_told_apart() {
    let lab = Lab::new();
    // Ids are found by trying, until two commits begin with the same four digits.
    let mut seen = std::collections::BTreeSet::new();
    let tree = {
        lab.commit(&[("file", "text")]);
        lab.git(&["rev-parse", "HEAD^{tree}"])
    };
    let ambiguous = (0..4000)
        .map(|number| {
            format!("tree {tree}\nauthor A <a> {number} +0000\ncommitter A <a> {number} +0000\n\nx\n")
        })
        .find_map(|text| {
            let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Commit, text.as_bytes())
                .unwrap();
            use gix::objs::Write;
            gix::odb::loose::Store::at(lab.repo(".git/objects"), gix::hash::Kind::Sha1)
                .write_buf(gix::objs::Kind::Commit, text.as_bytes())
                .unwrap();
            let prefix = id.to_string()[..4].to_owned();
            (!seen.insert(prefix.clone())).then_some(prefix)
        })
        .unwrap();
    assert_eq!(fault(&lab, &ambiguous), RevisionFault::Ambiguous);
    assert_eq!(fault(&lab, "nowhere"), RevisionFault::NotFound);
    assert_eq!(fault(&lab, "0123456789012345678901234567890123456789"), RevisionFault::NotFound);
    assert_eq!(fault(&lab, "HEAD^{tree}"), RevisionFault::NotACommit { kind: "tree".into() });
    assert_eq!(fault(&lab, "HEAD:file"), RevisionFault::NotACommit { kind: "blob".into() });
    for revision in ["HEAD~9", "", "a..b", "HEAD..HEAD", "main@{upstream}", "-x", "a b", "\u{1b}[31m"] {
        let fault = fault(&lab, revision);
        assert!(
            matches!(fault, RevisionFault::Unresolvable { .. } | RevisionFault::NotFound),
            "{revision}: {fault}"
        );
    }
    let error = lab.try_snapshot(What::Rev("nowhere".into())).unwrap_err();
    assert_eq!(error.to_string(), "revision \"nowhere\" was not found");
    assert!(error.hint().is_some_and(|hint| hint.contains("git branch --all")));
}

/// The file of a loose object.
fn loose(lab: &Lab, id: &str) -> std::path::PathBuf {
    lab.repo(".git/objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn an_object_under_a_name_that_is_not_its_own_is_corrupt() {
    for victim in ["HEAD", "HEAD^{tree}"] {
        let lab = Lab::holding(&[("file", "1")]);
        let wanted = lab.git(&["rev-parse", victim]);
        lab.commit(&[("file", "2")]);
        let other = loose(&lab, &lab.git(&["rev-parse", victim]));
        lab.git(&["reset", "-q", "--hard", "HEAD~1"]);
        fs::remove_file(loose(&lab, &wanted)).unwrap();
        fs::copy(other, loose(&lab, &wanted)).unwrap();
        let error = lab.try_snapshot(What::Head).unwrap_err();
        assert!(matches!(error, SnapshotError::Corrupt { .. }), "{victim}: {error}");
        assert!(error.to_string().ends_with("its bytes do not match its id"), "{error}");
    }
}

#[test]
fn a_missing_tip_is_missing() {
    for (victim, what) in [("HEAD", "commit"), ("HEAD^{tree}", "tree")] {
        let lab = Lab::holding(&[("file", "1")]);
        let id = lab.git(&["rev-parse", victim]);
        fs::remove_file(loose(&lab, &id)).unwrap();
        let error = lab.try_snapshot(What::Head).unwrap_err();
        assert_eq!(error.to_string(), format!("{what} {id} is missing from the object database"));
        fs::write(loose(&lab, &id), "garbage").unwrap();
        let error = lab.try_snapshot(What::Head).unwrap_err();
        assert!(matches!(error, SnapshotError::Corrupt { .. }), "{error}");
    }
}

#[test]
fn a_head_that_is_no_commit_is_corrupt() {
    let lab = Lab::holding(&[("file", "1")]);
    fs::write(lab.repo(".git/HEAD"), lab.git(&["rev-parse", "HEAD:file"])).unwrap();
    let error = lab.try_snapshot(What::Head).unwrap_err();
    assert!(error.to_string().ends_with("it is a blob"), "{error}");
}

#[test]
fn a_shallow_clone_shows_its_boundary() {
    let lab = Lab::new();
    for number in 0..4 {
        lab.commit(&[("file", &number.to_string())]);
    }
    let url = format!("file://{}", lab.repo("").display());
    lab.git(&["clone", "-q", "--depth=2", &url, "../shallow"]);
    let snapshot = open(&lab.path("shallow")).unwrap().snapshot(&What::Head, &lab.path("cache")).unwrap();
    assert_eq!(snapshot.shallow, [lab.git(&["rev-parse", "HEAD~1"])]);
    let grant = snapshot.git_dir(&lab.path("shim")).unwrap();
    let git_dir = format!("--git-dir={}", grant.git_dir.display());
    assert_eq!(lab.git(&[&git_dir, "rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn a_partial_clone_is_told_and_nothing_is_fetched() {
    let lab = Lab::holding(&[("probity.kdl", "policy"), ("file", "text")]);
    lab.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", lab.repo("").display());
    lab.git(&["clone", "-q", "--bare", "--filter=blob:none", &url, "../partial"]);
    let before = super::lab::state_of(&lab.path("partial"));
    let target = open(&lab.path("partial")).unwrap();
    let snapshot = target.snapshot(&What::Head, &lab.path("cache")).unwrap();
    assert_eq!(snapshot.notes, [Note::PartialClone]);
    let error = target.policy_in(&snapshot).unwrap_err();
    assert!(matches!(error, SnapshotError::Missing { what: "policy", .. }), "{error}");
    assert_eq!(super::lab::state_of(&lab.path("partial")), before);
}

#[test]
fn replacements_grafts_and_the_commit_graph_do_not_count() {
    let lab = Lab::new();
    for number in 0..6 {
        lab.commit(&[("file", &number.to_string())]);
    }
    let (commit, tree) = (lab.git(&["rev-parse", "HEAD"]), lab.git(&["rev-parse", "HEAD^{tree}"]));
    lab.git(&["replace", "HEAD", "HEAD~2"]);
    lab.git(&["replace", "--graft", "HEAD~3"]);
    fs::write(lab.repo(".git/info/grafts"), format!("{}\n", lab.git(&["rev-parse", "HEAD~1"]))).unwrap();
    let check = || {
        let snapshot = lab.head();
        assert_eq!((&snapshot.commit, &snapshot.tree), (&commit, &tree));
        assert_eq!(snapshot.notes, [Note::ReplaceRefs, Note::Grafts]);
        let rev = lab.try_snapshot(What::Rev("HEAD~0".into())).unwrap();
        assert_eq!((&rev.commit, &rev.tree), (&commit, &tree));
        let grant = snapshot.git_dir(&lab.path("shim")).unwrap();
        let git_dir = format!("--git-dir={}", grant.git_dir.display());
        assert_eq!(lab.git(&[&git_dir, "rev-list", "--count", "HEAD"]), "6");
    };
    check();
    lab.git(&["pack-refs", "--all"]);
    check();
}

#[test]
fn a_doctored_commit_graph_does_not_shorten_history() {
    let lab = Lab::new();
    for number in 0..6 {
        lab.commit(&[("file", &number.to_string())]);
    }
    // The graph of a repository in which the history is cut, put where the honest one would lie.
    let cut = lab.git(&["rev-parse", "HEAD~2"]);
    lab.git(&["commit-graph", "write", "--reachable"]);
    let graph = lab.repo(".git/objects/info/commit-graph");
    let mut bytes = fs::read(&graph).unwrap();
    cut_in_graph(&mut bytes, &cut);
    let _ = fs::remove_file(&graph);
    fs::write(&graph, &bytes).unwrap();
    assert_eq!(lab.git(&["rev-list", "--count", "HEAD"]), "3", "git itself is deceived");
    let grant = lab.head().git_dir(&lab.path("shim")).unwrap();
    let git_dir = format!("--git-dir={}", grant.git_dir.display());
    assert_eq!(lab.git(&[&git_dir, "rev-list", "--count", "HEAD"]), "6");
    assert_eq!(
        gix::open(&grant.git_dir).unwrap().head_commit().unwrap().ancestors().all().unwrap().count(),
        6
    );
    let root = lab.try_snapshot(What::Rev("HEAD~5".into())).unwrap();
    assert_eq!(lab.git(&["-c", "core.commitGraph=false", "rev-parse", "HEAD~5"]), root.commit);
}

/// Makes the commit `id` parentless in a commit-graph file, and corrects the file's checksum.
fn cut_in_graph(bytes: &mut Vec<u8>, id: &str) {
    let chunk = |name: &[u8]| {
        let entry =
            (0..usize::from(bytes[6])).map(|number| 8 + number * 12).find(|at| &bytes[*at..*at + 4] == name);
        let at = entry.unwrap() + 4;
        u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
    };
    let (ids, data) = (chunk(b"OIDL"), chunk(b"CDAT"));
    let wanted = gix::ObjectId::from_hex(id.as_bytes()).unwrap();
    let row = (0..).find(|row| &bytes[ids + row * 20..ids + row * 20 + 20] == wanted.as_slice()).unwrap();
    let parents = data + row * 36 + 20;
    bytes[parents..parents + 4].copy_from_slice(&0x7000_0000_u32.to_be_bytes());
    let end = bytes.len() - 20;
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&bytes[..end]);
    bytes.truncate(end);
    bytes.extend_from_slice(hasher.try_finalize().unwrap().as_slice());
}

#[test]
fn the_policy_is_the_snapshots_own() {
    let lab = Lab::holding(&[("file", "text")]);
    let policy = |what: What| {
        let target = lab.open();
        target.policy_in(&target.snapshot(&what, &lab.path("cache")).unwrap()).unwrap()
    };
    assert_eq!(policy(What::Head), None);
    lab.commit(&[("probity.kdl", "committed")]);
    lab.write("probity.kdl", "on disk");
    assert_eq!(policy(What::Head).unwrap(), b"committed");
    assert_eq!(policy(What::Rev("HEAD~1".into())), None);
    assert_eq!(policy(What::Worktree).unwrap(), b"on disk");
    lab.write("probity.kdl", vec![b'x'; (256 << 10) + 1]);
    let target = lab.open();
    let error = target.policy_in(&lab.worktree()).unwrap_err();
    assert!(matches!(error, SnapshotError::TooBig { .. }), "{error}");
}

#[test]
fn the_git_directory_is_made_once_and_grants_only_objects() {
    let lab = Lab::holding(&[("file", "text")]);
    let snapshot = lab.head();
    let grant = snapshot.git_dir(&lab.path("session/git")).unwrap();
    assert_eq!(grant.read, [lab.path("session/git"), lab.repo(".git/objects")]);
    assert_eq!(fs::read_to_string(grant.git_dir.join("HEAD")).unwrap(), format!("{}\n", snapshot.commit));
    let before = super::lab::state_of(Path::new(&grant.git_dir));
    assert_eq!(snapshot.git_dir(&lab.path("session/git")).unwrap(), grant);
    assert_eq!(super::lab::state_of(Path::new(&grant.git_dir)), before);
    assert_eq!(lab.git(&[&format!("--git-dir={}", grant.git_dir.display()), "fsck", "--full"]), "");
}

#[test]
fn a_pipe_in_place_of_an_object_does_not_hold_us_up() {
    let lab = Lab::holding(&[("file", "1")]);
    let path = loose(&lab, &lab.git(&["rev-parse", "HEAD"]));
    fs::remove_file(&path).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let error = lab.try_snapshot(What::Head).unwrap_err();
    assert!(error.to_string().ends_with("it is not a regular file"), "{error}");
}
