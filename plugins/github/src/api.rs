//! The server's API as the plugin asks it: one address, or a list page by page. What is answered is believed in no other way than that it
//! has the shape of the API: anything else is an error that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use probity_sdk::prelude::*;
use serde::de::DeserializeOwned;

use crate::config::Config;
use crate::link::has_next;

/// So many members of a list a page has, which is the most that the API gives.
const PER_PAGE: usize = 100;
/// More than this many characters of a server's own words are not passed on.
const MOST_WORDS: usize = 200;

/// The API, for one repository.
pub(crate) struct Api<'a> {
    engine: &'a Engine<Config>,
    base: &'a str,
    /// `owner/name`.
    pub(crate) repository: &'a str,
}

/// What the host gives for an address.
#[derive(Debug, Deserialize)]
struct Reply {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    text: Option<String>,
}

/// What the API says of a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: String,
}

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Got<T> {
    Value(T),
    /// It is not there, or whoever asks may not know that it is; in the server's words.
    NotFound(String),
    /// Whoever asks may not know; in the server's words.
    Forbidden(String),
}

impl<T> Got<T> {
    /// The value; abstains where there is none. `what` is what was asked for.
    pub(crate) fn or_abstain(self, what: &str) -> Result<T> {
        match self {
            Got::Value(value) => Ok(value),
            Got::NotFound(_) => Err(abstain(format!(
                "the server knows nothing of {what}, or does not show it to whoever has no token or this one"
            ))),
            Got::Forbidden(words) => {
                Err(abstain(format!("the server does not let whoever asks see {what}: {words}")))
            }
        }
    }
}

impl<'a> Api<'a> {
    /// The API of the configured server. Abstains where no repository is configured.
    pub(crate) fn new(engine: &'a Engine<Config>) -> Result<Api<'a>> {
        let config = engine.config();
        let repository = config.repository.as_deref().ok_or_else(|| {
            abstain("a clone does not tell where it came from: write repository \"owner/name\" in the configuration of github")
        })?;
        Ok(Api { engine, base: config.base_url.trim_end_matches('/'), repository })
    }

    /// Whether it is that of github.com.
    pub(crate) fn is_public(&self) -> bool {
        self.base == crate::config::PUBLIC
    }

    /// Asks below the address of the repository.
    pub(crate) fn of_repository<T: DeserializeOwned>(&self, path: &str) -> Result<Got<T>> {
        self.get(&format!("/repos/{}{path}", self.repository))
    }

    /// Asks one address.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Got<T>> {
        Ok(match self.fetch(path)? {
            Got::Value(reply) => Got::Value(self.read(&reply)?),
            Got::NotFound(words) => Got::NotFound(words),
            Got::Forbidden(words) => Got::Forbidden(words),
        })
    }

    /// Asks for a list, page after page, until `enough` says so of what there is by then, or after `most` pages.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
        enough: impl Fn(&[T]) -> bool,
    ) -> Result<Got<Vec<T>>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        let mut before = None;
        for page in 1..=most {
            let reply = match self.fetch(&format!("{path}{separator}per_page={PER_PAGE}&page={page}"))? {
                Got::Value(reply) => reply,
                Got::NotFound(words) => return Ok(Got::NotFound(words)),
                Got::Forbidden(words) => return Ok(Got::Forbidden(words)),
            };
            // Of an empty repository some lists have no content at all.
            if reply.status != 204 {
                all.extend(self.read::<Vec<T>>(&reply)?);
            }
            let goes_on = reply.headers.get("link").is_some_and(|link| has_next(link));
            if goes_on && before.is_some() && before == reply.text {
                return Err(failed(format!(
                    "{} gives the same page {page} times, and says that there are more",
                    self.server()
                )));
            }
            if !goes_on || enough(&all) {
                break;
            }
            before = reply.text;
        }
        Ok(Got::Value(all))
    }

    /// Asks one address, and sorts out what is no answer to the question.
    fn fetch(&self, path: &str) -> Result<Got<Reply>> {
        let url = format!("{}{path}", self.base);
        let reply: Reply = self.engine.input("http", &url).map_err(|error| self.unanswered(error))?;
        let words = || words(reply.text.as_deref());
        match reply.status {
            200 | 204 => Ok(Got::Value(reply)),
            404 | 410 => Ok(Got::NotFound(words())),
            // So the server refuses who asks too much at once, now and then without saying for how long.
            403 if words().to_lowercase().contains("rate limit") => {
                Err(unavailable(format!("{} answers no more requests for now: {}", self.server(), words())))
            }
            403 | 451 => Ok(Got::Forbidden(words())),
            401 => Err(abstain(format!(
                "{} does not accept the token, or wants one: {}; `probity plugin permissions github --policy FILE` shows which variable \
                 holds it",
                self.server(),
                words()
            ))),
            301 | 302 | 307 | 308 => Err(abstain(format!(
                "{} says that {path} is elsewhere now: if {} was renamed or moved, write its present name as repository",
                self.server(),
                self.repository
            ))),
            status => {
                Err(failed(format!("{} answers {path} with status {status}: {}", self.server(), words())))
            }
        }
    }

    fn unanswered(&self, error: Error) -> Error {
        if error.is_denied() {
            let server = self.server();
            return abstain(format!(
                "{}; with a token: probity plugin grant github --net {server} --token {server}=VARIABLE",
                error.message()
            ));
        }
        // That it cannot be asked at the moment says nothing about the repository.
        if error.is_input_unavailable() { unavailable(error.message()) } else { error }
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        let wrong = |reason: String| {
            failed(format!("{} answers otherwise than GitHub's API does: {reason}", self.server()))
        };
        let text = reply.text.as_deref().ok_or_else(|| wrong("it is no text".to_owned()))?;
        serde_json::from_str(text).map_err(|error| wrong(plain(&error.to_string())))
    }

    /// `HOST` or `HOST:PORT`.
    fn server(&self) -> &str {
        let rest = self.base.trim_start_matches("https://");
        rest.split('/').next().unwrap_or(rest)
    }
}

/// A name as a part of an address: all but letters, digits and a few signs as `%xx`.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// What a server says of a failure, as far as it keeps to the API.
fn words(text: Option<&str>) -> String {
    let failure = text.and_then(|text| serde_json::from_str::<Failure>(text).ok()).unwrap_or_default();
    match plain(&failure.message) {
        words if words.is_empty() => "it does not say why".to_owned(),
        words => words,
    }
}

/// A stranger's words on one line, shortened.
pub(crate) fn plain(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown.take(MOST_WORDS).collect::<String>().trim().to_owned()
}
