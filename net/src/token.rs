//! A token: what proves to a server that somebody may ask it.

use std::fmt;

/// Longer than any token that a server gives out, bytes.
const MAX: usize = 4096;

/// A token that is sent along as `Authorization: Bearer …`. It shows itself to nobody but the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A text that is no token. What the text is, is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no token: one word of letters, digits and signs of ASCII, of up to {MAX} bytes")]
pub struct TokenError;

impl Token {
    /// Takes a text for a token.
    ///
    /// # Errors
    /// [`TokenError`]: it is empty, too long, or has blanks or characters that stand in no header.
    pub fn parse(text: &str) -> Result<Token, TokenError> {
        let is_word = (1..=MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_word { Ok(Token(text.to_owned())) } else { Err(TokenError) }
    }

    /// The token itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether these bytes hold it.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(self.0.len()).any(|window| window == self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_is_not_shown() {
        for wrong in ["", "two words", "line\n", "umläut", &"x".repeat(MAX + 1)] {
            let error = Token::parse(wrong).unwrap_err().to_string();
            assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
        }
        let token = Token::parse("ghp_s3cret").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(token.is_in(b"{\"echo\":\"Bearer ghp_s3cret\"}") && !token.is_in(b"ghp_s3cre"));
    }
}
