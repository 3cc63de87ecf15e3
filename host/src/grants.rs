//! What of the machine a person lets a plugin see. Nothing by default; what is the same for whoever looks, such as the day,
//! needs nobody's leave.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_net::Endpoint;

use crate::GitGrant;
use crate::allowance::Allowance;
use crate::options::plugin_of;
use crate::plain::plain;

/// Inputs that need no grant.
const HARMLESS: &[&str] = &["time", "refs"];

/// The kind of the input that an answer of a server is which was asked with a token: another one than the same server's answer to
/// whoever has none. Its id is the name of the variable that holds the token, a blank, and the address. No plugin asks for it by
/// this name: the host puts it in place of `http` for a plugin that has the grant.
pub const HTTP_WITH_TOKEN: &str = "http-with-token";

/// How a manifest names the target's folder.
const TARGET: &str = "$REPO";

/// What one plugin may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Names of variables.
    pub env: BTreeSet<Arc<str>>,
    /// Files: as the plugin asks for them, and where they lie.
    pub files: BTreeMap<Arc<str>, PathBuf>,
    /// Files and folders that its process reads by itself: as the manifest names them, and where they lie. What it sees there
    /// nobody records, so no answer of such a plugin, nor what rests on it, is written down.
    pub read: BTreeMap<Arc<str>, PathBuf>,
    /// Servers whose answers it may see.
    pub net: BTreeSet<Endpoint>,
    /// Variables whose value is sent along to these servers, as a token. The plugin does not see it.
    pub tokens: BTreeMap<Endpoint, Arc<str>>,
    /// Servers that it may not ask although they are granted, since the token that goes with them cannot be had, and why.
    pub tokenless: BTreeMap<Endpoint, Arc<str>>,
    /// Programs that its process may start: as the manifest names them, and their real paths. What these see nobody records
    /// either.
    pub exec: BTreeMap<Arc<str>, PathBuf>,
    /// Whether it may see what this machine remembers of the target: what comes with the program may, and nobody else.
    pub state: bool,
    /// How much it may use; `None` for what the host gives built-in plugins.
    pub allowance: Option<Arc<Allowance>>,
}

impl Grants {
    /// Whether a plugin that has these grants may see the input.
    pub(crate) fn allow(&self, kind: &str, id: &str) -> bool {
        match kind {
            "env" => self.env.contains(id),
            "file" => self.files.contains_key(id),
            "http" => Endpoint::of_address(id)
                .is_some_and(|server| self.net.contains(&server) && !self.tokenless.contains_key(&server)),
            "state" => self.state,
            other => HARMLESS.contains(&other),
        }
    }

    /// Kind and id of the input that is looked at when a plugin with these grants asks for this one: with its token, if it has one
    /// for that server.
    pub(crate) fn looked_at<'a>(&self, kind: &'a str, id: &'a str) -> (&'a str, Cow<'a, str>) {
        let server = Endpoint::of_address(id).filter(|_| kind == "http");
        match server.and_then(|server| self.tokens.get(&server)) {
            Some(variable) => (HTTP_WITH_TOKEN, format!("{variable} {id}").into()),
            None => (kind, id.into()),
        }
    }

    /// Whether its process sees something that nobody records.
    pub(crate) fn are_unrecorded(&self) -> bool {
        let keeps = self.allowance.as_ref().is_some_and(|allowance| allowance.keeps.is_some());
        keeps || !self.read.is_empty() || !self.exec.is_empty()
    }

    /// Whether programs run where files of the target can be read beside its objects. What a program can read it can be made to run (by the
    /// dynamic loader), and git by the target's own configuration there; only a file tree of its own holds files that nobody can run.
    pub(crate) fn runs_beside_target(&self, git: Option<&GitGrant>) -> bool {
        let of_target = |(name, place): (&Arc<str>, &PathBuf)| {
            let near = |objects: &PathBuf| {
                objects.starts_with(place) || tree(objects).is_some_and(|tree| place.starts_with(tree))
            };
            **name == *TARGET || git.is_some_and(|git| git.read.iter().any(near))
        };
        !self.exec.is_empty() && self.read.iter().any(of_target)
    }

    /// Tells that nobody let `plugin` see this, and who may.
    pub(crate) fn denied(&self, plugin: &str, kind: &str, id: &str) -> String {
        let plugin = plugin_of(plugin);
        let server = Endpoint::of_address(id);
        let why = server.as_ref().filter(|_| kind == "http").and_then(|server| self.tokenless.get(server));
        if let Some(why) = why {
            return format!("{}/{} is not asked for: {why}", plain(kind, 50), plain(id, 200));
        }
        let (kind, id) = (plain(kind, 50), plain(id, 200));
        let asked = format!("{kind}/{id}");
        let thing = match (&*kind, server) {
            ("http", Some(server)) => format!("net {:?}", server.to_string()),
            ("state", _) => return format!("{asked} is for the built-in plugins alone"),
            ("http", None) => return format!("{asked} is no address of https"),
            _ => format!("{kind} {id:?}"),
        };
        format!(
            "{asked} is not granted to this plugin; `probity plugin grant` grants what its manifest asks for, or a policy: \
             plugin {plugin:?} … {{ grant {{ {thing}; }} }}"
        )
    }

    /// The same text for the same grants, wherever the files lie: part of what a plugin's answers rest on, since one that was
    /// denied something may have answered accordingly.
    pub(crate) fn text(&self) -> String {
        let env = self.env.iter().map(|name| format!("\nenv/{name:?}"));
        let files = self.files.keys().map(|path| format!("\nfile/{path:?}"));
        let read = self.read.keys().map(|path| format!("\nread/{path:?}"));
        let net = self.net.iter().map(|server| format!("\nnet/{server}"));
        let tokens = self.tokens.iter().map(|(server, variable)| format!("\ntoken/{server}={variable}"));
        let tokenless = self.tokenless.iter().map(|(server, why)| format!("\ntokenless/{server}={why:?}"));
        let exec = self.exec.keys().map(|program| format!("\nexec/{program:?}"));
        let allowance = self.allowance.as_deref().map(Allowance::text);
        env.chain(files)
            .chain(read)
            .chain(net)
            .chain(tokens)
            .chain(tokenless)
            .chain(exec)
            .chain(allowance)
            .collect()
    }
}

