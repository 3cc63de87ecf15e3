//! Both ends of a connection in memory: two peers, or one peer and bare lines.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it outside of #[test]")]

use std::sync::Arc;

use futures_util::future::BoxFuture;
use probity_protocol::error::{ErrorObject, object};
use probity_protocol::method::{EngineQuery, PluginQuery, name};
use probity_protocol::{CallError, Fault, Handler, Limits, Notification, Peer, Request, Response};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex, split,
};
use tokio::sync::mpsc;

/// A handler made of a closure.
pub struct Serve(Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl Handler for Serve {
    fn request(&self, request: Request) -> BoxFuture<'static, Response> {
        (self.0)(request)
    }
}

/// Makes a handler of a closure.
pub fn serve<F>(answer: impl Fn(Request) -> F + Send + Sync + 'static) -> Serve
where
    F: Future<Output = Response> + Send + 'static,
{
    Serve(Box::new(move |request| Box::pin(answer(request))))
}

/// A handler that refuses everything.
pub struct Refuse;

impl Handler for Refuse {
    fn request(&self, request: Request) -> BoxFuture<'static, Response> {
        let error = object::method_not_found(request.method());
        Box::pin(async move { request.fail(&error) })
    }
}

/// A handler that says which notifications came, and refuses requests.
pub struct Note(pub mpsc::UnboundedSender<String>);

impl Handler for Note {
    fn request(&self, request: Request) -> BoxFuture<'static, Response> {
        Refuse.request(request)
    }

    fn notification(&self, notification: Notification) {
        let _ = self.0.send(notification.method().to_owned());
    }
}

/// Starts a peer on one end of a pipe.
pub fn start<H: Handler>(end: DuplexStream, limits: Limits, handler: impl FnOnce(&Peer) -> H) -> Peer {
    let (reader, writer) = split(end);
    Peer::start(reader, writer, limits, handler, |fault| Box::pin(async { fault }))
}

/// Two peers that are connected.
pub fn pair<A: Handler, B: Handler>(
    host: impl FnOnce(&Peer) -> A,
    plugin: impl FnOnce(&Peer) -> B,
) -> (Peer, Peer) {
    let (one, other) = duplex(64 << 10);
    (start(one, Limits::default(), host), start(other, Limits::default(), plugin))
}

/// The other end of a peer, as lines.
pub struct Lines {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
}

/// A peer, and its other end as lines.
pub fn raw<H: Handler>(limits: Limits, handler: impl FnOnce(&Peer) -> H) -> (Peer, Lines) {
    let (near, far) = duplex(64 << 10);
    let (reader, writer) = split(far);
    (start(near, limits, handler), Lines { reader: BufReader::new(reader), writer })
}

impl Lines {
    pub async fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
    }

    /// Sends unless the other side reads no more.
    pub async fn offer(&mut self, bytes: &[u8]) -> bool {
        self.writer.write_all(bytes).await.is_ok()
    }

    pub async fn receive_line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).await.unwrap();
        line
    }

    pub async fn receive(&mut self) -> Value {
        serde_json::from_str(&self.receive_line().await).unwrap()
    }

    /// Ends what this side sends; it still reads.
    pub async fn close(&mut self) {
        self.writer.shutdown().await.unwrap();
    }
}

/// A plugin's handler: `nest` asks the host for the same with a number less, `hang` never answers, `panic` panics,
/// all else answers with the key.
pub fn demo(peer: &Peer) -> Serve {
    let peer = peer.clone();
    serve(move |request| {
        let peer = peer.clone();
        async move { answer(&peer, request).await.unwrap_or_else(|refusal| refusal) }
    })
}

async fn answer(peer: &Peer, request: Request) -> Result<Response, Response> {
    let (ticket, asked) = request.read::<PluginQuery>()?;
    match asked.query.as_str() {
        "nest" => {
            let left: u32 = serde_json::from_str(asked.key.get()).unwrap();
            if left == 0 {
                return Ok(ticket.answer("\"bottom\"", "[]"));
            }
            let nested = json!({ "query": "nest", "key": left - 1, "_meta": { "parent": ticket.id() } });
            match peer.call(name::ENGINE_QUERY, &nested).unwrap().answer().await {
                Ok(answer) => Ok(ticket.answer(answer.value.get(), "[]")),
                Err(error) => Err(ticket.fail(&object::internal(error.to_string()))),
            }
        }
        "hang" => std::future::pending().await,
        "panic" => panic!("on purpose"),
        _ => Ok(ticket.answer(asked.key.get(), "[]")),
    }
}

/// A host's handler: asks the same plugin what the plugin asks.
pub fn engine(peer: &Peer) -> Serve {
    let peer = peer.clone();
    serve(move |request| {
        let peer = peer.clone();
        async move {
            let (ticket, _parent, asked) = match request.read_nested::<EngineQuery>() {
                Ok(asked) => asked,
                Err(refusal) => return refusal,
            };
            match peer.query(&asked.query, asked.key.get(), 0, None).answer().await {
                Ok(answer) => ticket.answer(answer.value.get(), "[]"),
                Err(error) => ticket.fail(&object::internal(error.to_string())),
            }
        }
    })
}

/// The error that the other side answered with.
pub fn answered<T: std::fmt::Debug>(result: Result<T, CallError>) -> ErrorObject {
    match result {
        Err(CallError::Answered(error)) => error,
        other => panic!("expected an error answer, got {other:?}"),
    }
}

/// The fault that ended the connection under a call.
pub fn ended<T: std::fmt::Debug>(result: Result<T, CallError>) -> Arc<Fault> {
    match result {
        Err(CallError::Ended(fault)) => fault,
        other => panic!("expected the connection's end, got {other:?}"),
    }
}
