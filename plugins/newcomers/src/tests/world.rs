//! A made-up repository, written down a line a commit, and an engine over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_sdk::git::{FileKind, Folder, Segment, Text, TextKey, TouchedFile, TreeFile};
use probity_sdk::prelude::*;
use probity_sdk::testing::{MadeUp, TestEngine, abstention};
use serde_json::{Value, json};

use crate::dates::DAY;
use crate::plugin;

/// A repository.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    commits: Vec<Made>,
    /// Where segments end; all but the last are a part.
    ends: Vec<usize>,
    /// What blobs hold.
    texts: BTreeMap<String, String>,
    /// The files of the tree, by path; their blobs.
    tree: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Made {
    id: String,
    parents: Vec<String>,
    author: String,
    committer: String,
    day: i64,
    subject: String,
    files: Vec<TouchedFile>,
}

impl World {
    /// Ten commits by `ada` over the first thousand days, named `a0` to `a9`.
    pub(super) fn old() -> Self {
        let mut world = Self::default();
        for n in 0..10 {
            let parent = if n == 0 { "-".to_owned() } else { format!("a{}", n - 1) };
            world.commit(&format!("a{n} {parent} ada ada {} Work", n * 100), &[]);
        }
        world
    }

    /// A commit, as `id parents author committer day subject`, and its files, each as `path before after`; a dash is none.
    pub(super) fn commit(&mut self, line: &str, files: &[&str]) -> &mut Self {
        let words: Vec<&str> = line.splitn(6, ' ').collect();
        let list = |word: &str| -> Vec<String> {
            word.split(',').filter(|word| *word != "-").map(str::to_owned).collect()
        };
        let file = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            TouchedFile { path: words[0].into(), before: list(words[1]), after: list(words[2]).pop() }
        };
        self.commits.push(Made {
            id: words[0].into(),
            parents: list(words[1]),
            author: words[2].into(),
            committer: words[3].into(),
            day: words[4].parse().unwrap(),
            subject: words[5].into(),
            files: files.iter().map(file).collect(),
        });
        self
    }

    /// So many further commits by `ada`, one a day, on top of all.
    pub(super) fn more(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            let last = self.commits.last().unwrap().clone();
            self.commit(&format!("{}+ {} ada ada {} Work", last.id, last.id, last.day + 1), &[]);
        }
        self
    }

    /// So many further commits by `ada` on the day of the last one.
    pub(super) fn busy_day(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            let last = self.commits.last().unwrap().clone();
            self.commit(&format!("{}+ {} ada ada {} Work", last.id, last.id, last.day), &[]);
        }
        self
    }

    pub(super) fn text(&mut self, blob: &str, text: &str) -> &mut Self {
        self.texts.insert(blob.into(), text.into());
        self
    }

    pub(super) fn file(&mut self, path: &str, blob: &str) -> &mut Self {
        self.tree.push((path.into(), blob.into()));
        self
    }

    /// The same history with segments that end after so many commits.
    pub(super) fn cut(&self, ends: &[usize]) -> Self {
        Self { ends: ends.to_vec(), ..self.clone() }
    }

    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    pub(super) fn ask(&self, query: &str) -> Result<Answer<Value>> {
        let target = Target { commit: "tip".into(), tree: "root".into(), shallow: vec![] };
        engine(&Arc::new(self.clone())).ask(&plugin(), query, target)
    }

    /// What an analysis finds, as lines `severity rule path commit`.
    pub(super) fn found(&self, query: &str) -> Vec<String> {
        let answer = self.ask(query).unwrap();
        let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or("-").to_owned();
        let line = |finding: &Value| ["severity", "path", "commit"].map(|name| text(finding, name)).join(" ");
        answer.value().as_array().unwrap().iter().map(line).collect()
    }

    pub(super) fn abstention(&self, query: &str) -> String {
        abstention(self.ask(query))
    }

    fn made(&self, key: &Segment) -> Vec<&Made> {
        let of = |id: &String| self.commits.iter().find(|made| made.id == *id).unwrap();
        key.commits.iter().map(of).collect()
    }

    fn history(&self) -> MadeUp {
        let mut bounds = vec![0];
        bounds.extend(&self.ends);
        bounds.push(self.commits.len());
        let segment = |bounds: &[usize]| {
            self.commits[bounds[0]..bounds[1]].iter().map(|made| json!({ "id": made.id })).collect()
        };
        MadeUp::new(bounds.windows(2).map(segment).collect())
    }
}

