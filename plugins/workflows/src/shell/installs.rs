//! Finds packages that are installed from wherever a branch stands.

use super::programs;
use super::words::Command;
use super::{Act, Sort};

/// Adds what this command installs.
pub(super) fn find(command: &Command, acts: &mut Vec<Act>) {
    let Some((name, arguments)) = programs::program(command) else { return };
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let found: Vec<&str> = match (name.as_str(), words.as_slice()) {
        ("pip" | "pip3" | "pipx", ["install", rest @ ..])
        | ("uv", ["pip" | "tool", "install", rest @ ..])
        | ("python" | "python3" | "py", ["-m", "pip", "install", rest @ ..]) => of_branches(rest),
        ("go", ["install" | "get", rest @ ..]) => {
            let floating =
                |word: &&&str| ["@latest", "@master", "@main"].iter().any(|end| word.ends_with(end));
            rest.iter().filter(floating).copied().collect()
        }
        ("cargo", ["install", rest @ ..]) => of_cargo(rest),
        _ => Vec::new(),
    };
    let act = |what: &str| Act { sort: Sort::Install, line: command.line, what: what.to_owned() };
    acts.extend(found.into_iter().map(act));
}

fn of_branches<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let from_git =
        |word: &&&str| word.contains("git+http") || word.contains("git+git:") || word.contains("git+ssh");
    words.iter().filter(from_git).filter(|word| !programs::is_fixed(word)).copied().collect()
}

fn of_cargo<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let at = words.iter().position(|word| *word == "--git");
    let fixed = words.iter().any(|word| word.starts_with("--rev"));
    at.and_then(|at| words.get(at + 1)).filter(|_| !fixed).into_iter().copied().collect()
}
