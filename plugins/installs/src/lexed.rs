//! A program split into what is code, what is text in quotes, and what is comment, so that a word in a comment or a message is not taken
//! for a call. Nothing is understood beyond that, and whatever the text, it ends.

use probity_sdk::prelude::*;

/// How a language quotes and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    JavaScript,
    Python,
    Ruby,
    Rust,
    Shell,
}

/// The parts of a program.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// The code with its line breaks; a blank stands for each text and comment, between the quotes of the text.
    pub(crate) code: String,
    /// What stands in quotes, and the line, from 1.
    pub(crate) texts: Vec<(u32, String)>,
}

/// Splits a program.
pub(crate) fn lexed(text: &str, language: Language) -> Lexed {
    let mut lexer = Lexer { rest: text, line: 1, language, parts: Lexed::default() };
    while let Some(c) = lexer.rest.chars().next() {
        lexer.step(c);
    }
    lexer.parts
}

struct Lexer<'a> {
    rest: &'a str,
    line: u32,
    language: Language,
    parts: Lexed,
}

impl<'a> Lexer<'a> {
    fn step(&mut self, c: char) {
        if let Some(end) = self.comment() {
            self.skip(end);
        } else if let Some((open, close, escapes, breaks)) = self.quote(c) {
            self.text(open, &close, escapes, breaks);
        } else {
            self.parts.code.push(c);
            self.advance(c.len_utf8());
        }
    }

    /// How many bytes the comment has that begins here.
    fn comment(&self) -> Option<usize> {
        let rest = self.rest;
        let to_line_end = || rest.find('\n').unwrap_or(rest.len());
        let slashes = matches!(self.language, Language::JavaScript | Language::Rust);
        if slashes && rest.starts_with("//") || !slashes && rest.starts_with('#') {
            return Some(to_line_end());
        }
        if slashes && rest.starts_with("/*") {
            return Some(rest[2..].find("*/").map_or(rest.len(), |at| at + 4));
        }
        None
    }

    /// The length of the opening quote, the closing one, whether a backslash hides it, and whether it may be on another line.
    fn quote(&self, c: char) -> Option<(usize, String, bool, bool)> {
        let rest = self.rest;
        let plain = |quote: char, breaks: bool| Some((1, quote.to_string(), true, breaks));
        match (self.language, c) {
            (Language::Python, '"' | '\'') => {
                let triple: String = std::iter::repeat_n(c, 3).collect();
                if rest.starts_with(&triple) { Some((3, triple, true, true)) } else { plain(c, false) }
            }
            (Language::Rust, 'r') => self.raw(),
            (Language::Rust, '"') => plain('"', true),
            (Language::Rust, '\'') => {
                // A lifetime has no closing quote.
                let mut chars = rest.chars().skip(1);
                let escaped = chars.next() == Some('\\');
                (escaped || chars.next() == Some('\'')).then(|| (1, "'".to_owned(), true, false))
            }
            (Language::Rust, _) => None,
            (Language::JavaScript | Language::Ruby, '`') => plain('`', true),
            (Language::Shell, '\'') => Some((1, "'".to_owned(), false, true)),
            (Language::Shell, '"') => plain('"', true),
            (_, '"' | '\'') => plain(c, false),
            _ => None,
        }
    }

    /// `r"…"` and `r#"…"#`, where the r ends no word.
    fn raw(&self) -> Option<(usize, String, bool, bool)> {
        let hashes = self.rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        let opens = self.rest[1 + hashes..].starts_with('"');
        let in_word = self.parts.code.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        (opens && !in_word).then(|| (2 + hashes, format!("\"{}", "#".repeat(hashes)), false, true))
    }

    fn text(&mut self, open: usize, close: &str, escapes: bool, breaks: bool) {
        let line = self.line;
        self.parts.code.push_str(&self.rest[..open]);
        self.advance(open);
        let inner = self.rest;
        let length = length(inner, close, escapes, breaks);
        self.parts.texts.push((line, inner[..length].to_owned()));
        self.skip(length);
        if self.rest.starts_with(close) {
            self.parts.code.push_str(close);
            self.advance(close.len());
        }
    }

    /// Passes over what is no code. Its line breaks are kept.
    fn skip(&mut self, bytes: usize) {
        let breaks = self.rest[..bytes].bytes().filter(|byte| *byte == b'\n').count();
        self.parts.code.push(' ');
        self.parts.code.extend(std::iter::repeat_n('\n', breaks));
        self.advance(bytes);
    }

    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        let breaks = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.rest = rest;
    }
}

/// How many bytes stand before the closing quote, or before the end of the line where the text must end there.
fn length(inner: &str, close: &str, escapes: bool, breaks: bool) -> usize {
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        if inner[at..].starts_with(close) || (c == '\n' && !breaks) {
            return at;
        }
        if c == '\\' && escapes {
            chars.next();
        }
    }
    inner.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, language: Language) -> (String, Vec<String>) {
        let Lexed { code, texts } = lexed(text, language);
        (code, texts.into_iter().map(|(line, text)| format!("{line} {text}")).collect())
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        let (code, texts) = of("a(\"b\\\"c\") // d\n/* e\n */ f('g')`h\ni`", Language::JavaScript);
        assert_eq!(code, "a(\" \")  \n \n f(' ')` \n`");
        assert_eq!(texts, ["1 b\"c", "3 g", "3 h\ni"].map(|text| text.replace("b\"c", "b\\\"c")));
        let (code, texts) = of("'''d\nd''' # e\nx = r\"y\"\nz = 'open\nw", Language::Python);
        assert_eq!(code, "''' \n'''  \nx = r\" \"\nz = ' \nw");
        assert_eq!(texts, ["1 d\nd", "3 y", "4 open"]);
        let (code, texts) = of("fn a<'x>(b: &'x str) { r#\"c\"d\"#; 'e'; '\\''; }", Language::Rust);
        assert_eq!(code, "fn a<'x>(b: &'x str) { r#\" \"#; ' '; ' '; }");
        assert_eq!(texts, ["1 c\"d", "1 e", "1 \\'"]);
        let (code, texts) = of("a 'b\\' # c\n\"$d\"", Language::Shell);
        assert_eq!((code.as_str(), texts), ("a ' '  \n\" \"", vec!["1 b\\".to_owned(), "2 $d".to_owned()]));
    }

    #[test]
    fn hostile_texts_end() {
        let languages =
            [Language::JavaScript, Language::Python, Language::Ruby, Language::Rust, Language::Shell];
        for language in languages {
            for text in ["'", "\"", "/*", "r#", "\\", "#", "é'", "'''", "`\\"] {
                lexed(&text.repeat(100_000), language);
                lexed(text, language);
            }
        }
    }
}
