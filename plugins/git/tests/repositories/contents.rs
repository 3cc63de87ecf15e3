//! Files of trees, and what blobs hold.

use crate::lab::Lab;
use probity_plugin_git::shapes::{ContentsKey, Segment, SignatureKind, TextKey, TreeKey};
use probity_plugin_git::{contents, headers, messages, text, tree};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_tree_lists_its_files_by_the_bytes_of_their_paths() {
    let (lab, other) = (Lab::new(), Lab::new());
    other.write("x", "1\n").commit("other");
    lab.write("a/b/c", "1").write("a-b", "2").write("a.b", "3").write(OsStr::from_bytes(b"\xff"), "4");
    lab.write("run", "5");
    std::fs::set_permissions(lab.path("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("run", lab.path("link")).unwrap();
    lab.git(&["submodule", "--quiet", "add", &other.path("").display().to_string(), "module"]);
    lab.commit("one");
    let tree = tree::tree(&lab.repository(), &TreeKey { tree: lab.id("HEAD^{tree}") }).unwrap();
    let rows: Vec<String> = tree.files.iter().map(|file| format!("{} {:?}", file.path, file.kind)).collect();
    let expected = [
        ".gitmodules File",
        "a-b File",
        "a.b File",
        "a/b/c File",
        "link Symlink",
        "module Submodule",
        "run Executable",
        "\"\\377\" File",
    ];
    assert_eq!(rows, expected);
    assert_eq!(tree.files[3].id, lab.id("HEAD:a/b/c"));
    assert_eq!(tree.files[5].id, other.id("HEAD"));
}

#[test]
fn the_empty_tree_has_no_files() {
    let lab = Lab::new();
    let id = lab.git(&["write-tree"]);
    assert_eq!(tree::tree(&lab.repository(), &TreeKey { tree: id }).unwrap().files, []);
}

#[test]
fn contents_tell_size_and_kind_of_each_blob_in_the_order_asked() {
    let lab = Lab::new();
    lab.write("elf", b"\x7fELF\x02\x01\x01\0").write("text", "text\n");
    lab.write("huge", [&b"%PDF-1.4\n"[..], &vec![b'x'; 33 * 1024 * 1024]].concat()).commit("one");
    let mut blobs: Vec<String> = ["elf", "text", "huge"].map(|name| lab.id(&format!("HEAD:{name}"))).into();
    blobs.sort();
    let contents = contents::contents(&lab.repository(), &ContentsKey { blobs: blobs.clone() }).unwrap();
    assert_eq!(contents.blobs.iter().map(|blob| blob.id.clone()).collect::<Vec<_>>(), blobs);
    let of = |name: &str| {
        let id = lab.id(&format!("HEAD:{name}"));
        let blob = contents.blobs.iter().find(|blob| blob.id == id).unwrap();
        (blob.size, blob.binary, blob.magic.as_deref())
    };
    assert_eq!(of("elf"), (8, true, Some("elf")));
    assert_eq!(of("text"), (5, false, None));
    assert_eq!(of("huge"), (33 * 1024 * 1024 + 9, true, Some("pdf")));
}

/// What `git/folder` lists of a tree: its files, then its folders.
fn folder(lab: &Lab, tree: &str) -> (Vec<String>, Vec<String>) {
    let folder =
        tree::folder(&lab.repository(), &TreeKey { tree: lab.id(tree) }).expect("all its objects are there");
    let files = folder.files.iter().map(|file| format!("{} {:?}", file.path, file.kind));
    (files.collect(), folder.folders.iter().map(|folder| folder.path.clone()).collect())
}

#[test]
fn a_small_folder_is_told_as_a_whole_and_any_other_a_level_at_a_time() {
    let lab = Lab::new();
    for number in 0..250 {
        lab.write(format!("many/{number:03}"), "x");
    }
    lab.write("a-b", "1").write("a/b/c", "2").write(OsStr::from_bytes(b"\xff/d"), "3");
    symlink("a-b", lab.path("link")).unwrap();
    lab.commit("one");
    let (files, folders) = folder(&lab, "HEAD^{tree}");
    assert_eq!(files, ["a-b File", "link Symlink"]);
    assert_eq!(folders, ["a", "many", "\"\\377\""]);
    assert_eq!(folder(&lab, "HEAD:a"), (vec!["b/c File".to_owned()], vec![]));
    let (files, folders) = folder(&lab, "HEAD:many");
    assert_eq!((files.len(), files[249].as_str(), folders.len()), (250, "249 File", 0));
    lab.write("many/x/250", "x").write("many/y/251", "x").write("many/252", "x").write("many/z/253", "x");
    lab.commit("two");
    // 251 files and 3 folders directly in it, and 3 files more: too many.
    let (files, folders) = folder(&lab, "HEAD:many");
    assert_eq!((files.len(), folders), (251, vec!["x".to_owned(), "y".to_owned(), "z".to_owned()]));
}

#[test]
fn however_deep_a_folder_lies_its_level_can_be_told() {
    let lab = Lab::new();
    lab.write("file", "x").commit("one");
    let mut tree = lab.id("HEAD^{tree}");
    for id in lab.trees_around(&tree, 10_000) {
        tree = id;
    }
    let repository = lab.repository();
    let folder = tree::folder(&repository, &TreeKey { tree: tree.clone() }).unwrap();
    assert_eq!((folder.files.len(), folder.folders.len()), (0, 1));
    let error = tree::tree(&repository, &TreeKey { tree: tree.clone() }).unwrap_err();
    assert_eq!(error.to_string(), format!("tree {tree} unfolds into more than 2048 levels"));
}

#[test]
fn text_is_told_as_it_stands_and_anything_else_by_its_size() {
    let lab = Lab::new();
    lab.write("text", "ü\r\n").write("latin", b"caf\xe9").write("elf", b"\x7fELF\0").commit("one");
    let of = |name: &str| {
        let key = TextKey { blob: lab.id(&format!("HEAD:{name}")) };
        let answer = text::text(&lab.repository(), &key).unwrap();
        (answer.size, answer.text)
    };
    assert_eq!(of("text"), (4, Some("ü\r\n".to_owned())));
    assert_eq!(of("latin"), (4, None));
    assert_eq!(of("elf"), (5, None));
}

#[test]
fn messages_tell_subject_and_trailers() {
    let lab = Lab::new();
    let commit = lab.commit("Add a thing (#3)\n\nBecause.\n\nReviewed-by: Eve <eve@example.org>");
    let key = Segment { commits: vec![commit.clone()], cut: Vec::new() };
    let told = messages::messages(&lab.repository(), &key).unwrap();
    assert_eq!(told.commits.len(), 1);
    assert_eq!(
        (told.commits[0].id.as_str(), told.commits[0].subject.as_str()),
        (commit.as_str(), "Add a thing (#3)")
    );
    assert_eq!(told.commits[0].end, "Because.\nReviewed-by: Eve <eve@example.org>");
}

#[test]
fn headers_tell_time_zones_and_the_kind_of_a_signature() {
    let lab = Lab::new();
    let plain = lab.commit("Plain");
    let tree = lab.id("HEAD^{tree}");
    let signed = |header: &str| {
        let people =
            "author Ada <ada@example.org> 1700000000 -0330\ncommitter Bob <bob@example.org> 1700000000 +1300";
        lab.write("commit", format!("tree {tree}\n{people}\n{header}\nA message\ngpgsig none\n"));
        lab.git(&["hash-object", "-t", "commit", "-w", "commit"])
    };
    let openpgp = signed("gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----\n");
    let ssh = signed(
        "encoding ISO-8859-1\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NI\n -----END SSH SIGNATURE-----\n",
    );
    let unsigned = signed("mergetag object 1\n gpgsig -----BEGIN PGP SIGNATURE-----\n");
    let key = Segment { commits: vec![plain, openpgp, ssh, unsigned], cut: Vec::new() };
    let told = headers::headers(&lab.repository(), &key).unwrap();
    let told: Vec<_> = told
        .commits
        .into_iter()
        .map(|header| (header.authored, header.committed, header.signature))
        .collect();
    let made = |kind| (Some(-210), Some(780), kind);
    let expected = [
        (Some(60), Some(0), None),
        made(Some(SignatureKind::Openpgp)),
        made(Some(SignatureKind::Ssh)),
        made(None),
    ];
    assert_eq!(told, expected);
}
