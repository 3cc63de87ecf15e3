//! `initialize`: the first message, in which both sides say who they are and what they can.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::handshake::VersionRange;

/// Params of `initialize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitializeParams {
    /// The protocol versions that the host speaks.
    pub protocol: VersionRange,
    /// Who the host is. Never a reason to behave differently.
    pub host: Party,
    /// What the host offers.
    pub capabilities: HostCapabilities,
    /// Where things lie in this session. No part of any key.
    pub session: Session,
}

/// A program and its version, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// The program's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a host offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostCapabilities {
    /// Opaque bytes may be passed as files of the spool directory.
    #[serde(default)]
    pub blobs: bool,
    /// `progress` notifications are shown.
    #[serde(default)]
    pub progress: bool,
    /// `engine/queryMany` is served.
    #[serde(default)]
    pub query_many: bool,
    /// The longest message that the host reads, in bytes.
    pub max_message_bytes: u64,
    /// How many requests of the plugin the host serves at once.
    pub max_concurrent: u32,
}

/// Where things lie in this session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Absolute path of a git directory that the host made: its own configuration, the target's objects as
    /// alternates, the shallow boundary. Absent where there is no target, as when only `plugin/describe` is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_dir: Option<String>,
    /// What the plugin may read beside its own package and objects: as its manifest names it, and the absolute path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<String, String>,
    /// Programs that the plugin may start: as its manifest names them, and the absolute path. Where git is among them, its
    /// environment is set so that it heeds no configuration but that of `git_dir`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exec: BTreeMap<String, String>,
    /// Absolute path of the directory for blobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool_dir: Option<String>,
    /// The language of messages, as a BCP 47 tag. Answers never depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Result of `initialize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResult {
    /// The version that both sides will speak: the highest in common.
    pub protocol: u32,
    /// Who the plugin is.
    pub plugin: PluginIdentity,
    /// What the plugin offers.
    pub capabilities: PluginCapabilities,
}

/// A plugin's id, in parts, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginIdentity {
    /// Who publishes it.
    pub publisher: String,
    /// The publisher's namespace that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its own name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a plugin offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginCapabilities {
    /// Several `plugin/query` may be open at once.
    #[serde(default)]
    pub concurrent: bool,
    /// How many the plugin works on at once; nested ones, for which an open one waits, are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// The same question always gets the same bytes.
    #[serde(default)]
    pub deterministic: bool,
    /// Opaque bytes may be passed as files of the spool directory.
    #[serde(default)]
    pub blobs: bool,
}
