//! The process's standard streams, taken for the protocol before a query can touch them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::net::unix::pipe::{Receiver, Sender};

/// The two pipes to the host, on descriptors that nothing else knows.
#[derive(Debug)]
pub(crate) struct Pipes {
    input: OwnedFd,
    output: OwnedFd,
}

impl Pipes {
    /// Takes standard input and output away: what reads the former finds its end, what prints to the latter prints to
    /// standard error.
    pub(crate) fn take() -> io::Result<Pipes> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        // An empty pipe rather than /dev/null: opening that may be denied to a confined process.
        let (empty, _) = io::pipe()?;
        rustix::stdio::dup2_stdin(&empty)?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Pipes { input, output })
    }

    /// The pipes as streams of the current runtime.
    ///
    /// They are made non-blocking. That is a property of the pipe's end and not of the descriptor, and the host's ends
    /// are others.
    pub(crate) fn open(self) -> io::Result<(Receiver, Sender)> {
        let explain = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidInput => io::Error::new(
                io::ErrorKind::InvalidInput,
                "standard input and output are no pipes: a plugin is started by probity; --describe says what it offers",
            ),
            _ => error,
        };
        let reader = Receiver::from_owned_fd(self.input).map_err(explain)?;
        let writer = Sender::from_owned_fd(self.output).map_err(explain)?;
        Ok((reader, writer))
    }
}
