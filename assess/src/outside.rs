//! Inputs from outside the target: the day at several coarsenesses, and the environment variables, files and servers' answers that
//! a person lets plugins see. What was seen is a leaf of the answer's trace, so an answer holds for as long as it is seen again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::BASE64;
use probity_engine::{Digest, Failure, FailureKind};
use probity_host::{HTTP_WITH_TOKEN, PluginSpec};
use probity_net::{Endpoint, Token};
use serde_json::{Value, json};

use crate::fetched::{Proof, Servers};
use crate::files;
use crate::settings::Day;

/// The most bytes of a file that is shown to a plugin: archives of releases have as many, and as a text of control characters, six
/// bytes of JSON each, they still fit into a message.
const MAX_FILE: u64 = 32 << 20;

/// What plugins may be shown. Whether a certain plugin may see a certain thing, the host decides.
#[derive(Debug)]
pub(crate) struct Outside {
    day: String,
    env: BTreeMap<Arc<str>, Option<OsString>>,
    files: BTreeMap<Arc<str>, PathBuf>,
    net: BTreeSet<Endpoint>,
    /// The tokens that go to servers, by the names of their variables.
    tokens: BTreeMap<(Endpoint, Arc<str>), Token>,
    servers: Servers,
}

impl Outside {
    /// What `plugins` together may see. Of the environment nothing else is kept.
    pub(crate) fn new(
        day: &Day,
        environment: &BTreeMap<OsString, OsString>,
        servers: Servers,
        plugins: &[PluginSpec],
    ) -> Outside {
        let (env, files, net) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let tokens = BTreeMap::new();
        let mut outside = Outside { day: day.as_str().to_owned(), env, files, net, tokens, servers };
        for grants in plugins.iter().map(|plugin| &plugin.grants) {
            let seen = |name: &Arc<str>| (name.clone(), environment.get(&OsString::from(&**name)).cloned());
            outside.env.extend(grants.env.iter().map(seen));
            outside.net.extend(grants.net.iter().cloned());
            let token = |(server, variable): (&Endpoint, &Arc<str>)| {
                let value = environment.get(&OsString::from(&**variable))?.to_str()?;
                Some(((server.clone(), variable.clone()), Token::parse(value).ok()?))
            };
            outside.tokens.extend(grants.tokens.iter().filter_map(token));
            outside.files.extend(grants.files.iter().map(|(id, path)| (id.clone(), path.clone())));
        }
        outside
    }

    /// The value of an input as JSON.
    pub(crate) fn input(&self, kind: &str, id: &str) -> Result<Value, Failure> {
        match (kind, id) {
            ("time", "day") => Ok(self.day.as_str().into()),
            ("time", "month") => Ok(self.day[..7].into()),
            ("time", "year") => Ok(self.day[..4].into()),
            ("env", name) => self.variable(name),
            ("file", path) => self.file(path),
            ("http", address) => self.answer(address),
            (HTTP_WITH_TOKEN, id) => self.answer_with_token(id),
            _ => Err(unavailable(
                "there are time/day, time/month, time/year, refs/tags, state/refs, env/NAME, file/PATH and http/ADDRESS".to_owned(),
            )),
        }
    }

    fn variable(&self, name: &str) -> Result<Value, Failure> {
        match self.env.get(name) {
            Some(Some(value)) => value
                .to_str()
                .map(Value::from)
                .ok_or_else(|| unavailable("the variable's value is not UTF-8".to_owned())),
            Some(None) => Ok(Value::Null),
            None => Err(unavailable("it is granted to no plugin".to_owned())),
        }
    }

    fn answer(&self, address: &str) -> Result<Value, Failure> {
        if !Endpoint::of_address(address).is_some_and(|server| self.net.contains(&server)) {
            return Err(unavailable("its server is granted to no plugin".to_owned()));
        }
        self.servers.answer(address, None).map_err(|error| unavailable(error.to_string()))
    }

    /// `id` is the variable's name, a blank, and the address.
    fn answer_with_token(&self, id: &str) -> Result<Value, Failure> {
        let asked = id.split_once(' ').and_then(|(variable, address)| {
            let server = Endpoint::of_address(address).filter(|server| self.net.contains(server))?;
            let ((_, variable), token) = self.tokens.get_key_value(&(server, variable.into()))?;
            Some((address, Proof { variable, token }))
        });
        let (address, proof) = asked
            .ok_or_else(|| unavailable("its server is granted to no plugin with that token".to_owned()))?;
        self.servers.answer(address, Some(proof)).map_err(|error| unavailable(error.to_string()))
    }

