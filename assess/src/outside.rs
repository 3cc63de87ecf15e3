//! Inputs from outside the target: the day at several coarsenesses, and the environment variables and files that a person lets
//! plugins see. What was seen is a leaf of the answer's trace, so an answer holds for as long as it is seen again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use probity_engine::{Digest, Failure, FailureKind};
use probity_host::PluginSpec;
use serde_json::{Value, json};

use crate::files;
use crate::settings::Day;

/// The most bytes of a file that is shown to a plugin.
const MAX_FILE: u64 = 16 << 20;

/// What plugins may be shown. Whether a certain plugin may see a certain thing, the host decides.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    day: String,
    env: BTreeMap<Arc<str>, Option<OsString>>,
    files: BTreeMap<Arc<str>, PathBuf>,
}

impl Outside {
    /// What `plugins` together may see. Of the environment nothing else is kept.
    pub(crate) fn new(
        day: &Day,
        environment: &BTreeMap<OsString, OsString>,
        plugins: &[PluginSpec],
    ) -> Outside {
        let mut outside = Outside { day: day.as_str().to_owned(), ..Outside::default() };
        for grants in plugins.iter().map(|plugin| &plugin.grants) {
            let seen = |name: &Arc<str>| (name.clone(), environment.get(&OsString::from(&**name)).cloned());
            outside.env.extend(grants.env.iter().map(seen));
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
            _ => Err(unavailable(
                "there are time/day, time/month, time/year, env/NAME and file/PATH".to_owned(),
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

    fn file(&self, id: &str) -> Result<Value, Failure> {
        let path = self.files.get(id).ok_or_else(|| unavailable("it is granted to no plugin".to_owned()))?;
        // The error names no path, which would be one of this machine.
        let failed = |error| unavailable(format!("the file cannot be read: {error}"));
        let Some(bytes) = files::read(path, MAX_FILE).map_err(failed)? else { return Ok(Value::Null) };
        let mut value = json!({ "size": bytes.len(), "sha256": Digest::of(&bytes).to_string() });
        if let Ok(text) = String::from_utf8(bytes) {
            value["text"] = text.into();
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

    use super::*;

    fn outside(folder: &std::path::Path) -> Outside {
        let grants = Grants {
            env: ["CI", "LANG"].map(Arc::from).into(),
            files: ["list.txt", "none.txt", "."].map(|name| (name.into(), folder.join(name))).into(),
            read: BTreeMap::new(),
        };
        let program = Program::Builtin { name: "x".to_owned() };
        let (instance, config) = ("acme/tools/x".into(), "{}".into());
        let plugin = PluginSpec { instance, artifact: Digest::of(b""), program, config, grants };
        let environment = [("CI", "true"), ("SECRET", "s3cret")].map(|(k, v)| (k.into(), v.into())).into();
        Outside::new(&Day::parse("2026-11-21").unwrap(), &environment, &[plugin])
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
        assert_eq!(shown("file", "none.txt"), "null");
        assert_eq!(shown("file", "."), "the file cannot be read: is a directory");
        assert_eq!(shown("file", "/etc/passwd"), "it is granted to no plugin");
        assert_eq!(shown("http", "x"), "there are time/day, time/month, time/year, env/NAME and file/PATH");
    }
}
