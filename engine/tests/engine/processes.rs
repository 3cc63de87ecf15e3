//! Several engines on one store, in one process and in several; and a process that is killed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use probity_engine::{Engine, StoreLocation};

use crate::lab::{World, request, shown, store_of, value};

/// Set in a process that this test starts: the store's folder, and which items to ask for.
const CHILD: &str = "PROBITY_ENGINE_TEST_CHILD";

fn engine(store: &Path) -> Engine {
    let world = World::default()
        .query("git/item", |call| value(call.number("n").to_string().repeat(500)))
        .query("an/pair", |call| {
            let n = call.number("n");
            let pair =
                call.values(&[&format!("git/item {{\"n\":{n}}}"), &format!("git/item {{\"n\":{}}}", n + 1)]);
            value(pair.into_iter().map(|item| item.unwrap().len()).sum::<usize>().to_string())
        });
    let (engine, warnings) = Engine::open(StoreLocation::Path(store.into()), Arc::new(world));
    assert!(warnings.is_empty(), "{warnings:?}");
    engine
}

fn ask(engine: &Engine, items: std::ops::Range<i64>) {
    for n in items {
        let length = |n: i64| n.to_string().len() * 500;
        let reply = shown(&engine.answers(&[request(&format!("an/pair {{\"n\":{n}}}"))])[0]);
        assert_eq!(reply, (length(n) + length(n + 1)).to_string());
    }
}

/// In a child: asks, flushes, says so, and waits to be ended.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let mut parts = task.splitn(3, ' ');
    let mut number = || parts.next().unwrap().parse::<i64>().unwrap();
    let items = number()..number();
    let engine = engine(Path::new(parts.next().unwrap()));
    ask(&engine, items);
    engine.flush().unwrap();
    println!("\nflushed");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[allow(
    clippy::disallowed_methods,
    reason = "this test starts itself, to have several processes on one store"
)]
fn start(store: &Path, items: std::ops::Range<i64>) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--nocapture"])
        .env(CHILD, format!("{} {} {}", items.start, items.end, store.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_until_flushed(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "flushed"), "the child failed");
}

#[test]
fn what_was_flushed_survives_a_kill_and_two_processes_share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_of(folder.path());
    let mut children = [start(&store, 0..300), start(&store, 200..500)];
    children.iter_mut().for_each(wait_until_flushed);
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let engine = engine(&store);
    ask(&engine, 0..500);
    let stats = engine.stats();
    assert_eq!((stats.executed, stats.store_hits), (0, 500));
}

#[test]
fn two_engines_begin_a_store_and_write_to_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_of(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let engine = engine(&store);
                ask(&engine, 0..100);
                engine.flush().unwrap();
            });
        }
    });
    let engine = engine(&store);
    ask(&engine, 0..100);
    assert_eq!(engine.stats().executed, 0);
}

#[test]
fn one_engine_finds_what_another_has_remembered_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_of(folder.path());
    let (first, second) = (engine(&store), engine(&store));
    ask(&first, 0..10);
    first.flush().unwrap();
    ask(&second, 0..10);
    assert_eq!((second.stats().executed, second.stats().store_hits), (0, 10));
}
