//! The queries, as the SDK serves them.

use crate::changes::KnownPairs;
use crate::history::{Begun, Below};
use crate::objects::{Repository, told as answer};
use crate::shapes::{
    AnyChanges, Blocks, Commit, CommitKey, Commits, Contents, ContentsKey, Folder, Headers, History,
    HistoryKey, Lines, LinesKey, Messages, Segment, Text, TextKey, Touched, Tree, TreeKey,
};
use probity_sdk::prelude::*;
use std::sync::Arc;

/// What the queries of one process share: nothing but objects and what follows from their content.
struct Shared {
    repository: Repository,
    known: Arc<KnownPairs>,
}

/// The plugin with all its queries.
pub fn plugin() -> Plugin<Empty> {
    Plugin::new("probity/core/git", env!("CARGO_PKG_VERSION"))
        .query(history)
        .query(part)
        .query(commits)
        .query(commit)
        .query(changes)
        .query(hipcheck_changes)
        .query(touched)
        .query(tree)
        .query(folder)
        .query(contents)
        .query(text)
        .query(lines)
        .query(messages)
        .query(headers)
        .explain(EXPLANATION)
}

const EXPLANATION: &str = "\
Reads git objects and hands them on as data. Every object is hashed and compared with its id; one that is missing or \
does not match makes the query unavailable. Commits are listed depth first, parents in recorded order, and divided \
into parts and segments of at most 1024 commits that an append does not disturb. Changes are those against the first parent, \
without renames; the numbers are those of `git log --numstat --no-renames --diff-merges=first-parent` without \
attributes. Blobs above 32 MiB count as binary.";

/// All commits that a commit reaches: parts that are known by their last commit, and what came after them in segments.
#[query(cost = "reads every commit of the history", uses("part"))]
pub fn history(engine: &Engine, key: HistoryKey) -> Result<History> {
    let shared = shared(engine)?;
    let begun = answer(crate::history::history(&shared.repository, &key))?;
    finished(engine, &shared, begun)
}

/// What the history of a checkpoint adds to the parts below it, in segments.
///
/// The key names a commit that `history` or this query named.
#[query(cost = "reads every commit of the part", uses("part"))]
pub fn part(engine: &Engine, key: HistoryKey) -> Result<History> {
    let shared = shared(engine)?;
    let begun = answer(crate::history::part(&shared.repository, &key))?;
    finished(engine, &shared, begun)
}

/// Subjects of the commits of a segment, and the paragraphs that hold trailers.
#[query]
pub fn messages(engine: &Engine, key: Segment) -> Result<Messages> {
    answer(crate::messages::messages(&shared(engine)?.repository, &key))
}

/// Time zones and signatures of the commits of a segment. That a signature is right is not looked at.
#[query]
pub fn headers(engine: &Engine, key: Segment) -> Result<Headers> {
    answer(crate::headers::headers(&shared(engine)?.repository, &key))
}

/// What a blob holds, if it is text in UTF-8.
#[query(cost = "hands on the whole content")]
pub fn text(engine: &Engine, key: TextKey) -> Result<Text> {
    answer(crate::text::text(&shared(engine)?.repository, &key))
}

/// Lines of blobs in which one of some words occurs.
#[query(cost = "reads every blob")]
pub fn lines(engine: &Engine, key: LinesKey) -> Result<Lines> {
    answer(crate::lines::lines(&shared(engine)?.repository, &key))
}

fn finished(engine: &Engine, shared: &Shared, begun: Begun) -> Result<History> {
    let mut below = Below::default();
    if let Some(key) = begun.below() {
        let known: History = engine.query("part", key)?;
        if begun.merges() {
            let further = engine.query_many("part", &known.parts)?;
            below.further = further.into_iter().collect::<Result<_>>()?;
        }
        below.part = Some(known);
    }
    answer(begun.finish(&shared.repository, below))
}

