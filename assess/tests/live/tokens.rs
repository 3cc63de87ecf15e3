//! Answers of a server that was asked with a token: for whom they count, and that the token stands nowhere.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use probity_assess::fetched::Fetch;
use probity_assess::snapshot::What;
use probity_net::{FetchError, Fetched, Token};
use probity_registry::manifest::ANY;
use probity_registry::{Permission, PermissionKind};

use crate::lab::{Lab, builtin};

pub(crate) const ALL: &[(&str, fn())] = &[("what_was_got_with_a_token_counts_for_who_has_it", with_a_token)];

/// Says who asks, by the end of the token.
#[derive(Debug, Default)]
struct Server(AtomicU64);

impl Fetch for Server {
    fn fetch(&self, url: &str, token: Option<&Token>) -> Result<Fetched, FetchError> {
        assert_eq!(url, "https://api.example.org/page");
        self.0.fetch_add(1, SeqCst);
        let who = token.map_or("nobody", |token| token.reveal().rsplit('-').next().unwrap());
        Ok(Fetched { status: 200, headers: [].into(), body: format!("for {who}").into() })
    }
}

/// A session with a server, in which a variable holds a token, if it is set.
fn session(lab: Lab, server: &Arc<Server>, token: Option<&str>, grants: &str) -> Lab {
    let policy = format!(
        "plugins {{ plugin \"review\" {{ grant {{ {grants} }}; }} }}\n\
         analyze {{ investigate policy=\"score > 0.5\"; analysis \"review\" policy=\"value != ''\"; }}\n"
    );
    lab.write("policy.kdl", &policy);
    let server = Arc::clone(server);
    lab.reopened(|settings| {
        let asks = |kind| Permission { kind, what: ANY.to_owned(), why: "x".to_owned(), optional: true };
        let mut plugin = builtin("review");
        plugin.permissions = [PermissionKind::Net, PermissionKind::Token].map(asks).into();
        settings.builtins = vec![plugin];
        settings.fetch = server;
        settings.environment.extend(token.map(|token| ("A_TOKEN".into(), token.into())));
    })
}

const NET: &str = "net \"api.example.org\"";
const BOTH: &str = "net \"api.example.org\"; token \"api.example.org=A_TOKEN\"";

fn with_a_token() {
    let server = Arc::new(Server::default());
    let mut lab = Lab::new(What::Head);
    // Who asks, what they are told, and how often the server and the plugin were asked by then.
    let steps = [
        (Some("s3cret-one"), BOTH, "for one", 1, 1),
        (Some("s3cret-one"), BOTH, "for one", 1, 0),
        (Some("s3cret-two"), BOTH, "for two", 2, 1),
        (None, NET, "for nobody", 3, 1),
        (Some("s3cret-two"), NET, "for nobody", 3, 0),
        (Some("s3cret-two"), BOTH, "for two", 3, 0),
        (
            None,
            BOTH,
            "http/https://api.example.org/page is not asked for: the variable A_TOKEN, whose value was to be sent along as a token, is not set",
            3,
            1,
        ),
    ];
    for (token, grants, told, asked, ran) in steps {
        lab = session(lab, &server, token, grants);
        let report = lab.report();
        let ran_now = report.checked.effort.ran.get("probity/core/review/page").copied().unwrap_or_default();
        let seen = (report.answers["review"].as_str().unwrap(), server.0.load(SeqCst), ran_now);
        assert_eq!(seen, (told, asked, ran), "{token:?} {grants}");
        let text = format!("{:?}", report.checked);
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(!holds(lab.path("").as_path(), b"s3cret"), "the token stands in no file");
}

/// Whether any file below a folder has these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, bytes),
            false => fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes),
        }
    })
}
