//! What confinement adds to a start: from starting this program to the end of its output, in turns with a plain start.
//!
//! All is measured with nothing held and once more while this process holds 1 GiB, which must not matter.
#![allow(clippy::print_stdout, reason = "a bench prints what it has measured")]

use probity_sandbox::{Ceiling, Entry, Launcher, Level, Limits, Profile, runtime_libraries};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const ROUNDS: usize = 101;
/// The memory that the host holds, in MiB.
const HELD: [usize; 2] = [0, 1024];

fn main() -> ExitCode {
    match probity_sandbox::launched() {
        Ok(Some(_)) => return ExitCode::SUCCESS,
        Ok(None) => {}
        Err(_) => return ExitCode::FAILURE,
    }
    if std::env::args().any(|argument| argument == "--child") {
        return ExitCode::SUCCESS;
    }
    let program = std::env::current_exe().expect("this program");
    for held in HELD {
        let memory = vec![1_u8; held << 20];
        println!("{} MiB held by the host, medians of {ROUNDS} starts:", memory.len() >> 20);
        measure(&program);
    }
    ExitCode::SUCCESS
}

fn measure(program: &Path) {
    let full = Launcher::new().expect("a launcher");
    let standard = Launcher::new().expect("a launcher");
    let standard = standard.below(Ceiling { namespaces: false, ..Ceiling::default() });
    let itself = |launcher: &Launcher| Entry::Itself { program: launcher.program(), arguments: vec![] };
    let profiles = [
        ("built in, standard", &standard, profile(itself(&standard), vec![], Level::Standard)),
        ("built in, full", &full, profile(itself(&full), vec![], Level::Full)),
        ("native, standard", &standard, native(program, Level::Standard)),
        ("native, full", &full, native(program, Level::Full)),
    ];
    let mut plain_times = Vec::new();
    let mut differences = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for ((_, launcher, profile), differences) in profiles.iter().zip(&mut differences) {
            let plain = plain(program).as_secs_f64();
            let confined = confined(launcher, profile).as_secs_f64();
            plain_times.push(plain);
            differences.push(confined - plain);
        }
    }
    println!("{:>8.2} ms  plain", median(&mut plain_times));
    for ((name, ..), differences) in profiles.iter().zip(&mut differences) {
        println!("{:>+8.2} ms  {name}", median(differences));
    }
}

/// In milliseconds.
fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2] * 1e3
}

fn native(program: &Path, level: Level) -> Profile {
    let bytes = std::fs::read(program).expect("this program's bytes");
    let entry = Entry::Native {
        path: program.to_owned(),
        sha256: Sha256::digest(&bytes).into(),
        arguments: vec!["--child".to_owned()],
    };
    profile(entry, runtime_libraries(program).expect("its libraries"), level)
}

fn profile(entry: Entry, execute: Vec<PathBuf>, least: Level) -> Profile {
    Profile {
        entry,
        read: vec![],
        list: vec![],
        execute,
        programs: Vec::new(),
        scratch: None,
        keep: false,
        environment: vec![],
        limits: Limits::default(),
        least,
    }
}

#[allow(clippy::disallowed_methods, reason = "what confined starts are compared with")]
fn plain(program: &Path) -> Duration {
    let start = Instant::now();
    let mut command = std::process::Command::new(program);
    let output = command.arg("--child").stdout(std::process::Stdio::piped());
    let mut child = output.spawn().expect("a start");
    child.stdout.take().expect("a pipe").read_to_end(&mut Vec::new()).expect("its output");
    let elapsed = start.elapsed();
    assert!(child.wait().expect("its end").success());
    elapsed
}

fn confined(launcher: &Launcher, profile: &Profile) -> Duration {
    let start = Instant::now();
    let mut child = launcher.spawn_observed(profile, std::sync::Arc::new(drop)).expect("a start");
    let mut output = std::fs::File::from(child.stdout.take().expect("a pipe"));
    output.read_to_end(&mut Vec::new()).expect("its output");
    let elapsed = start.elapsed();
    assert!(child.wait().expect("its end").success());
    elapsed
}
