//! Which files run something at installation, by their names, beside manifests.

use probity_sdk::prelude::*;

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A program that builds the package: `setup.py`, `build.rs`, `extconf.rb`, a gemspec.
    Program,
    /// A module that Python runs whenever it starts.
    Startup,
    /// A list of folders that Python looks for modules in, with lines of code.
    Pth,
    /// The tasks of an editor.
    Tasks,
    /// The container that an editor opens the folder in.
    Container,
    /// The build description of an addon for Node.
    Gyp,
}

impl Kind {
    /// Whether the file holds commands rather than being a program.
    pub(crate) fn holds_commands(self) -> bool {
        !matches!(self, Self::Program | Self::Startup)
    }
}

/// What the file at a path is taken for, which may begin in any folder: what depends on the folder above is told by `complete`.
pub(crate) fn kind(path: &str, complete: bool) -> Option<Kind> {
    let bare = path.strip_suffix('"').unwrap_or(path);
    let (folder, name) = bare.rsplit_once('/').unwrap_or(("", bare));
    Some(match name {
        "setup.py" | "build.rs" | "extconf.rb" => Kind::Program,
        "sitecustomize.py" | "usercustomize.py" => Kind::Startup,
        "devcontainer.json" | ".devcontainer.json" => Kind::Container,
        "binding.gyp" => Kind::Gyp,
        "tasks.json"
            if folder == ".vscode" || folder.ends_with("/.vscode") || (folder.is_empty() && !complete) =>
        {
            Kind::Tasks
        }
        _ if name.ends_with(".gemspec") => Kind::Program,
        _ if name.ends_with(".pth") => Kind::Pth,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_and_tasks_by_their_folder_too() {
        for (path, whole, part) in [
            ("setup.py", Some(Kind::Program), Some(Kind::Program)),
            ("a/x.gemspec", Some(Kind::Program), Some(Kind::Program)),
            (".vscode/tasks.json", Some(Kind::Tasks), Some(Kind::Tasks)),
            ("a/.vscode/tasks.json", Some(Kind::Tasks), Some(Kind::Tasks)),
            ("tasks.json", None, Some(Kind::Tasks)),
            ("a/tasks.json", None, None),
            ("mysetup.py", None, None),
        ] {
            assert_eq!((kind(path, true), kind(path, false)), (whole, part), "{path}");
        }
    }
}