fn person(name: &str) -> Value {
    match name {
        "forge" => json!({ "name": "GitHub", "email": "noreply@github.com" }),
        name => json!({ "name": name, "email": format!("{name}@example.org") }),
    }
}

/// An engine over the world that tells what it was asked.
pub(super) fn counting(world: &World) -> TestEngine<Empty> {
    engine(&Arc::new(world.clone()))
}

/// Answers what the plugin asks of others by the world, and what it asks of itself by itself.
fn engine(world: &Arc<World>) -> TestEngine<Empty> {
    let of = || world.clone();
    let (history, part) = world.history().told();
    let (commits, messages, touched) = (of(), of(), of());
    let (texts, folder) = (of(), of());
    let engine = TestEngine::new(Empty {})
        .on("git/history", move |_: Value| Ok(history.clone()))
        .on("git/part", move |_: Value| Ok(part.clone()))
        .on("git/commits", move |key: Segment| {
            let row = |made: &Made| {
                json!({ "id": made.id, "parents": made.parents, "author": person(&made.author), "authored": 0,
                        "committer": person(&made.committer), "committed": 1_000_000_000 + made.day * DAY })
            };
            Ok(json!({ "commits": commits.made(&key).into_iter().map(row).collect::<Vec<_>>() }))
        })
        .on("git/messages", move |key: Segment| {
            let row = |made: &Made| json!({ "id": made.id, "subject": made.subject, "end": "" });
            Ok(json!({ "commits": messages.made(&key).into_iter().map(row).collect::<Vec<_>>() }))
        })
        .on("git/touched", move |key: Segment| {
            let row = |made: &Made| json!({ "id": made.id, "files": made.files });
            Ok(json!({ "commits": touched.made(&key).into_iter().map(row).collect::<Vec<_>>() }))
        })
        .on("git/text", move |key: TextKey| {
            let text = texts.texts.get(&key.blob).cloned();
            Ok(Text { size: 0, text })
        })
        .on("git/folder", move |_: Value| {
            let file = |(path, id): &(String, String)| TreeFile {
                path: path.clone(),
                id: id.clone(),
                kind: FileKind::File,
            };
            Ok(Folder { files: folder.tree.iter().map(file).collect(), folders: vec![] })
        });
    itself(content(engine, world), world)
}

/// What is read out of blobs: texts that begin with `opaque` cannot be read; a manifest has one dependency a line, with what is
/// asked of it, and may begin with `as` and the format under which alone it can be read.
fn content(engine: TestEngine<Empty>, world: &Arc<World>) -> TestEngine<Empty> {
    let (looks, uses, manifests) = (world.clone(), world.clone(), world.clone());
    let text = |world: &World, key: &Value| {
        world.texts.get(key["blob"].as_str().unwrap()).cloned().unwrap_or_default()
    };
    engine
        .on("newcomers/blob", move |key: Value| {
            let kind = match text(&looks, &key) {
                text if text.starts_with("opaque") => "opaque",
                text if text.starts_with("media") => "media",
                _ => "text",
            };
            Ok(json!({ "size": 7, "kind": kind }))
        })
        .on("newcomers/uses", move |key: Value| {
            let paths: Vec<String> = serde_json::from_value(key["paths"].clone())?;
            let blob = probity_sdk_objects::Blob::Whole(text(&uses, &key).into_bytes().into());
            crate::uses::in_blob(&blob, &paths, &|| Ok(()))
        })
        .on("dependencies/file", move |key: Value| {
            let text = text(&manifests, &key);
            let format = text.lines().next().and_then(|line| line.strip_prefix("as "));
            if format.is_some_and(|format| key["format"] != format) {
                return Ok(json!({ "problem": "it is malformed" }));
            }
            let row = |(name, requirement): (&str, &str)| {
                json!({ "name": name, "requirement": requirement, "kind": "normal" })
            };
            let lines = text.lines().skip(usize::from(format.is_some()));
            let rows = lines.filter_map(|line| line.split_once(' ')).map(row);
            Ok(json!({ "direct": rows.collect::<Vec<_>>() }))
        })
}

fn itself(mut of_itself: TestEngine<Empty>, world: &Arc<World>) -> TestEngine<Empty> {
    for query in ["changes", "segment", "part", "recent", "recent_part", "unreadable", "folder"] {
        let world = world.clone();
        of_itself = of_itself.on(&format!("newcomers/{query}"), move |key: Value| {
            Ok(engine(&world).ask(&plugin(), query, key)?.into_parts().0)
        });
    }
    of_itself
}
