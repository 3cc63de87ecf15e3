//! Attacks that take starting processes, and programs that were granted.

use super::files::command;
use super::processes::pid;
use super::{Attack, check, effect};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr;

// SAFETY: in this table, null pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("start_other", |a| effect(command(a[0]).status()?.success())),
    ("start_naming", |a| {
        let named = |program: &str| command(program).arg(a[1]).status();
        effect(!named(a[0])?.success() && named(a[2]).is_err())
    }),
    ("fork_bomb", fork_bomb),
    ("outlive_plugin", outlive_plugin),
    ("signal_from_child", |a| {
        in_child(|| check(unsafe { libc::kill(pid(a), libc::SIGURG) }).map(drop)).map(drop)
    }),
    ("signal_parent", |_| check(unsafe { libc::kill(libc::getppid(), libc::SIGURG) }).map(drop)),
    ("trace_child", trace_child),
    ("memory_of_children", memory_of_children),
    ("scratch_by_loader", scratch_by_loader),
    ("preload_scratch", preload_scratch),
    ("run_by_loader", |a| effect(command(a[0]).arg(a[1]).status()?.success())),
    ("preload", |a| {
        let output = command(a[0]).env("LD_PRELOAD", a[1]).output()?;
        // The loader goes on without what it cannot load, and says so.
        effect(output.status.success() && output.stderr.is_empty())
    }),
    ("program_by_git", program_by_git),
    ("show_output", |a| {
        // As a host gives it to git, which takes a configuration that it may not read for an error.
        let mut program = command(a[0]);
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("HOME", "/nowhere"),
        ] {
            program.env(name, value);
        }
        let output = program.args(&a[1..]).output()?;
        io::stdout().write_all(&output.stdout)?;
        io::stderr().write_all(&output.stderr)?;
        effect(output.status.success())
    }),
    ("stubborn_family", stubborn_family),
    ("violate_in_child", |_| {
        // The error is the expected answer.
        let refused = || match check(unsafe { libc::setsid() }) {
            Err(_) => Ok(()),
            Ok(_) => Err(io::Error::other("it has left")),
        };
        in_child(refused)?;
        in_child(refused)
    }),
];

/// Forks a child that does this and ends; its error is passed on.
pub(super) fn in_child(work: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let child = fork(|| work().map_or_else(|error| error.raw_os_error().unwrap_or(255), |()| 0))?;
    match wait(child)? {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Forks a child that does this and ends with its result.
fn fork(work: impl Fn() -> i32) -> io::Result<i32> {
    // SAFETY: this process has one thread, so that its child may do all that itself may.
    let child = check(unsafe { libc::fork() })? as i32;
    if child == 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(work()) }
    }
    Ok(child)
}

fn wait(child: i32) -> io::Result<i32> {
    let mut status = 0;
    // SAFETY: room for the status.
    check(unsafe { libc::waitpid(child, &raw mut status, 0) })?;
    Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 255 })
}

/// So many processes at once, each of which says that it is there.
fn fork_bomb(a: &[&str]) -> io::Result<()> {
    let (mut reader, writer) = io::pipe()?;
    let mut children = Vec::new();
    let all = (0..a[0].parse::<u32>().unwrap()).try_for_each(|_| {
        children.push(fork(|| {
            let mut writer = &writer;
            let _ = writer.write_all(b"x");
            // SAFETY: takes no argument.
            unsafe { libc::pause() };
            0
        })?);
        reader.read_exact(&mut [0])
    });
    let all = all.and_then(|()| super::seclusion::hold(a));
    for child in children {
        // SAFETY: a child that has not been reaped.
        unsafe { libc::kill(child, libc::SIGKILL) };
        wait(child)?;
    }
    all
}

/// Ends, and leaves behind a process of the second generation that tells by and by that it lives.
fn outlive_plugin(_: &[&str]) -> io::Result<()> {
    let (mut life, held) = io::pipe()?;
    let orphan = || {
        fork(|| {
            // SAFETY: takes no argument; may be refused.
            unsafe { libc::setsid() };
            // SAFETY: the descriptor is open, and not used any more in this process.
            unsafe { libc::close(held.as_raw_fd()) };
            let _ = life.try_clone().and_then(|mut life| life.read(&mut [0]));
            // More than whoever ends it may take.
            std::thread::sleep(std::time::Duration::from_millis(300));
            let _ = io::stdout().write_all(b"through\n");
            0
        })
        .map_or(1, |_| 0)
    };
    effect(wait(fork(orphan)?)? == 0)?;
    writeln!(io::stdout(), "denied: unless somebody speaks after this")?;
    let _ = life.read(&mut []);
    std::process::exit(0)
}

fn trace_child(_: &[&str]) -> io::Result<()> {
    let child = fork(|| {
        // SAFETY: takes no argument.
        unsafe { libc::pause() };
        0
    })?;
    let none = ptr::null_mut::<u8>();
    // SAFETY: takes integers and null pointers.
    let traced = check(unsafe { libc::ptrace(libc::PTRACE_SEIZE, child, none, none) }).map(drop);
    // SAFETY: a child that has not been reaped.
    unsafe { libc::kill(child, libc::SIGKILL) };
    wait(child)?;
    traced
}

