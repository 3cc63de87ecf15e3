//! What servers answered: asked at most once an hour, and kept until then, so that a check that follows soon needs no network.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use probity_engine::Digest;
use probity_net::{FetchError, Fetched, Fetcher, Token};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files;
use crate::seal::Seal;

/// The folder of the cache.
pub(crate) const FOLDER: &str = "http";
/// How long an answer counts as the server's answer of now.
pub(crate) const FRESH: Duration = Duration::from_secs(3600);
/// How many answers one check takes at most, and how many bytes: what servers answer stays in memory until its end.
const ANSWERS: u64 = 1000;
const BYTES: u64 = 256 << 20;
/// How long one check waits for servers, all together.
const WAITING: Duration = Duration::from_secs(120);
/// Longer than any answer that is kept: its text may be escaped in JSON.
const MAX_KEPT: u64 = 128 << 20;

/// Whoever asks servers: in tests somebody who need not.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// Asks for `url` with GET, and sends the token along if there is one.
    ///
    /// # Errors
    /// There is no answer.
    fn fetch(&self, url: &str, token: Option<&Token>) -> Result<Fetched, FetchError>;
}

impl Fetch for Fetcher {
    fn fetch(&self, url: &str, token: Option<&Token>) -> Result<Fetched, FetchError> {
        Fetcher::fetch(self, url, token)
    }
}

/// The answers of servers.
#[derive(Debug)]
pub(crate) struct Servers {
    fetch: Arc<dyn Fetch>,
    /// The folder where answers are kept; none if nothing is to be remembered.
    folder: Option<PathBuf>,
    taken: Mutex<Taken>,
}

/// What one check has taken so far.
#[derive(Debug, Default)]
struct Taken {
    answers: u64,
    bytes: u64,
    waited: Duration,
}

/// Why there is no answer of a server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("one check takes at most {ANSWERS} answers of servers, {} MiB, and {} seconds", BYTES >> 20, WAITING.as_secs())]
    TooMuch,
}

/// By which token a server is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof<'a> {
    /// The variable that holds it.
    pub(crate) variable: &'a str,
    pub(crate) token: &'a Token,
}

/// An answer in the cache.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    /// Seconds since 1970.
    asked: u64,
    /// Of the token that it was got with; none if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<Seal>,
    value: Value,
}

impl Servers {
    pub(crate) fn new(fetch: Arc<dyn Fetch>, folder: Option<PathBuf>) -> Servers {
        Servers { fetch, folder, taken: Mutex::default() }
    }

    /// What `url` answers to whoever has that token, or none, at most an hour old: `{"status", "headers", "size", "sha256", "text"}`,
    /// without `text` if it is not UTF-8.
    pub(crate) fn answer(&self, url: &str, proof: Option<Proof<'_>>) -> Result<Value, AnswerError> {
        {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            taken.answers += 1;
            if taken.answers > ANSWERS || taken.bytes > BYTES || taken.waited > WAITING {
                return Err(AnswerError::TooMuch);
            }
        }
        let begin = Instant::now();
        let answer = self.kept_or_fetched(url, proof);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.waited += begin.elapsed();
        taken.bytes += answer.as_ref().map_or(0, |answer| answer["size"].as_u64().unwrap_or_default());
        Ok(answer?)
    }

    fn kept_or_fetched(&self, url: &str, proof: Option<Proof<'_>>) -> Result<Value, FetchError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if let Some(kept) = self.kept(url, proof, now) {
            return Ok(kept);
        }
        let Fetched { status, headers, body } = self.fetch.fetch(url, proof.map(|proof| proof.token))?;
        let mut value = json!({
            "status": status, "headers": headers, "size": body.len(), "sha256": Digest::of(&body).to_string(),
        });
        if let Ok(text) = String::from_utf8(body) {
            value["text"] = text.into();
        }
        // Who was refused is about to mend that.
        if !matches!(status, 401 | 403) {
            // What cannot be kept is asked for again.
            let _ = self.keep(url, proof, now, &value);
        }
        Ok(value)
    }

    /// What was answered less than an hour before, to whoever had the same token. A moment that is yet to come is no such one.
    fn kept(&self, url: &str, proof: Option<Proof<'_>>, now: u64) -> Option<Value> {
        let bytes = files::read(&file(self.folder.as_ref()?, url, proof), MAX_KEPT).ok()??;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let is_theirs = match (&kept.seal, proof) {
            (None, None) => true,
            (Some(seal), Some(proof)) => seal.is_of(proof.token),
            _ => false,
        };
        let age = now.checked_sub(kept.asked)?;
        (kept.url == url && is_theirs && age < FRESH.as_secs()).then_some(kept.value)
    }

    fn keep(&self, url: &str, proof: Option<Proof<'_>>, asked: u64, value: &Value) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let seal = proof.map(|proof| Seal::new(proof.token)).transpose()?;
        let kept = Kept { url: url.to_owned(), asked, seal, value: value.clone() };
        files::keep(&file(folder, url, proof), &serde_json::to_vec(&kept)?)
    }
}

