//! How much one plugin may use, and what is said where it wants more. Built-in plugins have no allowance of their own: they get
//! what the host gives.

use std::time::Duration;

use probity_sandbox::{Limits, Overrun};

/// How much a plugin that is no built-in may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes of memory.
    pub memory: u64,
    /// Processor time of one call. What is used while several calls are open is divided among them.
    pub cpu: Duration,
    /// How long it may compute one call, where that is not the host's own limit.
    pub wall: Option<Duration>,
    /// Threads.
    pub tasks: u64,
    /// Open descriptors.
    pub files: u64,
    /// Bytes in its scratch folder, and of one file there.
    pub scratch_size: u64,
    /// Files and folders in its scratch folder.
    pub scratch_files: u64,
    /// The name, below the cache's folder `kept`, of the scratch folder that it finds again; `None` where it is not kept. What
    /// it sees there nobody records, so no answer of such a plugin, nor what rests on it, is written down.
    pub keeps: Option<String>,
}

impl Allowance {
    /// The limits of a process; what is no matter of plugins is as in `other`.
    pub(crate) fn limits(&self, other: &Limits) -> Limits {
        Limits {
            memory: self.memory,
            files: self.files,
            tasks: self.tasks,
            file_size: self.scratch_size,
            scratch_size: self.scratch_size,
            scratch_files: self.scratch_files,
            ..other.clone()
        }
    }

    /// The same text for plugins that are given the same to work with: part of what answers rest on, since a plugin may
    /// have answered that it has no room. Time does not belong to it: who runs out of it does not answer.
    pub(crate) fn text(&self) -> String {
        let Allowance { memory, tasks, files, scratch_size, scratch_files, keeps, .. } = self;
        let keeps = if keeps.is_some() { "\nscratch/keep" } else { "" };
        format!("\nlimits/{memory} {tasks} {files} {scratch_size} {scratch_files}{keeps}")
    }

    /// What it was killed for.
    pub(crate) fn exceeded(&self, overrun: Overrun) -> String {
        match overrun {
            Overrun::ScratchSize => said(
                "scratch-size",
                &format!("it had more than {} in its scratch folder", bytes(self.scratch_size)),
            ),
            Overrun::ScratchFiles => said(
                "scratch-files",
                &format!("it had more than {} files in its scratch folder", self.scratch_files),
            ),
            Overrun::Tasks => said("tasks", &format!("it had more than {} threads", self.tasks)),
            Overrun::Hidden => "it kept Probity from seeing how much it has in its scratch folder".to_owned(),
            Overrun::Unwatched => "Probity could not see how much it has in its scratch folder, for want of descriptors, memory or a \
                                   readable /proc"
                .to_owned(),
            _ => said("memory", &format!("it took more than {} of memory", bytes(self.memory))),
        }
    }

    /// What it was stopped for, having used too much of the processor for one call.
    pub(crate) fn overspent(&self) -> String {
        said(
            "cpu-seconds",
            &format!("it used more than {} s of processor time for one call", self.cpu.as_secs()),
        )
    }

    /// What its memory has to do with an end of which nobody knows the cause.
    pub(crate) fn memory_told(&self) -> String {
        said("memory", &format!("it may take up to {} of memory", bytes(self.memory)))
    }
}

/// Names a limit, and where it is raised.
fn said(limit: &str, what: &str) -> String {
    // Which of the three it was differs from machine to machine, and is no part of an answer.
    let time = if limit == "wall-seconds" { ", or `--timeout`" } else { "" };
    format!(
        "{what} (limit {limit}, which its plugin.kdl can raise if that is granted, as far as the machine's policy{time} lets it: \
         docs/permissions.md)"
    )
}

/// Where the limit of a call's time is raised.
pub(crate) fn late(allowance: Option<&Allowance>) -> String {
    match allowance {
        None => String::new(),
        Some(Allowance { wall: None, .. }) => " (`--timeout` gives plugins more time)".to_owned(),
        Some(_) => said("wall-seconds", ""),
    }
}

/// Bytes as people read them.
fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = UNITS.into_iter().find(|(_, worth)| count > 0 && count.is_multiple_of(*worth));
    unit.map_or_else(|| format!("{count} bytes"), |(unit, worth)| format!("{}{unit}", count / worth))
}

/// What programs say as their last words when they get no more memory.
const OUT_OF_MEMORY: [&str; 4] = ["memory allocation of ", "MemoryError", "bad_alloc", "out of memory"];

/// Whether last words tell of a lack of memory.
pub(crate) fn lacked_memory(last_words: &str) -> bool {
    OUT_OF_MEMORY.iter().any(|words| last_words.contains(words))
}
