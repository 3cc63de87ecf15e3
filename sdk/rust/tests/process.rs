//! A plugin in a process of its own, on real pipes: what it prints does not reach the connection, what it reads is
//! empty. This program is both: the test, and with `--plugin` the plugin.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "this is a test that prints, though not a #[test]"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, ExitCode, Stdio};

use probity_sdk::prelude::*;
use serde_json::{Value, json};

/// Prints, reads, and answers all the same.
#[query(default)]
fn noisy(_engine: &Engine, _key: Empty) -> Result<String> {
    println!("{{\"this\": \"is printed\"}}");
    print!("without an end");
    io::stdout().flush()?;
    let mut read = String::new();
    io::stdin().read_to_string(&mut read)?;
    Ok(format!("read {} bytes", read.len()))
}

fn plugin() -> Plugin {
    Plugin::new("acme/test/noisy", "1.0.0").query(noisy)
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--plugin") {
        return plugin().run();
    }
    printing_and_reading_do_no_harm();
    the_description_is_printed_on_demand();
    without_pipes_it_says_what_it_is();
    ExitCode::SUCCESS
}

#[allow(clippy::disallowed_methods, reason = "the test is about a process; the sandbox is not what it tests")]
fn command() -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.arg("--plugin");
    command
}

fn exchange(
    input: &mut ChildStdin,
    output: &mut BufReader<ChildStdout>,
    id: u32,
    method: &str,
    params: Value,
) -> Value {
    writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).unwrap();
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    assert_eq!(answer["id"], id, "{line}");
    answer["result"].clone()
}

fn printing_and_reading_do_no_harm() {
    let mut child =
        command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let hello = json!({
        "protocol": { "min": 1, "max": 1 },
        "host": { "name": "test", "version": "0" },
        "capabilities": { "maxMessageBytes": 1_000_000, "maxConcurrent": 4 },
        "session": {},
    });
    assert_eq!(exchange(&mut input, &mut output, 1, "initialize", hello)["plugin"]["name"], "noisy");
    exchange(&mut input, &mut output, 2, "plugin/configure", json!({ "config": {} }));
    for id in 3..6 {
        let answer =
            exchange(&mut input, &mut output, id, "plugin/query", json!({ "query": "noisy", "key": {} }));
        assert_eq!(answer, json!({ "value": "read 0 bytes", "concerns": [] }));
    }
    drop(input);
    assert!(child.wait().unwrap().success(), "the end of the input is a clean end");
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    let mut printed = String::new();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed.matches("is printed").count(), 3, "{printed}");
}

fn the_description_is_printed_on_demand() {
    let output = command().arg("--describe").output().unwrap();
    assert!(output.status.success());
    let described: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(described, serde_json::to_value(plugin().describe()).unwrap());
}

fn without_pipes_it_says_what_it_is() {
    let output = command().stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("noisy: standard input and output are no pipes: a plugin is started by probity"),
        "{said}"
    );
}
