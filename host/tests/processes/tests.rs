//! What the host makes of these processes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use probity_engine::{Engine, FailureKind, Key, Request, StoreLocation};
use probity_host::{
    Allowance, CallLimits, Grants, Host, Interpreter, Node, PackageFile, PackageKind, PackageProgram, Places,
    PluginSpec, Program, Sandboxed,
};
use probity_sandbox::{Ceiling, Launcher, Level};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::common::{Heard, ask, builtin, failure, host_with_sink, limits, refusal, value};

/// All tests, by name.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_plugin_of_the_sdk_answers_itself_to_some_depth", depth),
    ("many_keys_at_once", many),
    ("the_engine_follows_a_plugin_deep_down_and_asks_nothing_twice", engine),
    ("printing_does_not_reach_the_protocol", printing),
    ("a_panic_fails_one_call", panicking),
    ("a_plugin_is_confined_and_the_host_says_how", confined),
    ("an_abort_is_told_with_signal_and_last_words", || {
        ends("abort", FailureKind::Crashed, "signal: 6 (SIGABRT)")
    }),
    ("an_exit_is_told_with_its_status", || ends("exit", FailureKind::Crashed, "exit status: 3")),
    ("a_torn_message_is_told", || ends("tear", FailureKind::Crashed, "in the middle of a message (29 bytes")),
    ("garbage_is_shown", || ends("garbage", FailureKind::Protocol, "Segmentation fault (core dumped)")),
    ("a_flood_is_cut_off", || ends("flood", FailureKind::Protocol, "a message of more than 1048576 bytes")),
    ("memory_is_bounded", || ends("eat", FailureKind::Crashed, "signal: 6 (SIGABRT)")),
    ("endless_chatter_on_stderr_blocks_nobody", chatter),
    ("what_a_plugin_is_denied_is_told_while_it_goes_on", denied),
    ("a_plugin_that_spins_is_killed", spinning),
    ("a_python_plugin_without_a_library_works", python),
    ("a_python_plugin_may_refuse_its_configuration", python_configuration),
    ("a_python_plugin_reads_the_standard_library_and_nothing_installed_beside_it", python_library),
    ("a_node_plugin_has_its_package_and_nothing_of_the_machine", node),
    ("a_node_plugin_that_takes_too_much_memory_ends", node_memory),
    ("a_native_package_runs_from_its_copy", native),
    ("a_package_that_changed_is_not_started", changed),
    ("who_fills_its_scratch_folder_is_killed_where_nothing_bounds_it", filling),
    ("programs_run_beside_files_of_the_target_only_where_those_cannot_be_run", beside_target),
    ("idle_plugins_end_with_the_host", shutdown),
];

/// The cache of one test, and a host that uses it.
struct Lab {
    host: Arc<Host>,
    heard: Arc<Heard>,
    _cache: TempDir,
}

fn lab_with(plugins: Vec<PluginSpec>, limits: CallLimits) -> Lab {
    let cache = tempfile::tempdir().unwrap();
    let launch = Arc::new(Sandboxed::new(cache.path().to_owned()).unwrap());
    let heard = Arc::new(Heard::default());
    Lab { host: host_with_sink(plugins, launch, limits, heard.clone()), heard, _cache: cache }
}

fn lab(plugins: Vec<PluginSpec>) -> Lab {
    lab_with(plugins, limits())
}

fn sdk(query: &str, key: &str) -> probity_engine::Reply {
    ask(&lab(vec![builtin("sdk")]).host, "probity/core/sdk", query, key)
}

