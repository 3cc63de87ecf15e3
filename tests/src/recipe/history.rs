//! What the files of each branch are after each step, so that a merge can be told to git as changes.

use std::collections::BTreeMap;

use super::Change;

type Files = BTreeMap<String, (&'static str, Vec<u8>)>;

/// The branches of a history in the making.
#[derive(Debug, Default)]
pub(super) struct Branches(BTreeMap<String, Branch>);

#[derive(Debug, Clone, Default)]
struct Branch {
    /// The mark of its last commit.
    tip: Option<u64>,
    files: Files,
    /// The files where it began.
    base: Files,
}

impl Branches {
    /// The last commit of a branch; one that is new begins where `main` is.
    pub(super) fn tip(&mut self, branch: &str) -> Option<u64> {
        self.branch(branch).tip
    }

    fn branch(&mut self, name: &str) -> &mut Branch {
        let main = self.0.get("main").cloned().unwrap_or_default();
        self.0.entry(name.to_owned()).or_insert_with(|| Branch { base: main.files.clone(), ..main })
    }

    /// Goes on to a commit with these changes.
    pub(super) fn commit(&mut self, branch: &str, mark: u64, changes: &[Change]) {
        let branch = self.branch(branch);
        branch.tip = Some(mark);
        for change in changes {
            match change {
                Change::Write { path, mode, content } => {
                    drop(branch.files.insert(path.clone(), (mode, content.clone())));
                }
                Change::Remove { path } => drop(branch.files.remove(path)),
            }
        }
    }

    /// What a branch changed since it began.
    pub(super) fn changes(&self, branch: &str) -> Result<Vec<Change>, String> {
        let branch = self.0.get(branch).ok_or_else(|| format!("there is no branch {branch:?}"))?;
        let written = branch.files.iter().filter(|(path, file)| branch.base.get(*path) != Some(file));
        let written = written.map(|(path, (mode, content))| Change::Write {
            path: path.clone(),
            mode,
            content: content.clone(),
        });
        let removed = branch.base.keys().filter(|path| !branch.files.contains_key(*path));
        Ok(written.chain(removed.map(|path| Change::Remove { path: path.clone() })).collect())
    }
}
