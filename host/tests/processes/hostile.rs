//! Plugins that are polite until they are asked, and then do what their name says.

use std::io::{BufRead as _, Write as _, stderr, stdin, stdout};
use std::process::{ExitCode, abort, exit};

use serde_json::{Value, json};

/// Plays the plugin `name`.
pub(crate) fn run(name: &str) -> ExitCode {
    for line in stdin().lock().lines() {
        let message: Value =
            serde_json::from_str(&line.expect("the host writes text")).expect("the host writes JSON");
        match message["method"].as_str() {
            Some("initialize") => {
                let plugin =
                    json!({ "publisher": "probity", "namespace": "core", "name": name, "version": "1" });
                answer(
                    &message,
                    json!({ "protocol": 1, "plugin": plugin, "capabilities": { "concurrent": true } }),
                );
            }
            Some("plugin/describe") => {
                let query = json!({ "name": "q", "doc": "", "key": true, "output": true });
                answer(&message, json!({ "queries": [query], "configSchema": {} }));
            }
            Some("plugin/configure") => answer(&message, json!({ "effectiveConfig": {} })),
            Some("plugin/query") => misbehave(name),
            _ => {}
        }
    }
    ExitCode::SUCCESS
}

fn answer(to: &Value, result: Value) {
    write(format!("{}\n", json!({ "jsonrpc": "2.0", "id": to["id"], "result": result })).as_bytes());
}

fn write(bytes: &[u8]) {
    let mut out = stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        // The host has closed the pipe: that is what it was written for.
        exit(0);
    }
}

fn misbehave(name: &str) {
    let _ = writeln!(stderr(), "about to {name}");
    match name {
        "abort" => abort(),
        "exit" => exit(3),
        "tear" => {
            write(br#"{"jsonrpc":"2.0","id":4,"resu"#);
            exit(0)
        }
        "garbage" => write(b"Segmentation fault (core dumped)\n"),
        "flood" => loop {
            write(&[b'x'; 64 << 10]);
        },
        "chatter" => loop {
            let _ = stderr().write_all(&[b'y'; 64 << 10]);
        },
        "eat" => {
            // More than it may have, and touched, so that it is really used.
            let eaten = vec![1u8; 2 << 30];
            answer(&json!({ "id": 4 }), json!({ "value": eaten.len() }));
        }
        "connect" => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0");
            answer(&json!({ "id": 4 }), json!({ "value": listener.is_ok() }));
        }
        // Neither answers nor reads.
        "spin" => loop {
            std::hint::spin_loop();
        },
        _ => {}
    }
}
