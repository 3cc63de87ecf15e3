//! A repository, and archives to compare with it.

use std::io::Write;

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use probity_sdk::findings::Finding;
use probity_sdk::git::{FileKind, Tree, TreeFile, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use probity_tests::{Lab, Repository};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::queries::ComparedKey;
use crate::{Config, plugin};

pub(super) struct World {
    pub(super) lab: Lab,
    pub(super) repository: Repository,
}

impl World {
    /// A repository with these files.
    pub(super) fn new(files: &[(&str, &str)]) -> World {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        for (path, content) in files {
            repository.write(path, content);
        }
        repository.commit("release");
        World { lab, repository }
    }

    pub(super) fn tree_id(&self) -> String {
        self.repository.git(["rev-parse", "HEAD^{tree}"])
    }

    /// What git makes of the tree.
    pub(super) fn archive(&self, name: &str) -> Vec<u8> {
        let file = self.lab.path(name);
        self.repository.git(["archive", "--prefix=x-1.0/", "-o", file.to_str().unwrap(), "HEAD"]);
        std::fs::read(file).unwrap()
    }

    /// An engine that shows these bytes under the configured name.
    pub(super) fn engine(&self, config: Config, bytes: &[u8]) -> TestEngine<Config> {
        let listed = self.repository.git(["ls-tree", "-r", "HEAD"]);
        let files = listed.lines().map(tree_file).collect::<Vec<TreeFile>>();
        let shown = match std::str::from_utf8(bytes) {
            Ok(text) => json!({ "size": bytes.len(), "sha256": "", "text": text }),
            Err(_) => json!({ "size": bytes.len(), "sha256": "", "base64": BASE64.encode(bytes) }),
        };
        let file = config.file.clone().unwrap_or_default();
        TestEngine::new(config)
            .git_dir(self.repository.path().join(".git"))
            .input("file", &file, shown)
            .on("git/tree", move |_: TreeKey| Ok(Tree { files: files.clone() }))
    }

    /// Severity, rule without `archive-`, and path of each finding; or the error.
    pub(super) fn compared_as(
        &self,
        config: Config,
        bytes: &[u8],
    ) -> std::result::Result<Vec<String>, String> {
        let answer = self.answer(config, bytes).map_err(|error| error.message().to_owned())?;
        Ok(told(answer.value()))
    }

    pub(super) fn answer(&self, config: Config, bytes: &[u8]) -> Result<Answer<Value>> {
        let file = config.file.clone().unwrap_or_default();
        let (tree, folder, kind) = (self.tree_id(), config.folder.clone(), config.kind);
        let key = ComparedKey { tree, file, folder, kind };
        self.engine(config, bytes).ask(&plugin(), "compared", key)
    }

    /// The same of an archive of this name.
    pub(super) fn compared(&self, name: &str, bytes: &[u8]) -> std::result::Result<Vec<String>, String> {
        self.compared_as(Config { file: Some(name.to_owned()), ..Config::default() }, bytes)
    }
}

fn tree_file(line: &str) -> TreeFile {
    let (told, path) = line.split_once('\t').unwrap();
    let told: Vec<&str> = told.split(' ').collect();
    let kind = match told[0] {
        "100755" => FileKind::Executable,
        "120000" => FileKind::Symlink,
        "160000" => FileKind::Submodule,
        _ => FileKind::File,
    };
    TreeFile { path: path.to_owned(), id: told[2].to_owned(), kind }
}

pub(super) fn told(value: &Value) -> Vec<String> {
    let found: Vec<Finding> = serde_json::from_value(value.clone()).unwrap();
    let told = |of: &Finding| {
        let rule = of.rule.strip_prefix("archive-").unwrap();
        format!("{} {rule} {}", of.severity, of.path.as_deref().unwrap_or("-"))
    };
    found.iter().map(told).collect()
}

/// A tar of these files, packed by gzip.
pub(super) fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        add(&mut builder, EntryType::Regular, path.as_bytes(), content.as_bytes());
    }
    gzip(&builder.into_inner().unwrap())
}

/// An entry with any name.
pub(super) fn add(builder: &mut Builder<Vec<u8>>, kind: EntryType, name: &[u8], content: &[u8]) {
    let mut header = header(kind, name, content.len() as u64);
    header.set_cksum();
    builder.append(&header, content).unwrap();
}

pub(super) fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