fn depth() {
    assert_eq!(value(sdk("countdown", r#"{"n":20}"#)), "20");
}

fn many() {
    assert_eq!(value(sdk("fan", r#"{"n":5}"#)), "10");
}

fn engine() {
    let lab = lab(vec![builtin("sdk")]);
    let (engine, warnings) = Engine::open(StoreLocation::Memory, lab.host.clone());
    assert!(warnings.is_empty());
    let question = |query: &str, n: u64| {
        Request::new("probity/core/sdk", query, Key::parse(&format!("{{\"n\":{n}}}")).unwrap())
    };
    let mut answers = engine.answers(&[question("fan", 100), question("countdown", 200)]);
    assert_eq!(value(answers.remove(1)), "200");
    assert_eq!(value(answers.remove(0)), "4950");
    assert_eq!(lab.host.stats().plugin_calls, 202, "each question once: 0 to 200, and the fan");
}

fn printing() {
    assert_eq!(value(sdk("printing", "{}")), "true");
}

fn panicking() {
    let lab = lab(vec![builtin("sdk")]);
    let (kind, message) = failure(ask(&lab.host, "probity/core/sdk", "panicking", "{}"));
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.contains("an index is out of bounds"), "{message}");
    assert_eq!(value(ask(&lab.host, "probity/core/sdk", "countdown", r#"{"n":1}"#)), "1");
    assert_eq!(lab.host.stats().plugin_processes, 1);
}

fn confined() {
    let lab = lab(vec![builtin("sdk")]);
    assert!(lab.host.levels().is_empty());
    let (code, message) = refusal(ask(&lab.host, "probity/core/sdk", "peeking", "{}"));
    let levels = lab.host.levels();
    assert_eq!((&*levels[0].0, levels.len()), ("probity/core/sdk", 1));
    // In a file tree of its own there is nothing to be denied.
    let refusal = match levels[0].1.level {
        Level::Full => "entity not found",
        _ => "permission denied",
    };
    assert_eq!((code, message.as_str()), (-32020, refusal));
    assert!(levels[0].1.level >= Level::Standard);
}

/// The plugin of this name fails like this, with its last words.
#[track_caller]
fn ends(name: &str, kind: FailureKind, told: &str) {
    let lab = lab_with(vec![builtin(name)], CallLimits { message_bytes: 1 << 20, restarts: 0, ..limits() });
    let (found, message) = failure(ask(&lab.host, &format!("probity/core/{name}"), "q", "{}"));
    assert_eq!(found, kind, "{message}");
    let certificate = lab.heard.take().concat();
    assert!(certificate.contains(told), "{certificate}");
    assert!(certificate.contains(&format!("about to {name}")), "{certificate}");
    assert!(!message.contains("about to"), "{message}");
}

/// The plugin of this name takes longer than it may and answers no ping.
#[track_caller]
fn hangs(name: &str) {
    let short = Duration::from_millis(200);
    let lab = lab_with(vec![builtin(name)], CallLimits { call: short, ping: short, restarts: 0, ..limits() });
    let plugin = format!("probity/core/{name}");
    assert_eq!(failure(ask(&lab.host, &plugin, "q", "{}")).0, FailureKind::TimedOut);
    // Meanwhile it is killed, and not started again.
    let last = (0..100)
        .map(|_| failure(ask(&lab.host, &plugin, "q", "{}")))
        .find(|(kind, _)| *kind == FailureKind::Crashed);
    let (_, message) = last.expect("it is killed");
    assert!(message.contains("after a missed deadline it answered no ping within 200 ms"), "{message}");
}

fn chatter() {
    hangs("chatter");
}

fn denied() {
    let lab = lab(vec![builtin("connect")]);
    assert_eq!(value(ask(&lab.host, "probity/core/connect", "q", "{}")), "false");
    let told = "probity/core/connect wanted socket(AF_INET, SOCK_STREAM): denied, plugins have no network and no sockets";
    // It was told before the plugin could answer.
    assert_eq!(lab.heard.take(), [told]);
}

fn spinning() {
    hangs("spin");
}

fn packaged(dir: &Path, entry: &str, kind: PackageKind) -> PackageProgram {
    let mut files: Vec<PackageFile> = std::fs::read_dir(dir)
        .unwrap()
        .map(|found| {
            let found = found.unwrap();
            let bytes = std::fs::read(found.path()).unwrap();
            let path = found.file_name().into_string().unwrap();
            PackageFile {
                executable: path == "native",
                path,
                size: bytes.len() as u64,
                sha256: Sha256::digest(&bytes).into(),
            }
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    PackageProgram {
        dir: dir.to_owned(),
        tree: [1; 32],
        files,
        entry: entry.to_owned(),
        kind,
        least: Level::None,
    }
}

fn spec(instance: &str, package: PackageProgram, config: &str) -> PluginSpec {
    let artifact = package.artifact();
    PluginSpec {
        instance: instance.into(),
        artifact,
        program: Program::Package(package),
        config: config.into(),
        grants: Grants::default(),
    }
}

fn interpreter() -> &'static Arc<Interpreter> {
    static FOUND: OnceLock<Arc<Interpreter>> = OnceLock::new();
    FOUND.get_or_init(|| Arc::new(Interpreter::find(&[], None).expect("this machine has a python3")))
}

fn authors(config: &str) -> Lab {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/authors");
    let package = packaged(&dir, "authors.py", PackageKind::Python(interpreter().clone()));
    lab(vec![builtin("git"), spec("sample/tools/authors", package, config)])
}

fn python() {
    let lab = authors(r#"{"ignore":["eve@example.org"]}"#);
    let target = |commit: &str| format!(r#"{{"commit":"{commit}","tree":"t","shallow":[]}}"#);
    assert_eq!(value(ask(&lab.host, "sample/tools/authors", "authors", &target("c"))), "2");
    let cut = refusal(ask(&lab.host, "sample/tools/authors", "authors", &target("cut")));
    assert_eq!(cut, (-32020, "the history is cut off, so not all of its authors can be known".to_owned()));
    let expected = "there is no query \"x\"; there are authors".to_owned();
    assert_eq!(refusal(ask(&lab.host, "sample/tools/authors", "x", "{}")), (-32014, expected));
}

fn python_configuration() {
    let lab = authors(r#"{"ignore":["eve@example.org","mallory"]}"#);
    let expected = (-32016, "mallory is no address".to_owned());
    assert_eq!(refusal(ask(&lab.host, "sample/tools/authors", "$configure", "{}")), expected);
    assert!(value(ask(&lab.host, "sample/tools/authors", "$describe", "{}")).contains("defaultPolicy"));
}

/// Tells which of these it can read, as its last words: what is installed on this machine, and a module of the
/// standard library.
const PEEK: &str = r#"
import email.message, hashlib, os, sys
library = os.path.dirname(os.__file__)
paths = [os.path.join(library, "this.py")]
for name in ("site-packages", "dist-packages"):
    for root, _, files in os.walk(os.path.join(library, name)):
        paths += [os.path.join(root, file) for file in files]
def readable(path):
    try:
        open(path).close()
        return True
    except PermissionError:
        return False
sys.exit(f"readable: {[os.path.relpath(path, library) for path in paths if readable(path)]}")
"#;

fn python_library() {
    let found = interpreter();
    let without = found.modules.iter().filter(|module| !module.ends_with("this.py")).cloned().collect();
    let lacking = Arc::new(Interpreter { modules: without, ..Interpreter::clone(found) });
    for (interpreter, readable) in [(found.clone(), "readable: ['this.py']"), (lacking, "readable: []")] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("peek.py"), PEEK).unwrap();
        let package = packaged(dir.path(), "peek.py", PackageKind::Python(interpreter));
        let plugins = vec![spec("sample/tools/peek", package, "{}")];
        let lab = lab_with(plugins, CallLimits { restarts: 0, ..limits() });
        failure(ask(&lab.host, "sample/tools/peek", "q", "{}"));
        let certificate = lab.heard.take().concat();
        assert!(certificate.contains(readable), "{certificate}");
    }
}

/// Tells as its last words what it finds: its modules, its surroundings, and what it should not find.
const LOOK: &str = r#"
const fs = require("node:fs");
const tried = (attempt) => { try { return attempt(); } catch (error) { return error.code; } };
const seen = {
  own: require("./own").told,
  arguments: [process.argv.length, process.execArgv.length],
  environment: Object.keys(process.env).sort().join(),
  absolute: process.execPath.startsWith("/") && process.argv0 === process.execPath,
  written: tried(() => fs.writeFileSync(__dirname + "/own.js", "")),
  installed: tried(() => require("npm")),
  beside: tried(() => require(process.cwd() + "/beside")),
  addon: tried(() => process.dlopen({ exports: {} }, __filename)),
  process: tried(() => require("node:child_process").execSync("true")),
  evaluated: new Function("return 6 * 7")(),
  compiled: new WebAssembly.Module(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0])) instanceof WebAssembly.Module,
};
console.error(JSON.stringify(seen));
process.exit(1);
"#;

fn node_program() -> Arc<Node> {
    static FOUND: OnceLock<Arc<Node>> = OnceLock::new();
    FOUND.get_or_init(|| Arc::new(Node::find(&[], None, None).expect("this machine has a Node.js"))).clone()
}

/// What a script says and how it ends; `own.js` lies beside it.
fn node_script(script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.js"), script).unwrap();
    std::fs::write(dir.path().join("own.js"), "exports.told = 'mine';").unwrap();
    let package = packaged(dir.path(), "main.js", PackageKind::Node(node_program()));
    let plugins = vec![spec("sample/tools/look", package, "{}")];
    let lab = lab_with(plugins, CallLimits { restarts: 0, ..limits() });
    failure(ask(&lab.host, "sample/tools/look", "q", "{}"));
    lab.heard.take().concat()
}

fn node() {
    let told = node_script(LOOK);
    let expected = [
        r#""own":"mine","arguments":[2,3],"#,
        r#""environment":"HOME,LANG,OPENSSL_CONF,PATH,TMPDIR,TZ","absolute":true,"#,
        r#""installed":"MODULE_NOT_FOUND","beside":"MODULE_NOT_FOUND","addon":"ERR_DLOPEN_DISABLED","process":"EPERM","#,
        r#""evaluated":42,"compiled":true"#,
    ];
    for expected in expected {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    let refused = [r#""written":"EROFS""#, r#""written":"EACCES""#];
    assert!(refused.iter().any(|refused| told.contains(refused)), "{told}");
}

fn node_memory() {
    let told = node_script("const all = []; for (;;) all.push(new Array(1_000_000).fill(all.length + 0.5));");
    assert!(told.contains("heap out of memory") && told.contains("SIGABRT"), "{told}");
}

/// A package whose entry is this very program.
fn this_program() -> (TempDir, PackageProgram) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), dir.path().join("native")).unwrap();
    let package = packaged(dir.path(), "native", PackageKind::Native);
    (dir, package)
}

fn native() {
    let (dir, package) = this_program();
    let lab = lab(vec![spec("acme/tools/native", package, "{}")]);
    assert_eq!(value(ask(&lab.host, "acme/tools/native", "countdown", r#"{"n":3}"#)), "3");
    drop(dir);
    assert_eq!(value(ask(&lab.host, "acme/tools/native", "countdown", r#"{"n":2}"#)), "2");
}

fn changed() {
    let (dir, package) = this_program();
    std::fs::write(dir.path().join("native"), "something else").unwrap();
    let lab = lab(vec![spec("acme/tools/native", package, "{}")]);
    let (_, message) = failure(ask(&lab.host, "acme/tools/native", "countdown", r#"{"n":3}"#));
    assert_eq!(message, "plugin acme/tools/native could not be started");
    let certificate = lab.heard.take().concat();
    assert!(
        certificate.ends_with("native of the package has changed since it was looked at"),
        "{certificate}"
    );
    assert_eq!(lab.host.stats().plugin_processes, 0);
}

/// Fills its scratch folder, says so, and waits.
const FILL: &str = r#"
import sys
for number in range(10):
    open(str(number), "wb").write(b"x" * (1 << 20))
sys.stdin.read()
"#;

fn filling() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("fill.py"), FILL).unwrap();
    let package = packaged(dir.path(), "fill.py", PackageKind::Python(interpreter().clone()));
    let day = Duration::from_secs(24 * 3600);
    let allowance = Allowance {
        memory: 1 << 30,
        cpu: day,
        wall: None,
        tasks: 64,
        files: 64,
        scratch_size: 4 << 20,
        scratch_files: 100,
        keeps: None,
    };
    let grants = Grants { allowance: Some(Arc::new(allowance)), ..Grants::default() };
    let plugin = PluginSpec { grants, ..spec("sample/tools/fill", package, "{}") };
    let launch = Sandboxed::new(cache.path().to_owned()).unwrap().in_the_open().unwrap();
    let limits = CallLimits { restarts: 0, start: day, ..limits() };
    let host = host_with_sink(vec![plugin], Arc::new(launch), limits, Arc::new(Heard::default()));
    let (kind, message) = failure(ask(&host, "sample/tools/fill", "q", "{}"));
    assert_eq!(kind, FailureKind::Crashed, "{message}");
    let told = "the process ended (killed by the host: it had more than 4MiB in its scratch folder (limit scratch-size, which \
                its plugin.kdl can raise if that is granted, as far as the machine's policy lets it: docs/permissions.md))";
    assert!(message.contains(told), "{message}");
    drop(host);
    let left = std::fs::read_dir(cache.path().join("scratch")).unwrap().count();
    assert_eq!(left, 0, "the scratch folder goes with the process");
}

fn beside_target() {
    let target = tempfile::tempdir().unwrap();
    let granted = |exec: bool, name: &str| {
        let (dir, package) = this_program();
        let exec = exec.then(|| ("true".into(), PathBuf::from("/bin/true").canonicalize().unwrap()));
        let read = [(name.into(), target.path().to_owned())].into_iter().collect();
        let grants = Grants { exec: exec.into_iter().collect(), read, ..Grants::default() };
        (dir, PluginSpec { grants, ..spec("acme/tools/native", package, "{}") })
    };
    let standard = Ceiling { namespaces: false, ..Ceiling::default() };
    for (exec, name, ceiling, starts) in [
        (true, "$REPO", Ceiling::default(), true),
        (true, "$REPO", standard, false),
        (true, "~/list", standard, true),
        (false, "$REPO", standard, true),
    ] {
        let (cache, (_dir, plugin)) = (tempfile::tempdir().unwrap(), granted(exec, name));
        let launcher = Launcher::new().unwrap().below(ceiling);
        let places = Arc::new(Places::only(cache.path().to_owned()));
        let launch = Arc::new(Sandboxed::with_launcher(launcher, places));
        let host = host_with_sink(vec![plugin], launch, limits(), Arc::new(Heard::default()));
        let answer = ask(&host, "acme/tools/native", "countdown", r#"{"n":3}"#);
        if starts {
            assert_eq!(value(answer), "3", "{exec} {name}");
            continue;
        }
        let (kind, message) = failure(answer);
        assert_eq!(kind, FailureKind::Denied);
        assert!(message.contains("it is granted both exec and read of the target"), "{message}");
    }
}

fn shutdown() {
    let lab = lab(vec![builtin("sdk"), builtin("git")]);
    value(ask(&lab.host, "probity/core/sdk", "countdown", r#"{"n":1}"#));
    value(ask(&lab.host, "probity/core/git", "$describe", "{}"));
    lab.host.shutdown();
    let expected = (FailureKind::Cancelled, "the host was shut down".to_owned());
    assert_eq!(failure(ask(&lab.host, "probity/core/sdk", "countdown", r#"{"n":1}"#)), expected);
}
