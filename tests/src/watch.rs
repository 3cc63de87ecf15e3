//! A `probity` that goes on: its lines are heard one by one, and it is told to end.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// A line that has not come by then never comes: the test fails as a hang.
const HANG: Duration = Duration::from_secs(120);

/// A running program. It is killed when the test ends.
#[derive(Debug)]
pub struct Watched {
    child: Child,
    lines: Receiver<(Stream, String)>,
    /// Lines that came while another stream was listened to.
    waiting: VecDeque<(Stream, String)>,
    /// All that was heard, for the message of a failure.
    heard: String,
}

/// Where a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Watched {
    /// Starts the program.
    pub fn start(mut command: Command) -> Watched {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("probity starts");
        let (hear, lines) = mpsc::channel();
        listen(child.stdout.take().expect("it is piped"), Stream::Out, hear.clone());
        listen(child.stderr.take().expect("it is piped"), Stream::Err, hear);
        Watched { child, lines, waiting: VecDeque::new(), heard: String::new() }
    }

    /// The next line of this stream.
    #[track_caller]
    pub fn line(&mut self, of: Stream) -> String {
        if let Some(at) = self.waiting.iter().position(|(stream, _)| *stream == of) {
            return self.waiting.remove(at).expect("it is there").1;
        }
        loop {
            match self.lines.recv_timeout(HANG) {
                Ok((stream, line)) => {
                    self.heard.push_str(&format!("{stream:?}: {line}\n"));
                    if stream == of {
                        return line;
                    }
                    self.waiting.push_back((stream, line));
                }
                Err(RecvTimeoutError::Timeout) => panic!("it says nothing more:\n{}", self.heard),
                Err(RecvTimeoutError::Disconnected) => panic!("it has ended:\n{}", self.heard),
            }
        }
    }

    /// The next line of this stream that holds `text`; those before it are passed over.
    #[track_caller]
    pub fn wait_for(&mut self, of: Stream, text: &str) -> String {
        loop {
            let line = self.line(of);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Sends a signal by its name, such as `INT`.
    #[allow(clippy::disallowed_methods, reason = "the ban is for the product")]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// The processes that it has started, as `/proc/PID`.
    pub fn children(&self) -> Vec<PathBuf> {
        let parent = format!("PPid:\t{}", self.child.id());
        let processes = std::fs::read_dir("/proc").expect("/proc is there").flatten();
        let status = |path: &PathBuf| std::fs::read_to_string(path.join("status")).unwrap_or_default();
        processes
            .map(|entry| entry.path())
            .filter(|path| status(path).lines().any(|line| line == parent))
            .collect()
    }

    /// Waits for its end: the status, and what it had still to say.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let mut rest: String =
            self.waiting.drain(..).map(|(stream, line)| format!("{stream:?}: {line}\n")).collect();
        loop {
            match self.lines.recv_timeout(HANG) {
                Ok((stream, line)) => rest.push_str(&format!("{stream:?}: {line}\n")),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.heard),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.wait().expect("it is our child");
        (status.code().unwrap_or(-1), rest)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Fails only for a process that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, of: Stream, hear: Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if hear.send((of, line)).is_err() {
                return;
            }
        }
    });
}
