//! The content of the archive, which the host shows.

use data_encoding::BASE64;
use probity_sdk::prelude::*;

use crate::config::Config;

/// What the host gives for a file.
#[derive(Debug, Deserialize)]
struct Shown {
    text: Option<String>,
    base64: Option<String>,
}

/// The bytes of the archive. Abstains where there is none, or nobody granted it.
pub(crate) fn content(engine: &Engine<Config>, file: &str) -> Result<Vec<u8>> {
    let shown: Option<Shown> = engine.input("file", file).map_err(|error| unshown(file, error))?;
    match shown {
        None => Err(abstain(format!("there is no file {file:?}"))),
        // A tar of nothing but UTF-8 is a text, too.
        Some(Shown { text: Some(text), .. }) => Ok(text.into_bytes()),
        Some(Shown { base64: Some(base64), .. }) => {
            BASE64.decode(base64.as_bytes()).map_err(|error| failed(format!("{file:?}: {error}")))
        }
        Some(_) => Err(failed(format!("the host shows no content of {file:?}"))),
    }
}

fn unshown(file: &str, error: Error) -> Error {
    if error.is_denied() {
        let message = error.message();
        return abstain(format!(
            "{message}; write grant {{ file {file:?} }} beside the configuration of archive, in a policy that you name with --policy"
        ));
    }
    // That it cannot be read at the moment says nothing about the release.
    if error.is_input_unavailable() { unavailable(format!("{file:?}: {}", error.message())) } else { error }
}
