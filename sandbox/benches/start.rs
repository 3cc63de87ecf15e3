//! What confinement costs: a start, from starting a program to the end of its output, in turns with a plain start of the same
//! program; and a system call, in turns with an unconfined one.
//!
//! Starts are measured with nothing held and once more while this process holds 1 GiB, which must not matter. On a machine
//! that does something else, `chrt --fifo 50` before the program keeps that out of the way. An argument is another program whose
//! `main` begins as this one's does, and with which programs are started instead.
#![allow(clippy::print_stdout, reason = "a bench prints what it has measured")]
#![allow(unsafe_code, reason = "it measures bare system calls")]

use probity_sandbox::{Ceiling, Entry, Launcher, Level, Limits, Profile, runtime_libraries};
use sha2::{Digest, Sha256};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 101;
/// The memory that the host holds, in MiB.
const HELD: [usize; 2] = [0, 1024];
/// How many processes measure system calls, of each kind.
const CALLERS: usize = 7;
const CALLS: [&str; 5] =
    ["getppid", "open, close", "stat of /dev/null", "stat in a granted folder", "socket (denied)"];
/// How often each of them is measured by a process.
const TURNS: usize = 40;

fn main() -> ExitCode {
    match probity_sandbox::launched() {
        Ok(Some(confined)) => return child(&confined.arguments),
        Ok(None) => {}
        Err(_) => return ExitCode::FAILURE,
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument.starts_with("--child")) {
        return child(&arguments);
    }
    let program = std::env::current_exe().expect("this program");
    let other = arguments.iter().find(|argument| !argument.starts_with('-'));
    let starting = other.map_or(program.clone(), PathBuf::from);
    for held in HELD {
        let memory = vec![1_u8; held << 20];
        println!(
            "{} MiB held by the host, {ROUNDS} starts, lower quartiles and medians:",
            memory.len() >> 20
        );
        starts(&program, &starting);
    }
    calls(&program);
    ExitCode::SUCCESS
}

fn child(arguments: &[String]) -> ExitCode {
    if let Some(file) = arguments.iter().find_map(|argument| argument.strip_prefix("--child-calls=")) {
        let file = CString::new(file).expect("a path");
        let times = [getppid(), open(), stat(c"/dev/null"), stat(&file), socket()];
        println!("{}", times.map(|time| time.to_string()).join(" "));
    }
    ExitCode::SUCCESS
}

fn launcher(program: &Path, namespaces: bool) -> Launcher {
    let program = File::open(program).expect("the program that starts others");
    let launcher = Launcher::with_program(OwnedFd::from(program)).expect("a launcher");
    launcher.below(Ceiling { namespaces, ..Ceiling::default() })
}

fn starts(program: &Path, starting: &Path) {
    let (standard, full) = (launcher(starting, false), launcher(starting, true));
    let (itself_standard, itself_full) = (launcher(program, false), launcher(program, true));
    let itself = |level| profile(Entry::Itself { arguments: vec![] }, vec![], level);
    let native = |level| native(program, &["--child"], level);
    let known = [
        ("built in, standard", &itself_standard, itself(Level::Standard)),
        ("built in, full", &itself_full, itself(Level::Full)),
        ("native, standard", &standard, native(Level::Standard)),
        ("native, full", &full, native(Level::Full)),
    ];
    let first = [("native, standard, for the first time", false), ("native, full, for the first time", true)];
    let mut rows = [const { Vec::new() }; 6];
    let mut plain_times = Vec::new();
    for _ in 0..ROUNDS {
        let mut pair = |row: &mut Vec<f64>, launcher: &Launcher, profile: &Profile| {
            let plain = plain(program).as_secs_f64();
            plain_times.push(plain);
            row.push(confined(launcher, profile).as_secs_f64() - plain);
        };
        for ((_, launcher, profile), row) in known.iter().zip(&mut rows) {
            pair(row, launcher, profile);
        }
        for ((_, namespaces), row) in first.iter().zip(&mut rows[4..]) {
            let level = if *namespaces { Level::Full } else { Level::Standard };
            pair(row, &launcher(starting, *namespaces), &native(level));
        }
    }
    println!(
        "{:>8.2} ms  {:>8.2} ms  plain",
        quarter(&mut plain_times) * 1e3,
        median(&mut plain_times) * 1e3
    );
    let names = known.iter().map(|(name, ..)| name).chain(first.iter().map(|(name, _)| name));
    for (name, row) in names.zip(&mut rows) {
        println!("{:>+8.2} ms  {:>+8.2} ms  {name}", quarter(row) * 1e3, median(row) * 1e3);
    }
}

