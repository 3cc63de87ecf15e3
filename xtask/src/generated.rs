//! Files that a program writes and that are committed: made by `probity` itself, and checked for drift. (The protocol's schemas are
//! checked by a test of their own crate.)

use std::path::Path;

use crate::run::{Done, TaskError, cargo, command, output, print, root, run};

/// The commands of `docs/reference.md`, in its order.
const COMMANDS: &[&[&str]] = &[
    &[],
    &["check"],
    &["init"],
    &["trust"],
    &["explain"],
    &["why"],
    &["plugin"],
    &["plugin", "list"],
    &["plugin", "describe"],
    &["plugin", "check-determinism"],
    &["plugin", "trace"],
    &["plugin", "learn"],
    &["plugin", "permissions"],
    &["plugin", "grant"],
    &["plugin", "hash"],
    &["schema"],
    &["cache"],
    &["cache", "info"],
    &["cache", "clear"],
    &["cache", "gc"],
    &["cache", "verify"],
    &["cache", "export"],
    &["cache", "import"],
    &["doctor"],
    &["completions"],
    &["man"],
];

/// The plugins of `docs/analyses.md`: the analyses first, then those that bring data.
const PLUGINS: &[&str] = &[
    "activity",
    "affiliation",
    "anomalies",
    "archive",
    "binary",
    "churn",
    "content",
    "entropy",
    "fuzz",
    "github",
    "identity",
    "installs",
    "lineage",
    "maintainers",
    "newcomers",
    "posture",
    "review",
    "typo",
    "workflows",
    "dependencies",
    "git",
    "linguist",
];

/// Writes the files, or, with `check`, fails if one differs from what would be written.
pub(crate) fn generate(check: bool) -> Done {
    build()?;
    let folder = tempfile::tempdir()?;
    let files = [
        ("docs/schema/report.schema.json", probity(&["schema", "report"], folder.path())?),
        ("docs/schema/policy.schema.json", probity(&["schema", "policy"], folder.path())?),
        ("docs/schema/why.schema.json", probity(&["schema", "why"], folder.path())?),
        ("docs/reference.md", reference(folder.path())?),
        ("docs/analyses.md", analyses(folder.path())?),
    ];
    let mut stale = Vec::new();
    for (file, fresh) in &files {
        let path = root().join(file);
        if !check {
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
            std::fs::write(&path, fresh)?;
        } else if std::fs::read_to_string(&path).ok().as_ref() != Some(fresh) {
            stale.push(*file);
        }
    }
    if stale.is_empty() {
        print(&format!("generated files: {} {}", files.len(), if check { "up to date" } else { "written" }));
        return Ok(());
    }
    Err(TaskError::new(format!("out of date: {}\nhint: cargo xtask generate", stale.join(", "))))
}

/// Builds the program, and with it everything that the tests need: libraries have the same features then, and nothing is built twice
/// when the tests follow. Those of whole programs call the program that lies here afterwards.
fn build() -> Done {
    run(cargo().args(["build", "--locked", "--workspace", "--all-targets"]))
}

/// What `probity` prints, in a world of its own.
fn probity(arguments: &[&str], folder: &Path) -> Result<String, TaskError> {
    output(
        command(root().join("target/debug/probity"))
            .args(arguments)
            .env("PROBITY_CACHE_DIR", folder.join("cache"))
            .env("PROBITY_CONFIG_DIR", folder.join("config"))
            .env("NO_COLOR", "1"),
    )
}

fn reference(folder: &Path) -> Result<String, TaskError> {
    let mut page = String::from(
        "# Command reference\n\nWhat `probity --help` and the help of each command print. Written by `cargo xtask generate`.\n",
    );
    for words in COMMANDS {
        let help = probity(&[*words, &["--help"]].concat(), folder)?;
        let title = [&["probity"], *words].concat().join(" ");
        page.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end()));
    }
    Ok(page)
}

fn analyses(folder: &Path) -> Result<String, TaskError> {
    let policy = std::fs::read_to_string(root().join("assess/policies/default.kdl"))?;
    let tried = std::fs::read_to_string(root().join("xtask/real-repositories.md"))?;
    let mut page = format!(
        "# Plugins and analyses\n\nThe built-in policy, what it says of real repositories, and what each built-in plugin says of itself: its queries, \
         configuration, formula, default policy and rules. Written by `cargo xtask generate`.\n\n\
         ## The built-in policy\n\nEach line says why it is there, and where its limit comes from.\n\n```kdl\n{}\n```\n\n{}\n",
        policy.trim_end(),
        tried.trim_end()
    );
    for plugin in PLUGINS {
        let described = probity(&["plugin", "describe", plugin], folder)?;
        let described = described.trim_end().trim_end_matches("The schemas: `--json`.").trim_end();
        page.push_str(&format!("\n## {plugin}\n\n```text\n{described}\n```\n"));
    }
    Ok(page)
}
