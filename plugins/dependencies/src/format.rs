//! Which files are manifests and lock files, and of which ecosystem.

use probity_sdk::git::path;
use probity_sdk::prelude::*;

/// Where packages of one kind come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ecosystem {
    Npm,
    Cargo,
    Pypi,
    Go,
    /// Gradle takes its packages from there too.
    Maven,
    Rubygems,
    Composer,
}

/// What a file is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    PackageJson,
    /// `package-lock.json`, and `npm-shrinkwrap.json`, which has the same form.
    PackageLock,
    YarnLock,
    PnpmLock,
    /// The configuration of npm and pnpm.
    Npmrc,
    /// The configuration of Yarn 1.
    Yarnrc,
    /// That of later versions.
    YarnrcYml,
    CargoToml,
    CargoLock,
    Requirements,
    Pyproject,
    UvLock,
    PoetryLock,
    GoMod,
    GoSum,
    Pom,
    Gradle,
    /// A version catalogue of Gradle, `libs.versions.toml`.
    GradleCatalogue,
    Gemfile,
    GemfileLock,
    ComposerJson,
    ComposerLock,
}

impl Format {
    /// The format of the file at a path, if it is one that is read.
    pub(crate) fn of_path(file: &str) -> Option<Self> {
        let bytes = path::bytes(file);
        let name = bytes.rsplit(|byte| *byte == b'/').next()?;
        Self::of_name(std::str::from_utf8(name).ok()?)
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "package.json" => Self::PackageJson,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::PackageLock,
            "yarn.lock" => Self::YarnLock,
            "pnpm-lock.yaml" => Self::PnpmLock,
            ".npmrc" => Self::Npmrc,
            ".yarnrc" => Self::Yarnrc,
            ".yarnrc.yml" => Self::YarnrcYml,
            "Cargo.toml" => Self::CargoToml,
            "Cargo.lock" => Self::CargoLock,
            "pyproject.toml" => Self::Pyproject,
            "uv.lock" => Self::UvLock,
            "poetry.lock" => Self::PoetryLock,
            "go.mod" => Self::GoMod,
            "go.sum" => Self::GoSum,
            "pom.xml" => Self::Pom,
            "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts" => Self::Gradle,
            "libs.versions.toml" => Self::GradleCatalogue,
            "Gemfile" | "gems.rb" => Self::Gemfile,
            "Gemfile.lock" | "gems.locked" => Self::GemfileLock,
            "composer.json" => Self::ComposerJson,
            "composer.lock" => Self::ComposerLock,
            _ if is_requirements(name) => Self::Requirements,
            _ => return None,
        })
    }

    pub(crate) fn ecosystem(self) -> Ecosystem {
        match self {
            Self::PackageJson | Self::PackageLock | Self::YarnLock | Self::PnpmLock => Ecosystem::Npm,
            Self::Npmrc | Self::Yarnrc | Self::YarnrcYml => Ecosystem::Npm,
            Self::CargoToml | Self::CargoLock => Ecosystem::Cargo,
            Self::Requirements | Self::Pyproject | Self::UvLock | Self::PoetryLock => Ecosystem::Pypi,
            Self::GoMod | Self::GoSum => Ecosystem::Go,
            Self::Pom | Self::Gradle | Self::GradleCatalogue => Ecosystem::Maven,
            Self::Gemfile | Self::GemfileLock => Ecosystem::Rubygems,
            Self::ComposerJson | Self::ComposerLock => Ecosystem::Composer,
        }
    }
}

impl Format {
    /// Whether it says where packages come from and never which.
    pub(crate) fn is_configuration(self) -> bool {
        matches!(self, Self::Npmrc | Self::Yarnrc | Self::YarnrcYml)
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
}
