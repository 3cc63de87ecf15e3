//! The bodies and deep sets that traces name, each read and decoded once however many traces share it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::rows;
use crate::Digest;
use crate::codec;
use crate::deep::DeepSet;
use crate::trace::{Body, Trace};

/// What was read so far and is of the kind that it is named as. What is missing may still come, and is looked for again.
#[derive(Debug, Default)]
pub(super) struct Parts {
    bodies: HashSet<Digest>,
    sets: HashSet<Digest>,
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
        let is_body = |bytes: Vec<u8>| Body::decode(&bytes).is_some();
        if !known(connection, &trace.body, &mut self.bodies, is_body)? {
            return Ok(Err("what it rests on is missing"));
        }
        let Some(deep) = &trace.deep else { return Ok(Ok(())) };
        let is_set = |bytes: Vec<u8>| DeepSet::decode(*deep, bytes).is_some();
        match known(connection, deep, &mut self.sets, is_set)? {
            true => Ok(Ok(())),
            false => Ok(Err("its set of leaves is missing")),
        }
    }
}

/// Whether the blob of that name is there and `is` what it should be, which is found out once.
fn known(
    connection: &Connection,
    name: &Digest,
    known: &mut HashSet<Digest>,
    is: impl FnOnce(Vec<u8>) -> bool,
) -> rusqlite::Result<bool> {
    if known.contains(name) {
        return rows::has_blob(connection, name);
    }
    let plain = rows::blob(connection, name)?.and_then(|packed| codec::unpack_blob(packed, name));
    let found = plain.is_some_and(is);
    if found {
        known.insert(*name);
    }
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
        let mut found = HashSet::new();
        let never = |_: Vec<u8>| -> bool { panic!("it is decoded") };
        assert!(!known(&connection, &name, &mut found, never).unwrap(), "it is not there yet");
        rows::put_packed(&connection, &name, codec::pack(b"shared".to_vec())).unwrap();
        assert!(!known(&connection, &name, &mut found, |_| false).unwrap());
        assert!(known(&connection, &name, &mut found, |bytes| bytes == b"shared").unwrap());
        assert!(known(&connection, &name, &mut found, never).unwrap());
        connection.execute_batch("DELETE FROM blob").unwrap();
        assert!(!known(&connection, &name, &mut found, never).unwrap());
    }
}
