//! What is started: programs whose bytes are checked, and interpreters.

use crate::Test;
use crate::lab::{HOSTILE, Lab, everywhere, finish, has_children, hearing, owned, sha256};
use probity_sandbox::{Entry, Level, Profile, SpawnError, libraries_below, runtime_libraries};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

pub(crate) fn tests() -> Vec<Test> {
    tests!("entry":
        arguments_and_environment_arrive
        the_report_names_what_holds
        a_wrong_digest_refuses_before_anything_runs
        a_wrong_interpreter_is_refused
        a_native_program_runs_although_its_file_is_gone
        a_program_that_was_checked_runs_again_whatever_became_of_its_file
        an_interpreter_that_has_changed_is_refused
        what_is_no_program_is_refused
        a_native_program_without_libraries_does_not_start
        python_runs_confined
        this_program_may_be_deleted_while_it_runs
        a_program_that_is_too_large_is_refused
    )
}

fn arguments_and_environment_arrive() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level);
        let outcome = lab.run(way, &["work_environment"]);
        assert!(outcome.through(), "{way:?}, {level}: {outcome:?}");
        let scratch = lab.path("scratch").canonicalize().unwrap();
        let outcome = lab.run(way, &["work_directory", scratch.to_str().unwrap()]);
        assert!(outcome.through(), "{way:?}, {level}: {outcome:?}");
        assert_eq!(lab.run(way, &["exit", "7"]).status.code(), Some(7), "{way:?}, {level}");
        let aborted = lab.run(way, &["abort"]).status;
        assert_eq!(aborted.signal(), Some(libc::SIGABRT), "{way:?}, {level}: {aborted:?}");
    }
}

fn the_report_names_what_holds() {
    for (level, network) in
        [(Level::Standard, "seccomp: no sockets"), (Level::Full, "seccomp: no sockets, a network namespace")]
    {
        let lab = Lab::at(level);
        let child = lab.launcher.spawn_observed(&lab.itself(&["echo"]), hearing().1).unwrap();
        let report = child.report().clone();
        assert_eq!((report.level, report.missing_for(level)), (level, vec![]));
        let provider = |name| report.guarantees.iter().find(|g| g.name == name).unwrap().provider.clone();
        assert!(provider("reads only what is granted").starts_with("Landlock ABI "));
        assert_eq!(provider("no network"), network);
        // What a survey foretells is what a start finds.
        assert_eq!(lab.launcher.survey().report, report);
    }
}

fn a_wrong_digest_refuses_before_anything_runs() {
    let lab = Lab::new();
    let program = std::env::current_exe().unwrap();
    let entry = Entry::Native { path: program.clone(), sha256: [0xab; 32], arguments: vec![] };
    let error = lab.launcher.spawn(&lab.profile(entry)).unwrap_err();
    let found: String = sha256(&program).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = "ab".repeat(32);
    assert_eq!(
        error.to_string(),
        format!(
            "{} has other bytes than expected: expected sha256 {expected}, found {found}",
            program.display()
        )
    );
    assert!(!has_children());
}

fn a_wrong_interpreter_is_refused() {
    let lab = Lab::new();
    let python = python();
    let entry = Entry::Interpreter { path: python.clone(), sha256: [0; 32], arguments: vec![] };
    let error = lab.launcher.spawn(&lab.profile(entry)).unwrap_err();
    assert!(matches!(&error, SpawnError::Digest { path, .. } if *path == python), "{error}");
    assert!(!has_children());
}

fn a_native_program_runs_although_its_file_is_gone() {
    let lab = Lab::new();
    let path = lab.path("home/program");
    fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let (sha256, execute) = (sha256(&path), runtime_libraries(&path).unwrap());
    assert!(!execute.is_empty(), "this program is expected to be dynamic");
    let arguments = owned(&[HOSTILE, "echo"]);
    let profile = lab.profile(Entry::Native { path: path.clone(), sha256, arguments });
    let mut child = lab.launcher.spawn(&Profile { execute, ..profile }).unwrap();
    fs::write(&path, "other bytes").unwrap();
    write(&mut child, "still here\n");
    let outcome = finish(child);
    assert_eq!(outcome.output, "still here\nthrough\n", "{outcome:?}");
}

