//! Trees of a real repository, by what git lists.

use crate::git::{FileKind, Folder, SubFolder, TreeFile};

/// One level of a tree, as `git/folder` tells it of a large one, from what `git ls-tree TREE` prints of it.
///
/// # Panics
/// If it is no such listing.
pub fn level(ls_tree: &str) -> Folder {
    let mut folder = Folder { files: Vec::new(), folders: Vec::new() };
    for line in ls_tree.lines() {
        let (entry, path) = line.split_once('\t').expect("a tab is before the path");
        let words: Vec<&str> = entry.split(' ').collect();
        let (path, id) = (path.to_owned(), words[2].to_owned());
        match words[0] {
            "040000" => folder.folders.push(SubFolder { path, id }),
            "120000" => folder.files.push(TreeFile { path, id, kind: FileKind::Symlink }),
            _ => folder.files.push(TreeFile { path, id, kind: FileKind::File }),
        }
    }
    folder
}
