//! Which files are of interest, by their paths.

use std::borrow::Cow;

use probity_sdk::dependencies::{FOREIGN, Format, is_made_up};
use probity_sdk::git::path;

/// Why a change of a file is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest {
    /// It lies where tests are kept.
    pub(crate) test: bool,
    /// It says how the project is built.
    pub(crate) build: bool,
    /// It says what git ignores.
    pub(crate) ignore: bool,
    /// It says what a forge runs.
    pub(crate) automation: bool,
    /// It says what the project depends on.
    pub(crate) manifest: Option<Format>,
}

/// Names of folders in which tests and their data are kept.
const TEST_FOLDERS: [&str; 13] = [
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "fixture",
    "fixtures",
    "corpus",
    "corpora",
    "spec",
    "specs",
    "__tests__",
    "__fixtures__",
];
const BUILD_NAMES: [&str; 12] = [
    "configure",
    "configure.ac",
    "configure.in",
    "cmakelists.txt",
    "build.rs",
    "setup.py",
    "meson.build",
    "binding.gyp",
    "gnumakefile",
    "makefile",
    "build.gradle",
    "build.gradle.kts",
];
const BUILD_EXTENSIONS: [&str; 4] = [".m4", ".cmake", ".mk", ".am"];

impl Interest {
    pub(crate) fn of(path: &str) -> Self {
        let manifest = Format::of_path(path).filter(|format| format.is_manifest());
        let path = readable(path).to_lowercase();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
        // A part of a folder's name will do.
        let own = |_: &Format| !is_made_up(&path) && !FOREIGN.iter().any(|word| folders.contains(word));
        Self {
            test: folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder)),
            build: is_build(name),
            ignore: name == ".gitignore",
            automation: is_automation(folders, name),
            manifest: manifest.filter(own),
        }
    }

    pub(crate) fn any(self) -> bool {
        self.test || self.build || self.ignore || self.automation || self.manifest.is_some()
    }

    /// Whether it matters what was there before.
    pub(crate) fn compares(self) -> bool {
        self.ignore || self.automation || self.manifest.is_some()
    }
}

/// A path as people read it; what is not UTF-8 is replaced.
pub(crate) fn readable(path: &str) -> Cow<'_, str> {
    match path::bytes(path) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Whether a file of this name, in lower case, says how something is built.
fn is_build(name: &str) -> bool {
    BUILD_NAMES.contains(&name)
        || name.starts_with("makefile.")
        || BUILD_EXTENSIONS.iter().any(|extension| name.ends_with(extension))
}

/// Whether a build may run or read this file: what is looked into for the names of files.
pub(crate) fn may_build(path: &str) -> bool {
    let path = readable(path).to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    is_build(name) || name.ends_with(".sh")
}

fn is_automation(folders: &str, name: &str) -> bool {
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    match folders {
        ".github/workflows" | ".gitea/workflows" | ".forgejo/workflows" => yaml,
        ".circleci" => yaml,
        "" => {
            [".gitlab-ci.yml", "azure-pipelines.yml", ".travis.yml", "bitbucket-pipelines.yml", "jenkinsfile"]
                .contains(&name)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_of_interest_for_what_it_is() {
        let of = Interest::of;
        assert!(of("tests/files/a.xz").test && of("a/TestData/x").test && of("spec/x").test);
        assert!(!of("tests").test && !of("latest/x").test && !of("src/a.rs").any());
        assert!(of("m4/x.m4").build && of("src/Makefile.am").build && of("build.rs").build);
        assert!(!of("makefiles/x").build && of("tests/CMakeLists.txt").build);
        assert!(of("m4/.gitignore").ignore && !of("gitignore").ignore);
        assert!(of(".github/workflows/x.yml").automation && of(".gitlab-ci.yml").automation);
        assert!(
            !of("docs/.github/workflows/x.yml").automation && !of(".github/workflows/README.md").automation
        );
        assert_eq!(of("a/package.json").manifest, Some(Format::PackageJson));
        for name in ["requirements-dev.txt", "dev-requirements.txt", "requirements.in"] {
            assert_eq!(of(name).manifest, Some(Format::Requirements), "{name}");
        }
        assert_eq!(of("settings.gradle.kts").manifest, Some(Format::Gradle));
        for none in [
            "tests/fixtures/package.json",
            "a/Vendored/package.json",
            "Samples/go.mod",
            "package-lock.json",
            "go.sum",
            ".npmrc",
        ] {
            assert_eq!(of(none).manifest, None, "{none}");
        }
        assert!(of(r#""caf\351/tests/x""#).test);
        assert!(may_build("tests/run.SH") && may_build("configure.ac") && !may_build("a.c"));
    }
}