fn a_program_that_was_checked_runs_again_whatever_became_of_its_file() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level);
        let path = lab.path("home/program");
        fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        let (sha256, execute) = (sha256(&path), runtime_libraries(&path).unwrap());
        let native = |sha256| {
            let arguments = owned(&[HOSTILE, "work_threads"]);
            lab.profile(Entry::Native { path: path.clone(), sha256, arguments })
        };
        let profile = Profile { execute: execute.clone(), ..native(sha256) };
        assert!(finish(lab.launcher.spawn(&profile).unwrap()).through(), "{level}");
        fs::write(&path, "other bytes").unwrap();
        assert!(finish(lab.launcher.spawn(&profile).unwrap()).through(), "{level}");
        // What is asked for by another digest is read, and refused.
        let other = Profile { execute, ..native([7; 32]) };
        let error = lab.launcher.spawn(&other).unwrap_err();
        assert!(matches!(error, SpawnError::Digest { .. }), "{level}: {error}");
        assert!(!has_children(), "{level}");
    }
}

fn an_interpreter_that_has_changed_is_refused() {
    let replaced = |path: &Path, bytes: &[u8]| {
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    };
    // In its place, and dated back: only the time at which the file's description has changed tells.
    let rewritten = |path: &Path, bytes: &[u8]| {
        let file = fs::File::options().write(true).open(path).unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        (&file).write_all(bytes).unwrap();
        file.set_modified(before).unwrap();
    };
    for change in [&replaced as &dyn Fn(&Path, &[u8]), &rewritten] {
        let lab = Lab::new();
        let path = lab.path("home/program");
        fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        let (sha256, execute) = (sha256(&path), runtime_libraries(&path).unwrap());
        let arguments = owned(&[HOSTILE, "work_threads"]);
        let entry = Entry::Interpreter { path: path.clone(), sha256, arguments };
        let profile = Profile { execute, ..lab.profile(entry) };
        for _ in 0..2 {
            assert!(finish(lab.launcher.spawn(&profile).unwrap()).through());
        }
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        change(&path, &bytes);
        let error = lab.launcher.spawn(&profile).unwrap_err();
        assert!(matches!(error, SpawnError::Digest { .. }), "{error}");
        assert!(!has_children());
    }
}

fn what_is_no_program_is_refused() {
    let lab = Lab::new();
    let script = lab.path("home/script");
    fs::write(&script, "#!/bin/sh\necho through\n").unwrap();
    for path in [script, lab.path("home"), lab.path("missing"), PathBuf::from("/dev/zero")] {
        let sha256 = if path.is_file() { sha256(&path) } else { [0; 32] };
        let entry = Entry::Native { path: path.clone(), sha256, arguments: vec![] };
        let error = lab.launcher.spawn(&lab.profile(entry)).unwrap_err();
        let expected = match &error {
            SpawnError::NotAProgram { path: named, .. } | SpawnError::Entry { path: named, .. } => {
                *named == path
            }
            _ => false,
        };
        assert!(expected, "{error}");
        assert!(!has_children());
    }
}

fn a_program_that_is_too_large_is_refused() {
    let lab = Lab::new();
    let path = lab.path("home/program");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let entry = Entry::Native { path, sha256: [0; 32], arguments: vec![] };
    let error = lab.launcher.spawn(&lab.profile(entry)).unwrap_err();
    assert!(matches!(error, SpawnError::TooLarge { limit: 268_435_456, .. }), "{error}");
    assert!(!has_children());
}

fn a_native_program_without_libraries_does_not_start() {
    let lab = Lab::new();
    let profile = Profile { execute: vec![], ..lab.native(&["echo"]) };
    let error = lab.launcher.spawn(&profile).unwrap_err();
    assert!(
        matches!(&error, SpawnError::Launcher { stage, .. } if stage == "executing the program"),
        "{error}"
    );
    assert!(!has_children());
}

