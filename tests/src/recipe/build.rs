//! A history as `git fast-import` reads it.

use std::collections::BTreeMap;

use super::history::Branches;
use super::{Change, Stamp, Step};

/// The stream for these steps.
pub(super) fn stream(people: &BTreeMap<String, String>, steps: &[Step]) -> Result<Vec<u8>, String> {
    let mut writing = Writing { people, bytes: Vec::new(), branches: Branches::default() };
    for (at, step) in steps.iter().enumerate() {
        if !is_moved_later(step, &steps[at + 1..]) {
            writing.step(step, at as u64 + 1)?;
        }
    }
    Ok(writing.bytes)
}

/// Whether a tag is made again: git takes it once from one stream.
fn is_moved_later(step: &Step, later: &[Step]) -> bool {
    let name = |step: &Step| if let Step::Tag { name, .. } = step { Some(name.clone()) } else { None };
    name(step).is_some_and(|tag| later.iter().any(|step| name(step).as_ref() == Some(&tag)))
}

struct Writing<'a> {
    people: &'a BTreeMap<String, String>,
    bytes: Vec<u8>,
    branches: Branches,
}

impl Writing<'_> {
    fn step(&mut self, step: &Step, mark: u64) -> Result<(), String> {
        match step {
            Step::Commit { stamp, branch, changes } => self.commit(stamp, branch, changes, None, mark),
            Step::Merge { stamp, branch } => {
                let changes = self.branches.changes(branch)?;
                let from = self.branches.tip(branch);
                self.commit(stamp, "main", &changes, from, mark)
            }
            Step::Tag { stamp, name } => {
                let main = self.branches.tip("main").ok_or("a tag needs a commit")?;
                let tagger = self.person(&stamp.by)?;
                self.line(format!("tag {name}\nfrom :{main}\ntagger {tagger} {} +0000", stamp.at));
                self.data(stamp.message.as_bytes());
                Ok(())
            }
        }
    }

    fn commit(
        &mut self,
        stamp: &Stamp,
        branch: &str,
        changes: &[Change],
        merged: Option<u64>,
        mark: u64,
    ) -> Result<(), String> {
        let from = self.branches.tip(branch);
        let author = self.person(&stamp.by)?;
        let committer = self.person(stamp.committer.as_ref().unwrap_or(&stamp.by))?;
        let Stamp { at, written, .. } = stamp;
        self.line(format!("commit refs/heads/{branch}\nmark :{mark}"));
        self.line(format!("author {author} {written} +0000\ncommitter {committer} {at} +0000"));
        self.data(format!("{}\n", stamp.message).as_bytes());
        if let Some(from) = from {
            self.line(format!("from :{from}"));
        }
        if let Some(merged) = merged {
            self.line(format!("merge :{merged}"));
        }
        for change in changes {
            match change {
                Change::Write { path, mode, content } => {
                    self.line(format!("M {mode} inline {path}"));
                    self.data(content);
                }
                Change::Remove { path } => self.line(format!("D {path}")),
            }
        }
        self.line(String::new());
        self.branches.commit(branch, mark, changes);
        Ok(())
    }

    fn person(&self, name: &str) -> Result<String, String> {
        self.people.get(name).cloned().ok_or_else(|| format!("nobody is called {name:?}"))
    }

    fn line(&mut self, text: String) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'\n');
    }

    fn data(&mut self, bytes: &[u8]) {
        self.line(format!("data {}", bytes.len()));
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b'\n');
    }
}
