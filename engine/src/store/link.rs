//! A connection to the store's file, which reads in one transaction as long as that shows all there is.

use rusqlite::Connection;

/// A connection, and which of the store's files it belongs to.
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) generation: u64,
    /// The number of writes when the transaction began in which it reads, if it is in one.
    reads_since: Option<u64>,
}

impl Link {
    pub(super) fn new(connection: Connection, generation: u64) -> Link {
        Link { connection, generation, reads_since: None }
    }

    /// The connection, in a transaction that sees these writes.
    pub(super) fn reading(&mut self, writes: u64) -> rusqlite::Result<&Connection> {
        if self.reads_since != Some(writes) {
            self.rest()?;
            self.connection.prepare_cached("BEGIN")?.execute([])?;
            self.reads_since = Some(writes);
        }
        Ok(&self.connection)
    }

    /// Ends the transaction in which it reads: as long as it is open, the log cannot begin anew.
    pub(super) fn rest(&mut self) -> rusqlite::Result<&mut Connection> {
        if self.reads_since.take().is_some() {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(&mut self.connection)
    }
}
