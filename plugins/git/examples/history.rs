//! Times the answers about a whole history, for maintainers.
//!
//! `cargo run --release -p probity-plugin-git --example history -- <git directory> <commit id> [threads] [numstat]`
//!
//! With `numstat`, prints the changes as `git log --numstat --format='commit %H'` would, to be compared with it.
#![allow(clippy::print_stdout, reason = "a program for maintainers, whose output is the point")]

use probity_plugin_git::changes::{KnownPairs, changes};
use probity_plugin_git::commits::commits;
use probity_plugin_git::history::{finished, history, part};
use probity_plugin_git::objects::Repository;
use probity_plugin_git::shapes::{CommitChanges, HistoryKey};
use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(commit)) = (arguments.next(), arguments.next()) else {
        return Err("usage: history <git directory> <commit id> [threads] [numstat]".into());
    };
    let threads: usize = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let numstat = arguments.next().is_some_and(|mode| mode == "numstat");

    let begin = Instant::now();
    let repository = Repository::with_threads(folder.as_ref(), threads)?;
    let history = finished(&repository, history(&repository, &HistoryKey { commit, shallow: Vec::new() })?)?;
    let mut segments = Vec::new();
    for key in &history.parts {
        segments.extend(finished(&repository, part(&repository, key)?)?.segments);
    }
    segments.extend(history.segments);
    let listed = begin.elapsed();
    let known = KnownPairs::default();
    let (next, bytes, files) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let out = std::sync::Mutex::new(std::io::BufWriter::new(std::io::stdout()));
    std::thread::scope(|scope| {
        let work = || -> Result<(), probity_plugin_git::GitError> {
            while let Some(segment) = segments.get(next.fetch_add(1, Ordering::Relaxed)) {
                let changes = changes(&repository, &known, segment)?;
                let text = serde_json::to_vec(&changes).expect("changes have a JSON form");
                bytes.fetch_add(text.len(), Ordering::Relaxed);
                files.fetch_add(changes.commits.iter().map(|c| c.files.len()).sum(), Ordering::Relaxed);
                if numstat {
                    let mut out = out.lock().expect("no writer panics");
                    changes.commits.iter().for_each(|commit| print(&mut *out, commit));
                }
            }
            Ok(())
        };
        let callers: Vec<_> = (0..threads + 2).map(|_| scope.spawn(work)).collect();
        callers.into_iter().try_for_each(|caller| caller.join().expect("no caller panics"))
    })?;
    let changed = begin.elapsed();
    for segment in &segments {
        commits(&repository, segment)?;
    }
    let told = begin.elapsed() - changed;
    if !numstat {
        println!(
            "commits {} in {} segments, {} file changes",
            history.commits,
            segments.len(),
            files.into_inner()
        );
        println!(
            "history {listed:?}, changes {:?} ({} bytes of JSON), commits {told:?}",
            changed - listed,
            bytes.into_inner()
        );
        println!("history and changes {changed:?}, {}", memory());
    }
    Ok(())
}

fn print(out: &mut impl Write, commit: &CommitChanges) {
    writeln!(out, "commit {}\n", commit.id).expect("standard output takes all");
    for file in &commit.files {
        let (added, removed) = (file.additions.to_string(), file.deletions.to_string());
        let (added, removed) = if file.binary { ("-", "-") } else { (&*added, &*removed) };
        writeln!(out, "{added}\t{removed}\t{}", file.path).expect("standard output takes all");
    }
}

/// The peak of all memory, and what of the present one is mapped packs and what is not.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let wanted = ["VmHWM", "RssAnon", "RssFile"];
    let lines = status.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}
