//! Takes the digest of each built-in plugin at build time: over its own, the SDK's and the protocol's sources, the lock file of the
//! dependencies, the compiler's version and the features. So a change of the command line's code forgets no answer,
//! and a change of anything that an answer could depend on forgets every answer that could.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

/// The built-in plugins; `cli/src/builtin.rs` holds the same names, and a test there holds the two together.
const PLUGINS: &[&str] = &[
    "activity",
    "affiliation",
    "anomalies",
    "archive",
    "binary",
    "churn",
    "content",
    "dependencies",
    "entropy",
    "fuzz",
    "git",
    "github",
    "identity",
    "installs",
    "lineage",
    "linguist",
    "maintainers",
    "newcomers",
    "posture",
    "review",
    "typo",
    "workflows",
];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let mut shared = Sha256::new();
    for folder in ["sdk/rust", "sdk/objects", "protocol/src"] {
        add_folder(&mut shared, &root, folder)?;
    }
    add_file(&mut shared, &root, "Cargo.lock")?;
    shared.update(compiler()?);
    shared.update(features());
    let shared = shared.finalize();

    let mut table = String::from("[\n");
    for plugin in PLUGINS {
        let mut own = Sha256::new();
        own.update(shared);
        add_folder(&mut own, &root, &format!("plugins/{plugin}"))?;
        let hex: String = own.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        table.push_str(&format!("    (\"{plugin}\", \"{hex}\"),\n"));
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("digests.rs"), table)
}

/// Every file below `folder`, in the order of their paths.
fn add_folder(hash: &mut Sha256, root: &Path, folder: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", root.join(folder).display());
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files.iter().try_for_each(|file| add_file(hash, root, file))
}

fn add_file(hash: &mut Sha256, root: &Path, file: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", root.join(file).display());
    let content = fs::read(root.join(file))?;
    hash.update(format!("{file}\n{}\n", content.len()));
    hash.update(content);
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the ban is for the product")]
fn compiler() -> io::Result<Vec<u8>> {
    let rustc = env::var_os("RUSTC").expect("cargo sets it");
    Ok(std::process::Command::new(rustc).arg("-vV").output()?.stdout)
}

fn features() -> String {
    let features: BTreeMap<String, String> =
        env::vars().filter(|(name, _)| name.starts_with("CARGO_FEATURE_") || name == "TARGET").collect();
    format!("{features:?}")
}
