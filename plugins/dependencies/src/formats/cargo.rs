//! `Cargo.toml` and `Cargo.lock`.

use toml::de::DeTable;

use super::pyproject::at_revision;
use crate::read::toml::{Value, at, members, read};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Locked, Said, Script};

const SECTIONS: [(&str, Kind); 5] = [
    ("dependencies", Kind::Normal),
    ("dev-dependencies", Kind::Dev),
    ("dev_dependencies", Kind::Dev),
    ("build-dependencies", Kind::Build),
    ("build_dependencies", Kind::Build),
];

pub(super) fn manifest(text: &str) -> Result<Said, ReadError> {
    let document = read(text)?;
    let root = document.get_ref();
    let name = at(root, &["package", "name"]).and_then(Value::text).map(str::to_owned);
    let mut found: Vec<(usize, Direct)> = Vec::new();
    sections(root, &[], &mut found);
    for (target, ..) in members(root, &["target"]) {
        sections(root, &["target", target], &mut found);
    }
    for (name, place, value) in members(root, &["workspace", "dependencies"]) {
        found.push((place, dependency(name, value, Kind::Shared)));
    }
    for (registry, ..) in members(root, &["patch"]) {
        for (name, place, value) in members(root, &["patch", registry]) {
            found.push((place, dependency(name, value, Kind::Shared)));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    let mut lines = Lines::of(text);
    let direct = found.into_iter().map(|(place, direct)| direct.line(lines.line(place))).collect();
    let build = at(root, &["package", "build"]);
    let script = build.and_then(|build| {
        let (name, command) = ("build".to_owned(), build.text()?.to_owned());
        Some(Script { name, command, line: lines.line(build.place) })
    });
    Ok(Said { name, direct, scripts: script.into_iter().collect(), ..Said::default() })
}

fn sections(root: &DeTable<'_>, path: &[&str], found: &mut Vec<(usize, Direct)>) {
    for (section, kind) in SECTIONS {
        for (name, place, value) in members(root, &[path, &[section]].concat()) {
            found.push((place, dependency(name, value, kind)));
        }
    }
}

fn dependency(name: &str, value: Value<'_, '_>, kind: Kind) -> Direct {
    let real = value.text_at("package");
    let direct = Direct {
        optional: value.flag_at("optional"),
        alias: real.map(|_| name.to_owned()),
        ..Direct::new(real.unwrap_or(name), kind)
    };
    let direct = direct.requirement(value.text().or_else(|| value.text_at("version")));
    match (value.text_at("git"), value.text_at("path")) {
        (Some(git), _) => direct.source("git", &at_revision(git, value)),
        (None, Some(path)) => direct.source("path", path),
        (None, None) if value.flag_at("workspace") => direct.source("workspace", ""),
        (None, None) => direct,
    }
}

pub(super) fn lock(text: &str) -> Result<Said, ReadError> {
    let document = read(text)?;
    let root = document.get_ref();
    let packages = at(root, &["package"]).map(Value::list).unwrap_or_default();
    let locked = |package: Value<'_, '_>| {
        let of = |name: &str| package.text_at(name);
        let (name, version, source) = (of("name")?, of("version"), of("source"));
        // Before version 2 all checksums stand at the end, under the package's whole name.
        let elsewhere = || {
            let key = format!("checksum {name} {} ({})", version?, source?);
            at(root, &["metadata", &key])?.text().filter(|sum| *sum != "<none>")
        };
        Some(Locked {
            name: name.to_owned(),
            version: version.map(str::to_owned),
            source: source.map(str::to_owned),
            integrity: of("checksum").or_else(elsewhere).map(str::to_owned),
            dev: false,
        })
    };
    Ok(Said { locked: packages.into_iter().filter_map(locked).collect(), ..Said::default() })
}
