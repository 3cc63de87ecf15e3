//! A plugin in this process and the host's end of its connection.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it outside of #[test]")]

use std::sync::Arc;

use futures_util::future::BoxFuture;
use probity_protocol::error::{ErrorObject, object};
use probity_protocol::handshake::SUPPORTED;
use probity_protocol::method::{
    ConfigureResult, EngineQuery, EngineQueryMany, HostCapabilities, InitializeResult, InputParams, Party,
    PluginApiClient, Session, name,
};
use probity_protocol::{CallError, Fault, Handler, Limits, Peer, Request, Response};
use probity_sdk::Plugin;
use probity_sdk::plugin::Configuration;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use tokio::io::{duplex, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The host's side: asks the plugin itself what it asks of itself (`nest`), and answers some queries of others.
pub struct Host {
    peer: Peer,
    seen: mpsc::UnboundedSender<String>,
}

impl Handler for Host {
    fn request(&self, request: Request) -> BoxFuture<'static, Response> {
        let (peer, seen) = (self.peer.clone(), self.seen.clone());
        Box::pin(async move { serve(&peer, &seen, request).await.unwrap_or_else(|refusal| refusal) })
    }
}

async fn serve(
    peer: &Peer,
    seen: &mpsc::UnboundedSender<String>,
    request: Request,
) -> Result<Response, Response> {
    match request.method() {
        name::ENGINE_QUERY => {
            let (ticket, _, asked) = request.read_nested::<EngineQuery>()?;
            let _ = seen.send(format!("{} {}", asked.query, asked.key));
            Ok(match one(peer, asked.plugin.as_deref(), &asked.query, asked.key.get()).await {
                Ok(value) => ticket.answer(&value, "[]"),
                Err(error) => ticket.fail(&error),
            })
        }
        name::ENGINE_QUERY_MANY => {
            let (ticket, _, asked) = request.read_nested::<EngineQueryMany>()?;
            let _ = seen.send(format!("{} x{}", asked.query, asked.keys.len()));
            let mut values = Vec::new();
            for key in &asked.keys {
                values.push(one(peer, asked.plugin.as_deref(), &asked.query, key.get()).await);
            }
            let answers = values.iter().map(|value| match value {
                Ok(value) => Ok((value.as_str(), "[]")),
                Err(error) => Err(error.clone()),
            });
            Ok(ticket.answers(answers))
        }
        name::ENGINE_INPUT => {
            let (ticket, _, asked) = request.read_nested::<InputParams>()?;
            Ok(match (asked.kind.as_str(), asked.id.as_str()) {
                ("time", "day") => ticket.result(&json!({ "value": "2026-11-21", "digest": "d" })),
                _ => ticket.fail(&object::plain(-32023, "no such input")),
            })
        }
        other => {
            let error = object::method_not_found(other);
            Err(request.fail(&error))
        }
    }
}

async fn one(peer: &Peer, plugin: Option<&str>, query: &str, key: &str) -> Result<String, ErrorObject> {
    match (plugin, query) {
        (None, _) => match peer.query(query, key, 0, None).answer().await {
            Ok(answer) => Ok(answer.value.get().to_owned()),
            Err(CallError::Answered(error)) => {
                Err(object::upstream(error.message(), &probity_protocol::error::Detail::of(&error)))
            }
            Err(other) => Err(object::internal(other.to_string())),
        },
        (Some("demo"), "double") => Ok((key.parse::<i64>().unwrap() * 2).to_string()),
        (Some("demo"), "hang") => std::future::pending().await,
        (Some("demo"), "shallow") => Err(upstream(object::abstain("the history is cut off"))),
        (Some("demo"), "missing") => Err(upstream(object::unavailable("the blob is not here"))),
        (Some("demo"), "crash") => Err(object::plugin_ended("signal 6", "")),
        _ => Err(object::plain(-32021, "no such plugin")),
    }
}

fn upstream(error: ErrorObject) -> ErrorObject {
    object::upstream(error.message(), &probity_protocol::error::Detail::of(&error))
}

/// A plugin at work.
pub struct Lab {
    pub peer: Peer,
    /// What the plugin asked.
    pub seen: mpsc::UnboundedReceiver<String>,
    pub served: JoinHandle<Arc<Fault>>,
}

/// Starts a plugin; nothing has been said yet.
pub fn connect<C: Configuration>(plugin: Plugin<C>) -> Lab {
    let (near, far) = duplex(64 << 10);
    let (reader, writer) = split(far);
    let served = tokio::spawn(probity_sdk::serve::serve(plugin, reader, writer));
    let (sender, seen) = mpsc::unbounded_channel();
    let (reader, writer) = split(near);
    let host = |peer: &Peer| Host { peer: peer.clone(), seen: sender };
    let peer = Peer::start(reader, writer, Limits::default(), host, |fault| Box::pin(async { fault }));
    Lab { peer, seen, served }
}

/// Starts a plugin and configures it with `{}`.
pub async fn ready<C: Configuration>(plugin: Plugin<C>) -> Lab {
    let lab = connect(plugin);
    lab.initialize(1 << 20).await;
    lab.configure(json!({})).await.unwrap();
    lab
}

impl Lab {
    pub async fn initialize(&self, max_message_bytes: u64) -> InitializeResult {
        self.introduce(max_message_bytes, true).await
    }

    pub async fn initialize_without_batches(&self) -> InitializeResult {
        self.introduce(1 << 20, false).await
    }

    async fn introduce(&self, max_message_bytes: u64, query_many: bool) -> InitializeResult {
        let capabilities = HostCapabilities {
            blobs: false,
            progress: true,
            query_many,
            max_message_bytes,
            max_concurrent: 8,
        };
        let host = Party { name: "test".into(), version: "0".into() };
        let read = [("~/notes".to_owned(), "/home/a/notes".to_owned())].into();
        let session = Session { git_dir: Some("/objects/git".into()), read, ..Session::default() };
        self.peer.initialize(SUPPORTED, host, capabilities, session).await.unwrap()
    }

    pub async fn configure(&self, config: Value) -> Result<ConfigureResult, CallError> {
        Ok(self.peer.configure(to_raw_value(&config).unwrap()).await?)
    }

    /// Asks for a value.
    pub async fn ask(&self, query: &str, key: Value) -> Result<Value, ErrorObject> {
        match self.peer.query(query, &key.to_string(), 0, None).answer().await {
            Ok(answer) => Ok(serde_json::from_str(answer.value.get()).unwrap()),
            Err(CallError::Answered(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }
}

/// The error that the plugin answered with.
pub fn refused<T: std::fmt::Debug>(result: Result<T, CallError>) -> ErrorObject {
    match result {
        Err(CallError::Answered(error)) => error,
        other => panic!("expected an error answer, got {other:?}"),
    }
}
