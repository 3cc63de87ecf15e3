//! What of the machine a person lets a plugin see. Nothing by default; what is the same for whoever looks, such as the day,
//! needs nobody's leave.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use probity_net::Endpoint;

use crate::allowance::Allowance;
use crate::options::plugin_of;
use crate::plain::plain;

/// Inputs that need no grant.
const HARMLESS: &[&str] = &["time"];

/// What one plugin may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Names of variables.
    pub env: BTreeSet<Arc<str>>,
    /// Files: as the plugin asks for them, and where they lie.
    pub files: BTreeMap<Arc<str>, PathBuf>,
    /// Files and folders that its process reads by itself: as the manifest names them, and where they lie. What it sees there
    /// nobody records, so no answer of such a plugin, nor what rests on it, is written down.
    pub read: BTreeMap<Arc<str>, PathBuf>,
    /// Servers whose answers it may see.
    pub net: BTreeSet<Endpoint>,
    /// Programs that its process may start: as the manifest names them, and their real paths. What these see nobody records
    /// either.
    pub exec: BTreeMap<Arc<str>, PathBuf>,
    /// How much it may use; `None` for what the host gives built-in plugins.
    pub allowance: Option<Arc<Allowance>>,
}

impl Grants {
    /// Whether a plugin that has these grants may see the input.
    pub(crate) fn allow(&self, kind: &str, id: &str) -> bool {
        match kind {
            "env" => self.env.contains(id),
            "file" => self.files.contains_key(id),
            "http" => Endpoint::of_address(id).is_some_and(|server| self.net.contains(&server)),
            other => HARMLESS.contains(&other),
        }
    }

    /// Whether its process sees something that nobody records.
    pub(crate) fn are_unrecorded(&self) -> bool {
        let keeps = self.allowance.as_ref().is_some_and(|allowance| allowance.keeps.is_some());
        keeps || !self.read.is_empty() || !self.exec.is_empty()
    }

    /// Tells that nobody let `plugin` see this, and who may.
    pub(crate) fn denied(plugin: &str, kind: &str, id: &str) -> String {
        let plugin = plugin_of(plugin);
        let server = Endpoint::of_address(id);
        let (kind, id) = (plain(kind, 50), plain(id, 200));
        let asked = format!("{kind}/{id}");
        let thing = match (&*kind, server) {
            ("http", Some(server)) => format!("net {:?}", server.to_string()),
            ("http", None) => return format!("{asked} is no address of https"),
            _ => format!("{kind} {id:?}"),
        };
        format!(
            "{asked} is not granted to this plugin; `probity plugin grant` grants what its manifest asks for, or a policy: \
             plugin {plugin:?} … {{ grant {{ {thing}; }} }}"
        )
    }

    /// The same text for the same grants, wherever the files lie: part of what a plugin's answers rest on, since one that was
    /// denied something may have answered accordingly.
    pub(crate) fn text(&self) -> String {
        let env = self.env.iter().map(|name| format!("\nenv/{name:?}"));
        let files = self.files.keys().map(|path| format!("\nfile/{path:?}"));
        let read = self.read.keys().map(|path| format!("\nread/{path:?}"));
        let net = self.net.iter().map(|server| format!("\nnet/{server}"));
        let exec = self.exec.keys().map(|program| format!("\nexec/{program:?}"));
        let allowance = self.allowance.as_deref().map(Allowance::text);
        env.chain(files).chain(read).chain(net).chain(exec).chain(allowance).collect()
    }
}
