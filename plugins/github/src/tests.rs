//! `github` as the host asks it, with replies in the shape of the API that stand here.

mod answers;
mod replies;

use std::collections::BTreeMap;

use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

/// A server of which these replies are known; each question of the plugin to itself is answered by the plugin.
pub(crate) struct Lab {
    config: Config,
    replies: BTreeMap<String, Value>,
    denied: BTreeMap<String, String>,
}

impl Lab {
    /// That of the repository `ada/engine`.
    pub(crate) fn new() -> Lab {
        let config = Config { repository: Some("ada/engine".to_owned()), ..Config::default() };
        Lab { config, replies: BTreeMap::new(), denied: BTreeMap::new() }
    }

    pub(crate) fn configured(mut self, change: impl FnOnce(&mut Config)) -> Lab {
        change(&mut self.config);
        self
    }

    /// What an address answers, below that of the server.
    pub(crate) fn on(self, path: &str, status: u16, body: &Value) -> Lab {
        self.linking(path, status, body, "")
    }

    /// The same with a header `Link`.
    pub(crate) fn linking(self, path: &str, status: u16, body: &Value, link: &str) -> Lab {
        let headers = if link.is_empty() { json!({}) } else { json!({ "link": link }) };
        self.raw(path, json!({ "status": status, "headers": headers, "size": 1, "sha256": "", "text": body.to_string() }))
    }

    /// What the host gives for an address.
    pub(crate) fn raw(mut self, path: &str, reply: Value) -> Lab {
        self.replies.insert(format!("{}{path}", self.config.base_url), reply);
        self
    }

    /// An address that the host does not let the plugin ask.
    pub(crate) fn denied(mut self, path: &str, message: &str) -> Lab {
        self.denied.insert(format!("{}{path}", self.config.base_url), message.to_owned());
        self
    }

    /// The value of a query, or why there is none.
    pub(crate) fn ask(&self, query: &str) -> Result<Answer<Value>> {
        let target = json!({ "commit": "1".repeat(40), "tree": "2".repeat(40), "shallow": [] });
        self.engine().ask(&plugin(), query, target)
    }

    /// The same as a line.
    pub(crate) fn told(&self, query: &str) -> String {
        match self.ask(query) {
            Ok(answer) => answer.value().to_string(),
            Err(error) => format!("{:?}: {}", error.kind(), error.message()),
        }
    }

    fn engine(&self) -> TestEngine<Config> {
        let mut engine = self.alone();
        for query in ["repository", "merged", "approved", "organizations"] {
            let below = self.alone();
            let answer = move |key: Value| Ok(below.ask(&plugin(), query, key)?.into_parts().0);
            engine = engine.on(&format!("github/{query}"), answer);
        }
        engine
    }

    /// An engine that only fetches.
    fn alone(&self) -> TestEngine<Config> {
        let mut engine = TestEngine::new(self.config.clone());
        for (url, reply) in &self.replies {
            engine = engine.input("http", url, reply.clone());
        }
        for (url, message) in &self.denied {
            engine = engine.denied_input("http", url, message);
        }
        engine
    }
}
