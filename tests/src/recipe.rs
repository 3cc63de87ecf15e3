//! Recipes: histories written down as text, and made into repositories whose ids are the same each time.
//!
//! A recipe re-enacts the shape of a real attack, with content that does no harm, beside a control that looks alike and is innocent. It is
//! a KDL file below `fixtures/attacks`:
//!
//! ```kdl
//! about "what it re-enacts"
//! source "https://…"
//! finds plugin="workflows" query="dangerous" rule="template-injection"
//! person "mallory" "Mallory <mallory@example.org>"
//! before {
//!     commit "begin" by="mallory" on="2026-01-01" {
//!         file "README.md" "text\n"
//!         file "data.bin" seed=7 length=4096
//!         file "icon" hex="89504e47"
//!         executable "run.sh" "…"
//!         link "latest" to="data.bin"
//!     }
//! }
//! attack {
//!     commit "turn" by="mallory" on="2026-01-02 12:30" branch="side" { remove "icon" }
//!     merge "side" by="mallory" on="2026-01-03"
//!     tag "v1" by="mallory" on="2026-01-04"
//! }
//! control { … }
//! ```
//!
//! What stands in `before` comes first in both; with `remembered` it is there when a repository is checked for the first time, and the rest
//! happens after that. A commit is on `main` unless it names a `branch`, which begins at `main` as it is then; its
//! committer is its author unless `committer` names another person, and its author date is its commit date unless `written` is another time. Text may
//! hold `\u{…}`.

mod build;
mod history;
mod read;

use std::collections::BTreeMap;
use std::path::Path;

use crate::Repository;

/// An attack and its control.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The file's name without its ending.
    pub name: String,
    /// Who is to find the attack.
    pub finds: Finds,
    /// Whether what comes first is checked before the rest happens.
    pub remembered: bool,
    people: BTreeMap<String, String>,
    before: Vec<Step>,
    attack: Vec<Step>,
    control: Vec<Step>,
}

/// The analysis that finds an attack.
#[derive(Debug, Clone)]
pub struct Finds {
    /// The plugin.
    pub plugin: String,
    /// Its query, unless it is the default one.
    pub query: Option<String>,
    /// The policy expression, unless it is the plugin's own.
    pub policy: Option<String>,
    /// What a concern begins with that names the attack.
    pub rule: String,
}

/// One thing that happens in a history.
#[derive(Debug, Clone)]
enum Step {
    Commit { stamp: Stamp, branch: String, changes: Vec<Change> },
    Merge { stamp: Stamp, branch: String },
    Tag { stamp: Stamp, name: String },
}

/// Who did it when, and what was said.
#[derive(Debug, Clone)]
struct Stamp {
    by: String,
    committer: Option<String>,
    /// Seconds since 1970.
    at: i64,
    /// When it was written, likewise.
    written: i64,
    message: String,
}

#[derive(Debug, Clone)]
enum Change {
    Write { path: String, mode: &'static str, content: Vec<u8> },
    Remove { path: String },
}

impl Recipe {
    /// Reads a recipe.
    ///
    /// # Panics
    /// With the place and the cause, if it is none.
    pub fn read(path: &Path) -> Recipe {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        read::recipe(&name, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// All recipes of a folder, by name.
    ///
    /// # Panics
    /// If the folder or one of them cannot be read.
    pub fn all(folder: &Path) -> Vec<Recipe> {
        let entries =
            std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "kdl"));
        files.sort();
        files.iter().map(|file| Recipe::read(file)).collect()
    }

    /// Makes what comes first in an empty repository, and checks out its end.
    ///
    /// # Panics
    /// If git refuses it.
    pub fn before(&self, repository: &Repository) {
        self.build(&[], repository);
    }

    /// Makes the attack's history in a repository that is empty or has what comes first, and checks out its end.
    ///
    /// # Panics
    /// If git refuses it.
    pub fn attack(&self, repository: &Repository) {
        self.build(&self.attack, repository);
    }

    /// The same for the control.
    ///
    /// # Panics
    /// If git refuses it.
    pub fn control(&self, repository: &Repository) {
        self.build(&self.control, repository);
    }

    fn build(&self, further: &[Step], repository: &Repository) {
        let steps: Vec<Step> = self.before.iter().chain(further).cloned().collect();
        let stream =
            build::stream(&self.people, &steps).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        repository.import(&stream);
    }
}

#[cfg(test)]
mod tests;
