//! Scripts that pages of HTML take from other servers.

use probity_sdk::findings::{Severity, shortened};

use crate::finding::FileReport;
use crate::rules::{HOSTILE_HOST, REMOTE_SCRIPT};

/// Servers that have served malware after they changed hands: the polyfill.io affair of June 2024 and its operator's other names.
const HOSTILE: [&str; 9] = [
    "polyfill.io",
    "bootcss.com",
    "bootcdn.net",
    "staticfile.net",
    "staticfile.org",
    "unionadjs.com",
    "xhsbpza.com",
    "union.macoms.la",
    "newcrbpc.com",
];

pub(crate) fn check(bytes: &[u8], report: &mut FileReport) {
    let text = String::from_utf8_lossy(bytes);
    // Of the same length, so that a place in one is that in the other.
    let lower = text.to_ascii_lowercase();
    let (mut rest, mut line) = (&text[..], 1_u32);
    while let Some(at) = rest.find('<') {
        line = line.saturating_add(lines(&rest[..at]));
        rest = &rest[at..];
        let length = if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |end| end + 3)
        } else if is_script(rest) {
            let (attributes, length) = attributes(&rest[7..]);
            script(&attributes, line, report);
            // What is between the tags is no HTML.
            let inside = text.len() - rest.len() + 7 + length;
            lower[inside..].find("</script").map_or(rest.len(), |end| 7 + length + end)
        } else {
            1
        };
        line = line.saturating_add(lines(&rest[..length]));
        rest = &rest[length..];
    }
}

fn lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn is_script(text: &str) -> bool {
    let name = text.as_bytes().get(1..7).is_some_and(|name| name.eq_ignore_ascii_case(b"script"));
    name && text.as_bytes().get(7).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'>')
}

/// The attributes of a tag, names in lower case, and the length up to its end.
fn attributes(text: &str) -> (Vec<(String, String)>, usize) {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, Vec::new());
    loop {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| !byte.is_ascii_whitespace() && !b"=>/".contains(byte)) {
            at += 1;
        }
        let name = text[start..at].to_ascii_lowercase();
        if bytes.get(at) == Some(&b'=') {
            at += 1;
            let (value, length) = value(&text[at..]);
            found.push((name, value.to_owned()));
            at += length;
        } else if !name.is_empty() {
            found.push((name, String::new()));
        }
        match bytes.get(at) {
            None => return (found, at),
            Some(b'>') => return (found, at + 1),
            Some(_) => {}
        }
    }
}

fn value(text: &str) -> (&str, usize) {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = text[1..].find(quote);
            (&text[1..end.map_or(text.len(), |end| end + 1)], end.map_or(text.len(), |end| end + 2))
        }
        _ => {
            let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len());
            (&text[..end], end)
        }
    }
}

fn script(attributes: &[(String, String)], line: u32, report: &mut FileReport) {
    let get = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    let Some(address) = get("src") else { return };
    let Some(host) = host(address) else { return };
    let of = |known: &&str| host == *known || host.ends_with(&format!(".{known}"));
    if HOSTILE.iter().any(of) {
        let message = format!("{} has served malware", shortened(&host));
        report.find(HOSTILE_HOST, Severity::High, line, message);
    } else if get("integrity").is_none_or(str::is_empty) {
        let message = format!("{} is run without an integrity hash", shortened(address));
        report.find(REMOTE_SCRIPT, Severity::Low, line, message);
    }
}

/// The server of an address that is another one's.
fn host(address: &str) -> Option<String> {
    let lower = address.to_ascii_lowercase();
    let rest = ["https://", "http://", "//"].iter().find_map(|start| lower.strip_prefix(start))?;
    let host = rest.split(['/', '?', '#', ':']).next().filter(|host| host.contains('.'))?;
    (!host.starts_with("127.")).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<(u32, String)> {
        let mut report = FileReport::default();
        check(html.as_bytes(), &mut report);
        report.findings.into_iter().map(|found| (found.line.unwrap(), found.rule)).collect()
    }

    #[test]
    fn scripts_of_other_servers_need_an_integrity_hash() {
        let remote = |line| vec![(line, REMOTE_SCRIPT.to_owned())];
        assert_eq!(found("<p>\n<script async src='https://cdn.example/a.js'></script>"), remote(2));
        assert_eq!(found("<SCRIPT\n  SRC=//cdn.example/a.js>"), remote(1));
        for fine in [
            "<script src=\"https://cdn.example/a.js\" integrity=\"sha384-x\">",
            "<script src=\"/a.js\"></script><script>var a = '<script src=\"https://cdn.example/a.js\">';",
            "<!-- <script src=\"https://cdn.example/a.js\"> -->",
            "<scripted src=\"https://cdn.example/a.js\">",
            "<script data-src=\"https://cdn.example/a.js\">",
            "<script src=\"http://localhost:3000/a.js\">",
        ] {
            assert_eq!(found(fine), [], "{fine}");
        }
    }

    #[test]
    fn servers_that_served_malware_are_named_even_with_a_hash() {
        let html = "<script src=\"https://cdn.polyfill.io/v3/p.min.js\" integrity=\"sha384-x\"></script>";
        assert_eq!(found(html), [(1, HOSTILE_HOST.to_owned())]);
        assert_eq!(found("<script src=\"https://notpolyfill.io/a.js\" integrity=x>"), []);
    }

    #[test]
    fn hostile_pages_end() {
        for html in ["<script ".repeat(100_000), "<script src=\"".repeat(50_000), "<!--".repeat(100_000)] {
            check(html.as_bytes(), &mut FileReport::default());
        }
        check("<script src='ü' x=ü ü>".as_bytes(), &mut FileReport::default());
    }
}
