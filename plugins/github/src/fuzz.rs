//! Whether OSS-Fuzz fuzzes the repository: whether the description of one of its projects names it.

use data_encoding::BASE64;
use probity_sdk::prelude::*;
use saphyr_parser::{Event, Parser};

use crate::api::{Api, Got, encoded};
use crate::config::Config;

/// Where the projects of OSS-Fuzz are described.
const OSS_FUZZ: &str = "google/oss-fuzz";
/// So many of the files that the search finds are read.
const MOST_FOUND: usize = 10;
/// No description of a project is longer, bytes.
const MOST_BYTES: usize = 64 << 10;

/// A file as the API gives it.
#[derive(Debug, Deserialize)]
struct Contents {
    /// Base64 in lines.
    content: String,
    encoding: String,
}

#[derive(Debug, Deserialize)]
struct Found {
    incomplete_results: bool,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    path: String,
}

/// Whether a project of OSS-Fuzz names the repository as its main one.
#[query]
pub(crate) fn fuzz(engine: &Engine<Config>, _target: Target) -> Result<Answer<bool>> {
    let api = Api::new(engine)?;
    if !api.is_public() {
        return Err(abstain(
            "the projects of OSS-Fuzz are described on github.com, and base-url names another server",
        ));
    }
    // Most projects have the name of their repository, which needs no search.
    let name = api.repository.rsplit('/').next().unwrap_or_default().to_lowercase();
    let mut paths = vec![format!("projects/{name}/project.yaml")];
    if let Some(path) = first_naming(&api, &paths)? {
        return Ok(named(&path));
    }
    let question = format!("\"github.com/{}\" in:file filename:project.yaml repo:{OSS_FUZZ}", api.repository);
    let found = api.get::<Found>(&format!("/search/code?q={}&per_page={MOST_FOUND}", encoded(&question)))?;
    let found = found.or_abstain("what a search in OSS-Fuzz finds")?;
    let is_new = |path: &String| is_project(path) && *path != paths[0];
    paths = found.items.into_iter().map(|item| item.path).filter(is_new).take(MOST_FOUND).collect();
    match first_naming(&api, &paths)? {
        Some(path) => Ok(named(&path)),
        None if found.incomplete_results => {
            Err(unavailable("the server's search in OSS-Fuzz was not complete"))
        }
        None => {
            Ok(Answer::new(false).concern(Concern::new("no project of OSS-Fuzz names it as its main_repo")))
        }
    }
}

fn named(path: &str) -> Answer<bool> {
    Answer::new(true).concern(Concern::new(format!("{path} of OSS-Fuzz names it as its main_repo")))
}

/// `projects/NAME/project.yaml`.
fn is_project(path: &str) -> bool {
    let name = path.strip_prefix("projects/").and_then(|rest| rest.strip_suffix("/project.yaml"));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    name.is_some_and(|name| !name.is_empty() && name != ".." && name.chars().all(is_part))
}

/// The first of these files that names the repository.
fn first_naming(api: &Api<'_>, paths: &[String]) -> Result<Option<String>> {
    for path in paths {
        let parts: Vec<String> = path.split('/').map(encoded).collect();
        let contents =
            match api.get::<Contents>(&format!("/repos/{OSS_FUZZ}/contents/{}", parts.join("/")))? {
                Got::NotFound(_) => continue,
                got => got.or_abstain("the projects of OSS-Fuzz")?,
            };
        let names_it = |address: String| is_same(&address, api.repository);
        if text(&contents).as_deref().and_then(main_repo).is_some_and(names_it) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

fn text(contents: &Contents) -> Option<String> {
    let is_short = contents.encoding == "base64" && contents.content.len() <= 2 * MOST_BYTES;
    let letters: String = contents.content.split_ascii_whitespace().collect();
    let bytes = is_short.then(|| BASE64.decode(letters.as_bytes()).ok()).flatten()?;
    String::from_utf8(bytes).ok().filter(|text| text.len() <= MOST_BYTES)
}

/// The value of `main_repo` at the top of a description.
fn main_repo(text: &str) -> Option<String> {
    let (mut depth, mut is_key, mut is_wanted) = (0_u32, true, false);
    for event in Parser::new_from_str(text) {
        match event.ok()?.0 {
            Event::SequenceStart(..) if depth == 0 => return None,
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => {
                depth -= 1;
                is_key |= depth == 1;
            }
            Event::Scalar(value, ..) if depth == 1 => match is_key {
                true => (is_wanted, is_key) = (value == "main_repo", false),
                false if is_wanted => return Some(value.into_owned()),
                false => is_key = true,
            },
            Event::Alias(_) if depth == 1 => is_key = !is_key,
            _ => {}
        }
    }
    None
}

/// Whether an address, in any of the ways in which git takes it, is that of a repository of github.com.
fn is_same(address: &str, repository: &str) -> bool {
    let address = address.trim().to_lowercase();
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest,
        _ => rest,
    };
    let path = rest.strip_prefix("www.").unwrap_or(rest).strip_prefix("github.com");
    let path = path.and_then(|path| path.strip_prefix(['/', ':'])).unwrap_or_default().trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path) == repository.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_that_of_the_repository_however_it_is_written() {
        for same in [
            "https://github.com/Madler/zlib",
            "https://github.com/madler/zlib.git",
            "http://www.github.com/madler/zlib/",
            "git@github.com:madler/zlib.git",
            "git://github.com/madler/zlib",
            "github.com/madler/zlib",
        ] {
            assert!(is_same(same, "madler/zlib"), "{same}");
        }
        for other in [
            "https://github.com/madler/zlib-ng",
            "https://github.com/evil/madler/zlib",
            "https://notgithub.com/madler/zlib",
            "https://github.com.evil.example/madler/zlib",
            "https://git.example.org/madler/zlib",
            "https://git.example.org/@github.com/madler/zlib",
            "",
        ] {
            assert!(!is_same(other, "madler/zlib"), "{other}");
        }
    }

    #[test]
    fn the_main_repository_is_read_at_the_top_alone() {
        let of = |text: &str| main_repo(text);
        let plain = "homepage: \"x\"\nsanitizers:\n  - address\n  - main_repo\nmain_repo: 'https://a.b'\n";
        assert_eq!(of(plain).as_deref(), Some("https://a.b"));
        assert_eq!(of("help: {main_repo: x}\nmain_repo: y").as_deref(), Some("y"));
        assert_eq!(of("homepage: main_repo\nauto_ccs: [a]\n"), None);
        assert_eq!(of("a: &x 1\nb: *x\nmain_repo: z").as_deref(), Some("z"));
        for none in ["", "- main_repo\n- x", "a: [", "main_repo: {x: y}", "{{{{"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn only_descriptions_of_projects_are_read() {
        assert!(is_project("projects/zlib-ng/project.yaml"));
        for other in [
            "projects/../project.yaml",
            "projects/a/b/project.yaml",
            "docs/project.yaml",
            "projects//project.yaml",
        ] {
            assert!(!is_project(other), "{other}");
        }
    }
}