/// The working tree that usually goes with a directory of objects.
fn tree(objects: &Path) -> Option<&Path> {
    objects.parent().filter(|git| git.file_name().is_some_and(|name| name == ".git"))?.parent()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_got_with_a_token_is_another_input() {
        let server = |text: &str| Endpoint::parse(text).unwrap();
        let mut grants = Grants { net: ["a.example", "b.example"].map(server).into(), ..Grants::default() };
        let anonymous = grants.text();
        grants.tokens.insert(server("a.example"), "A_TOKEN".into());
        assert_ne!(grants.text(), anonymous);
        let looked_at = |kind, id| {
            let (kind, id) = grants.looked_at(kind, id);
            format!("{kind}/{id}")
        };
        assert_eq!(looked_at("http", "https://a.example/x"), "http-with-token/A_TOKEN https://a.example/x");
        assert_eq!(looked_at("http", "https://b.example/x"), "http/https://b.example/x");
        assert_eq!(looked_at("http", "https://a.example:8443/x"), "http/https://a.example:8443/x");
        assert_eq!(looked_at("file", "https://a.example/x"), "file/https://a.example/x");
        assert!(grants.allow("http", "https://a.example/x"));
        assert!(!grants.allow(HTTP_WITH_TOKEN, "A_TOKEN https://a.example/x"), "no plugin asks so");
    }

    #[test]
    fn a_server_whose_token_is_missing_is_not_asked_without_it() {
        let server = Endpoint::parse("a.example").unwrap();
        let mut grants = Grants { net: [server.clone()].into(), ..Grants::default() };
        grants.tokenless.insert(server, "A_TOKEN is not set".into());
        assert!(!grants.allow("http", "https://a.example/x"));
        let told = grants.denied("a/b/c", "http", "https://a.example/x");
        assert_eq!(told, "http/https://a.example/x is not asked for: A_TOKEN is not set");
    }

    #[test]
    fn programs_and_the_targets_files_are_told_from_other_grants() {
        let git = GitGrant {
            git_dir: "/c/git".into(),
            read: vec!["/c/git".into(), "/r/.git/objects".into()],
            shows: String::new(),
        };
        let with = |exec: bool, name: &str, place: &str| {
            let exec = exec.then(|| ("git".into(), PathBuf::from("/usr/bin/git"))).into_iter().collect();
            let read = BTreeMap::from([(name.into(), PathBuf::from(place))]);
            Grants { exec, read, ..Grants::default() }.runs_beside_target(Some(&git))
        };
        assert!(with(true, "$REPO", "/r") && !with(false, "$REPO", "/r"));
        for place in ["/r", "/r/src", "/"] {
            assert!(with(true, "it", place), "{place}");
        }
        assert!(!with(true, "~/.mailmap", "/home/somebody/.mailmap"));
    }
}
