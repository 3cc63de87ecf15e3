//! Framing: one message a line, `\n` at its end, limits enforced while reading and while queueing.
//!
//! The reader never trusts a length that it was told: it stops as soon as it has seen too much. The writer's queue is
//! bounded by bytes, so that a peer which does not read stops the senders and not the memory of this process.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::error::Fault;

/// What one end of a connection puts up with. All sizes are in bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest line that is read, without its end.
    pub max_message: usize,
    /// How much may wait to be written before senders wait.
    pub max_queued: usize,
    /// How many of the other side's requests may be open at once; more are refused with `-32027`.
    pub max_inbound: usize,
    /// How many bytes of the other side's requests may be open at once; more are refused with `-32027`.
    pub max_inbound_bytes: usize,
    /// What a line that is no JSON does.
    pub garbage: Garbage,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_message: 256 << 20,
            max_queued: 64 << 20,
            max_inbound: 16 << 10,
            max_inbound_bytes: 512 << 20,
            garbage: Garbage::Fatal,
        }
    }
}

/// What to do about a line that is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// End the connection: whoever prints to the protocol's pipe may have torn a message apart.
    Fatal,
    /// Answer with `-32700` and go on.
    Answer,
}

/// Room that is kept free for the next read.
const READ_ROOM: usize = 16 << 10;
/// A message from this size on is handed over, or written, without being copied.
const LARGE: usize = 32 << 10;
/// What a queued message counts beyond its own bytes, so that many small ones are bounded too.
const OVERHEAD: usize = 64;

/// Cuts a byte stream into lines.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    max: usize,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(source: R, max: usize) -> Self {
        LineReader { source, buffer: Vec::with_capacity(128 << 10), start: 0, scanned: 0, max }
    }

    /// The next line that is not empty, without its end. May be dropped and called again without loss.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                let mut line = self.take(self.scanned + at)?;
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if line.is_empty() {
                    continue;
                }
                return Ok(line);
            }
            self.scanned = self.buffer.len();
            let held = self.scanned - self.start;
            if held > self.max {
                return Err(Fault::Oversize { seen: held, max: self.max });
            }
            self.make_room();
            match self.source.read_buf(&mut self.buffer).await {
                Ok(0) if held == 0 => return Err(Fault::Eof),
                Ok(0) => return Err(Fault::PartialMessage { bytes: held }),
                Ok(_) => {}
                Err(source) => return Err(Fault::Read(source)),
            }
        }
    }

    /// Takes the line that ends at `end` out of the buffer; a large one takes the buffer itself along.
    fn take(&mut self, end: usize) -> Result<Vec<u8>, Fault> {
        let length = end - self.start;
        if length > self.max {
            return Err(Fault::Oversize { seen: length, max: self.max });
        }
        let line = if length > LARGE {
            let mut rest = Vec::with_capacity(128 << 10);
            rest.extend_from_slice(&self.buffer[end + 1..]);
            let mut line = std::mem::replace(&mut self.buffer, rest);
            line.truncate(end);
            line.drain(..self.start);
            self.start = 0;
            line
        } else {
            let line = self.buffer[self.start..end].to_vec();
            self.start = end + 1;
            line
        };
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
        self.scanned = self.start;
        Ok(line)
    }

    fn make_room(&mut self) {
        if self.buffer.capacity() - self.buffer.len() >= READ_ROOM {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        if self.buffer.capacity() - self.buffer.len() < READ_ROOM {
            self.buffer.reserve(self.buffer.capacity());
        }
    }
}

enum Queued {
    Frame { bytes: Vec<u8>, _room: Option<OwnedSemaphorePermit> },
    Close,
}

/// The sending half of a connection: frames wait here until the other side reads.
#[derive(Clone, Debug)]
pub(crate) struct OutQueue {
    frames: mpsc::UnboundedSender<Queued>,
    room: Arc<Semaphore>,
    budget: usize,
}

/// The connection cannot be written to any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

/// A frame was not queued at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotQueued {
    Full,
    Closed,
}

