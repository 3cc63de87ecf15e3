//! The methods that are neither hot nor raw, as traits: the client half works on a [`Peer`](crate::Peer), the server
//! half is served by [`dispatch`](crate::peer::dispatch).
//!
//! `plugin/query`, `engine/query` and `engine/queryMany` are absent on purpose: their payload stays text, and these
//! traits would parse and check it once more on each side.

use jsonrpsee::core::RpcResult;
use jsonrpsee::proc_macros::rpc;
use serde_json::value::RawValue;

use super::{
    ConfigureResult, DescribeResult, Empty, HostCapabilities, InitializeResult, InputResult, Meta, Party,
    Session,
};
use crate::handshake::VersionRange;

/// What a plugin serves.
#[rpc(client, server)]
pub trait PluginApi {
    /// Introduces the two sides to each other.
    #[method(name = "initialize", param_kind = map)]
    async fn initialize(
        &self,
        protocol: VersionRange,
        host: Party,
        capabilities: HostCapabilities,
        session: Session,
    ) -> RpcResult<InitializeResult>;

    /// Says what the plugin offers.
    #[method(name = "plugin/describe", param_kind = map)]
    async fn describe(&self) -> RpcResult<DescribeResult>;

    /// Gives the plugin its configuration.
    #[method(name = "plugin/configure", param_kind = map)]
    async fn configure(&self, config: Box<RawValue>) -> RpcResult<ConfigureResult>;

    /// Is answered by every plugin that is alive.
    #[method(name = "plugin/ping", param_kind = map)]
    async fn ping(&self) -> RpcResult<Empty>;

    /// Is answered once all open work has ended.
    #[method(name = "shutdown", param_kind = map)]
    async fn shutdown(&self) -> RpcResult<Empty>;
}

/// What the host serves, but for queries.
#[rpc(client, server)]
pub trait EngineApi {
    /// Something outside git; the asker's answer depends on it from then on.
    #[method(name = "engine/input", param_kind = map)]
    async fn input(
        &self,
        kind: String,
        id: String,
        #[argument(rename = "_meta")] meta: Meta,
    ) -> RpcResult<InputResult>;
}
