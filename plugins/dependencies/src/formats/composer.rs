//! `composer.json` and `composer.lock`.

use crate::read::json::{Object, place, text as text_of};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Locked, Role, Said, Script};

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
    scripts(text, &root, &mut lines, &mut said)?;
    repositories(text, &root, &mut lines, &mut said);
    let config = root.object("config")?;
    if let Some(value) = config.get("secure-http").filter(|value| value.get() == "false") {
        said.registry(Role::Trusted, "", None, lines.line(place(text, value)));
    }
    Ok(said)
}

/// Each event has a command or a list of them.
fn scripts(text: &str, root: &Object<'_>, lines: &mut Lines<'_>, said: &mut Said) -> Result<(), ReadError> {
    for (name, value) in root.object("scripts")?.0 {
        let line = lines.line(place(text, value));
        let list: Vec<serde_json::Value> = serde_json::from_str(value.get()).unwrap_or_default();
        let commands = list.into_iter().filter_map(|one| one.as_str().map(str::to_owned));
        for command in text_of(value).into_iter().chain(commands) {
            said.scripts.push(Script { name: name.clone(), command, line });
        }
    }
    Ok(())
}

/// A list, or an object with names.
fn repositories(text: &str, root: &Object<'_>, lines: &mut Lines<'_>, said: &mut Said) {
    let Some(value) = root.get("repositories") else { return };
    let line = lines.line(place(text, value));
    let list: Vec<serde_json::Value> = match serde_json::from_str(value.get()) {
        Ok(serde_json::Value::Array(list)) => list,
        Ok(serde_json::Value::Object(members)) => members.into_iter().map(|(_, value)| value).collect(),
        _ => return,
    };
    for address in list.iter().filter_map(|repository| repository["url"].as_str()) {
        said.registry(Role::More, address, None, line);
    }
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
