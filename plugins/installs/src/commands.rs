//! A command line as a manifest names it: which programs it starts, on what, and whether it runs what a server sends. No shell is run and
//! no variable known.

mod split;

use crate::lexed::Language;
use split::{base_name, commands, program};

/// So deeply may command lines be in command lines.
const DEEPEST: usize = 4;

/// What a command line does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deeds {
    /// The address that it fetches and runs.
    pub(crate) runs_fetched: Option<String>,
    /// The address that it fetches.
    pub(crate) fetches: Option<String>,
    /// Whether it compares a hash.
    pub(crate) verifies: bool,
    /// Files of the project that it runs.
    pub(crate) files: Vec<String>,
    /// Programs that stand in the command itself.
    pub(crate) inline: Vec<(Language, String)>,
    /// Packages that are fetched for it.
    pub(crate) packages: Vec<String>,
    /// Other commands of the same manifest.
    pub(crate) scripts: Vec<String>,
}

impl Deeds {
    /// Adds what another command line does.
    pub(crate) fn add(&mut self, further: Deeds) {
        self.runs_fetched = self.runs_fetched.take().or(further.runs_fetched);
        self.fetches = self.fetches.take().or(further.fetches);
        self.verifies |= further.verifies;
        self.files.extend(further.files);
        self.inline.extend(further.inline);
        self.packages.extend(further.packages);
        self.scripts.extend(further.scripts);
    }
}

/// What a command line does.
pub(crate) fn deeds(line: &str) -> Deeds {
    let mut deeds = Deeds::default();
    walk(line, 0, &mut deeds);
    deeds
}

fn walk(line: &str, depth: usize, deeds: &mut Deeds) {
    let mut piped: Option<String> = None;
    // Whether the next command's output is run: `bash <(…)`, `iex (…)`, and `$(…)` where a program is expected.
    let mut substituting = depth > 0 && line.starts_with('`');
    for command in commands(line) {
        let words = program(&command.words);
        let Some((first, rest)) = words.split_first() else { continue };
        let name = base_name(first);
        if let Some(address) = piped.take()
            && is_interpreter(&name)
        {
            deeds.runs_fetched = Some(address);
        }
        if is_fetcher(&name) {
            let address = fetched(rest);
            if !is_local(&address) {
                piped = command.piped.then(|| address.clone());
                if substituting {
                    deeds.runs_fetched = Some(address.clone());
                }
                deeds.fetches = Some(address);
            }
        }
        deeds.verifies |= VERIFIERS.contains(&name.as_str());
        started(&name, first, rest, depth, deeds);
        let awaits = rest.last().is_some_and(|last| last == "<") && is_interpreter(&name);
        substituting = awaits || is_evaluator(&name) || (first == "$" && depth > 0);
    }
    // What was written to a file is run by a later command.
    if let (Some(address), None, false) = (&deeds.fetches, &deeds.runs_fetched, deeds.files.is_empty())
        && !deeds.verifies
    {
        deeds.runs_fetched = Some(address.clone());
    }
}

/// What compares hashes or signatures.
const VERIFIERS: [&str; 6] = ["sha256sum", "sha512sum", "shasum", "gpg", "minisign", "cosign"];

fn fetched(arguments: &[String]) -> String {
    let address = arguments.iter().find(|word| word.contains("://")).or(arguments.last());
    address.map_or("something", |address| address.trim_matches(['(', ')'])).to_owned()
}

fn is_evaluator(name: &str) -> bool {
    matches!(name, "iex" | "invoke-expression" | "eval")
}

