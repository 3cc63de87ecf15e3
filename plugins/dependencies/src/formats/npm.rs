//! `package.json`.

use std::collections::BTreeSet;

use crate::read::json::{Object, place, text as text_of};
use crate::read::{Lines, ReadError};
use crate::shapes::{Direct, Kind, Said, Script};

const SECTIONS: [(&str, Kind, bool); 4] = [
    ("dependencies", Kind::Normal, false),
    ("optionalDependencies", Kind::Normal, true),
    ("peerDependencies", Kind::Peer, false),
    ("devDependencies", Kind::Dev, false),
];

pub(super) fn manifest(text: &str) -> Result<Said, ReadError> {
    let root = Object::read(text)?;
    let mut lines = Lines::of(text);
    let mut said = Said { name: root.text("name"), private: root.flag("private"), ..Said::default() };
    for (name, value) in root.object("scripts")?.0 {
        let line = lines.line(place(text, value));
        said.scripts.extend(text_of(value).map(|command| Script { name, command, line }));
    }
    let optional = root.object("optionalDependencies")?;
    let optional_peers = optional_peers(&root)?;
    for (section, kind, is_optional) in SECTIONS {
        for (name, value) in root.object(section)?.0 {
            // What stands in both is optional: npm takes the latter.
            if section == "dependencies" && optional.get(&name).is_some() {
                continue;
            }
            let line = lines.line(place(text, value));
            let Some(requirement) = text_of(value) else {
                said.note(line, format!("{section}: the requirement of {name} is no text"));
                continue;
            };
            let mut direct = dependency(name, &requirement, kind).line(line);
            direct.optional = is_optional || (kind == Kind::Peer && optional_peers.contains(&direct.name));
            said.direct.push(direct);
        }
    }
    Ok(said)
}

fn optional_peers(root: &Object<'_>) -> Result<BTreeSet<String>, ReadError> {
    let about = root.object("peerDependenciesMeta")?;
    let mut optional = BTreeSet::new();
    for (name, peer) in &about.0 {
        if Object::read(peer.get()).is_ok_and(|peer| peer.flag("optional")) {
            optional.insert(name.clone());
        }
    }
    Ok(optional)
}

/// A dependency by the requirement as npm understands it: a range, another name, or a place.
fn dependency(name: String, requirement: &str, kind: Kind) -> Direct {
    let requirement = requirement.trim();
    if let Some(aliased) = requirement.strip_prefix("npm:") {
        // The first character may be the @ of a scope.
        let at = aliased.char_indices().skip(1).find(|(_, char)| *char == '@').map(|(at, _)| at);
        let (real, range) = at.map_or((aliased, None), |at| (&aliased[..at], Some(&aliased[at + 1..])));
        return Direct { alias: Some(name), ..Direct::new(real, kind).requirement(range) };
    }
    let direct = Direct::new(name, kind);
    match source(requirement) {
        Some(kind) => direct.source(kind, requirement),
        None => direct.requirement(Some(requirement)),
    }
}

fn source(requirement: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| requirement.starts_with(prefix));
    if begins(&["workspace:", "catalog:"]) {
        return Some("workspace");
    }
    if begins(&["file:", "link:", "portal:", "./", "../", "/", "~/"]) {
        return Some("path");
    }
    if begins(&["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:", "ssh:"]) {
        return Some("git");
    }
    if begins(&["http:", "https:"]) {
        return Some("url");
    }
    // owner/repository, short for one at GitHub. Ranges and tags have no slash.
    requirement.contains('/').then_some("git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_name_ranges_other_packages_and_places() {
        let of = |requirement: &str| {
            let direct = dependency("d".into(), requirement, Kind::Normal);
            (direct.name, direct.requirement, direct.source, direct.alias)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of(" ^1.0 || 2 "), ("d".into(), text("^1.0 || 2"), None, None));
        assert_eq!(of(""), ("d".into(), None, None, None));
        assert_eq!(of("npm:@s/r@^2"), ("@s/r".into(), text("^2"), None, text("d")));
        assert_eq!(of("npm:r"), ("r".into(), None, None, text("d")));
        assert_eq!(of("owner/name#v1").2, text("git:owner/name#v1"));
        assert_eq!(of("git+https://h/x.git").2, text("git:git+https://h/x.git"));
        assert_eq!(of("https://h/x.tgz").2, text("url:https://h/x.tgz"));
        assert_eq!(of("file:../x").2, text("path:file:../x"));
        assert_eq!(of("workspace:*").2, text("workspace:workspace:*"));
    }
}
