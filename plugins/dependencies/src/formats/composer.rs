//! `composer.json` and `composer.lock`.

use crate::read::json::{Object, place, text as text_of};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Locked, Said};

pub(super) fn manifest(text: &str) -> Result<Said, ReadError> {
    let root = Object::read(text)?;
    let mut lines = Lines::of(text);
    let mut said = Said { name: root.text("name"), ..Said::default() };
    for (section, kind) in [("require", Kind::Normal), ("require-dev", Kind::Dev)] {
        // What has no slash is the platform: php, ext-json, lib-icu.
        let packages = root.object(section)?.0.into_iter().filter(|(name, _)| name.contains('/'));
        for (name, value) in packages {
            let line = lines.line(place(text, value));
            said.direct.push(Direct::new(name, kind).requirement(text_of(value).as_deref()).line(line));
        }
    }
    Ok(said)
}

pub(super) fn lock(text: &str) -> Result<Said, ReadError> {
    let root = Object::read(text)?;
    let mut said = Said::default();
    for (section, dev) in [("packages", false), ("packages-dev", true)] {
        let Some(list) = root.get(section).filter(|list| list.get() != "null") else { continue };
        let packages: Vec<Object<'_>> = serde_json::from_str(list.get()).map_err(ReadError::malformed)?;
        for package in packages {
            let (dist, source) = (package.object("dist")?, package.object("source")?);
            let reference = source.text("reference").map(|reference| format!("git:{reference}"));
            said.locked.push(Locked {
                name: package
                    .text("name")
                    .ok_or(ReadError::Other("a lock file of Composer: a package has no name"))?,
                version: package.text("version"),
                source: dist.text("url").or_else(|| source.text("url")),
                // Most archives have no sum; then the commit pins the content.
                integrity: dist.text("shasum").filter(|sum| !sum.is_empty()).or(reference),
                dev,
            });
        }
    }
    Ok(said)
}
