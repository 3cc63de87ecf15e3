//! A plugin played by the test, over pipes in memory.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use probity_host::{
    CallLimits, GitGrant, Host, Launch, Launched, PluginSpec, Process, Silent, Sink, StartError,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, duplex};
use tokio::sync::{Notify, watch};

use crate::common::host_with_sink;

/// The plugin's end of the pipes.
pub(crate) struct Wire {
    lines: Lines<BufReader<DuplexStream>>,
    out: DuplexStream,
    err: DuplexStream,
}

/// Plays a process from its start to its end, and says how it ended.
pub(crate) type Script = Box<dyn FnOnce(Wire) -> Pin<Box<dyn Future<Output = String> + Send>> + Send>;

/// Makes a script of an async closure.
pub(crate) fn script<F>(play: impl FnOnce(Wire) -> F + Send + 'static) -> Script
where
    F: Future<Output = String> + Send + 'static,
{
    Box::new(move |wire| Box::pin(play(wire)))
}

/// A host of `plugins` that nobody listens to.
pub(crate) fn host(plugins: Vec<PluginSpec>, launch: Arc<dyn Launch>, limits: CallLimits) -> Arc<Host> {
    host_with_sink(plugins, launch, limits, Arc::new(Silent))
}

impl Wire {
    /// The host's next message; when there is none any more, the host has closed the pipe.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let line = self.lines.next_line().await.ok()??;
        Some(serde_json::from_str(&line).expect("the host writes JSON"))
    }

    /// The host's next request of this method, whatever comes before it.
    pub(crate) async fn wait_for(&mut self, method: &str) -> Value {
        loop {
            let message =
                self.next().await.unwrap_or_else(|| panic!("the host closed the pipe before {method}"));
            if message["method"] == method {
                return message;
            }
        }
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.raw(format!("{message}\n").as_bytes()).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        // A host that has gone does not read.
        let _ = self.out.write_all(bytes).await;
    }

    pub(crate) async fn print_to_stderr(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes()).await;
    }

    pub(crate) async fn answer(&mut self, to: &Value, result: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": to["id"], "result": result })).await;
    }

    pub(crate) async fn value(&mut self, to: &Value, value: Value) {
        self.answer(to, json!({ "value": value, "concerns": [] })).await;
    }

    pub(crate) async fn refuse(&mut self, to: &Value, error: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": to["id"], "error": error })).await;
    }

    /// Asks the host something on behalf of its request `parent`, and waits for what it says.
    pub(crate) async fn ask(&mut self, id: u64, method: &str, parent: &Value, mut params: Value) -> Value {
        params["_meta"] = json!({ "parent": parent["id"] });
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        loop {
            let message = self.next().await.expect("the host answers");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Introduces itself as `probity/core/NAME` and takes any configuration.
    pub(crate) async fn greet(&mut self, name: &str, queries: Value) {
        self.initialize(name).await;
        let describe = self.wait_for("plugin/describe").await;
        let inputs = json!({ "inputs": ["time/day"] });
        let described = json!({ "queries": queries, "configSchema": {}, "permissions": inputs });
        self.answer(&describe, described).await;
        let configure = self.wait_for("plugin/configure").await;
        self.answer(&configure, json!({ "effectiveConfig": {} })).await;
    }

    pub(crate) async fn initialize(&mut self, name: &str) {
        let initialize = self.wait_for("initialize").await;
        let plugin = json!({ "publisher": "probity", "namespace": "core", "name": name, "version": "0.1.0" });
        let capabilities = json!({ "concurrent": true });
        self.answer(&initialize, json!({ "protocol": 1, "plugin": plugin, "capabilities": capabilities }))
            .await;
    }

    /// Waits until the host has closed the pipe.
    pub(crate) async fn listen(mut self) -> String {
        while self.next().await.is_some() {}
        "exit status: 0".to_owned()
    }
}

/// A query that takes and gives anything.
pub(crate) fn query(name: &str) -> Value {
    json!({ "name": name, "doc": "", "key": true, "output": true })
}

/// Starts scripts in their order; when there is none left, the start of another process is a fault of the test.
#[derive(Default)]
pub(crate) struct Scripted(Mutex<VecDeque<Script>>);

impl Scripted {
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>) -> Arc<Scripted> {
        Arc::new(Scripted(Mutex::new(scripts.into_iter().collect())))
    }
}

impl Launch for Scripted {
    fn launch(
        &self,
        _: &PluginSpec,
        _: Option<&GitGrant>,
        _: &Arc<dyn Sink>,
    ) -> Result<Launched, StartError> {
        let script = self.0.lock().unwrap().pop_front().expect("no more processes than the test has scripts");
        let (stdin, theirs_in) = duplex(64 << 10);
        let (theirs_out, stdout) = duplex(64 << 10);
        let (theirs_err, stderr) = duplex(64 << 10);
        let wire = Wire { lines: BufReader::new(theirs_in).lines(), out: theirs_out, err: theirs_err };
        let played = Played { kill: Arc::new(Notify::new()), status: watch::channel(None) };
        let (kill, status) = (played.kill.clone(), played.status.0.clone());
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = script(wire) => ended,
                () = kill.notified() => "signal: 9 (SIGKILL)".to_owned(),
            };
            status.send_replace(Some(ended));
        });
        let (stdin, stdout, stderr) = (Box::new(stdin), Box::new(stdout), Box::new(stderr));
        Ok(Launched { stdin, stdout, stderr, process: Box::new(played), report: None })
    }
}

struct Played {
    kill: Arc<Notify>,
    status: (watch::Sender<Option<String>>, watch::Receiver<Option<String>>),
}

impl Process for Played {
    fn terminate(&self) {
        self.kill.notify_one();
    }

    fn kill(&self) {
        self.kill.notify_one();
    }

    fn ended(&self) -> Pin<Box<dyn Future<Output = String> + Send>> {
        let mut status = self.status.1.clone();
        Box::pin(async move {
            let ended = status.wait_for(Option::is_some).await.expect("the script tells its end");
            ended.clone().expect("it was waited for")
        })
    }
}
