//! `requirements.txt`, and requirements in the words of PEP 508, which `pyproject.toml` uses too.

use crate::shapes::{Direct, Kind, Locked, Role, Said};

pub(super) fn requirements(text: &str) -> Said {
    let mut said = Said::default();
    for (line, logical) in logical_lines(text) {
        let (requirement, options) =
            logical.split_once(" --").map_or((logical.as_str(), ""), |(a, b)| (a, b));
        if requirement.starts_with('-') {
            option(&mut said, line, &logical);
        } else if let Some(direct) = direct(requirement, Kind::Normal) {
            said.locked.extend(pinned(&direct, options));
            said.direct.push(direct.line(line));
        } else {
            said.note(line, format!("not understood: {requirement}"));
        }
    }
    said
}

/// Lines without comments, continued ones put together, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut logical: Vec<(u64, String)> = Vec::new();
    let mut continued = false;
    for (number, line) in (1..).zip(text.lines()) {
        let bare = match line.find('#') {
            Some(0) => "",
            Some(at) if line[..at].ends_with([' ', '\t']) => &line[..at],
            _ => line,
        };
        let (bare, continues) = match bare.trim_end().strip_suffix('\\') {
            Some(bare) => (bare, true),
            None => (bare, false),
        };
        match logical.last_mut() {
            Some((_, text)) if continued => {
                text.push(' ');
                text.push_str(bare.trim());
            }
            _ => logical.push((number, bare.trim().to_owned())),
        }
        continued = continues;
    }
    logical.retain(|(_, text)| !text.is_empty());
    logical
}

/// Options that bring in dependencies from elsewhere are told as such; the others do not matter here.
fn option(said: &mut Said, line: u64, text: &str) {
    let (name, value) = text.split_once([' ', '=']).unwrap_or((text, ""));
    let value = value.trim();
    match name {
        "-e" | "--editable" => match value.rsplit_once("#egg=") {
            Some((from, name)) => {
                said.direct.push(Direct::new(name, Kind::Normal).source("git", from).line(line))
            }
            None => said.note(line, format!("an editable package from {value}")),
        },
        "-i" | "--index-url" => said.registry(Role::Default, value, None, line),
        "--extra-index-url" | "-f" | "--find-links" => said.registry(Role::More, value, None, line),
        "--trusted-host" => said.registry(Role::Trusted, value, None, line),
        "-r" | "--requirement" | "-c" | "--constraint" => said.note(line, format!("more stands in {value}")),
        _ => {}
    }
}

fn pinned(direct: &Direct, options: &str) -> Option<Locked> {
    let version = direct.requirement.as_deref()?.strip_prefix("==")?.trim();
    if version.contains([',', '*', '=']) {
        return None;
    }
    let integrity =
        options.split_whitespace().find_map(|word| word.trim_start_matches("--").strip_prefix("hash="));
    Some(Locked {
        name: direct.name.clone(),
        version: Some(version.to_owned()),
        integrity: integrity.map(str::to_owned),
        ..Locked::default()
    })
}

/// A requirement such as `name[extra] >=1,<2 ; python_version < "3"` or `name @ https://…`.
pub(super) fn direct(requirement: &str, kind: Kind) -> Option<Direct> {
    let requirement = requirement.trim();
    let end = requirement
        .find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-')))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let begins_well = name.starts_with(|char: char| char.is_ascii_alphanumeric());
    if !begins_well {
        return place(requirement, kind);
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim_start(),
        None => rest,
    };
    let direct = Direct::new(name, kind);
    if let Some(from) = rest.strip_prefix('@') {
        let from = from.split(" ;").next().unwrap_or_default().trim();
        return Some(direct.source(if from.starts_with("git+") { "git" } else { "url" }, from));
    }
    let versions = rest.split(';').next().unwrap_or_default().trim();
    let versions = versions.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(versions);
    match versions.is_empty() || versions.starts_with(['<', '>', '=', '!', '~']) {
        true => Some(direct.requirement(Some(versions))),
        false => place(requirement, kind),
    }
}

/// A path or an address in place of a name.
fn place(requirement: &str, kind: Kind) -> Option<Direct> {
    let name = requirement.rsplit_once("#egg=").map_or(requirement, |(_, name)| name);
    if requirement.starts_with("git+") {
        return Some(Direct::new(name, kind).source("git", requirement));
    }
    if requirement.contains("://") {
        return Some(Direct::new(name, kind).source("url", requirement));
    }
    let path = requirement.starts_with(['.', '/']) || requirement.ends_with(".whl");
    path.then(|| Direct::new(name, kind).source("path", requirement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_as_pep_508_has_them() {
        let of = |text: &str| {
            let direct = direct(text, Kind::Normal).unwrap();
            (direct.name, direct.requirement, direct.source)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of("a"), ("a".into(), None, None));
        assert_eq!(of("A.b_c-d>=1,<2"), ("A.b_c-d".into(), text(">=1,<2"), None));
        assert_eq!(of("a [x, y] == 1.0 ; python_version < '3'"), ("a".into(), text("== 1.0"), None));
        assert_eq!(of("a (>=2)"), ("a".into(), text(">=2"), None));
        assert_eq!(of("a @ git+https://h/a@v1 ; x"), ("a".into(), None, text("git:git+https://h/a@v1")));
        assert_eq!(of("./local").2, text("path:./local"));
        assert_eq!(of("https://h/x.whl").2, text("url:https://h/x.whl"));
        assert!(direct("=1", Kind::Normal).is_none() && direct("a ! b", Kind::Normal).is_some());
        assert!(direct("a b", Kind::Normal).is_none() && direct("", Kind::Normal).is_none());
    }
}
