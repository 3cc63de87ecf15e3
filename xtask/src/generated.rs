//! Files that are written by a program and committed: each is made by `probity` itself, and checked for drift.

use crate::run::{Done, TaskError, cargo, output, print, root};

/// The file, relative to the root, and the arguments with which `probity` prints it.
const FILES: &[(&str, &[&str])] = &[
    ("docs/schema/report.schema.json", &["schema", "report"]),
    ("docs/schema/policy.schema.json", &["schema", "policy"]),
    ("docs/reference.md", &["help-reference"]),
    ("docs/analyses.md", &["analyses-reference"]),
];

/// Writes the files, or, with `check`, fails if one differs from what would be written.
pub(crate) fn generate(check: bool) -> Done {
    let mut stale = Vec::new();
    for (file, arguments) in FILES {
        let arguments = [&["run", "--quiet", "--locked", "--package", "probity", "--"], *arguments].concat();
        let fresh = output(cargo().args(arguments))?;
        let path = root().join(file);
        if check {
            if std::fs::read_to_string(&path).ok().as_deref() != Some(&fresh) {
                stale.push(*file);
            }
        } else {
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
            std::fs::write(&path, fresh)?;
        }
    }
    if stale.is_empty() {
        print(&format!("generated files: {} {}", FILES.len(), if check { "up to date" } else { "written" }));
        return Ok(());
    }
    Err(TaskError::new(format!("out of date: {}\nhint: cargo xtask generate", stale.join(", "))))
}
