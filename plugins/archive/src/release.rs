//! The tree that the archive should hold: that of a tag, of a commit, or what is checked.

use probity_sdk::prelude::*;
use probity_sdk_objects::{GitError, Reader, ids, repository, told};

use crate::config::Config;

/// So many tags may name one another.
const MOST_TAGS: usize = 8;

/// The input `refs/tags`.
#[derive(Debug, Deserialize)]
struct Tags {
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
    id: String,
}

/// Key of `peeled`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectKey {
    /// A tag, a commit or a tree.
    pub(crate) object: String,
}

/// What an object stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Peeled {
    /// The tree; absent if it is that of no commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(crate) tree: Option<String>,
}

/// The id of the tree. Abstains where the tag does not exist.
pub(crate) fn tree(engine: &Engine<Config>, target: &Target) -> Result<String> {
    let Some(name) = &engine.config().tag else { return Ok(target.tree.clone()) };
    let tags: Tags = engine.input("refs", "tags")?;
    let tags = tags.tags.ok_or_else(|| abstain("the repository has too many tags to look at them"))?;
    let short = name.strip_prefix("refs/tags/").unwrap_or(name);
    let object = match tags.into_iter().find(|tag| tag.name == short || tag.name == *name) {
        Some(tag) => tag.id,
        None if ids::parse(name).is_ok() => name.clone(),
        None => {
            return Err(abstain(format!(
                "there is no tag {name:?} in this repository; fetch it with git fetch --tags"
            )));
        }
    };
    let peeled: Peeled = engine.query("archive/peeled", &ObjectKey { object })?;
    peeled.tree.ok_or_else(|| abstain(format!("{name:?} names no commit")))
}

/// Follows tags to a commit or a tree.
pub(crate) fn peeled(engine: &Engine<Config>, key: &ObjectKey) -> Result<Peeled> {
    let repository = repository(engine)?;
    let id = told(ids::parse(&key.object))?;
    let tree = repository.run(id.kind(), |readers| readers.with(|reader| follow(reader, &key.object)));
    Ok(Peeled { tree: told(tree)? })
}

fn follow(reader: &Reader, id: &str) -> std::result::Result<Option<String>, GitError> {
    let mut id = id.to_owned();
    for _ in 0..MOST_TAGS {
        let parsed = ids::parse(&id)?;
        let next = match reader.tag(&parsed) {
            Ok(bytes) => value(&bytes, "object"),
            Err(GitError::WrongKind { .. }) => return tree_of(reader, &id),
            Err(error) => return Err(error),
        };
        match next {
            Some(next) => id = next,
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn tree_of(reader: &Reader, id: &str) -> std::result::Result<Option<String>, GitError> {
    let parsed = ids::parse(id)?;
    match reader.commit(&parsed) {
        Ok(bytes) => Ok(value(&bytes, "tree")),
        Err(GitError::WrongKind { .. }) => match reader.tree(&parsed) {
            Ok(_) => Ok(Some(id.to_owned())),
            Err(GitError::WrongKind { .. }) => Ok(None),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The id in a line of an object's head.
fn value(bytes: &[u8], name: &str) -> Option<String> {
    let mut head = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let id = head.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b" "))?;
    std::str::from_utf8(id).ok().filter(|id| ids::parse(id).is_ok()).map(str::to_owned)
}
