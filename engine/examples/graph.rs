//! A synthetic graph of queries, to time the engine by itself: `graph TASK STORE SIZE` prints one line of JSON.
//!
//! 25 roots ask folds, a fold asks up to a thousand items, an item answers 200 bytes. `cargo xtask bench engine` runs the
//! tasks and makes a table of them.
#![allow(clippy::print_stdout, reason = "the result of an example")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use probity_engine::{
    Answer, Ask, Digest, Engine, Executor, Failure, Key, Leaf, Outcome, Reply, Request, StoreLocation,
};

const ITEMS_PER_FOLD: u64 = 1000;
const ROOTS: u64 = 25;
const HITS: u64 = 100_000;

/// What is measured in one process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Everything is computed. Asked again, nothing is.
    Fill,
    /// The plugin of the items is another one, which answers the same.
    Upgrade,
    /// An input has changed that one item asked for.
    Day,
    /// Items of 2 ms, nothing remembered.
    Parallel,
    /// Those remembered, but their plugin is another one, which answers the same.
    Revalidate,
    /// One item, asked again and again by a running query.
    Hit,
}

/// The plugins `item`, `fold`, `root` and `hit`.
struct World {
    task: Task,
    items: u64,
    /// The time of one hit in the session, nanoseconds.
    hit_ns: AtomicU64,
}

impl World {
    fn folds(&self) -> u64 {
        self.items.div_ceil(ITEMS_PER_FOLD)
    }

    /// Asks one batch and adds up the lengths of the answers.
    fn ask(
        &self,
        ask: &mut dyn Ask,
        plugin: &str,
        numbers: impl Iterator<Item = u64>,
    ) -> Result<String, Failure> {
        let mut length = 0;
        for reply in ask.answers(numbers.map(|n| request(plugin, n)).collect()) {
            if let Outcome::Answered(answer) = reply? {
                length += answer.value.len();
            }
        }
        Ok(length.to_string())
    }

    fn item(&self, n: u64, ask: &mut dyn Ask) -> Result<String, Failure> {
        if n == 0 {
            ask.input("time", "day")?;
        }
        if matches!(self.task, Task::Parallel | Task::Revalidate) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(format!("\"{n:0>198}\""))
    }

    fn hits(&self, ask: &mut dyn Ask) -> Result<String, Failure> {
        self.ask(ask, "item", 1..2)?;
        let start = Instant::now();
        for _ in 0..HITS {
            self.ask(ask, "item", 1..2)?;
        }
        self.hit_ns.store(start.elapsed().as_nanos() as u64 / HITS, Relaxed);
        Ok(HITS.to_string())
    }
}

impl Executor for World {
    fn leaves(&self, request: &Request) -> Vec<Leaf> {
        vec![Leaf::Artifact(request.plugin.clone()), Leaf::Config(request.plugin.clone())]
    }

    fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure> {
        let is_item = matches!(leaf, Leaf::Artifact(plugin) if &**plugin == "item");
        let upgraded = matches!(self.task, Task::Upgrade | Task::Revalidate);
        let version = u8::from(is_item && upgraded);
        Ok(Digest::of(format!("{leaf:?} {version}").as_bytes()))
    }

    fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
        let digits: String = request.key.as_str().chars().filter(char::is_ascii_digit).collect();
        let n: u64 = digits.parse().unwrap_or_default();
        let value = match &*request.plugin {
            "item" => self.item(n, ask)?,
            "fold" => {
                let first = n * ITEMS_PER_FOLD;
                self.ask(ask, "item", first..(first + ITEMS_PER_FOLD).min(self.items))?
            }
            "hit" => self.hits(ask)?,
            _ => self.ask(ask, "fold", (n..self.folds()).step_by(ROOTS as usize))?,
        };
        Ok(Outcome::Answered(Answer { value: value.into(), concerns: "[]".into() }))
    }

    fn input(&self, _kind: &str, _id: &str) -> Result<Arc<str>, Failure> {
        Ok(if self.task == Task::Day { "\"2026-11-22\"" } else { "\"2026-11-21\"" }.into())
    }
}

fn request(plugin: &str, n: u64) -> Request {
    let key = Key::parse(&format!("{{\"n\":{n}}}")).expect("an object of a number is a key");
    Request::new(plugin, "value", key)
}

/// The most memory that this process has had, kilobytes.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: graph fill|upgrade|day|parallel|revalidate|hit STORE SIZE";
    let mut arguments = std::env::args().skip(1);
    let task = match arguments.next().ok_or(usage)?.as_str() {
        "fill" => Task::Fill,
        "upgrade" => Task::Upgrade,
        "day" => Task::Day,
        "parallel" => Task::Parallel,
        "revalidate" => Task::Revalidate,
        "hit" => Task::Hit,
        _ => return Err(usage.into()),
    };
    let store = PathBuf::from(arguments.next().ok_or(usage)?);
    let items: u64 = arguments.next().ok_or(usage)?.parse()?;
    let world = Arc::new(World { task, items, hit_ns: AtomicU64::new(0) });

    let start = Instant::now();
    let (engine, warnings) = Engine::open(StoreLocation::Path(store), world.clone());
    if let Some(warning) = warnings.first() {
        return Err(warning.to_string().into());
    }
    let asked: Vec<Request> = match task {
        Task::Hit => vec![request("hit", 0)],
        _ => (0..ROOTS).map(|n| request("root", n)).collect(),
    };
    for reply in engine.answers(&asked) {
        reply?;
    }
    let answered = start.elapsed();
    engine.flush()?;
    let flushed = start.elapsed();

    let stats = engine.stats();
    let above = engine.executed().iter().filter(|request| &*request.plugin != "item").count();
    println!(
        "{{\"answered_us\":{},\"flushed_us\":{},\"executed\":{},\"executed_above\":{above},\"verified\":{},\
         \"store_hits\":{},\"hit_ns\":{},\"peak_kb\":{}}}",
        answered.as_micros(),
        flushed.as_micros(),
        stats.executed,
        stats.verified,
        stats.store_hits,
        world.hit_ns.load(Relaxed),
        peak_kb()
    );
    Ok(())
}
