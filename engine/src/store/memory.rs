//! A store in memory: for when there is no cache folder, and for what must leave no trace.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use super::{MemoStore, StoreError, StoreWarning, TRACES_PER_KEY};
use crate::codec::{self, Packed};
use crate::trace::{LogicalKey, Trace};
use crate::writer::Record;
use crate::{Digest, Request};

/// What is in memory beyond this, bytes, is forgotten at the end of a revision: a session that goes on for days would
/// otherwise remember every state that it has seen.
const LIMIT: usize = 256 << 20;

/// Facts of this process, compressed as on disk.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    memos: HashMap<LogicalKey, (Request, VecDeque<Trace>)>,
    blobs: HashMap<Digest, Packed>,
    /// What the blobs hold.
    bytes: usize,
}

impl Inner {
    fn keep(&mut self, digest: Digest, plain: impl FnOnce() -> Vec<u8>) {
        let bytes = &mut self.bytes;
        self.blobs.entry(digest).or_insert_with(|| {
            let packed = codec::pack(plain());
            *bytes += packed.bytes.len();
            packed
        });
    }

    fn keep_within(&mut self, limit: usize) {
        if self.bytes > limit {
            *self = Inner::default();
        }
    }
}

impl MemoStore for MemoryStore {
    fn traces(&self, key: &LogicalKey) -> Vec<Trace> {
        self.inner
            .lock()
            .memos
            .get(key)
            .map(|(_, traces)| traces.iter().copied().collect())
            .unwrap_or_default()
    }

    fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        let packed = self.inner.lock().blobs.get(digest).cloned()?;
        codec::unpack_blob(packed, digest)
    }

    fn request(&self, key: &LogicalKey) -> Option<Request> {
        self.inner.lock().memos.get(key).map(|(request, _)| request.clone())
    }

    fn write(&self, records: &[Record]) -> Result<(), StoreError> {
        let mut inner = self.inner.lock();
        for record in records {
            if let Some(outcome) = &record.outcome {
                inner.keep(record.trace.outcome, || codec::encode_outcome(outcome));
            }
            if let Some(deep) = &record.deep {
                inner.keep(deep.digest, || deep.bytes.to_vec());
            }
            inner.keep(record.trace.body, || record.body.clone());
            let (_, traces) =
                inner.memos.entry(record.key).or_insert_with(|| (record.request.clone(), VecDeque::new()));
            traces.retain(|trace| *trace != record.trace);
            traces.push_front(record.trace);
            traces.truncate(TRACES_PER_KEY);
        }
        Ok(())
    }

    fn touch(&self, _roots: &[LogicalKey]) {}

    fn revision_ended(&self) {
        self.inner.lock().keep_within(LIMIT);
    }

    fn collect(&self) {}

    fn warnings(&self) -> Vec<StoreWarning> {
        Vec::new()
    }

    fn close(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_much_room_is_forgotten_as_a_whole() {
        let mut inner = Inner::default();
        for text in ["a", "b", "b"] {
            inner.keep(Digest::of(text.as_bytes()), || text.repeat(10).into_bytes());
        }
        inner.keep_within(20);
        assert_eq!((inner.blobs.len(), inner.bytes), (2, 20));
        inner.keep_within(19);
        assert_eq!((inner.blobs.len(), inner.bytes), (0, 0));
    }
}
