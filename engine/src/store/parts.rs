//! The bodies and deep sets that traces name, each read and decoded once however many traces share it.

use std::collections::HashMap;

use rusqlite::Connection;

use super::rows;
use crate::Digest;
use crate::codec;
use crate::deep::DeepSet;
use crate::trace::{Body, Trace};

/// What was read so far and is of the kind that it is named as. What is missing may still come, and is looked for again.
#[derive(Debug, Default)]
pub(super) struct Parts {
    bodies: HashMap<Digest, ()>,
    /// Whether a leaf in them is something that not everybody may know.
    sets: HashMap<Digest, bool>,
}

impl Parts {
    /// Whether all that a trace names is there, and of the kind that it is named as.
    pub(super) fn of(
        &mut self,
        connection: &Connection,
        trace: &Trace,
    ) -> rusqlite::Result<Result<(), &'static str>> {
        if !rows::has_blob(connection, &trace.outcome)? {
            return Ok(Err("its outcome is missing"));
        }
        let is_body = |bytes: Vec<u8>| Body::decode(&bytes).map(drop);
        if known(connection, &trace.body, &mut self.bodies, is_body)?.is_none() {
            return Ok(Err("what it rests on is missing"));
        }
        let Some(deep) = &trace.deep else { return Ok(Ok(())) };
        let is_set = |bytes: Vec<u8>| DeepSet::decode(*deep, bytes).map(|set| set.is_private());
        match known(connection, deep, &mut self.sets, is_set)? {
            Some(_) => Ok(Ok(())),
            None => Ok(Err("its set of leaves is missing")),
        }
    }

    /// Whether a trace that is whole rests on something that not everybody may know, or may do so.
    pub(super) fn is_private(&self, trace: &Trace) -> bool {
        trace.deep.and_then(|deep| self.sets.get(&deep).copied()).unwrap_or(true)
    }
}

/// What is to be known of the blob of that name, which is found out once; `None` if it is not there, or not what it should
/// be.
fn known<T: Copy>(
    connection: &Connection,
    name: &Digest,
    known: &mut HashMap<Digest, T>,
    look: impl FnOnce(Vec<u8>) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    if let Some(found) = known.get(name) {
        return Ok(rows::has_blob(connection, name)?.then_some(*found));
    }
    let plain = rows::blob(connection, name)?.and_then(|packed| codec::unpack_blob(packed, name));
    let found = plain.and_then(look);
    known.extend(found.map(|found| (*name, found)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_traces_share_is_decoded_once_and_missed_when_it_is_gone() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE blob (digest BLOB PRIMARY KEY, compressed INTEGER, bytes BLOB)")
            .unwrap();
        let name = Digest::of(b"shared");
        let mut found = HashMap::new();
        let never = |_: Vec<u8>| -> Option<usize> { panic!("it is decoded") };
        assert_eq!(known(&connection, &name, &mut found, never).unwrap(), None, "it is not there yet");
        rows::put_packed(&connection, &name, codec::pack(b"shared".to_vec())).unwrap();
        assert_eq!(known(&connection, &name, &mut found, |_| None).unwrap(), None);
        assert_eq!(known(&connection, &name, &mut found, |bytes| Some(bytes.len())).unwrap(), Some(6));
        assert_eq!(known(&connection, &name, &mut found, never).unwrap(), Some(6));
        connection.execute_batch("DELETE FROM blob").unwrap();
        assert_eq!(known(&connection, &name, &mut found, never).unwrap(), None);
    }
}
