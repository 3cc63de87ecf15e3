//! Commands that stand in files of editors and of addons for Node.

use probity_sdk::prelude::*;
use serde_json::Value;

use crate::kind::Kind;

/// A command and when it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Held {
    /// From 1.
    pub(crate) line: u32,
    /// In the word of the file.
    pub(crate) event: String,
    pub(crate) command: String,
}

/// Of one file so many are told.
const MOST: usize = 200;
/// What dev containers run of themselves.
const CONTAINER_EVENTS: [&str; 6] = [
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
];

/// The commands of a file that are run unasked; an error says why it cannot be read.
pub(crate) fn commands(text: &str, kind: Kind) -> Result<Vec<Held>, String> {
    let mut held = match kind {
        Kind::Gyp => expansions(text),
        Kind::Tasks => tasks(&json(text)?, text),
        Kind::Container => container(&json(text)?, text),
        Kind::Pth => imports(text),
        Kind::Program | Kind::Startup => Vec::new(),
    };
    held.truncate(MOST);
    Ok(held)
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(&plain(text)).map_err(|error| error.to_string())
}

/// JSON without the comments and last commas that editors allow.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while let Some(c) = rest.chars().next() {
        let passed = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |at| at + 4)
        } else {
            let length = if c == '"' { quoted(rest) } else { c.len_utf8() };
            if matches!(c, '}' | ']') {
                let kept = plain.trim_end().trim_end_matches(',').len();
                plain.truncate(kept);
            }
            plain.push_str(&rest[..length]);
            length
        };
        rest = &rest[passed..];
    }
    plain
}

/// The length of the text in quotes with which `text` begins.
fn quoted(text: &str) -> usize {
    let mut hidden = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !hidden;
        hidden = *byte == b'\\' && !hidden;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn line_of(text: &str, word: &str) -> u32 {
    let found = (1..).zip(text.lines()).find(|(_, line)| line.contains(word));
    found.map_or(1, |(line, _)| line)
}

/// The tasks that start when the folder is opened.
fn tasks(root: &Value, text: &str) -> Vec<Held> {
    let tasks = root["tasks"].as_array().into_iter().flatten();
    let mut held = Vec::new();
    for task in tasks.filter(|task| task["runOptions"]["runOn"] == "folderOpen") {
        let systems = ["windows", "osx", "linux"].map(|system| &task[system]);
        for of in [task].into_iter().chain(systems) {
            let command = words(&of["command"]);
            let command = [command, words(&of["args"])].join(" ");
            if !command.trim().is_empty() {
                let line = line_of(text, "folderOpen");
                held.push(Held { line, event: "folderOpen".to_owned(), command: command.trim().to_owned() });
            }
        }
    }
    held
}

/// A command in one of the forms of these files: a text, a list of words, an object that quotes one.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(_) => words(&value["value"]),
        _ => String::new(),
    }
}

fn container(root: &Value, text: &str) -> Vec<Held> {
    let mut held = Vec::new();
    for event in CONTAINER_EVENTS {
        let value = &root[event];
        let several = value.as_object().into_iter().flat_map(|commands| commands.values());
        let one = (!value.is_object()).then_some(value);
        for command in several.chain(one).map(words).filter(|command| !command.is_empty()) {
            held.push(Held { line: line_of(text, event), event: event.to_owned(), command });
        }
    }
    held
}

/// The lines of a .pth file that Python executes.
fn imports(text: &str) -> Vec<Held> {
    let lines = (1..).zip(text.lines());
    let code = lines.filter(|(_, line)| line.starts_with("import ") || line.starts_with("import\t"));
    code.map(|(line, code)| Held { line, event: "Python".to_owned(), command: code.to_owned() }).collect()
}

/// The commands in `<!(…)` and `<!@(…)`.
fn expansions(text: &str) -> Vec<Held> {
    let mut held = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        for (at, _) in content.match_indices("<!").take(MOST) {
            let rest = content[at + 2..].trim_start_matches(['@', '|']);
            let Some(rest) = rest.strip_prefix('(') else { continue };
            let mut open = 1_usize;
            let end = rest.find(|c: char| {
                open = match c {
                    '(' => open + 1,
                    ')' => open - 1,
                    _ => open,
                };
                open == 0
            });
            let command = rest[..end.unwrap_or(rest.len())].replace("\\\"", "\"").replace("\\'", "'");
            held.push(Held { line, event: "binding.gyp".to_owned(), command });
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, kind: Kind) -> Vec<String> {
        let line = |held: Held| format!("{} {}: {}", held.line, held.event, held.command);
        commands(text, kind).unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn tasks_that_start_by_themselves_are_found() {
        let text = r#"{ // comment
  "tasks": [
    {"label": "build", "command": "make", "args": ["x"]},
    {"label": "eslint", "command": "node", "args": [".vscode/x.js", {"value": "y"}], /* , */
     "windows": {"command": "cmd /c \"x\""},
     "runOptions": {"runOn": "folderOpen"},},
  ],
}"#;
        assert_eq!(
            of(text, Kind::Tasks),
            ["6 folderOpen: node .vscode/x.js y", "6 folderOpen: cmd /c \"x\""]
        );
        assert!(commands("{", Kind::Tasks).is_err());
        for fine in ["{}", "[]", "1", r#"{"tasks": 1}"#] {
            assert_eq!(of(fine, Kind::Tasks), [""; 0], "{fine}");
        }
    }

    #[test]
    fn what_containers_run_is_found_in_all_its_forms() {
        let text = "{\"image\": \"x\",\n\"postCreateCommand\": {\"a\": \"make\", \"b\": [\"npm\", \"ci\"]},\n\"initializeCommand\": \"./x.sh\"}";
        assert_eq!(
            of(text, Kind::Container),
            ["3 initializeCommand: ./x.sh", "2 postCreateCommand: make", "2 postCreateCommand: npm ci"]
        );
    }

    #[test]
    fn expansions_are_read_to_their_end() {
        let text = "{'a': [\"<!@(node -p \\\"require('x').include\\\")\"],\n'b': '<!(sh a.sh)', 'c': '<(x)'}";
        assert_eq!(
            of(text, Kind::Gyp),
            ["1 binding.gyp: node -p \"require('x').include\"", "2 binding.gyp: sh a.sh"]
        );
        assert_eq!(of("../lib\nimport os; x()\nimportant\n", Kind::Pth), ["2 Python: import os; x()"]);
        for hostile in ["<!(".repeat(10_000), "<!".repeat(10_000), "\"\\".repeat(9999), "/*".repeat(9999)] {
            let _ = commands(&hostile, Kind::Gyp);
            let _ = commands(&hostile, Kind::Tasks);
        }
    }
}
