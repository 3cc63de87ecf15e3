//! The tags of a repository, and what their objects say: who made each, when, and which key its signature names.
//!
//! What an object says follows from its id, so it is asked for in groups by the first digits of the ids: one more tag has one group read anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use probity_sdk::git::Person;
use probity_sdk::prelude::*;
use probity_sdk_objects::{GitError, Reader, ids, repository, told};

use crate::config::Config;
use crate::signature::{Signature, signature};

/// Up to so many tags the groups go by one digit, beyond by two.
const FEW: usize = 1024;
/// How many groups are asked for at once.
const WINDOW: usize = 64;

/// The input `refs/tags`.
#[derive(Debug, Deserialize)]
pub(crate) struct Tags {
    /// The checked commit was named by the person: what came after it does not concern it.
    pub(crate) of_revision: bool,
    tags: Option<Vec<Tag>>,
}

/// A name and what it names.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) id: String,
}

impl Tags {
    pub(crate) fn of(engine: &Engine<Config>) -> Result<Tags> {
        engine.input("refs", "tags")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().flatten()
    }

    /// What the objects say, by id.
    pub(crate) fn objects(&self, engine: &Engine<Config>) -> Result<HashMap<String, Object>> {
        let Some(tags) = &self.tags else {
            return Err(abstain("the repository has too many tags to look at them"));
        };
        let digits = if tags.len() <= FEW { 1 } else { 2 };
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for tag in tags {
            groups.entry(tag.id.get(..digits).unwrap_or_default()).or_default().insert(&tag.id);
        }
        let key =
            |ids: &BTreeSet<&str>| ObjectsKey { objects: ids.iter().map(|id| (*id).to_owned()).collect() };
        let keys: Vec<ObjectsKey> = groups.values().map(key).collect();
        let mut objects = HashMap::new();
        for (key, told) in keys.iter().zip(engine.query_windowed("lineage/tags", &keys, WINDOW)) {
            let told: Vec<Object> = told?;
            objects.extend(key.objects.iter().cloned().zip(told));
        }
        Ok(objects)
    }
}

/// Objects that tags name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ObjectsKey {
    /// Their ids, sorted.
    pub(crate) objects: Vec<String>,
}

/// What an object says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Object {
    /// The commit that it stands for, if it stands for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(crate) commit: Option<String>,
    /// Whether it is a tag, and not the commit itself.
    pub(crate) annotated: bool,
    /// The name that it bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(crate) name: Option<String>,
    /// Who made the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Person")]
    pub(crate) tagger: Option<Person>,
    /// When the tag was made, or the commit was committed; Unix seconds.
    pub(crate) date: i64,
    /// What its signature says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Signature")]
    pub(crate) signature: Option<Signature>,
}

/// What objects say, in the order of the key.
pub(crate) fn read(engine: &Engine<Config>, key: &ObjectsKey) -> Result<Vec<Object>> {
    let repository = repository(engine)?;
    let mut objects = Vec::with_capacity(key.objects.len());
    for id in &key.objects {
        let parsed = told(ids::parse(id))?;
        let object = repository.run(parsed.kind(), |readers| readers.with(|reader| read_one(reader, id)));
        objects.push(told(object)?);
    }
    Ok(objects)
}

fn read_one(reader: &Reader, id: &str) -> std::result::Result<Object, GitError> {
    let parsed = ids::parse(id)?;
    match reader.tag(&parsed) {
        Ok(bytes) => Ok(Object { annotated: true, ..of_tag(&bytes) }),
        Err(GitError::WrongKind { .. }) => match reader.commit(&parsed) {
            Ok(bytes) => {
                Ok(Object { commit: Some(id.to_owned()), date: committed(&bytes), ..Object::default() })
            }
            // A tree or a file, as some repositories keep keys.
            Err(GitError::WrongKind { .. }) => Ok(Object::default()),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// What the bytes of a tag say. Each line of the head counts once, the first.
fn of_tag(bytes: &[u8]) -> Object {
    let line = |name: &str| value(bytes, name);
    let is_of_commit = line("type").is_some_and(|kind| kind == b"commit");
    let commit = line("object").filter(|_| is_of_commit).and_then(|id| std::str::from_utf8(id).ok());
    let (tagger, date) = line("tagger").map(person).unwrap_or_default();
    Object {
        commit: commit.filter(|id| ids::parse(id).is_ok()).map(str::to_owned),
        annotated: true,
        name: line("tag").map(|name| String::from_utf8_lossy(name).into_owned()),
        tagger,
        date,
        signature: signature(bytes),
    }
}

fn committed(bytes: &[u8]) -> i64 {
    value(bytes, "committer").map(|line| person(line).1).unwrap_or_default()
}

/// What a line of an object's head says.
fn value<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut head = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    head.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b" "))
}

/// `Name <address> seconds zone`.
fn person(line: &[u8]) -> (Option<Person>, i64) {
    let text = String::from_utf8_lossy(line);
    let Some((name, rest)) = text.split_once('<') else { return (None, 0) };
    let Some((email, rest)) = rest.split_once('>') else { return (None, 0) };
    let date = rest.split_whitespace().next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    (Some(Person { name: name.trim().to_owned(), email: email.trim().to_owned() }), date)
}

#[cfg(test)]
mod object_tests {
    use super::*;

    #[test]
    fn the_head_of_a_tag_is_read_and_nothing_of_its_message() {
        let id = "1".repeat(40);
        let tag = format!(
            "object {id}\ntype commit\ntag v1.0\ntagger Ada L <ada@example.org> 1700000000 +0100\n\ntagger Eve <e@h> 1 +0\n"
        );
        let object = of_tag(tag.as_bytes());
        let tagger = Person { name: "Ada L".into(), email: "ada@example.org".into() };
        assert_eq!(object.tagger, Some(tagger));
        assert_eq!(
            (object.date, object.commit, object.name.as_deref()),
            (1_700_000_000, Some(id), Some("v1.0"))
        );
        assert!(object.signature.is_none());
    }

    #[test]
    fn what_is_no_tag_says_nothing() {
        for bytes in
            [&b""[..], b"\n", b"object x\ntype commit\ntagger", b"tagger <\n", b"tagger \xff\xfe<a>b\n"]
        {
            let object = of_tag(bytes);
            assert_eq!((object.commit, object.date), (None, 0));
        }
    }
}
