//! A program that is run at installation: what it can do, by the words of its code.

use crate::commands::{self, Deeds};
use crate::lexed::{Language, Lexed, lexed};
use probity_sdk::prelude::*;

/// What a program does, and the line where it first does so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Traits {
    /// In bytes.
    pub(crate) size: u64,
    /// It talks to servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fetches: Option<u32>,
    /// It starts other programs, or makes files executable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starts: Option<u32>,
    /// It runs text as a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evaluates: Option<u32>,
    /// It makes bytes of encoded text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decodes: Option<u32>,
    /// A command in it runs what a server sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) runs_fetched: Option<u32>,
    /// It compares hashes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) verifies: bool,
}

/// The words by which a language does something: calls and names in its code, and texts that name a module or a program.
struct Words {
    fetches: &'static [&'static str],
    starts: &'static [&'static str],
    evaluates: &'static [&'static str],
    decodes: &'static [&'static str],
    fetching_texts: &'static [&'static str],
    starting_texts: &'static [&'static str],
}

const JAVASCRIPT: Words = Words {
    fetches: &[
        "fetch(",
        "XMLHttpRequest",
        "axios",
        "https.get(",
        "http.get(",
        "https.request(",
        "http.request(",
    ],
    starts: &[
        "execSync(",
        "spawnSync(",
        "spawn(",
        "execFile(",
        "execFileSync(",
        "chmodSync(",
        "Bun.$",
        "Deno.Command",
        "process.binding(",
    ],
    evaluates: &["eval(", "Function(", "vm.run", "runInThisContext(", "runInNewContext("],
    decodes: &[
        "atob(",
        "fromCharCode",
        "inflateSync(",
        "gunzipSync(",
        "brotliDecompressSync(",
        "createDecipheriv(",
    ],
    fetching_texts: &[
        "http",
        "https",
        "http2",
        "net",
        "dns",
        "tls",
        "node:http",
        "node:https",
        "node:net",
        "node:tls",
        "node:dns",
        "axios",
        "got",
        "node-fetch",
        "undici",
        "request",
        "superagent",
        "follow-redirects",
    ],
    starting_texts: &["child_process", "node:child_process", "execa", "cross-spawn", "shelljs", "zx"],
};
const PYTHON: Words = Words {
    fetches: &[
        "urlopen(",
        "urlretrieve(",
        "urllib.request",
        "urllib2",
        "requests.get(",
        "requests.post(",
        "httpx.",
        "aiohttp",
        "http.client",
        "socket.socket(",
        "socket.create_connection(",
        "ftplib",
    ],
    starts: &[
        "subprocess",
        "os.system(",
        "os.popen(",
        "os.exec",
        "os.spawn",
        "Popen(",
        "os.startfile(",
        "ctypes.windll",
    ],
    evaluates: &["exec(", "eval(", "runpy.", "__import__("],
    decodes: &[
        "b64decode",
        "b32decode",
        "b85decode",
        "a85decode",
        "unhexlify",
        "fromhex(",
        "marshal.loads",
        "zlib.decompress",
        "lzma.decompress",
        "codecs.decode",
        "Fernet(",
    ],
    fetching_texts: &[],
    starting_texts: &[],
};
const RUBY: Words = Words {
    fetches: &["Net::HTTP", "URI.open", "OpenURI", "TCPSocket", "Faraday", "HTTParty", "RestClient"],
    starts: &["system(", "system ", "spawn(", "popen", "Open3", "%x", "`", "exec("],
    evaluates: &["eval(", "eval "],
    decodes: &["Base64.", "unpack(", "unpack1(", "Zlib::"],
    fetching_texts: &["open-uri", "net/http", "socket"],
    starting_texts: &[],
};
const RUST: Words = Words {
    fetches: &["reqwest", "ureq", "curl::", "attohttpc", "minreq", "isahc", "hyper::", "TcpStream"],
    starts: &["Command::new("],
    evaluates: &[],
    decodes: &["base64", "from_hex", "hex::decode"],
    fetching_texts: &["curl", "wget"],
    starting_texts: &[],
};
const SHELL: Words = Words {
    fetches: &[],
    starts: &[],
    evaluates: &["eval "],
    decodes: &["base64 -d", "base64 --decode", "xxd -r"],
    fetching_texts: &[],
    starting_texts: &[],
};