/// Adds what a program is started on.
fn started(name: &str, first: &str, rest: &[String], depth: usize, deeds: &mut Deeds) {
    let argument = || rest.iter().find(|word| !word.starts_with('-')).cloned();
    match name {
        "npm" | "pnpm" | "yarn" | "bun"
            if rest.first().is_some_and(|word| word == "run" || word == "run-script") =>
        {
            let script = rest.get(1).cloned().unwrap_or_default();
            let is_file = script.contains(['/', '.']) && name == "bun";
            if is_file { deeds.files.push(script) } else { deeds.scripts.push(script) }
        }
        "npx" | "bunx" | "pnpx" => deeds.packages.extend(argument()),
        "npm" | "pnpm" | "yarn"
            if rest.first().is_some_and(|word| word == "exec" || word == "dlx" || word == "x") =>
        {
            deeds.packages.extend(rest.iter().skip(1).find(|word| !word.starts_with('-')).cloned());
        }
        "npm" | "pnpm" => {}
        "yarn" => deeds.scripts.extend(argument()),
        "run-s" | "run-p" | "npm-run-all" => {
            deeds.scripts.extend(rest.iter().filter(|word| !word.starts_with('-')).cloned());
        }
        _ if is_interpreter(name) => interpreted(name, rest, depth, deeds),
        _ if is_file(first) => deeds.files.push(first.to_owned()),
        _ => {}
    }
}

/// An interpreter is given a file, or a program in its argument.
fn interpreted(name: &str, rest: &[String], depth: usize, deeds: &mut Deeds) {
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "-e" | "-c" | "-p" | "-pe" | "-ec" | "-lc" | "-r" | "--eval" | "--print" | "-command"
            | "-encodedcommand" | "-enc" => {
                // `node -r module file`, `php -r code`.
                let Some(text) = words.next() else { return };
                if lower == "-r" && name != "php" {
                    deeds.files.extend(Some(text.clone()).filter(|text| is_file(text)));
                    continue;
                }
                let text = [text.as_str()]
                    .into_iter()
                    .chain(words.map(String::as_str))
                    .collect::<Vec<_>>()
                    .join(" ");
                return inline(name, &text, depth, deeds);
            }
            "--require" | "--import" | "--loader" | "-file" | "--" | "run" => {}
            "-m" => return,
            _ if word.starts_with(['-', '<', '$']) || word.starts_with('/') && name == "cmd" => {}
            _ => {
                deeds.files.push(word.clone());
                return;
            }
        }
    }
}

fn inline(name: &str, text: &str, depth: usize, deeds: &mut Deeds) {
    if text.starts_with(['$', '`']) && depth < DEEPEST {
        walk(text, depth + 1, deeds);
    }
    let language = match name {
        "python" | "python3" | "python2" | "py" => Language::Python,
        "ruby" | "perl" => Language::Ruby,
        "node" | "nodejs" | "bun" | "deno" | "php" | "tsx" | "ts-node" => Language::JavaScript,
        _ => {
            if depth < DEEPEST {
                walk(text, depth + 1, deeds);
            }
            Language::Shell
        }
    };
    deeds.inline.push((language, text.to_owned()));
}

fn is_interpreter(name: &str) -> bool {
    matches!(
        name,
        "node"
            | "nodejs"
            | "bun"
            | "deno"
            | "tsx"
            | "ts-node"
            | "python"
            | "python3"
            | "python2"
            | "py"
            | "sh"
            | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "pwsh"
            | "powershell"
            | "cmd"
            | "ruby"
            | "perl"
            | "php"
            | "@php"
            | "source"
            | "."
    )
}

fn is_fetcher(name: &str) -> bool {
    matches!(
        name,
        "curl"
            | "wget"
            | "aria2c"
            | "iwr"
            | "irm"
            | "invoke-webrequest"
            | "invoke-restmethod"
            | "certutil"
            | "bitsadmin"
            | "start-bitstransfer"
    )
}

/// Whether a word names a file to run rather than a program of the system.
fn is_file(word: &str) -> bool {
    let extension = word.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let runs = ["js", "cjs", "mjs", "ts", "py", "sh", "bash", "ps1", "cmd", "bat", "exe", "rb", "pl", "php"];
    word.starts_with("./")
        || word.starts_with("../")
        || extension.is_some_and(|of| runs.contains(&of.as_str()))
}

fn is_local(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    address.starts_with("file:") || ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

#[cfg(test)]
mod tests;
