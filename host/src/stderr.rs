//! What a plugin writes to stderr: always read, so that it never blocks; the end of it kept for its certificate.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::plain::plain;

/// How much of the end of stderr is kept, in bytes.
pub(crate) const TAIL: usize = 8 << 10;

/// The last bytes of a stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock();
        kept.extend(bytes);
        let beyond = kept.len().saturating_sub(TAIL);
        kept.drain(..beyond);
    }

    /// The kept text, fit to be shown.
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.lock().iter().copied().collect();
        plain(String::from_utf8_lossy(&bytes).trim_end(), TAIL)
    }
}

/// Reads `stream` to its end.
pub(crate) async fn drain(mut stream: impl AsyncRead + Unpin, tail: Tail) {
    let mut buffer = vec![0; 4 << 10];
    while let Ok(n) = stream.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        tail.push(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_only_text_is_shown() {
        let tail = Tail::default();
        tail.push(&vec![b'x'; 3 * TAIL]);
        tail.push(b"\x1b[31mfatal: no pack\xff\n\n");
        let text = tail.text();
        assert!(text.ends_with("x[31mfatal: no pack\u{fffd}"), "{}", &text[text.len() - 40..]);
        assert!(text.len() <= TAIL);
    }
}
