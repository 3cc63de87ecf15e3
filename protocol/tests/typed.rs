//! The generated traits, client to server through two peers, and that they send what the documented types say.

mod common;

use common::{Refuse, Serve, pair, raw, serve};
use jsonrpsee::core::client::{ClientT, Error};
use jsonrpsee::core::server::Methods;
use jsonrpsee::core::{RpcResult, async_trait};
use probity_protocol::error::object;
use probity_protocol::handshake::SUPPORTED;
use probity_protocol::method::{
    ConfigureResult, DescribeResult, Empty, EngineApiClient, HostCapabilities, InitializeParams,
    InitializeResult, InputParams, Meta, Party, PluginApiClient, PluginApiServer, PluginCapabilities,
    PluginIdentity, Session,
};
use probity_protocol::peer::dispatch;
use probity_protocol::{CallError, Id, Limits, Peer, VersionRange};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

struct Plugin;

#[async_trait]
impl PluginApiServer for Plugin {
    async fn initialize(
        &self,
        protocol: VersionRange,
        _host: Party,
        _capabilities: HostCapabilities,
        _session: Session,
    ) -> RpcResult<InitializeResult> {
        let identity = PluginIdentity {
            publisher: "acme".into(),
            namespace: None,
            name: "demo".into(),
            version: "1.0.0".into(),
        };
        let capabilities = PluginCapabilities::default();
        Ok(InitializeResult { protocol: SUPPORTED.common(protocol)?, plugin: identity, capabilities })
    }

    async fn describe(&self) -> RpcResult<DescribeResult> {
        panic!("on purpose")
    }

    async fn configure(&self, config: Box<RawValue>) -> RpcResult<ConfigureResult> {
        match config.get() {
            "{}" => Ok(ConfigureResult {
                effective_config: config,
                uses: vec![],
                default_policy: None,
                warnings: vec![],
            }),
            _ => Err(object::bad_configuration("/weeks", "a number")),
        }
    }

    async fn ping(&self) -> RpcResult<Empty> {
        Ok(Empty {})
    }

    async fn shutdown(&self) -> RpcResult<Empty> {
        Ok(Empty {})
    }
}

fn plugin(_: &Peer) -> Serve {
    let methods: Methods = Plugin.into_rpc().into();
    serve(move |request| dispatch(&methods, request))
}

fn introduction() -> (VersionRange, Party, HostCapabilities, Session) {
    let capabilities = HostCapabilities {
        blobs: false,
        progress: true,
        query_many: true,
        max_message_bytes: 1 << 28,
        max_concurrent: 64,
    };
    let session = Session { git_dir: Some("/objects".into()), ..Session::default() };
    (SUPPORTED, Party { name: "probity".into(), version: "0.1.0".into() }, capabilities, session)
}

fn ours<T: std::fmt::Debug>(result: Result<T, Error>) -> CallError {
    CallError::from(result.expect_err("the call succeeded"))
}

#[tokio::test]
async fn the_generated_client_and_server_understand_each_other() {
    let (host, _plugin) = pair(|_| Refuse, plugin);
    let (protocol, party, capabilities, session) = introduction();
    let hello =
        host.initialize(protocol, party.clone(), capabilities.clone(), session.clone()).await.unwrap();
    assert_eq!((hello.protocol, hello.plugin.name.as_str()), (1, "demo"));
    assert_eq!(host.ping().await.unwrap(), Empty {});
    let config = host.configure(to_raw_value(&json!({})).unwrap()).await.unwrap();
    assert_eq!(config.effective_config.get(), "{}");

    let future = VersionRange { min: 2, max: 9 };
    let CallError::Answered(error) = ours(host.initialize(future, party, capabilities, session).await) else {
        panic!("no error answer");
    };
    assert_eq!(error.code(), -32012);
    let CallError::Answered(error) =
        ours(host.configure(to_raw_value(&json!({ "weeks": "x" })).unwrap()).await)
    else {
        panic!("no error answer");
    };
    assert_eq!(
        (error.code(), error.data().unwrap().get()),
        (-32016, r#"{"path":"/weeks","expected":"a number"}"#)
    );
}

#[tokio::test]
async fn a_generated_server_fails_one_request_at_a_time() {
    let (host, _plugin) = pair(|_| Refuse, plugin);
    let codes = [
        (ours(host.describe().await), -32603),
        (
            ours(
                host.request::<Empty, _>("plugin/unknown", jsonrpsee::core::params::ObjectParams::new())
                    .await,
            ),
            -32601,
        ),
        (
            ours(host.request::<Empty, _>("initialize", jsonrpsee::core::params::ObjectParams::new()).await),
            -32602,
        ),
    ];
    for (error, code) in codes {
        assert!(matches!(&error, CallError::Answered(error) if error.code() == code), "{error:?}");
    }
    assert_eq!(host.ping().await.unwrap(), Empty {});
}

#[tokio::test]
async fn the_generated_clients_send_the_documented_params() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let (protocol, host, capabilities, session) = introduction();
    let documented = InitializeParams {
        protocol,
        host: host.clone(),
        capabilities: capabilities.clone(),
        session: session.clone(),
    };
    let caller = peer.clone();
    let call = tokio::spawn(async move { caller.initialize(protocol, host, capabilities, session).await });
    assert_eq!(lines.receive().await["params"], serde_json::to_value(documented).unwrap());
    call.abort();
    lines.receive().await;

    let meta = Meta { parent: Some(Id::from(7)), ..Meta::default() };
    let documented = InputParams { kind: "time".into(), id: "day".into(), meta: meta.clone() };
    let call = tokio::spawn(async move { peer.input("time".into(), "day".into(), meta).await });
    assert_eq!(lines.receive().await["params"], serde_json::to_value(documented).unwrap());
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn a_typed_call_has_the_deadline_of_its_peer() {
    let (peer, _lines) = raw(Limits::default(), |_| Refuse);
    let deadline = std::time::Duration::from_secs(3);
    assert!(
        matches!(ours(peer.with_deadline(deadline).ping().await), CallError::Deadline(after) if after == deadline)
    );
}
