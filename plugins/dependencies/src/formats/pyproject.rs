//! `pyproject.toml`: the project's table, dependency groups, what the build needs, and the tables of Poetry and uv.

use toml::de::DeTable;

use super::requirements;
use crate::read::toml::{Value, at, members, read};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Note, Said};

#[derive(Default)]
struct Found {
    direct: Vec<(usize, Direct)>,
    unknown: Vec<(usize, String)>,
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
    Ok(found.told(text, name))
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
                Some((kind, what)) => direct.source(kind, what),
                None => direct,
            };
            self.direct.push((place, direct));
        }
    }

    fn told(mut self, text: &str, name: Option<String>) -> Said {
        self.direct.sort_by_key(|(place, _)| *place);
        self.unknown.sort_by_key(|(place, _)| *place);
        let mut lines = Lines::of(text);
        let direct = self.direct.into_iter().map(|(place, direct)| direct.line(lines.line(place))).collect();
        let note = |(place, message)| Note { line: Some(lines.line(place)), message };
        Said { name, direct, notes: self.unknown.into_iter().map(note).collect(), ..Said::default() }
    }
}
