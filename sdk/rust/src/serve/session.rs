//! One connection to a host: who it is, how the plugin is configured, and the queries that are open.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use jsonrpsee::core::server::Methods;
use jsonrpsee::core::{RpcResult, async_trait};
use probity_protocol::error::{code, object};
use probity_protocol::handshake::SUPPORTED;
use probity_protocol::method::{
    ConfigureResult, DescribeResult, Empty, HostCapabilities, InitializeResult, Meta, Party, PluginApiServer,
    PluginCapabilities, PluginQuery, Session as Places, name,
};
use probity_protocol::peer::dispatch;
use probity_protocol::{Handler, Id, Notification, Peer, Request, Response, VersionRange};
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

use super::wire::{Progress, Wire};
use super::workers::Workers;
use crate::engine::{Engine, Shared};
use crate::plugin::{Configuration, Plugin};

/// Serves the host's requests.
pub(crate) struct Session<C> {
    inner: Arc<Inner<C>>,
    methods: Methods,
}

struct Inner<C> {
    plugin: Plugin<C>,
    peer: Peer,
    workers: Workers,
    shared: Arc<Shared>,
    exit: Arc<Notify>,
    state: Mutex<State<C>>,
    /// How many queries are open.
    open: watch::Sender<usize>,
    /// The way to tell each of them that nobody waits any more.
    cancels: Mutex<HashMap<Id, watch::Sender<bool>>>,
}

struct State<C> {
    host: Option<Host>,
    config: Option<Arc<C>>,
}

/// What the host said of itself.
#[derive(Clone)]
struct Host {
    capabilities: HostCapabilities,
    git_dir: Option<PathBuf>,
    readable: Arc<BTreeMap<String, String>>,
    programs: Arc<BTreeMap<String, String>>,
}

impl Host {
    fn max_message(&self) -> usize {
        usize::try_from(self.capabilities.max_message_bytes).unwrap_or(usize::MAX)
    }
}

impl<C: Configuration> Session<C> {
    pub(crate) fn new(plugin: Plugin<C>, peer: Peer, exit: Arc<Notify>) -> Session<C> {
        let inner = Arc::new(Inner {
            workers: Workers::new(plugin.concurrency()),
            plugin,
            peer,
            shared: Arc::default(),
            exit,
            state: Mutex::new(State { host: None, config: None }),
            open: watch::Sender::new(0),
            cancels: Mutex::default(),
        });
        Session { methods: Api(inner.clone()).into_rpc().into(), inner }
    }
}

impl<C: Configuration> Handler for Session<C> {
    fn request(&self, request: Request) -> BoxFuture<'static, Response> {
        if request.method() == name::QUERY {
            let inner = self.inner.clone();
            return Box::pin(async move { inner.query(request).await.unwrap_or_else(|refusal| refusal) });
        }
        if request.method() != name::INITIALIZE && self.inner.state().host.is_none() {
            let error = object::invalid_request("initialize comes first");
            return Box::pin(std::future::ready(request.fail(&error)));
        }
        dispatch(&self.methods, request)
    }

    /// A query's thread cannot be ended from outside, so the query counts as open until it has ended by itself.
    fn cancel(&self, id: &Id) -> bool {
        let cancels = self.inner.cancels();
        cancels.get(id).is_some_and(|cancel| {
            cancel.send_replace(true);
            true
        })
    }

    fn notification(&self, notification: Notification) {
        if notification.method() == name::EXIT {
            self.inner.exit.notify_one();
        }
    }
}