const SCRIPT: &str = r#"
import errno, hashlib, json, os, sys, threading, ctypes
seen = []
thread = threading.Thread(target=lambda: seen.append("thread"))
thread.start(); thread.join()
def refused(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "through"
import socket
print(json.dumps({
    "arguments": sys.argv[1:], "input": sys.stdin.read(), "thread": seen,
    "passwd": refused(lambda: open("/etc/passwd")), "socket": refused(socket.socket),
    "fork": refused(os.fork), "scratch": refused(lambda: open("made", "w")),
}))
"#;

fn python_runs_confined() {
    for (level, refusal) in [(Level::Standard, "EACCES"), (Level::Full, "ENOENT")] {
        run_python(&Lab::at(level), refusal);
    }
}

fn run_python(lab: &Lab, refusal: &str) {
    let path = python();
    fs::write(lab.path("granted/script.py"), SCRIPT).unwrap();
    let modules = modules(&path);
    let mut execute = runtime_libraries(&path).unwrap();
    execute.extend(libraries_below(&modules.join("lib-dynload")).unwrap());
    let script = lab.text("granted/script.py");
    let arguments = owned(&["-I", "-B", &script, "one", "two words"]);
    let entry = Entry::Interpreter { sha256: sha256(&path), path, arguments };
    let read = vec![lab.path("granted"), modules];
    // Without it the C library would ask the name service for the home directory, by a socket.
    let environment = vec![("HOME".to_owned(), lab.text("scratch"))];
    let profile = Profile { read, execute, environment, ..lab.profile(entry) };
    let (heard, observer) = hearing();
    let mut child = lab.launcher.spawn_observed(&profile, observer).unwrap();
    write(&mut child, "hello");
    let outcome = finish(child);
    let arrived = r#""arguments": ["one", "two words"], "input": "hello", "thread": ["thread"]"#;
    let expected = format!(
        r#"{{{arrived}, "passwd": "{refusal}", "socket": "EPERM", "fork": "EPERM", "scratch": "through"}}"#
    ) + "\n";
    assert_eq!(outcome.output, expected, "{outcome:?}");
    // Nothing but what the script tried on purpose.
    assert_eq!(
        heard.lock().unwrap().join("\n"),
        "wanted socket(AF_INET, SOCK_STREAM): denied, plugins have no network and no sockets\n\
         wanted clone(a process): denied, plugins start no processes"
    );
}

/// The real path of a Python of this machine.
pub(crate) fn python() -> PathBuf {
    let directories = std::env::var("PATH").unwrap();
    let directories = directories.split(':').chain(["/usr/bin", "/usr/local/bin"]);
    let candidates = directories.map(|directory| Path::new(directory).join("python3"));
    let real = candidates.filter_map(|candidate| candidate.canonicalize().ok());
    let mut programs =
        real.filter(|candidate| runtime_libraries(candidate).is_ok() && modules(candidate).is_dir());
    programs.next().expect("these tests need Python 3")
}

/// Where its modules are: `<prefix>/lib/python3.x`.
pub(crate) fn modules(python: &Path) -> PathBuf {
    python.parent().unwrap().parent().unwrap().join("lib").join(python.file_name().unwrap())
}

fn this_program_may_be_deleted_while_it_runs() {
    let lab = Lab::new();
    let path = lab.path("home/program");
    fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let program = fs::File::open(&path).unwrap();
    let launcher = probity_sandbox::Launcher::with_program(program.into()).unwrap();
    fs::remove_file(&path).unwrap();
    let entry = Entry::Itself { arguments: owned(&["work_threads"]) };
    let outcome = finish(launcher.spawn(&lab.profile(entry)).unwrap());
    assert!(outcome.through(), "{outcome:?}");
}

pub(crate) fn write(child: &mut probity_sandbox::Child, text: &str) {
    use std::io::Write;
    let mut stdin = fs::File::from(child.stdin.take().unwrap());
    stdin.write_all(text.as_bytes()).unwrap();
}
