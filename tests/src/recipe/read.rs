//! Recipes from their text.

use std::collections::BTreeMap;

use kdl::{KdlDocument, KdlNode};

use super::{Change, Finds, Recipe, Stamp, Step};

type Read<T> = Result<T, String>;

/// Reads a recipe, strictly.
pub(super) fn recipe(name: &str, text: &str) -> Read<Recipe> {
    let document = KdlDocument::parse_v2(text)
        .map_err(|error| error.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let finds = document.get("finds").ok_or("it says nothing of who finds it")?;
    let finds = Finds {
        plugin: property(finds, "plugin")?,
        query: property(finds, "query").ok(),
        policy: property(finds, "policy").ok(),
        rule: property(finds, "rule")?,
    };
    let mut people = BTreeMap::new();
    for person in document.nodes().iter().filter(|node| node.name().value() == "person") {
        people.insert(argument(person, 0)?, argument(person, 1)?);
    }
    for node in document.nodes() {
        let known = ["about", "source", "finds", "remembered", "person", "before", "attack", "control"];
        if !known.contains(&node.name().value()) {
            return Err(format!("{:?} is unknown; known are {}", node.name().value(), known.join(", ")));
        }
    }
    let steps = |name: &str| document.get(name).map_or(Ok(Vec::new()), |node| children(node, step));
    Ok(Recipe {
        name: name.to_owned(),
        finds,
        remembered: document.get("remembered").is_some(),
        people,
        before: steps("before")?,
        attack: steps("attack")?,
        control: steps("control")?,
    })
}

fn children<T>(node: &KdlNode, read: impl Fn(&KdlNode) -> Read<T>) -> Read<Vec<T>> {
    node.children().into_iter().flat_map(KdlDocument::nodes).map(read).collect()
}

fn step(node: &KdlNode) -> Read<Step> {
    match node.name().value() {
        "commit" => Ok(Step::Commit {
            stamp: stamp(node, argument(node, 0)?)?,
            branch: property(node, "branch").unwrap_or_else(|_| "main".to_owned()),
            changes: children(node, change)?,
        }),
        "merge" => {
            let branch = argument(node, 0)?;
            let message = property(node, "message").unwrap_or_else(|_| format!("Merge branch '{branch}'"));
            Ok(Step::Merge { stamp: stamp(node, message)?, branch })
        }
        "tag" => {
            let name = argument(node, 0)?;
            Ok(Step::Tag { stamp: stamp(node, name.clone())?, name })
        }
        other => Err(format!("{other:?} is no step: commit, merge, tag")),
    }
}

fn stamp(node: &KdlNode, message: String) -> Read<Stamp> {
    let at = time(&property(node, "on")?)?;
    let written = property(node, "written").map_or(Ok(at), |written| time(&written))?;
    Ok(Stamp { by: property(node, "by")?, committer: property(node, "committer").ok(), at, written, message })
}

/// `2026-01-02 12:30`, or a day alone, in UTC.
fn time(on: &str) -> Read<i64> {
    let (day, time) = on.split_once(' ').unwrap_or((on, "12:00"));
    let at: Result<jiff::Timestamp, _> = format!("{day}T{time}:00Z").parse();
    at.map(jiff::Timestamp::as_second).map_err(|error| format!("{on:?} is no time: {error}"))
}

fn change(node: &KdlNode) -> Read<Change> {
    let path = argument(node, 0)?;
    let write = |mode, content| Ok(Change::Write { path: path.clone(), mode, content });
    match node.name().value() {
        "file" => write("100644", content(node)?),
        "executable" => write("100755", content(node)?),
        "link" => write("120000", property(node, "to")?.into_bytes()),
        "remove" => Ok(Change::Remove { path }),
        other => Err(format!("{other:?} is no change: file, executable, link, remove")),
    }
}

fn content(node: &KdlNode) -> Read<Vec<u8>> {
    if let Ok(hex) = property(node, "hex") {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        let bytes = digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8);
        return Ok(bytes.chain(pseudo_random(node)?).collect());
    }
    if node.get("length").is_some() {
        return pseudo_random(node);
    }
    let mut text = argument(node, 1)?;
    // A text of several lines ends without a line break in KDL, but not in a file.
    if text.contains('\n') && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// `length` bytes that follow from `seed`, by Marsaglia's xorshift; none if no length is given.
fn pseudo_random(node: &KdlNode) -> Read<Vec<u8>> {
    let number = |name: &str| node.get(name).and_then(|value| value.as_integer());
    let length = usize::try_from(number("length").unwrap_or(0)).map_err(|_| "length: a number of bytes")?;
    let mut state = u64::try_from(number("seed").unwrap_or(1)).map_err(|_| "seed: a number")? | 1;
    let mut bytes = Vec::with_capacity(length);
    for _ in 0..length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push(state.to_be_bytes()[0]);
    }
    Ok(bytes)
}

fn argument(node: &KdlNode, at: usize) -> Read<String> {
    let missing = || format!("{:?} lacks argument {at}", node.name().value());
    node.get(at).and_then(|value| value.as_string()).map(str::to_owned).ok_or_else(missing)
}

fn property(node: &KdlNode, name: &str) -> Read<String> {
    let missing = || format!("{:?} lacks {name}=", node.name().value());
    node.get(name).and_then(|value| value.as_string()).map(str::to_owned).ok_or_else(missing)
}