/// Parents, people and times of the commits of a segment.
#[query]
pub fn commits(engine: &Engine, key: Segment) -> Result<Commits> {
    answer(crate::commits::commits(&shared(engine)?.repository, &key))
}

/// Parents, people and times of one commit.
#[query]
pub fn commit(engine: &Engine, key: CommitKey) -> Result<Commit> {
    answer(crate::commits::commit(&shared(engine)?.repository, &key))
}

/// Which files the commits of a segment changed, how many lines, and which characters are in those.
///
/// Each block of a segment is remembered on its own, so that one more commit costs at most a block. Who can, asks for the blocks.
#[query(cost = "reads and compares every changed file", uses("changes"))]
pub fn changes(engine: &Engine, key: Segment) -> Result<AnyChanges> {
    let blocks = key.blocks();
    if blocks.len() > 1 {
        let mut all = Blocks { commits: Vec::with_capacity(key.commits.len()) };
        for block in engine.query_many::<Blocks, _>("changes", &blocks)? {
            all.commits.extend(block?.commits);
        }
        return Ok(AnyChanges::Known(all));
    }
    let shared = shared(engine)?;
    answer(crate::changes::changes(&shared.repository, &shared.known, &key)).map(AnyChanges::Counted)
}

/// The same as Hipcheck sees it, for comparison: binary files are text, and the characters are those of the whole patch, with its headers,
/// prefixes and the lines around a change.
#[query(cost = "reads and compares every changed file", uses("hipcheck_changes"))]
pub fn hipcheck_changes(engine: &Engine, key: Segment) -> Result<AnyChanges> {
    let blocks = key.blocks();
    if blocks.len() > 1 {
        let mut all = Blocks { commits: Vec::with_capacity(key.commits.len()) };
        for block in engine.query_many::<Blocks, _>("hipcheck_changes", &blocks)? {
            all.commits.extend(block?.commits);
        }
        return Ok(AnyChanges::Known(all));
    }
    answer(crate::changes::hipcheck_changes(&shared(engine)?.repository, &key)).map(AnyChanges::Counted)
}

/// Which files the commits of a segment changed, by the blobs before and after. Of a merge, those in which it differs from each parent.
///
/// No blob is read. Who can, asks for the blocks.
#[query(cost = "compares the trees of every commit", uses("touched"))]
pub fn touched(engine: &Engine, key: Segment) -> Result<Touched> {
    let blocks = key.blocks();
    if blocks.len() > 1 {
        let mut all = Touched { commits: Vec::with_capacity(key.commits.len()) };
        for block in engine.query_windowed::<Touched, _>("touched", &blocks, 8) {
            all.commits.extend(block?.commits);
        }
        return Ok(all);
    }
    let shared = shared(engine)?;
    answer(crate::changes::own_files(&shared.repository, &shared.known, &key))
}

/// All files of a tree.
#[query]
pub fn tree(engine: &Engine, key: TreeKey) -> Result<Tree> {
    answer(crate::tree::tree(&shared(engine)?.repository, &key))
}

/// What lies in a folder: all files below it if they are few, else those directly in it, and its folders.
#[query]
pub fn folder(engine: &Engine, key: TreeKey) -> Result<Folder> {
    answer(crate::tree::folder(&shared(engine)?.repository, &key))
}

/// Size of blobs, and whether they are binary.
#[query(cost = "reads every blob")]
pub fn contents(engine: &Engine, key: ContentsKey) -> Result<Contents> {
    answer(crate::contents::contents(&shared(engine)?.repository, &key))
}

/// The same for one question, whose work ends when nobody waits for it any more.
fn shared(engine: &Engine) -> Result<Shared> {
    let shared = engine.shared(|| {
        let repository = answer(Repository::open(engine.git_dir()?))?;
        Ok(Shared { repository, known: Arc::default() })
    })?;
    let repository = shared.repository.unless(engine.cancellation());
    Ok(Shared { repository, known: Arc::clone(&shared.known) })
}
