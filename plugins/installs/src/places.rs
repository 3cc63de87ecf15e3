//! What the folders of a path say about a file.

/// Folders with parts of their names that begin so hold what is made up, some of it harmful on purpose.
const MADE_UP: [&str; 8] = ["test", "fixture", "example", "sample", "mock", "snapshot", "template", "demo"];

/// Whether it lies where files are made up.
pub(crate) fn is_made_up(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).to_ascii_lowercase();
    folders
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| MADE_UP.iter().any(|word| part.starts_with(word)))
}

/// The path of what a file names, from the folder of that file; `None` if it leads out of the tree.
pub(crate) fn beside(file: &str, named: &str) -> Option<String> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(named.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty() && !named.starts_with('/')).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_followed_from_the_folder_of_the_file() {
        assert_eq!(beside("a/package.json", "./b/../x.js").as_deref(), Some("a/x.js"));
        assert_eq!(beside("a/package.json", "../x.js").as_deref(), Some("x.js"));
        assert_eq!(beside("package.json", "x.js").as_deref(), Some("x.js"));
        for none in ["../x.js", "/x.js", "."] {
            assert_eq!(beside("package.json", none), None, "{none}");
        }
    }

    #[test]
    fn folders_tell_what_is_made_up() {
        assert!(is_made_up("a/testdata/package.json") && !is_made_up("a/latest/test.json"));
    }
}
