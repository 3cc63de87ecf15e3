//! What confinement adds to a start: medians of starting this program and waiting for its end, in turns.
//!
//! An argument that is a number makes this process hold so many MiB, which must not matter.
#![allow(clippy::print_stdout, reason = "a bench prints what it has measured")]

use probity_sandbox::{Entry, Launcher, Level, Limits, Profile, runtime_libraries};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const ROUNDS: usize = 101;

fn main() -> ExitCode {
    match probity_sandbox::launched() {
        Ok(Some(_)) => return ExitCode::SUCCESS,
        Ok(None) => {}
        Err(_) => return ExitCode::FAILURE,
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--child") {
        return ExitCode::SUCCESS;
    }
    let held: usize = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(0);
    let memory = vec![1_u8; held << 20];
    let launcher = Launcher::new().expect("a launcher");
    let program = std::env::current_exe().expect("this program");
    let bytes = std::fs::read(&program).expect("this program's bytes");
    let native = Entry::Native {
        path: program.clone(),
        sha256: Sha256::digest(&bytes).into(),
        arguments: vec!["--child".to_owned()],
    };
    let execute = runtime_libraries(&program).expect("its libraries");
    let itself = Entry::Itself { program: launcher.program(), arguments: vec![] };
    let profile = |entry, execute| Profile {
        entry,
        read: vec![],
        list: vec![],
        execute,
        scratch: None,
        environment: vec![],
        limits: Limits::default(),
        least: Level::Standard,
    };
    let (itself, native) = (profile(itself, vec![]), profile(native, execute));
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(timed(|| plain(&program)));
        times[1].push(timed(|| confined(&launcher, &itself)));
        times[2].push(timed(|| confined(&launcher, &native)));
    }
    println!("{} MiB held, {} KiB of program, medians of {ROUNDS}:", memory.len() >> 20, bytes.len() >> 10);
    for (name, times) in
        ["without confinement", "built in, confined", "native, copied and confined"].iter().zip(&mut times)
    {
        times.sort();
        println!("{:>8.2} ms  {name}", times[ROUNDS / 2].as_secs_f64() * 1e3);
    }
    ExitCode::SUCCESS
}

fn timed(work: impl Fn()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[allow(clippy::disallowed_methods, reason = "what confined starts are compared with")]
fn plain(program: &std::path::Path) {
    let output = std::process::Command::new(program).arg("--child").output().expect("a start");
    assert!(output.status.success());
}

fn confined(launcher: &Launcher, profile: &Profile) {
    let mut child = launcher.spawn(profile).expect("a start");
    let mut output = std::fs::File::from(child.stdout.take().expect("a pipe"));
    output.read_to_end(&mut Vec::new()).expect("its output");
    assert!(child.wait().expect("its end").success());
}
