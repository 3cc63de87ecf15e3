//! What other attacks need: processes that stay until they are told to go.

use super::Attack;
use std::io::{self, BufRead, Write};

pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("victim", victim),
    ("stubborn", stubborn),
    ("echo", echo),
    ("exit", exit),
    ("abort", |_| std::process::abort()),
    ("insist", insist),
    ("scan", scan),
];

/// Tells where its treasure lies, lets everybody trace it, and waits for the end of its input.
fn victim(_: &[&str]) -> io::Result<()> {
    // SAFETY: takes integers only. Not every kernel knows it, nor needs it.
    unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY, 0, 0, 0) };
    writeln!(io::stdout(), "{}", Box::leak(Box::new(42_u8)) as *const u8 as usize)?;
    echo(&[])
}

/// Ignores the request to end.
fn stubborn(_: &[&str]) -> io::Result<()> {
    // SAFETY: ignoring involves no handler.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    writeln!(io::stdout(), "ready")?;
    echo(&[])
}

/// Answers each line until the end of its input.
fn echo(_: &[&str]) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        writeln!(io::stdout(), "{}", line?)?;
    }
    Ok(())
}

/// Makes a call that is denied so often, and tells how it failed the first and the last time.
fn insist(a: &[&str]) -> io::Result<()> {
    // SAFETY: takes no argument.
    let attempt = || match unsafe { libc::syscall(libc::SYS_setsid) } {
        -1 => io::Error::last_os_error().raw_os_error().unwrap(),
        _ => 0,
    };
    let first = attempt();
    let last = (1..a[0].parse().unwrap()).fold(first, |_, _| attempt());
    writeln!(io::stdout(), "{first} {last}")
}

/// Makes so many calls that are denied, each of its kind.
fn scan(a: &[&str]) -> io::Result<()> {
    for pid in 0..a[0].parse().unwrap() {
        // SAFETY: takes integers; no signal is sent.
        unsafe { libc::kill(1_000_000 + pid, 0) };
    }
    Ok(())
}

fn exit(a: &[&str]) -> io::Result<()> {
    std::process::exit(a[0].parse().unwrap())
}
