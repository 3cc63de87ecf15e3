//! `go.mod` and `go.sum`.

use std::collections::BTreeMap;

use crate::shapes::{Direct, Kind, Locked, Said};

pub(super) fn manifest(text: &str) -> Said {
    let mut said = Said::default();
    let mut replaced: BTreeMap<String, String> = BTreeMap::new();
    let mut block = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let words: Vec<&str> = code.split_whitespace().map(|word| word.trim_matches(['"', '`'])).collect();
        let (directive, arguments) = match words.as_slice() {
            [] => continue,
            [")", ..] => {
                block.clear();
                continue;
            }
            [directive, "("] => {
                (*directive).clone_into(&mut block);
                continue;
            }
            words if !block.is_empty() => (block.as_str(), words),
            [directive, arguments @ ..] => (*directive, arguments),
        };
        match (directive, arguments) {
            ("module", [name]) => said.name = Some((*name).to_owned()),
            ("require", [name, version]) => {
                let kind = if comment.trim().starts_with("indirect") { Kind::Indirect } else { Kind::Normal };
                said.direct.push(Direct::new(*name, kind).requirement(Some(version)).line(number));
            }
            ("tool", [name]) => said.direct.push(Direct::new(*name, Kind::Dev).line(number)),
            ("replace", [name, rest @ ..]) => {
                let new = rest.iter().skip_while(|word| **word != "=>").skip(1).copied();
                replaced.insert((*name).to_owned(), new.collect::<Vec<_>>().join(" "));
            }
            ("require" | "module", _) => said.note(number, format!("not understood: {}", line.trim())),
            _ => {}
        }
    }
    for direct in &mut said.direct {
        if let Some(new) = replaced.get(&direct.name) {
            let kind = if new.starts_with(['.', '/']) { "path" } else { "url" };
            direct.source = Some(format!("{kind}:{new}"));
        }
    }
    said
}

pub(super) fn sums(text: &str) -> Said {
    let locked = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version, hash) = (words.next()?, words.next()?, words.next()?);
        // The sum of a go.mod alone pins no content.
        (!version.ends_with("/go.mod")).then(|| Locked {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            integrity: Some(hash.to_owned()),
            ..Locked::default()
        })
    };
    Said { locked: text.lines().filter_map(locked).collect(), ..Said::default() }
}
