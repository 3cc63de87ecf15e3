//! `pyproject.toml`: the project's table, dependency groups, what the build needs, and the tables of Poetry and uv.

use toml::de::DeTable;

use super::requirements;
use crate::read::toml::{Value, at, members, read};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Note, Registry, Role, Said, Script};

#[derive(Default)]
struct Found {
    direct: Vec<(usize, Direct)>,
    unknown: Vec<(usize, String)>,
    registries: Vec<(usize, Registry)>,
}

pub(super) fn manifest(text: &str) -> Result<Said, ReadError> {
    let document = read(text)?;
    let root = document.get_ref();
    let name = at(root, &["project", "name"]).or_else(|| at(root, &["tool", "poetry", "name"]));
    let name = name.and_then(Value::text).map(str::to_owned);
    let mut found = Found::default();
    found.list(at(root, &["project", "dependencies"]), Kind::Normal, false);
    for (_, _, extra) in members(root, &["project", "optional-dependencies"]) {
        found.list(Some(extra), Kind::Normal, true);
    }
    for (_, _, group) in members(root, &["dependency-groups"]) {
        found.list(Some(group), Kind::Dev, false);
    }
    found.list(at(root, &["build-system", "requires"]), Kind::Build, false);
    found.list(at(root, &["tool", "uv", "dev-dependencies"]), Kind::Dev, false);
    found.poetry(root, &["tool", "poetry", "dependencies"], Kind::Normal);
    found.poetry(root, &["tool", "poetry", "dev-dependencies"], Kind::Dev);
    for (group, ..) in members(root, &["tool", "poetry", "group"]) {
        found.poetry(root, &["tool", "poetry", "group", group, "dependencies"], Kind::Dev);
    }
    let dynamic = at(root, &["project", "dynamic"]).map(Value::list).unwrap_or_default();
    for value in dynamic.iter().filter(|value| value.text() == Some("dependencies")) {
        found.unknown.push((value.place, "the dependencies are computed by the build".to_owned()));
    }
    found.registries(root);
    let mut said = found.told(text, name);
    said.scripts = backend(text, root);
    Ok(said)
}

/// The build's program, where it lies in the project itself: its module below each of the folders that are named.
fn backend(text: &str, root: &DeTable<'_>) -> Vec<Script> {
    let build = |name: &str| at(root, &["build-system", name]);
    let Some(module) = build("build-backend").and_then(Value::text) else { return Vec::new() };
    let module = module.split(':').next().unwrap_or(module).replace('.', "/");
    let script = |folder: Value<'_, '_>| Script {
        name: "build-backend".to_owned(),
        command: format!("{}/{module}.py", folder.text().unwrap_or(".")),
        line: Lines::of(text).line(folder.place),
    };
    build("backend-path").map(Value::list).unwrap_or_default().into_iter().map(script).collect()
}

/// The address with the commit, tag or branch that is asked for.
pub(super) fn at_revision(address: &str, about: Value<'_, '_>) -> String {
    let asked = ["rev", "tag", "branch"].into_iter().find_map(|sort| Some((sort, about.text_at(sort)?)));
    asked.map_or(address.to_owned(), |(sort, name)| format!("{address}?{sort}={name}"))
}

impl Found {
    /// Requirements in the words of PEP 508.
    fn list(&mut self, list: Option<Value<'_, '_>>, kind: Kind, optional: bool) {
        for value in list.map(Value::list).unwrap_or_default() {
            // A group may include another, which is a table.
            let Some(text) = value.text() else { continue };
            match requirements::direct(text, kind) {
                Some(direct) => self.direct.push((value.place, Direct { optional, ..direct })),
                None => self.unknown.push((value.place, format!("not understood: {text}"))),
            }
        }
    }

    fn poetry(&mut self, root: &DeTable<'_>, path: &[&str], kind: Kind) {
        let members = members(root, path).into_iter().filter(|(name, ..)| *name != "python");
        for (name, place, value) in members {
            let direct = Direct { optional: value.flag_at("optional"), ..Direct::new(name, kind) };
            let direct = direct.requirement(value.text().or_else(|| value.text_at("version")));
            let from = ["git", "path", "url"].into_iter().find_map(|kind| Some((kind, value.text_at(kind)?)));
            let direct = match from {
                Some((kind, what)) => direct.source(kind, &at_revision(what, value)),
                None => direct,
            };
            self.direct.push((place, direct));
        }
    }

    /// The indexes of uv, and the sources of Poetry and PDM.
    fn registries(&mut self, root: &DeTable<'_>) {
        let uv = |path: &[&str]| at(root, &[&["tool", "uv"], path].concat());
        for (name, role) in [("index-url", Role::Default), ("extra-index-url", Role::More)] {
            for place in [&[name][..], &["pip", name]] {
                let value = uv(place);
                let list = value.map(Value::list).unwrap_or_default();
                value.into_iter().chain(list).for_each(|value| self.registry(value, value.text(), role));
            }
        }
        for index in uv(&["index"]).map(Value::list).unwrap_or_default() {
            let role = match (index.flag_at("explicit"), index.flag_at("default")) {
                (true, _) => Role::Named,
                (false, true) => Role::Default,
                (false, false) => Role::More,
            };
            self.registry(index, index.text_at("url"), role);
        }
        for tool in ["poetry", "pdm"] {
            for source in at(root, &["tool", tool, "source"]).map(Value::list).unwrap_or_default() {
                let role = match source.text_at("priority") {
                    Some("explicit") => Role::Named,
                    Some("primary" | "default") => Role::Default,
                    _ => Role::More,
                };
                self.registry(source, source.text_at("url"), role);
            }
        }
    }

    fn registry(&mut self, value: Value<'_, '_>, address: Option<&str>, role: Role) {
        let name = value.text_at("name").map(str::to_owned);
        let registry =
            address.map(|address| Registry { role, address: address.to_owned(), name, line: None });
        self.registries.extend(registry.map(|registry| (value.place, registry)));
    }

    fn told(mut self, text: &str, name: Option<String>) -> Said {
        self.direct.sort_by_key(|(place, _)| *place);
        self.unknown.sort_by_key(|(place, _)| *place);
        let mut lines = Lines::of(text);
        let direct = self.direct.into_iter().map(|(place, direct)| direct.line(lines.line(place))).collect();
        let note = |(place, message)| Note { line: Some(lines.line(place)), message };
        let notes = self.unknown.into_iter().map(note).collect();
        let at = |(place, registry)| Registry { line: Some(lines.line(place)), ..registry };
        let registries = self.registries.into_iter().map(at).collect();
        Said { name, direct, notes, registries, ..Said::default() }
    }
}
