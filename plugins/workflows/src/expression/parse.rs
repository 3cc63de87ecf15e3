//! The grammar of expressions, by descent of bounded depth.

/// So deeply may parentheses, calls and indices be nested.
const DEEPEST: usize = 32;

/// An expression, as far as it matters where its parts go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// A number, a text, true, false, null.
    Constant,
    /// A context with what is chosen from it, in lower case, and the indices that are computed.
    Context {
        path: String,
        indices: Vec<Expression>,
    },
    /// Gives true or false.
    Test(Vec<Expression>),
    And(Box<Expression>, Box<Expression>),
    /// Gives one of these.
    Either(Vec<Expression>),
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
}

/// Parses what stands between the braces. What is no expression is taken for either of all that it names.
pub(crate) fn parse(source: &str) -> Expression {
    let tokens = tokens(source);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    match parser.either() {
        Some(expression) if parser.at == tokens.len() => expression,
        _ => Expression::Either(named(&tokens)),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Text(String),
    Number,
    Sign(&'static str),
}

const SIGNS: [&str; 15] = ["&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", ",", ".", "*", "<", ">"];

fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                let (text, length) = quoted(rest);
                tokens.push(Token::Text(text));
                length
            }
            '0'..='9' | '+' | '-' => {
                tokens.push(Token::Number);
                rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len())
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
                let length = end.unwrap_or(rest.len());
                tokens.push(Token::Name(&rest[..length]));
                length
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    tokens.push(Token::Sign(sign));
                    sign.len()
                }
                None => {
                    tokens.push(Token::Sign(if first == '!' { "!" } else { "?" }));
                    first.len_utf8()
                }
            },
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

/// A text in single quotes, two of which stand for one; and its length with the quotes.
fn quoted(source: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = source.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return (text, at + 1);
        }
    }
    (text, source.len())
}

/// The contexts in what could not be parsed: names, and what follows them after dots.
fn named(tokens: &[Token<'_>]) -> Vec<Expression> {
    let mut contexts: Vec<String> = Vec::new();
    let mut dotted = false;
    for token in tokens {
        match (token, contexts.last_mut()) {
            (Token::Name(name), Some(path)) if dotted => {
                *path = format!("{path}.{}", name.to_ascii_lowercase());
            }
            (Token::Name(name), _) => contexts.push(name.to_ascii_lowercase()),
            _ => {}
        }
        dotted = *token == Token::Sign(".");
    }
    contexts.into_iter().map(|path| Expression::Context { path, indices: Vec::new() }).collect()
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, signs: &[&str]) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if signs.contains(sign));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut parts = vec![self.both()?];
        while self.take(&["||"]) {
            parts.push(self.both()?);
        }
        self.depth -= 1;
        if parts.len() == 1 { parts.pop() } else { Some(Expression::Either(parts)) }
    }

    fn both(&mut self) -> Option<Expression> {
        let mut parts = vec![self.comparison()?];
        while self.take(&["&&"]) {
            parts.push(self.comparison()?);
        }
        let last = parts.pop()?;
        if parts.is_empty() {
            return Some(last);
        }
        Some(Expression::And(Box::new(Expression::Test(parts)), Box::new(last)))
    }

    fn comparison(&mut self) -> Option<Expression> {
        let mut parts = vec![self.negation()?];
        while self.take(&["==", "!=", "<", ">", "<=", ">="]) {
            parts.push(self.negation()?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Expression::Test(parts)) }
    }

    fn negation(&mut self) -> Option<Expression> {
        let mut negated = false;
        while self.take(&["!"]) {
            negated = true;
        }
        let inner = self.primary()?;
        Some(if negated { Expression::Test(vec![inner]) } else { inner })
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.take(&["("]) {
            let inner = self.either()?;
            return self.take(&[")"]).then_some(inner);
        }
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        match token {
            Token::Text(_) | Token::Number => Some(Expression::Constant),
            Token::Name(name) => {
                let name = name.to_ascii_lowercase();
                if self.take(&["("]) { self.call(name) } else { self.context(name) }
            }
            Token::Sign(_) => None,
        }
    }

    fn call(&mut self, name: String) -> Option<Expression> {
        let mut arguments = Vec::new();
        while !self.take(&[")"]) {
            arguments.push(self.either()?);
            if !self.take(&[","]) && !matches!(self.tokens.get(self.at), Some(Token::Sign(")"))) {
                return None;
            }
        }
        // What is chosen from a call's result is a part of it.
        let call = Expression::Call { name, arguments };
        match self.context(String::new())? {
            Expression::Context { indices, .. } if !indices.is_empty() => {
                Some(Expression::Either(vec![call, Expression::Test(indices)]))
            }
            _ => Some(call),
        }
    }

    fn context(&mut self, name: String) -> Option<Expression> {
        if matches!(name.as_str(), "true" | "false" | "null" | "nan" | "infinity") {
            return Some(Expression::Constant);
        }
        let (mut path, mut indices) = (name, Vec::new());
        loop {
            if self.take(&["."]) {
                let token = self.tokens.get(self.at)?;
                self.at += 1;
                match token {
                    Token::Name(name) => path = format!("{path}.{}", name.to_ascii_lowercase()),
                    Token::Sign("*") => path.push_str(".*"),
                    _ => return None,
                }
            } else if self.take(&["["]) {
                match self.tokens.get(self.at..self.at + 2) {
                    Some([Token::Text(text), Token::Sign("]")]) => {
                        path = format!("{path}.{}", text.to_ascii_lowercase());
                        self.at += 2;
                        continue;
                    }
                    Some([Token::Sign("*"), _]) => self.at += 1,
                    _ => indices.push(self.either()?),
                }
                path.push_str(".*");
                if !self.take(&["]"]) {
                    return None;
                }
            } else {
                return Some(Expression::Context { path, indices });
            }
        }
    }
}
