//! What servers answered: asked at most once an hour, and kept until then, so that a check that follows soon needs no network.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use probity_engine::Digest;
use probity_net::{FetchError, Fetched, Fetcher};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files;

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
    /// Asks for `url` with GET.
    ///
    /// # Errors
    /// There is no answer.
    fn fetch(&self, url: &str) -> Result<Fetched, FetchError>;
}

impl Fetch for Fetcher {
    fn fetch(&self, url: &str) -> Result<Fetched, FetchError> {
        Fetcher::fetch(self, url)
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

/// An answer in the cache.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    /// Seconds since 1970.
    asked: u64,
    value: Value,
}

impl Servers {
    pub(crate) fn new(fetch: Arc<dyn Fetch>, folder: Option<PathBuf>) -> Servers {
        Servers { fetch, folder, taken: Mutex::default() }
    }

    /// What `url` answers, at most an hour old: `{"status", "headers", "size", "sha256", "text"}`, without `text` if it is not UTF-8.
    pub(crate) fn answer(&self, url: &str) -> Result<Value, AnswerError> {
        {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            taken.answers += 1;
            if taken.answers > ANSWERS || taken.bytes > BYTES || taken.waited > WAITING {
                return Err(AnswerError::TooMuch);
            }
        }
        let begin = Instant::now();
        let answer = self.kept_or_fetched(url);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.waited += begin.elapsed();
        taken.bytes += answer.as_ref().map_or(0, |answer| answer["size"].as_u64().unwrap_or_default());
        Ok(answer?)
    }

    fn kept_or_fetched(&self, url: &str) -> Result<Value, FetchError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if let Some(kept) = self.kept(url, now) {
            return Ok(kept);
        }
        let Fetched { status, headers, body } = self.fetch.fetch(url)?;
        let mut value = json!({
            "status": status, "headers": headers, "size": body.len(), "sha256": Digest::of(&body).to_string(),
        });
        if let Ok(text) = String::from_utf8(body) {
            value["text"] = text.into();
        }
        // What cannot be kept is asked for again.
        let _ = self.keep(&Kept { url: url.to_owned(), asked: now, value: value.clone() });
        Ok(value)
    }

    /// What was answered less than an hour before. A moment that is yet to come is no such one.
    fn kept(&self, url: &str, now: u64) -> Option<Value> {
        let bytes = files::read(&file(self.folder.as_ref()?, url), MAX_KEPT).ok()??;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let age = now.checked_sub(kept.asked)?;
        (kept.url == url && age < FRESH.as_secs()).then_some(kept.value)
    }

    fn keep(&self, answer: &Kept) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        files::keep(&file(folder, &answer.url), &serde_json::to_vec(answer)?)
    }
}

fn file(folder: &Path, url: &str) -> PathBuf {
    folder.join(format!("{}.json", Digest::of(url.as_bytes())))
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
        fn fetch(&self, _: &str) -> Result<Fetched, FetchError> {
            let status = self.0.fetch_add(1, SeqCst) + 1;
            Ok(Fetched { status, headers: [].into(), body: b"x".to_vec() })
        }
    }

    #[test]
    fn an_answer_is_kept_for_an_hour_and_no_answer_of_the_future() {
        let cache = tempfile::tempdir().unwrap();
        let servers = |folder| Servers::new(Arc::new(Counting::default()), folder);
        let keeping = servers(Some(cache.path().join("http")));
        let status = |servers: &Servers, url: &str| servers.answer(url).unwrap()["status"].as_u64().unwrap();
        assert_eq!([status(&keeping, "a"), status(&keeping, "a"), status(&keeping, "b")], [1, 1, 2]);
        let file = file(keeping.folder.as_ref().unwrap(), "a");
        let mut kept: Kept = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for (step, expected) in [(-3601, 3), (7202, 4)] {
            kept.asked = kept.asked.checked_add_signed(step).unwrap();
            keeping.keep(&kept).unwrap();
            assert_eq!(status(&keeping, "a"), expected, "moved by {step} seconds");
        }
        fs::write(&file, "{").unwrap();
        assert_eq!(status(&keeping, "a"), 5);
        let forgetful = servers(None);
        assert_eq!([status(&forgetful, "a"), status(&forgetful, "a")], [1, 2]);
    }

    #[test]
    fn one_check_takes_no_more_than_it_can_hold() {
        let servers = Servers::new(Arc::new(Counting::default()), None);
        assert!((0..ANSWERS).all(|n| servers.answer(&n.to_string()).is_ok()));
        let told = "one check takes at most 1000 answers of servers, 256 MiB, and 120 seconds";
        assert_eq!(servers.answer("one more").unwrap_err().to_string(), told);
    }
}
