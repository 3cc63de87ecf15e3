//! Which files are manifests and lock files, by their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::git::path;

/// What a file is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `package.json`.
    PackageJson,
    /// `package-lock.json`, and `npm-shrinkwrap.json`, which has the same form.
    PackageLock,
    /// `yarn.lock`.
    YarnLock,
    /// `pnpm-lock.yaml`.
    PnpmLock,
    /// The configuration of npm and pnpm.
    Npmrc,
    /// The configuration of Yarn 1.
    Yarnrc,
    /// That of later versions.
    YarnrcYml,
    /// `Cargo.toml`.
    CargoToml,
    /// `Cargo.lock`.
    CargoLock,
    /// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.in` and the like.
    Requirements,
    /// `pyproject.toml`.
    Pyproject,
    /// `uv.lock`.
    UvLock,
    /// `poetry.lock`.
    PoetryLock,
    /// `go.mod`.
    GoMod,
    /// `go.sum`.
    GoSum,
    /// `pom.xml`.
    Pom,
    /// `build.gradle` and `settings.gradle`, in either language.
    Gradle,
    /// A version catalogue of Gradle, `libs.versions.toml`.
    GradleCatalogue,
    /// `Gemfile`, and `gems.rb`, which has the same form.
    Gemfile,
    /// `Gemfile.lock` and `gems.locked`.
    GemfileLock,
    /// `composer.json`.
    ComposerJson,
    /// `composer.lock`.
    ComposerLock,
}

impl Format {
    /// The format of the file at a path, as `git` writes it, if it is one that `dependencies` reads.
    pub fn of_path(file: &str) -> Option<Format> {
        let bytes = path::bytes(file);
        let name = bytes.rsplit(|byte| *byte == b'/').next()?;
        Format::of_name(std::str::from_utf8(name).ok()?)
    }

    fn of_name(name: &str) -> Option<Format> {
        Some(match name {
            "package.json" => Format::PackageJson,
            "package-lock.json" | "npm-shrinkwrap.json" => Format::PackageLock,
            "yarn.lock" => Format::YarnLock,
            "pnpm-lock.yaml" => Format::PnpmLock,
            ".npmrc" => Format::Npmrc,
            ".yarnrc" => Format::Yarnrc,
            ".yarnrc.yml" => Format::YarnrcYml,
            "Cargo.toml" => Format::CargoToml,
            "Cargo.lock" => Format::CargoLock,
            "pyproject.toml" => Format::Pyproject,
            "uv.lock" => Format::UvLock,
            "poetry.lock" => Format::PoetryLock,
            "go.mod" => Format::GoMod,
            "go.sum" => Format::GoSum,
            "pom.xml" => Format::Pom,
            "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts" => Format::Gradle,
            "libs.versions.toml" => Format::GradleCatalogue,
            "Gemfile" | "gems.rb" => Format::Gemfile,
            "Gemfile.lock" | "gems.locked" => Format::GemfileLock,
            "composer.json" => Format::ComposerJson,
            "composer.lock" => Format::ComposerLock,
            _ if is_requirements(name) => Format::Requirements,
            _ => return None,
        })
    }

    /// Whether it says where packages come from and never which.
    pub fn is_configuration(self) -> bool {
        matches!(self, Format::Npmrc | Format::Yarnrc | Format::YarnrcYml)
    }

    /// Whether it says which packages are asked for, and does not merely pin them.
    pub fn is_manifest(self) -> bool {
        let javascript = matches!(self, Format::PackageLock | Format::YarnLock | Format::PnpmLock);
        let python = matches!(self, Format::UvLock | Format::PoetryLock);
        let other =
            matches!(self, Format::CargoLock | Format::GoSum | Format::GemfileLock | Format::ComposerLock);
        !javascript && !python && !other && !self.is_configuration()
    }
}

/// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt` and the like.
fn is_requirements(name: &str) -> bool {
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    stem.is_some_and(|stem| stem.starts_with("requirements") || stem.ends_with("requirements"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_wherever_they_lie() {
        assert_eq!(Format::of_path("a/b/package.json"), Some(Format::PackageJson));
        assert_eq!(Format::of_path(r#""caf\351/Cargo.toml""#), Some(Format::CargoToml));
        for name in ["requirements.txt", "requirements-dev.txt", "dev_requirements.txt", "requirements.in"] {
            assert_eq!(Format::of_path(name), Some(Format::Requirements), "{name}");
        }
        for none in
            ["package.json.bak", "Package.json", "x.txt", "requirements.md", "cargo.toml", "go.mod/x", ""]
        {
            assert_eq!(Format::of_path(none), None, "{none}");
        }
    }

    #[test]
    fn manifests_ask_and_neither_pin_nor_configure() {
        for manifest in ["package.json", "go.mod", "gems.rb", "libs.versions.toml", "settings.gradle"] {
            assert!(Format::of_path(manifest).unwrap().is_manifest(), "{manifest}");
        }
        for none in ["npm-shrinkwrap.json", "go.sum", "gems.locked", "pnpm-lock.yaml", ".yarnrc.yml"] {
            assert!(!Format::of_path(none).unwrap().is_manifest(), "{none}");
        }
    }
}
