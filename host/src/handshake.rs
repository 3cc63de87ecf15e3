//! From a started process to a plugin that can be asked: `initialize`, `plugin/describe`, `plugin/configure`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_engine::Refusal;
use probity_protocol::error::ErrorObject;
use probity_protocol::handshake::SUPPORTED;
use probity_protocol::method::{
    ConfigureParams, Empty, HostCapabilities, InitializeParams, InitializeResult, Party, Session, name,
};
use probity_protocol::peer::ResponseLine;
use probity_protocol::{CallError, Peer};
use serde::Serialize;
use serde::de::Deserialize;
use serde_json::value::RawValue;

use crate::description::{Configuration, Description};
use crate::from_wire;
use crate::plain::plain;
use crate::{CallLimits, GitGrant, PluginSpec, StartError};

/// How many requests of one plugin are served at once.
const MAX_INBOUND: u32 = 16 << 10;

/// What a plugin said of itself.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) description: Description,
    /// A refused configuration is a fact: whoever asks gets the refusal.
    pub(crate) configuration: Result<Configuration, Refusal>,
    /// How many calls it wants to compute at once.
    pub(crate) concurrent: Option<u32>,
}

/// Introduces the two sides, within the time that a start may take.
pub(crate) async fn shake_hands(
    peer: &Peer,
    spec: &PluginSpec,
    git: Option<&GitGrant>,
    limits: &CallLimits,
    version: &str,
) -> Result<Ready, StartError> {
    let talk = Talk { peer, until: Instant::now() + limits.start, limit: limits.start };
    let said: InitializeResult =
        talk.call(name::INITIALIZE, &introduction(spec, git, limits, version)).await?;
    acquaint(spec.id(), &said).map_err(unacceptable(name::INITIALIZE))?;
    let raw: Box<RawValue> = talk.call(name::DESCRIBE, &Empty {}).await?;
    let description = Description::read(raw.get()).map_err(unacceptable(name::DESCRIBE))?;
    let configuration = match description.refuse(&spec.config) {
        Some(refusal) => Err(refusal),
        None => talk.configure(spec).await?,
    };
    let concurrent = if said.capabilities.concurrent { said.capabilities.max_concurrent } else { Some(1) };
    Ok(Ready { description, configuration, concurrent })
}

fn introduction(
    spec: &PluginSpec,
    git: Option<&GitGrant>,
    limits: &CallLimits,
    version: &str,
) -> InitializeParams {
    InitializeParams {
        protocol: SUPPORTED,
        host: Party { name: "probity".to_owned(), version: version.to_owned() },
        capabilities: HostCapabilities {
            blobs: false,
            progress: true,
            query_many: true,
            max_message_bytes: limits.message_bytes as u64,
            max_concurrent: MAX_INBOUND,
        },
        session: Session {
            git_dir: git.map(|grant| grant.git_dir.to_string_lossy().into_owned()),
            read: by_name(&spec.grants.read),
            exec: by_name(&spec.grants.exec),
            ..Session::default()
        },
    }
}

fn by_name(granted: &BTreeMap<Arc<str>, PathBuf>) -> BTreeMap<String, String> {
    let text = |(name, path): (&Arc<str>, &PathBuf)| (name.to_string(), path.to_string_lossy().into_owned());
    granted.iter().map(text).collect()
}

/// Checks that the process is who it was started as and speaks what it was offered.
fn acquaint(id: &str, said: &InitializeResult) -> Result<(), String> {
    if !SUPPORTED.contains(said.protocol) {
        let (min, max) = (SUPPORTED.min, SUPPORTED.max);
        return Err(format!("it chose protocol {}, and was offered {min} to {max}", said.protocol));
    }
    let plugin = &said.plugin;
    let parts = [Some(&plugin.publisher), plugin.namespace.as_ref(), Some(&plugin.name)];
    let claimed = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/");
    // The namespace may be left out.
    let short =
        id.split('/').enumerate().filter(|(at, _)| *at != 1).map(|(_, part)| part).collect::<Vec<_>>();
    if claimed == id || (plugin.namespace.is_none() && claimed == short.join("/")) {
        Ok(())
    } else {
        Err(format!("it calls itself {:?}", plain(&claimed, 200)))
    }
}