impl<C: Configuration> Inner<C> {
    /// The state is only ever locked for one look, so a panic cannot leave it half changed.
    fn state(&self) -> std::sync::MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancels(&self) -> std::sync::MutexGuard<'_, HashMap<Id, watch::Sender<bool>>> {
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn query(self: Arc<Self>, request: Request) -> Result<Response, Response> {
        let (host, config) = {
            let state = self.state();
            (state.host.clone(), state.config.clone())
        };
        let Some((host, config)) = host.zip(config) else {
            return Err(
                request.fail(&object::plain(code::NOT_CONFIGURED, "configure comes before the first query"))
            );
        };
        let (ticket, asked) = request.read::<PluginQuery>()?;
        let Some(query) = self.plugin.find(&asked.query).cloned() else {
            return Err(ticket.fail(&object::no_such_query(&asked.query, &self.plugin.query_names())));
        };
        let (cancel, mut cancelled) = watch::channel(false);
        let max = host.max_message();
        let wire = self.wire(ticket.id().clone(), asked.meta, host, cancelled.clone());
        let engine = Engine::new(Arc::new(wire), config, self.shared.clone());
        let id = ticket.id().clone();
        let (done, answer) = oneshot::channel();
        let _open = OpenQuery::new(&self, id.clone(), cancel);
        let begun = Arc::new(AtomicBool::new(false));
        let begins = begun.clone();
        self.workers.submit(move || {
            if !begins.swap(true, Ordering::SeqCst) {
                // The connection may have ended: then nobody waits.
                let _ = done.send(query.answer(&engine, &asked.key, ticket));
            }
        });
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => return Ok(within(max, &id, answer)),
            _ = cancelled.wait_for(|cancelled| *cancelled) => {}
        }
        if begun.swap(true, Ordering::SeqCst) {
            let _ = answer.await;
        }
        Err(Response::error(&id, &object::cancelled()))
    }

    fn wire(&self, id: Id, meta: Meta, host: Host, cancelled: watch::Receiver<bool>) -> Wire {
        let progress = meta.token.filter(|_| host.capabilities.progress).map(Progress::new);
        Wire {
            peer: self.peer.clone(),
            runtime: Handle::current(),
            workers: self.workers.clone(),
            meta: Meta { parent: Some(id), traceparent: meta.traceparent, ..Meta::default() },
            cancelled,
            max_message: host.max_message(),
            git_dir: host.git_dir,
            readable: host.readable,
            programs: host.programs,
            serves_many: host.capabilities.query_many,
            until: meta.timeout_ms.and_then(|left| Instant::now().checked_add(Duration::from_millis(left))),
            progress,
        }
    }
}

/// The response of a query's thread, if the host reads messages of that length.
fn within(max: usize, id: &Id, answer: Result<Response, oneshot::error::RecvError>) -> Response {
    match answer {
        Ok(response) if response.size() > max => Response::error(id, &object::too_big(response.size(), max)),
        Ok(response) => response,
        Err(_) => Response::error(id, &object::too_busy("no thread can be started")),
    }
}

/// Counts a query until it is answered, and tells its thread when the connection has ended before.
struct OpenQuery<'a, C> {
    session: &'a Inner<C>,
    id: Id,
    cancel: watch::Sender<bool>,
}

impl<'a, C> OpenQuery<'a, C> {
    fn new(session: &'a Inner<C>, id: Id, cancel: watch::Sender<bool>) -> OpenQuery<'a, C> {
        session.open.send_modify(|open| *open += 1);
        let mut cancels = session.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.insert(id.clone(), cancel.clone());
        drop(cancels);
        OpenQuery { session, id, cancel }
    }
}

impl<C> Drop for OpenQuery<'_, C> {
    fn drop(&mut self) {
        self.cancel.send_replace(true);
        self.session.cancels.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        self.session.open.send_modify(|open| *open -= 1);
    }
}

/// The methods that are no queries.
struct Api<C>(Arc<Inner<C>>);

#[async_trait]
impl<C: Configuration> PluginApiServer for Api<C> {
    async fn initialize(
        &self,
        protocol: VersionRange,
        _host: Party,
        capabilities: HostCapabilities,
        session: Places,
    ) -> RpcResult<InitializeResult> {
        let spoken = SUPPORTED.common(protocol)?;
        let mut state = self.0.state();
        if state.host.is_some() {
            return Err(object::invalid_request("initialize comes once"));
        }
        let (git_dir, readable) = (session.git_dir.map(PathBuf::from), Arc::new(session.read));
        let programs = Arc::new(session.exec);
        state.host = Some(Host { capabilities, git_dir, readable, programs });
        Ok(InitializeResult {
            protocol: spoken,
            plugin: self.0.plugin.identity().clone(),
            capabilities: PluginCapabilities {
                concurrent: true,
                max_concurrent: u32::try_from(self.0.plugin.concurrency()).ok(),
                deterministic: true,
                blobs: false,
            },
        })
    }

    async fn describe(&self) -> RpcResult<DescribeResult> {
        Ok(self.0.plugin.describe())
    }

    async fn configure(&self, config: Box<RawValue>) -> RpcResult<ConfigureResult> {
        if self.0.state().config.is_some() {
            return Err(object::invalid_request("configure comes once"));
        }
        let (config, result) = self.0.plugin.configure(&config)?;
        self.0.state().config = Some(Arc::new(config));
        Ok(result)
    }

    async fn ping(&self) -> RpcResult<Empty> {
        Ok(Empty {})
    }

    async fn shutdown(&self) -> RpcResult<Empty> {
        let mut open = self.0.open.subscribe();
        // The sender lives as long as the session, so this only ends with the count.
        let _ = open.wait_for(|open| *open == 0).await;
        Ok(Empty {})
    }
}