/// An answer that was got with the token of some variable has a place of its own.
fn file(folder: &Path, url: &str, proof: Option<Proof<'_>>) -> PathBuf {
    let name = proof.map_or(url.to_owned(), |proof| format!("{} {url}", proof.variable));
    folder.join(format!("{}.json", Digest::of(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

    use super::*;

    /// Answers with how often it was asked.
    #[derive(Debug, Default)]
    struct Counting(AtomicU16);

    impl Fetch for Counting {
        fn fetch(&self, _: &str, _: Option<&Token>) -> Result<Fetched, FetchError> {
            let status = self.0.fetch_add(1, SeqCst) + 1;
            Ok(Fetched { status, headers: [].into(), body: b"x".to_vec() })
        }
    }

    #[test]
    fn an_answer_is_kept_for_an_hour_and_no_answer_of_the_future() {
        let cache = tempfile::tempdir().unwrap();
        let servers = |folder| Servers::new(Arc::new(Counting::default()), folder);
        let keeping = servers(Some(cache.path().join("http")));
        let status =
            |servers: &Servers, url: &str| servers.answer(url, None).unwrap()["status"].as_u64().unwrap();
        assert_eq!([status(&keeping, "a"), status(&keeping, "a"), status(&keeping, "b")], [1, 1, 2]);
        let file = file(keeping.folder.as_ref().unwrap(), "a", None);
        let mut kept: Kept = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for (step, expected) in [(-3601, 3), (7202, 4)] {
            kept.asked = kept.asked.checked_add_signed(step).unwrap();
            fs::write(&file, serde_json::to_vec(&kept).unwrap()).unwrap();
            assert_eq!(status(&keeping, "a"), expected, "moved by {step} seconds");
        }
        fs::write(&file, "{").unwrap();
        assert_eq!(status(&keeping, "a"), 5);
        let forgetful = servers(None);
        assert_eq!([status(&forgetful, "a"), status(&forgetful, "a")], [1, 2]);
    }

    #[test]
    fn an_answer_is_kept_for_whoever_has_the_token_that_it_was_got_with() {
        let cache = tempfile::tempdir().unwrap();
        let servers = Servers::new(Arc::new(Counting::default()), Some(cache.path().to_owned()));
        let [one, other] = ["t0ken-one", "t0ken-two"].map(|text| Token::parse(text).unwrap());
        let status = |variable, token| {
            let proof = Some(Proof { variable, token });
            servers.answer("a", proof).unwrap()["status"].as_u64().unwrap()
        };
        let without = || servers.answer("a", None).unwrap()["status"].as_u64().unwrap();
        assert_eq!([status("X", &one), status("X", &one)], [1, 1]);
        assert_eq!([without(), without()], [2, 2], "who has no token is not shown what one got");
        assert_eq!([status("X", &other), status("X", &other)], [3, 3], "nor is who has another one");
        assert_eq!(status("X", &one), 4);
        let file = |proof| file(cache.path(), "a", proof);
        let with = Proof { variable: "X", token: &one };
        fs::copy(file(Some(with)), file(None)).unwrap();
        assert_eq!(without(), 5, "wherever it lies");
        fs::copy(file(None), file(Some(with))).unwrap();
        assert_eq!(status("X", &one), 6, "nor the other way round");
        for kept in fs::read_dir(cache.path()).unwrap() {
            let text = fs::read_to_string(kept.unwrap().path()).unwrap();
            assert!(!text.contains("t0ken"), "{text}");
        }
    }

    #[test]
    fn who_was_refused_is_asked_for_again() {
        let cache = tempfile::tempdir().unwrap();
        let asked = Counting(AtomicU16::new(400));
        let servers = Servers::new(Arc::new(asked), Some(cache.path().to_owned()));
        let status = || servers.answer("a", None).unwrap()["status"].as_u64().unwrap();
        assert_eq!([status(), status(), status()], [401, 402, 402]);
    }

    #[test]
    fn one_check_takes_no_more_than_it_can_hold() {
        let servers = Servers::new(Arc::new(Counting::default()), None);
        assert!((0..ANSWERS).all(|n| servers.answer(&n.to_string(), None).is_ok()));
        let told = "one check takes at most 1000 answers of servers, 256 MiB, and 120 seconds";
        assert_eq!(servers.answer("one more", None).unwrap_err().to_string(), told);
    }
}