struct Talk<'a> {
    peer: &'a Peer,
    until: Instant,
    limit: Duration,
}

impl Talk<'_> {
    async fn call<P: Serialize, R>(&self, step: &'static str, params: &P) -> Result<R, StartError>
    where
        R: for<'de> Deserialize<'de>,
    {
        let line = self.line(step, params).await?;
        line.result().map_err(|error| match error {
            CallError::Answered(error) => unacceptable(step)(told(&error)),
            other => unacceptable(step)(plain(&other.to_string(), 300)),
        })
    }

    async fn configure(&self, spec: &PluginSpec) -> Result<Result<Configuration, Refusal>, StartError> {
        const STEP: &str = name::CONFIGURE;
        let config = RawValue::from_string(spec.config.to_string())
            .map_err(|error| unacceptable(STEP)(format!("its configuration is no JSON: {error}")))?;
        let line = self.line(STEP, &ConfigureParams { config }).await?;
        match line.result::<&RawValue>() {
            Ok(raw) => Configuration::read(raw.get()).map(Ok).map_err(unacceptable(STEP)),
            Err(CallError::Answered(error))
                if error.code() == probity_protocol::error::code::BAD_CONFIGURATION =>
            {
                Ok(Err(from_wire::refusal(&error)))
            }
            Err(CallError::Answered(error)) => Err(unacceptable(STEP)(told(&error))),
            Err(other) => Err(unacceptable(STEP)(plain(&other.to_string(), 300))),
        }
    }

    async fn line<P: Serialize>(&self, step: &'static str, params: &P) -> Result<ResponseLine, StartError> {
        let written = |error: CallError| unacceptable(step)(error.to_string());
        let call = self.peer.call(step, params).map_err(written)?;
        match tokio::time::timeout_at(self.until.into(), call.line()).await {
            Err(_) => Err(StartError::TimedOut { step, limit: self.limit }),
            Ok(Err(CallError::Ended(fault))) => Err(StartError::Ended { step, fault }),
            Ok(line) => line.map_err(written),
        }
    }
}

fn told(error: &ErrorObject) -> String {
    format!("error {}: {}", error.code(), plain(error.message(), 1000))
}

fn unacceptable(step: &'static str) -> impl Fn(String) -> StartError {
    move |reason| StartError::Unacceptable { step, reason }
}

#[cfg(test)]
mod tests {
    use probity_protocol::method::{PluginCapabilities, PluginIdentity};

    use super::*;

    fn said(protocol: u32, namespace: Option<&str>, name: &str) -> InitializeResult {
        InitializeResult {
            protocol,
            plugin: PluginIdentity {
                publisher: "acme".into(),
                namespace: namespace.map(str::to_owned),
                name: name.into(),
                version: "1.0.0".into(),
            },
            capabilities: PluginCapabilities::default(),
        }
    }

    #[test]
    fn a_plugin_is_who_it_was_started_as() {
        let who = |said| acquaint("acme/tools/idle", &said);
        assert_eq!(who(said(1, Some("tools"), "idle")), Ok(()));
        assert_eq!(who(said(1, None, "idle")), Ok(()));
        assert_eq!(who(said(1, Some("tools"), "busy")), Err("it calls itself \"acme/tools/busy\"".into()));
        assert_eq!(who(said(1, None, "tools/idle\u{7}")), Err("it calls itself \"acme/tools/idle\"".into()));
        assert_eq!(who(said(7, None, "idle")), Err("it chose protocol 7, and was offered 1 to 1".into()));
    }
}