/// What compares hashes, in any language.
const VERIFIES: [&str; 12] = [
    "createHash(",
    "hashlib.",
    "sha256",
    "sha512",
    "Sha256",
    "Sha512",
    "SHA256",
    "SHA512",
    "Digest::",
    "timingSafeEqual",
    "minisign",
    "gpg",
];

/// The language of a program by the name of its file.
pub(crate) fn language(path: &str) -> Language {
    match git_extension(path) {
        "py" | "pth" => Language::Python,
        "rb" | "gemspec" => Language::Ruby,
        "rs" => Language::Rust,
        "sh" | "bash" | "zsh" | "ps1" | "cmd" | "bat" => Language::Shell,
        _ => Language::JavaScript,
    }
}

fn git_extension(path: &str) -> &str {
    probity_sdk::git::extension(path).unwrap_or_default()
}

/// What a program does.
pub(crate) fn traits(text: &str, language: Language) -> Traits {
    let words = match language {
        Language::JavaScript => &JAVASCRIPT,
        Language::Python => &PYTHON,
        Language::Ruby => &RUBY,
        Language::Rust => &RUST,
        Language::Shell => &SHELL,
    };
    let parts = lexed(text, language);
    let mut traits = Traits {
        size: text.len() as u64,
        fetches: earlier(first(&parts.code, words.fetches), named(&parts, words.fetching_texts)),
        starts: earlier(first(&parts.code, words.starts), named(&parts, words.starting_texts)),
        evaluates: first(&parts.code, words.evaluates),
        decodes: first(&parts.code, words.decodes),
        runs_fetched: None,
        verifies: VERIFIES.iter().any(|word| parts.code.contains(word)),
    };
    // Encodings are named in texts: Buffer.from(x, 'base64').
    let encoded = ["base64", "hex", "rot13"];
    if language == Language::JavaScript && parts.code.contains("Buffer.from(") && traits.decodes.is_none() {
        traits.decodes = named(&parts, &encoded);
    }
    if language == Language::Shell {
        traits.add((1..).zip(text.lines().map(uncommented)));
        traits.add([(1, text)]);
    } else {
        traits.add(parts.texts.iter().map(|(line, text)| (*line, text.as_str())));
    }
    traits
}

fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with('#') { "" } else { line }
}

impl Traits {
    /// Adds what command lines do that stand at these lines.
    fn add<'a>(&mut self, lines: impl IntoIterator<Item = (u32, &'a str)>) {
        const LONGEST: usize = 10_000;
        let fetch = ["curl", "wget", "iwr", "irm", "Invoke-", "certutil", "bitsadmin"];
        for (line, text) in lines {
            if text.len() > LONGEST || !fetch.iter().any(|word| text.contains(word)) {
                continue;
            }
            let Deeds { runs_fetched, fetches, verifies, .. } = commands::deeds(text);
            self.verifies |= verifies;
            self.fetches = self.fetches.or(fetches.map(|_| line));
            self.runs_fetched = self.runs_fetched.or(runs_fetched.map(|_| line));
        }
    }
}

/// The line of the first of these words in the code, where it is no part of a longer one.
fn first(code: &str, words: &[&str]) -> Option<u32> {
    let at = |word: &&str| {
        let mut found = code.match_indices(*word).map(|(at, _)| at);
        found.find(|at| starts_a_word(code, *at, word))
    };
    words.iter().filter_map(at).min().map(|at| {
        let breaks = code[..at].bytes().filter(|byte| *byte == b'\n').count();
        u32::try_from(breaks + 1).unwrap_or(u32::MAX)
    })
}

/// `eval(`, but neither `medieval(` nor `.eval(`; `cp.spawn(`, since that is how modules are called.
fn starts_a_word(code: &str, at: usize, word: &str) -> bool {
    let before = code[..at].chars().next_back().unwrap_or(' ');
    let evaluates = ["eval(", "exec(", "fetch(", "Function("].contains(&word);
    let part = before.is_alphanumeric() || before == '_' || before == '$';
    !word.starts_with(|c: char| c.is_alphabetic()) || !(part || evaluates && before == '.')
}

fn earlier(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    a.into_iter().chain(b).min()
}

fn named(parts: &Lexed, names: &[&str]) -> Option<u32> {
    parts.texts.iter().find(|(_, text)| names.contains(&text.as_str())).map(|(line, _)| *line)
}

#[cfg(test)]
mod tests;