/// Three at once, each with less than one process may have, all with more.
fn memory_of_children(_: &[&str]) -> io::Result<()> {
    const EACH: usize = 60 << 20;
    let (mut reader, writer) = io::pipe()?;
    let children: Vec<i32> = (0..3)
        .map(|_| {
            fork(|| {
                let memory = std::hint::black_box(vec![1_u8; EACH]);
                let mut writer = &writer;
                let written = writer.write_all(&memory[..1]);
                // SAFETY: takes no argument.
                unsafe { libc::pause() };
                i32::from(written.is_err())
            })
        })
        .collect::<io::Result<_>>()?;
    drop(writer);
    let all = reader.read_exact(&mut [0; 3]);
    for child in children {
        // SAFETY: a child that has not been reaped.
        unsafe { libc::kill(child, libc::SIGKILL) };
        wait(child)?;
    }
    all
}

/// A granted program's bytes, but any would do: `a` is that program, its loader, and a place in scratch.
fn scratch_by_loader(a: &[&str]) -> io::Result<()> {
    fs::write(a[2], fs::read(a[0])?)?;
    effect(command(a[1]).arg(a[2]).status()?.success())
}

/// Loads a copy of a library into a granted program: `a` is the program, the library, and a place in scratch.
fn preload_scratch(a: &[&str]) -> io::Result<()> {
    fs::write(a[2], fs::read(a[1])?)?;
    let output = command(a[0]).env("LD_PRELOAD", a[2]).output()?;
    // The loader goes on without what it cannot load, and says so.
    effect(output.status.success() && output.stderr.is_empty())
}

/// Has git start something that leaves a mark: `a` is git, a git directory, a folder to write to, and the way.
fn program_by_git(a: &[&str]) -> io::Result<()> {
    let [git, directory, folder, way] = a else { return Err(io::Error::other("four arguments")) };
    let at = |name: &str| format!("{folder}/{name}");
    let (mark, hook) = (at("mark"), at("post-index-change"));
    let leave = format!("echo x >{mark}");
    for script in [&hook, &at("monitor")] {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(script)?;
        file.write_all(format!("#!/bin/sh\n{leave}\n").as_bytes())?;
    }
    fs::write(at("attributes"), "* diff=x\n")?;
    let run = |settings: &[String], arguments: &[&str]| {
        let mut git = command(git);
        for setting in settings {
            git.args(["-c", setting]);
        }
        git.arg(format!("--git-dir={directory}")).arg(format!("--work-tree={folder}")).args(arguments);
        git.env("GIT_INDEX_FILE", at("index")).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_SSH_COMMAND", &leave).current_dir(folder).output()
    };
    // Where git was granted it is git that runs, and what git starts that does not.
    let works = run(&[], &["rev-parse", "HEAD"])?;
    assert!(works.status.success(), "{works:?}");
    let no_check = "safe.directory=*".to_owned();
    let upload = format!("--upload-pack={leave}");
    let external = format!("ext::touch {mark}");
    let output = match *way {
        "alias" => run(&[format!("alias.x=!{leave}")], &["x"]),
        "hook" => run(&[format!("core.hooksPath={folder}")], &["read-tree", "HEAD"]),
        "monitor" => {
            run(std::slice::from_ref(&no_check), &["read-tree", "HEAD"])?;
            run(&[format!("core.fsmonitor={}", at("monitor"))], &["status"])
        }
        "external_diff" => {
            run(&[format!("diff.external={leave};:")], &["diff", "--ext-diff", "HEAD", "--", "file"])
        }
        "text_conversion" => {
            let attributes = format!("core.attributesFile={}", at("attributes"));
            run(&[attributes, format!("diff.x.textconv={leave};:")], &["show", "--textconv", "HEAD:file"])
        }
        "upload_pack" => run(&[no_check], &["ls-remote", &upload, directory]),
        "external_transport" => run(&["protocol.ext.allow=always".to_owned()], &["ls-remote", &external]),
        "remote_shell" => run(&[], &["ls-remote", "ssh://nowhere.invalid/x"]),
        other => return Err(io::Error::other(format!("there is no way {other}"))),
    }?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if Path::new(&mark).exists() { Ok(()) } else { Err(io::Error::other(told.replace('\n', "; "))) }
}

/// Children and orphans that heed no signal that can be ignored; all are there once it says so.
fn stubborn_family(_: &[&str]) -> io::Result<()> {
    for signal in 1..32 {
        // SAFETY: ignoring involves no handler of ours; refused for two of them.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // SAFETY: the default again, so that children can be waited for.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let (mut reader, writer) = io::pipe()?;
    let stay = || {
        let mut writer = &writer;
        let _ = writer.write_all(b"x");
        loop {
            // SAFETY: takes no argument.
            unsafe { libc::pause() };
        }
    };
    for _ in 0..2 {
        fork(stay)?;
        // Whose parent ends at once.
        wait(fork(|| fork(stay).map_or(1, |_| 0))?)?;
    }
    reader.read_exact(&mut [0; 4])?;
    writeln!(io::stdout(), "ready")?;
    effect(stay() == 0)
}
