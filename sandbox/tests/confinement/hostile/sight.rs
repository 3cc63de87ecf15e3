//! Everything that a plugin could let into its answers although it is not told: what of it can be seen.

use super::Attack;
use std::fs;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant, SystemTime};

pub(crate) const LOOK: &[(&str, Attack)] = &[("look", look)];

/// Says of each thing whether it is seen: of a file that is granted, of one that is not, of the host's names.
fn look(a: &[&str]) -> io::Result<()> {
    let [granted, other, host_name, user, host, variable] = a else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let times = |path: &str| fs::symlink_metadata(path).is_ok_and(|found| found.mtime() > 0);
    let entries = |path: &str| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    let (system, machine) = (system(), names());
    let all = [
        ("a clock, to the nanosecond", ticks() && SystemTime::now() > SystemTime::UNIX_EPOCH),
        (
            "how long the machine has run, its load, its memory",
            system.is_some_and(|s| s.uptime > 0 && s.totalram > 0),
        ),
        ("how many processes the machine has", system.is_some_and(|s| s.procs > 2)),
        ("the kernel's version and the kind of processor", machine.is_some_and(|m| m.release[0] != 0)),
        ("how many processors may be used", std::thread::available_parallelism().is_ok()),
        (
            "the paths of what is granted, its own scratch directory's among them",
            std::env::current_dir().is_ok(),
        ),
        (
            "the times and owners of what is granted, how full its disk is",
            times(granted) && capacity(granted),
        ),
        ("the times of other files, the clone's among them", times(other)),
        ("names, sizes and links of other files, when guessed", fs::symlink_metadata(other).is_ok()),
        ("which files there are in other folders", entries("/") || entries("/tmp")),
        ("the name of the machine", machine.is_some_and(|m| is(&m.nodename, host_name))),
        // SAFETY: takes no argument and cannot fail.
        ("who the user is", unsafe { libc::getuid() }.to_string() == *user),
        ("its number among all processes, and the host's", std::process::id() > 2),
        (
            "that another process exists, when its number is guessed",
            fs::metadata(format!("/proc/{host}")).is_ok(),
        ),
        ("the environment of the host", std::env::var(variable).is_ok()),
        ("how the host was started", fs::read(format!("/proc/{host}/cmdline")).is_ok()),
    ];
    for (what, seen) in all {
        writeln!(io::stdout(), "{what}: {}", if seen { "seen" } else { "hidden" })?;
    }
    Ok(())
}

fn ticks() -> bool {
    let start = Instant::now();
    (0..1000)
        .map(|_| start.elapsed())
        .any(|passed| passed > Duration::ZERO && passed < Duration::from_micros(100))
}

fn system() -> Option<libc::sysinfo> {
    let mut found = MaybeUninit::uninit();
    // SAFETY: the call fills the structure if it succeeds.
    unsafe { (libc::sysinfo(found.as_mut_ptr()) == 0).then(|| found.assume_init()) }
}

fn names() -> Option<libc::utsname> {
    let mut found = MaybeUninit::uninit();
    // SAFETY: the call fills the structure if it succeeds.
    unsafe { (libc::uname(found.as_mut_ptr()) == 0).then(|| found.assume_init()) }
}

fn is(characters: &[libc::c_char], text: &str) -> bool {
    characters.iter().take_while(|c| **c != 0).map(|c| c.cast_unsigned()).eq(text.bytes())
}

fn capacity(path: &str) -> bool {
    let path = super::text(path);
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the string ends with NUL, and the call fills the structure if it succeeds.
    unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) == 0 && found.assume_init().f_blocks > 0 }
}
