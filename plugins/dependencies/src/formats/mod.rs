//! What a file says, by its format: one file for the manifests and one for the lock files of each ecosystem.

mod cargo;
mod composer;
mod gemfile;
mod go;
mod gradle;
mod npm;
mod npm_locks;
mod npm_settings;
mod pom;
mod pyproject;
mod python_locks;
mod requirements;
mod yarn;

use probity_sdk::dependencies::Format;

use crate::read::ReadError;
use crate::shapes::Said;

/// Longer names, versions and addresses are cut: nobody honest writes them.
const LONGEST_WORD: usize = 2000;

/// What `text` says as a file of this format.
pub(crate) fn said(format: Format, text: &str) -> Said {
    let said = match format {
        Format::PackageJson => npm::manifest(text),
        Format::PackageLock => npm_locks::package_lock(text),
        Format::YarnLock => yarn::lock(text),
        Format::PnpmLock => npm_locks::pnpm(text),
        Format::Npmrc => Ok(npm_settings::npmrc(text)),
        Format::Yarnrc => Ok(npm_settings::yarnrc(text)),
        Format::YarnrcYml => npm_settings::yarnrc_yml(text),
        Format::CargoToml => cargo::manifest(text),
        Format::CargoLock => cargo::lock(text),
        Format::Requirements => Ok(requirements::requirements(text)),
        Format::Pyproject => pyproject::manifest(text),
        Format::UvLock => python_locks::uv(text),
        Format::PoetryLock => python_locks::poetry(text),
        Format::GoMod => Ok(go::manifest(text)),
        Format::GoSum => Ok(go::sums(text)),
        Format::Pom => pom::manifest(text),
        Format::Gradle => Ok(gradle::script(text)),
        Format::GradleCatalogue => gradle::catalogue(text),
        Format::Gemfile => Ok(gemfile::manifest(text)),
        Format::GemfileLock => Ok(gemfile::lock(text)),
        Format::ComposerJson => composer::manifest(text),
        Format::ComposerLock => composer::lock(text),
    };
    bounded(said.unwrap_or_else(|error: ReadError| Said::problem(error.to_string())))
}

fn bounded(mut said: Said) -> Said {
    for direct in &mut said.direct {
        cut(&mut direct.name);
        [&mut direct.requirement, &mut direct.source, &mut direct.alias].into_iter().flatten().for_each(cut);
    }
    for locked in &mut said.locked {
        cut(&mut locked.name);
        [&mut locked.version, &mut locked.source, &mut locked.integrity].into_iter().flatten().for_each(cut);
    }
    for registry in &mut said.registries {
        cut(&mut registry.address);
        registry.name.as_mut().map(cut);
    }
    for script in &mut said.scripts {
        cut(&mut script.name);
        cut(&mut script.command);
    }
    said.name.as_mut().map(cut);
    said.nested.iter_mut().for_each(cut);
    said.notes.iter_mut().for_each(|note| cut(&mut note.message));
    said.problem.as_mut().map(cut);
    said
}

fn cut(text: &mut String) {
    if text.len() > LONGEST_WORD {
        let end = text.floor_char_boundary(LONGEST_WORD);
        text.truncate(end);
    }
}
