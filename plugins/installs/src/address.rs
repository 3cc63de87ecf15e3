//! Addresses of packages, as lock files, manifests and settings write them.

/// The parts of an address that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// In lower case: `https`, `http`, `git`, `ssh`.
    pub(crate) scheme: String,
    /// In lower case, without user and port.
    pub(crate) host: String,
    /// All of it, without words such as `registry+`.
    pub(crate) whole: &'a str,
    /// Whether it is taken from git.
    pub(crate) git: bool,
}

/// Words that lock files put before an address.
const WORDS: [&str; 11] = [
    "registry+",
    "sparse+",
    "gem+",
    "legacy+",
    "url+",
    "git+",
    "file+",
    "path+",
    "directory+",
    "editable+",
    "virtual+",
];

/// The address in a text; `None` for paths, names and ranges.
pub(crate) fn address(text: &str) -> Option<Address<'_>> {
    let mut whole = text.trim();
    let mut git = false;
    while let Some(word) = WORDS.iter().find(|word| whole.starts_with(**word)) {
        git |= *word == "git+";
        whole = &whole[word.len()..];
    }
    let (scheme, rest) = match whole.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        // git@host:owner/repository
        None => ("ssh".to_owned(), whole.strip_prefix("git@")?),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or(literal),
        None => authority.split(':').next().unwrap_or(authority),
    };
    git |= matches!(scheme.as_str(), "git" | "ssh") || is_repository(rest);
    (!host.is_empty()).then(|| Address { scheme, host: host.to_ascii_lowercase(), whole, git })
}

fn is_repository(rest: &str) -> bool {
    rest.split(['?', '#']).next().is_some_and(|path| path.ends_with(".git"))
}

impl Address<'_> {
    /// Whether anybody on the way can change what is sent.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "git" | "ftp") && !self.is_local()
    }

    /// Whether it is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.scheme == "file"
            || self.host == "localhost"
            || self.host == "::1"
            || self.host.starts_with("127.")
    }

    /// Whether it has a number for a name.
    pub(crate) fn is_number(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok()
    }

    /// Whether the way is that of a registry, where a hash is to be expected.
    pub(crate) fn is_archive(&self) -> bool {
        matches!(self.scheme.as_str(), "https" | "http") && !self.git
    }
}

/// Whether an address always means the same: it names a commit or a hash.
pub(crate) fn is_fixed(address: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let long = address
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| matches!(part.len(), 40 | 64 | 96 | 128) && hex(part));
    let short = ["?rev=", "?ref=", "#", "@"]
        .iter()
        .any(|sign| address.rsplit_once(sign).is_some_and(|(_, part)| part.len() >= 7 && hex(part)));
    long || short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        let of = |text: &str| address(text).map(|of| format!("{} {} {}", of.scheme, of.host, of.git));
        for (text, expected) in [
            ("https://User:p@Host.example:8080/a#b", Some("https host.example false")),
            ("registry+https://host.example/index", Some("https host.example false")),
            ("git+ssh://git@host.example/o/r.git#abc", Some("ssh host.example true")),
            ("git@host.example:o/r", Some("ssh host.example true")),
            ("http://[::1]:3000/x", Some("http ::1 false")),
            ("https://host.example/o/r.git?branch=x", Some("https host.example true")),
            ("^1.0.0", None),
            ("../x", None),
            ("https:///x", None),
        ] {
            assert_eq!(of(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_commit_or_hash_fixes_an_address() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for fixed in [
            &format!("https://h/o/r/tar.gz/{commit}"),
            &format!("git:o/r#{commit}"),
            "https://h/g?rev=abc1234",
            "o/r#abcdef0",
        ] {
            assert!(is_fixed(fixed), "{fixed}");
        }
        for moving in ["https://h/o/r", "o/r#v1.0", "https://h/g?branch=main", "https://h/g?rev=main"] {
            assert!(!is_fixed(moving), "{moving}");
        }
    }
}
