//! Of which ecosystem a manifest or lock file is.

use probity_sdk::dependencies::Format;
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

impl Ecosystem {
    /// That of a format.
    pub(crate) fn of(format: Format) -> Self {
        match format {
            Format::PackageJson | Format::PackageLock | Format::YarnLock | Format::PnpmLock => Self::Npm,
            Format::Npmrc | Format::Yarnrc | Format::YarnrcYml => Self::Npm,
            Format::CargoToml | Format::CargoLock => Self::Cargo,
            Format::Requirements | Format::Pyproject | Format::UvLock | Format::PoetryLock => Self::Pypi,
            Format::GoMod | Format::GoSum => Self::Go,
            Format::Pom | Format::Gradle | Format::GradleCatalogue => Self::Maven,
            Format::Gemfile | Format::GemfileLock => Self::Rubygems,
            Format::ComposerJson | Format::ComposerLock => Self::Composer,
        }
    }
}
