//! The same program in several languages does the same inside and outside of the sandbox, to the byte.
//!
//! It uses files, maps, threads, memory, pipes, signals, numbers and clocks as each language's own library does: the GNU C
//! library under Rust, musl (linked statically, in C: its threads, signals, memory and files are its own), CPython, Node.js.

use crate::Test;
use crate::entries::{modules, python, write};
use crate::lab::{Lab, SAME, finish, owned, sha256};
use probity_sandbox::{Entry, Level, Limits, Profile, libraries_below, runtime_libraries};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) fn tests() -> Vec<Test> {
    tests!("compatibility":
        a_program_in_rust_is_not_hindered
        a_program_with_musl_is_not_hindered
        a_program_in_python_is_not_hindered
        a_program_in_javascript_is_not_hindered
    )
}

const INPUT: &str = "one\ntwo words\n";
/// What the program says in each language.
const OUTPUT: &str = "files: b 3, c 6, three!\n\
    missing: ENOENT\n\
    granted: public data 311b2ae8\n\
    threads: 332833500\n\
    memory: 27192790\n\
    pipe: 1048576 f8cc9dc5\n\
    signals: 3\n\
    numbers: 3087320 2209033545 4293950729 0.10000000000000000555 -0.667\n\
    clock: later\n\
    1: one\n\
    2: two words\n";

/// A program, the arguments before those of the work, and what it needs of the machine.
struct Program {
    path: PathBuf,
    interpreter: bool,
    arguments: Vec<String>,
    read: Vec<PathBuf>,
    execute: Vec<PathBuf>,
}

fn a_program_in_rust_is_not_hindered() {
    everywhere(|_| {
        let path = std::env::current_exe().unwrap();
        let execute = runtime_libraries(&path).unwrap();
        Program { path, interpreter: false, arguments: owned(&[SAME]), read: vec![], execute }
    });
}

#[allow(clippy::disallowed_methods, reason = "the compiler is no plugin")]
fn a_program_with_musl_is_not_hindered() {
    everywhere(|lab| {
        let (source, path) = (lab.path("home/main.c"), lab.path("home/main"));
        fs::write(&source, include_str!("same/main.c")).unwrap();
        let mut compiler = Command::new("musl-gcc");
        compiler.args(["-static", "-O1", "-o"]).args([&path, &source]);
        let compiled = compiler.status().expect("these tests need musl-gcc");
        assert!(compiled.success());
        assert_eq!(runtime_libraries(&path).unwrap(), Vec::<PathBuf>::new(), "it is linked statically");
        Program { path, interpreter: false, arguments: vec![], read: vec![], execute: vec![] }
    });
}

fn a_program_in_python_is_not_hindered() {
    everywhere(|lab| {
        let path = python();
        let modules = modules(&path);
        let mut execute = runtime_libraries(&path).unwrap();
        execute.extend(libraries_below(&modules.join("lib-dynload")).unwrap());
        let arguments = vec!["-I".to_owned(), "-B".to_owned(), script(lab, include_str!("same/main.py"))];
        Program { path, interpreter: true, arguments, read: vec![modules], execute }
    });
}

fn a_program_in_javascript_is_not_hindered() {
    everywhere(|lab| {
        let path = node();
        let execute = runtime_libraries(&path).unwrap();
        // Debian keeps some of its modules there.
        let modules = Some(PathBuf::from("/usr/share/nodejs")).filter(|modules| modules.is_dir());
        let arguments = vec![script(lab, include_str!("same/main.js"))];
        Program { path, interpreter: true, arguments, read: modules.into_iter().collect(), execute }
    });
}

fn script(lab: &Lab, text: &str) -> String {
    fs::write(lab.path("granted/script"), text).unwrap();
    lab.text("granted/script")
}

/// The real path of a Node.js of this machine.
fn node() -> PathBuf {
    let directories = std::env::var("PATH").unwrap();
    let directories = directories.split(':').chain(["/usr/bin", "/usr/local/bin"]);
    let real = directories.filter_map(|directory| Path::new(directory).join("node").canonicalize().ok());
    let mut programs = real.filter(|candidate| runtime_libraries(candidate).is_ok());
    programs.next().expect("these tests need Node.js")
}

/// Runs it outside, and at both levels; it is not to be denied anything that it notices.
fn everywhere(program: impl Fn(&Lab) -> Program) {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level);
        let Program { path, interpreter, mut arguments, mut read, execute } = program(&lab);
        arguments.push(lab.text("granted/data"));
        let environment = [("HOME", lab.text("scratch")), ("OPENSSL_CONF", "/dev/null".to_owned())];
        let environment: Vec<_> = environment.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(outside(&lab, &path, &arguments, &environment), OUTPUT, "outside");
        let sha256 = sha256(&path);
        let entry = match interpreter {
            true => Entry::Interpreter { path, sha256, arguments },
            false => Entry::Native { path, sha256, arguments },
        };
        read.push(lab.path("granted"));
        // The host's, too, are as many.
        let limits = Limits { tasks: 512, ..Limits::default() };
        let profile = Profile { read, execute, environment, limits, ..lab.profile(entry) };
        let mut child = lab.launcher.spawn(&profile).unwrap();
        write(&mut child, INPUT);
        let outcome = finish(child);
        assert_eq!(outcome.output, OUTPUT, "{level}: {outcome:?}");
        assert!(outcome.status.success() && outcome.errors.is_empty(), "{level}: {outcome:?}");
    }
}

#[allow(clippy::disallowed_methods, reason = "what confined starts are compared with")]
fn outside(lab: &Lab, path: &Path, arguments: &[String], environment: &[(String, String)]) -> String {
    let mut command = Command::new(path);
    command.args(arguments).env_clear().envs(environment.iter().cloned()).current_dir(lab.path("scratch"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), INPUT.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