impl OutQueue {
    /// A queue for `budget` bytes and the future that writes what it holds until it is closed or writing fails.
    pub(crate) fn new<W: AsyncWrite + Unpin>(
        sink: W,
        budget: usize,
    ) -> (OutQueue, impl Future<Output = io::Result<()>>) {
        let budget = budget.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let (frames, waiting) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(budget));
        let queue = OutQueue { frames, room: room.clone(), budget };
        (queue, write_all(sink, waiting, room))
    }

    /// Queues `frame` once there is room. One that is larger than the budget waits until it is alone.
    pub(crate) async fn send(&self, frame: Vec<u8>) -> Result<(), Closed> {
        let room = self.reserve(&frame).await?;
        self.send_reserved(frame, room)
    }

    /// Waits until there is room for `frame`.
    pub(crate) async fn reserve(&self, frame: &[u8]) -> Result<OwnedSemaphorePermit, Closed> {
        self.room.clone().acquire_many_owned(self.weight(frame)).await.map_err(|_| Closed)
    }

    /// Queues `frame`, for which `room` was reserved.
    pub(crate) fn send_reserved(&self, frame: Vec<u8>, room: OwnedSemaphorePermit) -> Result<(), Closed> {
        self.push(frame, Some(room))
    }

    /// Queues `frame` if there is room now.
    pub(crate) fn try_send(&self, frame: Vec<u8>) -> Result<(), NotQueued> {
        use tokio::sync::TryAcquireError::{Closed, NoPermits};
        match self.room.clone().try_acquire_many_owned(self.weight(&frame)) {
            Ok(room) => self.push(frame, Some(room)).map_err(|_| NotQueued::Closed),
            Err(NoPermits) => Err(NotQueued::Full),
            Err(Closed) => Err(NotQueued::Closed),
        }
    }

    /// Queues a frame of a few bytes past the limit. For what is sent at most once for a frame that had its room.
    pub(crate) fn send_small(&self, frame: Vec<u8>) {
        // A closed connection needs no cancellation.
        let _ = self.push(frame, None);
    }

    /// Writes what is queued, then closes the stream.
    pub(crate) fn close(&self) {
        // Already closed is as good.
        let _ = self.frames.send(Queued::Close);
    }

    /// How many bytes wait, with their overhead.
    pub(crate) fn queued(&self) -> usize {
        self.budget - self.room.available_permits()
    }

    fn push(&self, mut bytes: Vec<u8>, room: Option<OwnedSemaphorePermit>) -> Result<(), Closed> {
        one_line(&mut bytes);
        bytes.push(b'\n');
        self.frames.send(Queued::Frame { bytes, _room: room }).map_err(|_| Closed)
    }

    fn weight(&self, frame: &[u8]) -> u32 {
        // The budget was clamped to 32 bits.
        (frame.len() + OVERHEAD).min(self.budget) as u32
    }
}

/// Raw JSON that is passed on may hold line ends, as white space only: they become spaces.
fn one_line(frame: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\n', &frame[from..]) {
        from += at;
        frame[from] = b' ';
    }
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut sink: W,
    mut waiting: mpsc::UnboundedReceiver<Queued>,
    room: Arc<Semaphore>,
) -> io::Result<()> {
    let written = write_queued(&mut sink, &mut waiting).await;
    waiting.close();
    room.close();
    written
}

async fn write_queued<W: AsyncWrite + Unpin>(
    sink: &mut W,
    waiting: &mut mpsc::UnboundedReceiver<Queued>,
) -> io::Result<()> {
    let mut taken = Vec::new();
    let mut small = Vec::with_capacity(2 * LARGE);
    loop {
        if waiting.recv_many(&mut taken, 256).await == 0 {
            return Ok(());
        }
        for queued in taken.drain(..) {
            let Queued::Frame { bytes, _room } = queued else {
                sink.write_all(&small).await?;
                return sink.shutdown().await;
            };
            if bytes.len() > LARGE || bytes.len() + small.len() > 2 * LARGE {
                sink.write_all(&small).await?;
                small.clear();
            }
            if bytes.len() > LARGE {
                sink.write_all(&bytes).await?;
            } else {
                small.extend_from_slice(&bytes);
            }
        }
        sink.write_all(&small).await?;
        small.clear();
        sink.flush().await?;
    }
}
