//! What tells whether somebody has the token that a kept answer was got with, and does not tell the token.

use std::fs::File;
use std::io::{self, Read as _};

use probity_engine::Digest;
use probity_net::Token;
use serde::{Deserialize, Serialize};

/// The digest of a token and of random bytes of this one answer. A token of a server is far too long to be guessed by it, and
/// that two answers were got with the same one is not seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seal {
    salt: String,
    digest: String,
}

impl Seal {
    /// A new one for a token.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new(token: &Token) -> io::Result<Seal> {
        let mut random = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        let salt: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = digest(&salt, token);
        Ok(Seal { salt, digest })
    }

    /// Whether it was made of this token.
    pub(crate) fn is_of(&self, token: &Token) -> bool {
        self.digest == digest(&self.salt, token)
    }
}

fn digest(salt: &str, token: &Token) -> String {
    Digest::of(format!("{salt} {}", token.reveal()).as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_token_and_never_the_same_twice() {
        let (one, other) = (Token::parse("one").unwrap(), Token::parse("other").unwrap());
        let (seal, again) = (Seal::new(&one).unwrap(), Seal::new(&one).unwrap());
        assert_eq!((seal.is_of(&one), again.is_of(&one), seal.is_of(&other)), (true, true, false));
        assert_ne!(seal.digest, again.digest);
    }
}
