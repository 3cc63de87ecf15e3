//! A plugin at work: the host's requests come in, each query runs on a thread of its own.
//!
//! One task reads and writes; it never runs a query, so that a query which waits for the engine, or never ends, holds up
//! nothing else. `stdio` takes the connection, `session` serves it, `workers` are the threads, `wire` is an engine's way
//! back to the host.

mod session;
mod stdio;
mod wire;
mod workers;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use probity_protocol::error::Fault;
use probity_protocol::{Garbage, Limits, Peer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use crate::plugin::{Configuration, Plugin};
use session::Session;

/// Serves the host at the other end of this process's standard streams.
pub(crate) fn run<C: Configuration>(plugin: Plugin<C>) -> ExitCode {
    let name = plugin.identity().name.clone();
    match serve_stdio(plugin) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to if standard error is gone too.
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_stdio<C: Configuration>(plugin: Plugin<C>) -> io::Result<()> {
    let pipes = stdio::Pipes::take()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let served = runtime.block_on(async {
        let (reader, writer) = pipes.open()?;
        match &*serve(plugin, reader, writer).await {
            Fault::Eof | Fault::Closed => Ok(()),
            fault => Err(io::Error::other(fault.to_string())),
        }
    });
    // Queries that still run end with the process.
    runtime.shutdown_background();
    served
}

/// Serves the host at the other end of any two streams, until the connection ends or the host says `exit`. For hosts'
/// tests; plugins call [`Plugin::run`].
pub async fn serve<C, R, W>(plugin: Plugin<C>, reader: R, writer: W) -> Arc<Fault>
where
    C: Configuration,
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let limits = Limits { garbage: Garbage::Answer, ..Limits::default() };
    let exit = Arc::new(Notify::new());
    let peer = Peer::start(
        reader,
        writer,
        limits,
        |peer| Session::new(plugin, peer.clone(), exit.clone()),
        |fault| Box::pin(std::future::ready(fault)),
    );
    tokio::select! {
        fault = peer.ended() => fault,
        () = exit.notified() => Arc::new(Fault::Closed),
    }
}
