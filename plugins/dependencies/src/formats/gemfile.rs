//! `Gemfile`, which is a program of which only literals are read, and `Gemfile.lock`.

use crate::shapes::{Direct, Kind, Locked, Role, Said};

pub(super) fn manifest(text: &str) -> Said {
    let mut said = Said::default();
    // For each open block whether its gems are for development.
    let mut blocks: Vec<bool> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let (word, rest) = line.split_once([' ', '(']).unwrap_or((line, ""));
        match word {
            "gem" => gem(&mut said, number, rest, blocks.contains(&true)),
            "source" => source(&mut said, number, rest),
            "gemspec" => said.note(number, "more stands in a gemspec, which is a program"),
            "eval_gemfile" => said.note(number, format!("more stands in {}", rest.trim_end_matches(')'))),
            "end" => drop(blocks.pop()),
            "if" | "unless" | "case" => blocks.push(false),
            _ => {}
        }
        if line.ends_with(" do") || line.contains(" do |") {
            blocks.push(word == "group" && for_development(rest));
        }
    }
    said
}

/// For all gems, or for those of a block.
fn source(said: &mut Said, number: u64, rest: &str) {
    let role = match () {
        () if rest.ends_with(" do") || rest.ends_with('{') => Role::Named,
        () if said.registries.iter().any(|known| known.role == Role::Default) => Role::More,
        () => Role::Default,
    };
    if let Some(address) = texts(rest).next() {
        said.registry(role, address, None, number);
    }
}

fn gem(said: &mut Said, number: u64, rest: &str, in_development: bool) {
    let mut texts = texts(rest);
    let Some(name) = texts
        .next()
        .filter(|name| rest.trim_start_matches([' ', '(']).starts_with(['"', '\'']) && !name.contains("#{"))
    else {
        said.note(number, format!("not known without running it: gem {rest}"));
        return;
    };
    let option = |name: &str| {
        let at = rest.find(&format!("{name}:")).or_else(|| rest.find(&format!(":{name} =>")))?;
        self::texts(&rest[at..]).next()
    };
    let requirements: Vec<&str> = texts
        .take_while(|text| text.starts_with(|char: char| char.is_ascii_digit() || "<>=~!".contains(char)))
        .collect();
    let development = in_development || (rest.contains("group") && for_development(rest));
    let kind = if development { Kind::Dev } else { Kind::Normal };
    let direct = Direct::new(name, kind).requirement(Some(&requirements.join(", "))).line(number);
    let from = ["git", "github", "path"].into_iter().find_map(|kind| Some((kind, option(kind)?)));
    said.direct.push(match from {
        Some(("path", what)) => direct.source("path", what),
        Some((_, what)) => {
            let asked = ["ref", "tag", "branch"].into_iter().find_map(|sort| Some((sort, option(sort)?)));
            match asked {
                Some((sort, name)) => direct.source("git", &format!("{what}?{sort}={name}")),
                None => direct.source("git", what),
            }
        }
        None => direct,
    });
}

fn for_development(text: &str) -> bool {
    text.contains("development") || text.contains("test")
}

/// What stands in quotes, one after the other.
fn texts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find(['"', '\''])?;
        let quote = &rest[at..=at];
        let (literal, after) = rest[at + 1..].split_once(quote)?;
        rest = after;
        Some(literal)
    })
}

pub(super) fn lock(text: &str) -> Said {
    let mut said = Said::default();
    let (mut section, mut remote) = ("", None);
    for line in text.lines() {
        let word = line.trim();
        let indent = line.len() - line.trim_start().len();
        match indent {
            0 => (section, remote) = (word, None),
            2 if word.starts_with("remote: ") => remote = word.strip_prefix("remote: "),
            2 if section == "CHECKSUMS" => checksum(&mut said, word),
            4 if matches!(section, "GEM" | "GIT" | "PATH") => {
                let (name, version) = named(word);
                let source = remote.map(|remote| format!("{}+{remote}", section.to_ascii_lowercase()));
                said.locked.push(Locked {
                    name: name.to_owned(),
                    version: version.map(str::to_owned),
                    source,
                    ..Locked::default()
                });
            }
            _ => {}
        }
    }
    said
}

/// `name (version)`.
fn named(text: &str) -> (&str, Option<&str>) {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    (name, rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(version, _)| version))
}

fn checksum(said: &mut Said, text: &str) {
    let (name, version) = named(text);
    let sum = text.rsplit_once(") ").map(|(_, sum)| sum.to_owned());
    let of = |locked: &&mut Locked| locked.name == name && locked.version.as_deref() == version;
    if let Some(locked) = said.locked.iter_mut().find(of) {
        locked.integrity = sum;
    }
}
