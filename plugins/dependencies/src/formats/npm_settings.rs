//! `.npmrc`, `.yarnrc` and `.yarnrc.yml`: where packages are taken from, and which programs npm starts.

use crate::read::{ReadError, yaml};
use crate::shapes::{Role, Said, Script};

/// Settings of npm that name a program, or what one is given.
const PROGRAMS: [&str; 5] = ["git", "script-shell", "shell", "node-options", "onload-script"];

pub(super) fn npmrc(text: &str) -> Said {
    let mut said = Said::default();
    for (line, name, value) in settings(text, &['#', ';'], '=') {
        if value == "false" && name == "strict-ssl" {
            said.registry(Role::Trusted, "", None, line);
        } else if PROGRAMS.contains(&name) {
            let command = value.to_owned();
            said.scripts.push(Script { name: name.to_owned(), command, line });
        } else {
            registry(&mut said, name, value, line);
        }
    }
    said
}

pub(super) fn yarnrc(text: &str) -> Said {
    let mut said = Said::default();
    for (line, name, value) in settings(text, &['#'], ' ') {
        let name = unquoted(name);
        if name == "strict-ssl" && value == "false" {
            said.registry(Role::Trusted, "", None, line);
        } else {
            registry(&mut said, name, value, line);
        }
    }
    said
}

fn registry(said: &mut Said, name: &str, value: &str, line: u64) {
    match name.strip_suffix(":registry") {
        Some(scope) => said.registry(Role::Named, value, Some(scope), line),
        None if name == "registry" => said.registry(Role::Default, value, None, line),
        None => {}
    }
}

/// Name and value of each line that has both.
fn settings<'a>(
    text: &'a str,
    comments: &'static [char],
    between: char,
) -> impl Iterator<Item = (u64, &'a str, &'a str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1..).zip(text.lines()).filter_map(move |(line, content)| {
        let content = content.trim();
        let (name, value) = content.split_once(between).filter(|_| !content.starts_with(comments))?;
        Some((line, name.trim(), unquoted(value)))
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

pub(super) fn yarnrc_yml(text: &str) -> Result<Said, ReadError> {
    let mut said = Said::default();
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(said);
    }
    let root = yaml::read(text)?;
    let line = |value: &str| {
        let found = (1..).zip(text.lines()).find(|(_, line)| line.contains(value));
        found.map_or(1, |(line, _)| line)
    };
    if let Some(address) = root.text("npmRegistryServer") {
        said.registry(Role::Default, address, None, line(address));
    }
    for (scope, about) in root.get("npmScopes").map(yaml::Node::members).unwrap_or_default() {
        if let Some(address) = about.text("npmRegistryServer") {
            said.registry(Role::Named, address, Some(&format!("@{scope}")), line(address));
        }
    }
    if root.text("enableStrictSsl") == Some("false") {
        said.registry(Role::Trusted, "", None, line("enableStrictSsl"));
    }
    let hosts = match root.get("unsafeHttpWhitelist") {
        Some(yaml::Node::List(hosts)) => hosts.as_slice(),
        _ => &[],
    };
    for host in hosts {
        if let yaml::Node::Scalar(host) = host {
            said.registry(Role::Trusted, host, None, line(host));
        }
    }
    Ok(said)
}
