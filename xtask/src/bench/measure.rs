//! Timing one command as a whole process, and the memory of it and all its descendants together.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::TaskError;

/// Milliseconds of wall time of one run whose output is thrown away, and its exit status.
pub(super) fn wall_ms(command: &mut Command) -> Result<(f64, i32), TaskError> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    Ok((start.elapsed().as_secs_f64() * 1e3, status.code().unwrap_or(-1)))
}

/// The most memory, in MB, that the command and its descendants held at once: the sum of their proportional set sizes (a page that
/// several share counts once), looked at every 10 ms.
pub(super) fn peak_mb(command: &mut Command) -> Result<f64, TaskError> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak.max(tree_kb(child.id()));
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(peak as f64 / 1e3)
}

fn tree_kb(pid: u32) -> u64 {
    let proc = Path::new("/proc").join(pid.to_string());
    let own = std::fs::read_to_string(proc.join("smaps_rollup")).unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    let own: u64 = own.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    let threads = std::fs::read_dir(proc.join("task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    own + children
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .map(tree_kb)
        .sum::<u64>()
}

/// The middle one of the measures that `one` makes, after one that is not counted.
pub(super) fn median(runs: usize, mut one: impl FnMut() -> Result<f64, TaskError>) -> Result<f64, TaskError> {
    one()?;
    let mut all = (0..runs).map(|_| one()).collect::<Result<Vec<f64>, TaskError>>()?;
    all.sort_by(f64::total_cmp);
    Ok(all[runs / 2])
}
