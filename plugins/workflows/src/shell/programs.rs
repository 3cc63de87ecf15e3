//! What programs do that matters here: fetch, run what they are given, compare hashes.

use super::words::Command;

/// What a command runs, in lower case without folders, and what it is given.
pub(super) fn program(command: &Command) -> Option<(String, &[String])> {
    let mut words = command.words.as_slice();
    loop {
        let (first, rest) = words.split_first()?;
        let name = base_name(first);
        words = match name.as_str() {
            "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "time" | "exec"
            | "command" | "nohup" | "builtin" | "run" | "retry" | "<<" => rest,
            "sudo" | "env" | "doas" | "nice" | "xargs" | "timeout" => after_options(rest),
            _ if is_assignment(first) => rest,
            _ => return Some((name, rest)),
        };
    }
}

fn base_name(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn after_options(mut words: &[String]) -> &[String] {
    while let [first, rest @ ..] = words {
        let takes_one = matches!(first.as_str(), "-u" | "-g" | "-n" | "-I");
        if first.starts_with('-') || first.bytes().all(|byte| byte.is_ascii_digit() || byte == b's') {
            words = if takes_one { rest.get(1..).unwrap_or_default() } else { rest };
        } else {
            break;
        }
    }
    words
}

/// The address that a command fetches, or what stands for it.
pub(super) fn fetched(command: &Command) -> Option<String> {
    let (name, arguments) = program(command)?;
    let fetches = matches!(
        name.as_str(),
        "curl" | "wget" | "fetch" | "aria2c" | "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod"
    );
    if !fetches {
        return None;
    }
    let is_address = |word: &&String| word.contains("://");
    let address = command
        .words
        .iter()
        .find(is_address)
        .map(|word| trimmed(word))
        .or_else(|| arguments.iter().rfind(|word| !word.starts_with('-')).cloned())?;
    (!is_local(&address)).then_some(address)
}

fn trimmed(word: &str) -> String {
    let start = word.to_ascii_lowercase().find("http").unwrap_or(0);
    let address = word.get(start..).unwrap_or(word);
    address.trim_matches(['"', '\'', '(', ')']).to_owned()
}

/// Whether it is on the machine itself.
fn is_local(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    address.starts_with("file:")
        || ["localhost", "127.", "0.0.0.0", "[::1]", "host.docker.internal", "169.254."]
            .iter()
            .any(|local| host.starts_with(local))
}

/// Whether an address always means the same: it names a commit or a hash.
pub(super) fn is_fixed(address: &str) -> bool {
    address
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| matches!(part.len(), 40 | 64) && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The file that a command that fetches writes.
pub(super) fn written(command: &Command, address: &str) -> Option<String> {
    let mut words = command.words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            ">" | "--output" | "--output-document" | "-OutFile" | "-outfile" => return words.next().cloned(),
            "-O" | "--remote-name" if is_program(command, "curl") => return last_part(address),
            _ if is_program(command, "wget") && flag(word, 'O') => return words.next().cloned(),
            _ if is_program(command, "curl") && flag(word, 'o') => return words.next().cloned(),
            _ if is_program(command, "curl") && flag(word, 'O') => return last_part(address),
            _ => {
                if let Some(file) = word.strip_prefix("--output=").or(word.strip_prefix("--output-document="))
                {
                    return Some(file.to_owned());
                }
            }
        }
    }
    is_program(command, "wget").then(|| last_part(address)).flatten()
}

fn is_program(command: &Command, name: &str) -> bool {
    program(command).is_some_and(|(program, _)| program == name)
}

/// Whether short options that stand together end with this one: `-sSLo`.
fn flag(word: &str, name: char) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.ends_with(name))
}

fn last_part(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    path.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// What an interpreter does with its input and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// What comes in on its standard input.
    Input,
    /// A file.
    File(String),
    /// A text that it is given.
    Text,
}

/// What a command interprets, if that is what it is for.
pub(super) fn runs(command: &Command) -> Option<Runs> {
    let (name, arguments) = program(command)?;
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match stem {
        "source" | "" if name == "source" || name == "." => {
            return Some(arguments.first().map_or(Runs::Text, |file| Runs::File(file.clone())));
        }
        "eval" => return Some(Runs::Text),
        "iex" | "invoke-expression" => return Some(Runs::Input),
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "pwsh" | "powershell" => {}
        "python" | "perl" | "ruby" | "node" | "php" | "deno" | "bun" => {}
        _ => return None,
    }
    let shell = !matches!(stem, "python" | "perl" | "ruby" | "node" | "php" | "deno" | "bun");
    for argument in arguments.iter().filter(|word| *word != "<<") {
        match argument.strip_prefix('-') {
            Some("") => return Some(Runs::Input),
            Some(flags) if shell && flags.starts_with('s') && !flags.starts_with('-') => {
                return Some(Runs::Input);
            }
            Some(flags) if shell && !flags.starts_with('-') && flags.ends_with('c') => {
                return Some(Runs::Text);
            }
            Some(flags) if !shell && flags.contains(['c', 'm', 'e', 'n', 'p', 'r']) => {
                return Some(Runs::Text);
            }
            Some(_) => {}
            None if argument == ">" || argument == "/dev/stdin" => return Some(Runs::Input),
            None => return Some(Runs::File(argument.clone())),
        }
    }
    Some(Runs::Input)
}

/// Whether a command compares what was fetched with something that is known.
pub(super) fn verifies(command: &Command) -> bool {
    let Some((name, arguments)) = program(command) else { return false };
    let given = |word: &str| arguments.iter().any(|argument| argument.contains(word));
    match name.as_str() {
        "sha256sum" | "sha512sum" | "sha384sum" | "sha1sum" | "shasum" | "b2sum" | "minisign" | "signify"
        | "get-filehash" | "gpgv" | "slsa-verifier" => true,
        "gpg" | "gpg2" | "cosign" | "gh" => given("verify"),
        "openssl" => given("dgst") || given("sha"),
        _ => false,
    }
}
