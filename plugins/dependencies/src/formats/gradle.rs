//! Gradle's build files, which are programs: what stands in them as a literal is read, what they compute is not known. And its
//! version catalogues, which are data.

use crate::read::toml::{Value, at, members, read};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Role, Said};

/// The words that begin a dependency, by the end of their names: `testImplementation`, `debugApi`.
const CONFIGURATIONS: [(&str, Kind); 9] = [
    ("annotationProcessor", Kind::Build),
    ("classpath", Kind::Build),
    ("kapt", Kind::Build),
    ("ksp", Kind::Build),
    ("compileOnly", Kind::Peer),
    ("runtimeOnly", Kind::Normal),
    ("implementation", Kind::Normal),
    ("api", Kind::Normal),
    ("compile", Kind::Normal),
];

pub(super) fn script(text: &str) -> Said {
    let mut said = Said::default();
    let mut commented = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.starts_with("/*") {
            commented = true;
        }
        if !commented && !line.starts_with("//") {
            statement(&mut said, number, line);
        }
        if line.contains("*/") {
            commented = false;
        }
    }
    said
}

fn statement(said: &mut Said, number: u64, line: &str) {
    repository(said, number, line);
    let end = line.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let Some(kind) = kind(word) else {
        plugin(said, number, word, rest);
        return;
    };
    // A call, not a block or an assignment.
    if !rest.starts_with(['(', ' ', '\t']) || rest.trim_start().starts_with(['=', '{', '.']) {
        return;
    }
    let arguments = rest.trim_start().trim_start_matches('(').trim_start();
    if arguments.starts_with("project(") || arguments.starts_with("project ") {
        return;
    }
    match coordinates(arguments) {
        Some((name, version)) if !name.contains('$') => {
            let literal = version.filter(|version| !version.contains('$'));
            if version.is_some() && literal.is_none() {
                said.note(number, format!("the version of {name} is computed"));
            }
            said.direct.push(Direct::new(name, kind).requirement(literal).line(number));
        }
        _ => said.note(number, format!("not known without running the build: {line}")),
    }
}

/// `maven { url "…" }` and its kin, on one line or several: only repositories have such addresses.
fn repository(said: &mut Said, number: u64, line: &str) {
    if line.contains("llowInsecureProtocol") && line.contains("true") {
        said.registry(Role::Trusted, "", None, number);
    }
    let starts = ["url ", "url=", "url(", "url:", "setUrl(", "maven(", "maven {", "maven{"];
    if !starts.iter().any(|start| line.starts_with(start)) {
        return;
    }
    let address = line.split(['"', '\'']).find(|text| text.contains("://"));
    if let Some(address) = address.filter(|address| !address.contains('$')) {
        said.registry(Role::More, address, None, number);
    }
}

fn kind(word: &str) -> Option<Kind> {
    let lower = word.to_ascii_lowercase();
    let (_, kind) = CONFIGURATIONS.iter().find(|(name, _)| {
        word == *name
            || lower
                .strip_suffix(&name.to_ascii_lowercase())
                .is_some_and(|before| !before.is_empty() && word.ends_with(&capitalised(name)))
    })?;
    Some(if lower.starts_with("test") || lower.starts_with("androidtest") { Kind::Dev } else { *kind })
}

fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// Group and artifact, and version, of `"g:a:v"`, `platform("g:a:v")` or `group: "g", name: "a", version: "v"`.
fn coordinates(arguments: &str) -> Option<(String, Option<&str>)> {
    let arguments = ["platform(", "enforcedPlatform(", "kotlin("]
        .iter()
        .fold(arguments, |text, wrapper| text.strip_prefix(wrapper).unwrap_or(text));
    if let Some(literal) = literal(arguments) {
        let mut parts = literal.split(':');
        let (group, artifact) = (parts.next()?, parts.next()?);
        // A classifier or an extension may follow the version.
        let version = parts.next().map(|version| version.split('@').next().unwrap_or(version));
        return Some((format!("{group}:{artifact}"), version));
    }
    let named = |name: &str| {
        let (_, after) = arguments.split_once(name)?;
        literal(after.trim_start().strip_prefix([':', '='])?.trim_start())
    };
    Some((format!("{}:{}", named("group")?, named("name")?), named("version")))
}

/// The text between the quotes with which `text` begins.
fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    text[1..].split_once(quote).map(|(literal, _)| literal)
}

/// `id "x" version "1"` and `id("x") version "1"` of the block `plugins`.
fn plugin(said: &mut Said, number: u64, word: &str, rest: &str) {
    if word != "id" {
        return;
    }
    let rest = rest.trim_start().trim_start_matches('(').trim_start();
    let Some(name) = literal(rest).filter(|name| !name.contains('$')) else { return };
    let version =
        rest.split_once("version").and_then(|(_, after)| literal(after.trim_start().trim_start_matches('(')));
    // Without a version it is one of Gradle's own, or of this project.
    if let Some(version) = version {
        let version = Some(version).filter(|version| !version.contains('$'));
        said.direct.push(
            Direct::new(format!("{name}:{name}.gradle.plugin"), Kind::Build)
                .requirement(version)
                .line(number),
        );
    }
}

pub(super) fn catalogue(text: &str) -> Result<Said, ReadError> {
    let document = read(text)?;
    let root = document.get_ref();
    let mut lines = Lines::of(text);
    let mut said = Said::default();
    let version = |value: Value<'_, '_>| {
        let version = value.table().and_then(|table| at(table, &["version"]))?;
        match version.text_at("ref") {
            Some(name) => at(root, &["versions", name]).and_then(Value::text).map(str::to_owned),
            None => version.text().or_else(|| version.text_at("strictly")).map(str::to_owned),
        }
    };
    let mut found = Vec::new();
    for (alias, place, value) in members(root, &["libraries"]) {
        let pair = || Some(format!("{}:{}", value.text_at("group")?, value.text_at("name")?));
        let short = value
            .text()
            .map(|text| text.rsplit_once(':').map_or((text, None), |(name, version)| (name, Some(version))));
        let (name, own) = match short {
            Some((name, own)) => (Some(name.to_owned()), own.map(str::to_owned)),
            None => (value.text_at("module").map(str::to_owned).or_else(pair), version(value)),
        };
        found.push((place, alias, name, own, Kind::Shared));
    }
    for (alias, place, value) in members(root, &["plugins"]) {
        let (id, own) = match value.text().and_then(|text| text.split_once(':')) {
            Some((id, own)) => (Some(id), Some(own.to_owned())),
            None => (value.text_at("id"), version(value)),
        };
        found.push((place, alias, id.map(|id| format!("{id}:{id}.gradle.plugin")), own, Kind::Build));
    }
    found.sort_by_key(|(place, ..)| *place);
    for (place, alias, name, own, kind) in found {
        let line = lines.line(place);
        match name {
            Some(name) => said.direct.push(Direct::new(name, kind).requirement(own.as_deref()).line(line)),
            None => said.note(line, format!("{alias} names no module")),
        }
    }
    Ok(said)
}