/// The value that a quarter of them do not reach.
fn quarter(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 4]
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn native(program: &Path, arguments: &[&str], level: Level) -> Profile {
    static DIGEST: std::sync::OnceLock<[u8; 32]> = std::sync::OnceLock::new();
    let digest = || Sha256::digest(std::fs::read(program).expect("this program's bytes")).into();
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let entry = Entry::Native { path: program.to_owned(), sha256: *DIGEST.get_or_init(digest), arguments };
    let folder = program.parent().expect("a folder").to_owned();
    Profile {
        read: vec![folder],
        ..profile(entry, runtime_libraries(program).expect("its libraries"), level)
    }
}

fn profile(entry: Entry, execute: Vec<PathBuf>, least: Level) -> Profile {
    Profile {
        entry,
        read: vec![],
        data: vec![],
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
fn plain_command(program: &Path, argument: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(argument).stdout(Stdio::piped());
    command
}

fn plain(program: &Path) -> Duration {
    let start = Instant::now();
    let mut child = plain_command(program, "--child").spawn().expect("a start");
    child.stdout.take().expect("a pipe").read_to_end(&mut Vec::new()).expect("its output");
    let elapsed = start.elapsed();
    assert!(child.wait().expect("its end").success());
    elapsed
}

fn confined(launcher: &Launcher, profile: &Profile) -> Duration {
    let start = Instant::now();
    output(launcher, profile, &mut || start.elapsed()).1
}

/// What a confined child writes, and what `then` says at the end of that.
fn output<T>(launcher: &Launcher, profile: &Profile, then: &mut dyn FnMut() -> T) -> (String, T) {
    let mut child = launcher.spawn_observed(profile, std::sync::Arc::new(drop)).expect("a start");
    let mut text = String::new();
    File::from(child.stdout.take().expect("a pipe")).read_to_string(&mut text).expect("its output");
    let then = then();
    assert!(child.wait().expect("its end").success());
    (text, then)
}

/// What each call costs, and what confinement adds.
fn calls(program: &Path) {
    let (standard, full) = (launcher(program, false), launcher(program, true));
    let argument = format!("--child-calls={}", program.display());
    let native = |level| native(program, &[&argument], level);
    let (in_standard, in_full) = (native(Level::Standard), native(Level::Full));
    let mut times = [const { [const { Vec::new() }; CALLS.len()] }; 3];
    for _ in 0..CALLERS {
        let free = plain_command(program, &argument).output().expect("a start").stdout;
        let texts = [
            String::from_utf8(free).expect("numbers"),
            output(&standard, &in_standard, &mut || ()).0,
            output(&full, &in_full, &mut || ()).0,
        ];
        for (text, times) in texts.iter().zip(&mut times) {
            let numbers = text.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
            numbers.zip(times).for_each(|(number, times)| times.push(number));
        }
    }
    println!(
        "one call, ns, in the best of {TURNS} turns, medians of {CALLERS} processes: free, and what standard and full add"
    );
    let [free, standard, full] = &mut times;
    for (((name, free), standard), full) in CALLS.iter().zip(free).zip(standard).zip(full) {
        let (free, standard, full) = (median(free), median(standard), median(full));
        println!("{free:>8.0} {:>+8.0} {:>+8.0}  {name}", standard - free, full - free);
    }
}

/// Nanoseconds of one of so many calls, in the turn that was least disturbed.
fn timed(calls: u32, call: impl Fn()) -> f64 {
    let turn = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    (0..TURNS).map(|_| turn()).fold(f64::INFINITY, f64::min)
}

fn getppid() -> f64 {
    // SAFETY: takes no argument.
    timed(20_000, || _ = unsafe { libc::syscall(libc::SYS_getppid) })
}

fn open() -> f64 {
    timed(4_000, || drop(File::open("/dev/null").expect("a file that is there for everybody")))
}

fn stat(path: &CStr) -> f64 {
    let found = std::cell::UnsafeCell::new(std::mem::MaybeUninit::<libc::stat>::uninit());
    // SAFETY: the path ends with NUL, and there is room for what is written.
    timed(8_000, || _ = unsafe { libc::stat(path.as_ptr(), found.get().cast()) })
}

/// A call that the filter denies, and that somebody listens to.
fn socket() -> f64 {
    timed(100, || {
        // SAFETY: takes integers; the descriptor, if there is one, is nobody else's.
        unsafe { libc::close(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)) };
    })
}
