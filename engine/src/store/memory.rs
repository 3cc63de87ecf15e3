//! A store in memory: for when there is no cache folder, and for what must leave no trace.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use super::{MemoStore, StoreError, StoreWarning, TRACES_PER_KEY};
use crate::codec::{self, Packed};
use crate::trace::{LogicalKey, Trace};
use crate::writer::Record;
use crate::{Digest, Request};

/// Facts of this process, compressed as on disk.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    memos: HashMap<LogicalKey, (Request, VecDeque<Trace>)>,
    blobs: HashMap<Digest, Packed>,
}

impl Inner {
    fn keep(&mut self, digest: Digest, bytes: impl FnOnce() -> Vec<u8>) {
        self.blobs.entry(digest).or_insert_with(|| codec::pack(bytes()));
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

    fn collect(&self) {}

    fn warnings(&self) -> Vec<StoreWarning> {
        Vec::new()
    }

    fn close(&self) {}
}