    fn file(&self, id: &str) -> Result<Value, Failure> {
        let path = self.files.get(id).ok_or_else(|| unavailable("it is granted to no plugin".to_owned()))?;
        // The error names no path, which would be one of this machine.
        let failed = |error| unavailable(format!("the file cannot be read: {error}"));
        let Some(bytes) = files::read_straight(path, MAX_FILE).map_err(failed)? else {
            return Ok(Value::Null);
        };
        let mut value = json!({ "size": bytes.len(), "sha256": Digest::of(&bytes).to_string() });
        match String::from_utf8(bytes) {
            Ok(text) => value["text"] = text.into(),
            Err(error) => value["base64"] = BASE64.encode(error.as_bytes()).into(),
        }
        Ok(value)
    }
}

fn unavailable(message: String) -> Failure {
    Failure::new(FailureKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use probity_engine::Digest;
    use probity_host::{Grants, Program};

    use probity_net::{FetchError, Fetched};

    use super::*;
    use crate::fetched::Fetch;

    /// Answers with the address, and with the length of the token.
    #[derive(Debug)]
    struct Echo;

    impl Fetch for Echo {
        fn fetch(&self, url: &str, token: Option<&Token>) -> Result<Fetched, FetchError> {
            let body = token.map_or(url.into(), |token| format!("{url} {}", token.reveal().len()).into());
            Ok(Fetched { status: 200, headers: BTreeMap::new(), body })
        }
    }

    fn outside(folder: &std::path::Path) -> Outside {
        let grants = Grants {
            env: ["CI", "LANG"].map(Arc::from).into(),
            files: ["list.txt", "none.txt", "bytes", "."].map(|name| (name.into(), folder.join(name))).into(),
            net: ["api.example.org", "of.token"].map(|server| Endpoint::parse(server).unwrap()).into(),
            tokens: ["of.token", "not.net"]
                .map(|server| (Endpoint::parse(server).unwrap(), "SECRET".into()))
                .into(),
            ..Grants::default()
        };
        let program = Program::Builtin { name: "x".to_owned() };
        let (instance, config) = ("acme/tools/x".into(), "{}".into());
        let plugin = PluginSpec { instance, artifact: Digest::of(b""), program, config, grants };
        let environment = [("CI", "true"), ("SECRET", "s3cret")].map(|(k, v)| (k.into(), v.into())).into();
        let servers = Servers::new(Arc::new(Echo), None);
        Outside::new(&Day::parse("2026-11-21").unwrap(), &environment, servers, &[plugin])
    }

    #[test]
    fn what_was_granted_is_shown_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("list.txt"), "a\n").unwrap();
        let outside = outside(folder.path());
        let shown = |kind, id| match outside.input(kind, id) {
            Ok(value) => value.to_string(),
            Err(failure) => failure.message,
        };
        assert_eq!(shown("time", "day"), "\"2026-11-21\"");
        assert_eq!(shown("time", "month"), "\"2026-11\"");
        assert_eq!(shown("time", "year"), "\"2026\"");
        assert_eq!(shown("env", "CI"), "\"true\"");
        assert_eq!(shown("env", "LANG"), "null", "it is not set");
        assert_eq!(shown("env", "SECRET"), "it is granted to no plugin");
        let digest = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";
        assert_eq!(
            shown("file", "list.txt"),
            format!("{{\"size\":2,\"sha256\":\"{digest}\",\"text\":\"a\\n\"}}")
        );
        std::fs::write(folder.path().join("bytes"), b"\x1f\x8b\x00").unwrap();
        assert!(shown("file", "bytes").ends_with("\"base64\":\"H4sA\"}"), "{}", shown("file", "bytes"));
        assert_eq!(shown("file", "none.txt"), "null");
        assert_eq!(shown("file", "."), "the file cannot be read: is a directory");
        assert_eq!(shown("file", "/etc/passwd"), "it is granted to no plugin");
        let (kind, address) = ("http", "https://api.example.org/a");
        assert!(
            shown(kind, address).ends_with("\"text\":\"https://api.example.org/a\"}"),
            "{}",
            shown(kind, address)
        );
        for denied in
            ["https://api.example.org:8443/a", "http://api.example.org/a", "https://example.org/", "x"]
        {
            assert_eq!(shown(kind, denied), "its server is granted to no plugin");
        }
        let with_token = |id| shown("http-with-token", id);
        let got = with_token("SECRET https://of.token/a");
        assert!(got.ends_with("\"text\":\"https://of.token/a 6\"}"), "{got}");
        for denied in [
            "SECRET https://api.example.org/a",
            "SECRET https://not.net/a",
            "SECRET http://of.token/a",
            "CI https://of.token/a",
            "https://of.token/a",
        ] {
            assert_eq!(with_token(denied), "its server is granted to no plugin with that token", "{denied}");
        }
        assert!(!format!("{outside:?}").contains("s3cret"));
        let kinds = "there are time/day, time/month, time/year, refs/tags, state/refs, env/NAME, file/PATH and http/ADDRESS";
        assert_eq!(shown("gopher", "x"), kinds);
    }
}
