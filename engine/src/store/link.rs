//! A connection to the store's file, which may read in one transaction as long as this process has written nothing.

use rusqlite::Connection;

/// A connection, and which of the store's files it belongs to.
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) generation: u64,
    /// Whether it reads in a transaction.
    reads: bool,
}

impl Link {
    pub(super) fn new(connection: Connection, generation: u64) -> Link {
        Link { connection, generation, reads: false }
    }

    /// The connection, in a transaction that goes on: to begin one takes longer than to read a row.
    pub(super) fn reading(&mut self) -> rusqlite::Result<&Connection> {
        if !self.reads {
            self.connection.prepare_cached("BEGIN")?.execute([])?;
            self.reads = true;
        }
        Ok(&self.connection)
    }

    /// The connection, without that transaction: as long as one is open, nobody can let the log begin anew.
    pub(super) fn rest(&mut self) -> rusqlite::Result<&mut Connection> {
        if self.reads {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            self.reads = false;
        }
        Ok(&mut self.connection)
    }
}
