//! `probity doctor`: what this machine offers, before anything is checked.

use std::fmt::Write as _;
use std::path::Path;

use probity_assess::folders::{self, Folder};
use probity_assess::permissions::{Granted, Machine};
use probity_host::{Interpreter, Node};
use probity_sandbox::{Guarantee, Level, survey};

use crate::commands::{Context, Ended};
use crate::exit::Exit;
use crate::paths::{MACHINE, Paths, search_path};
use crate::printer::tame;
use crate::render::count;

pub(crate) fn doctor(cx: &Context) -> Ended {
    let paths = Paths::from_environment()?;
    let survey = survey();
    let mut page = String::new();
    let landlock = survey.landlock_abi.map_or("absent".to_owned(), |abi| format!("ABI {abi}"));
    let seccomp = if survey.seccomp { "present" } else { "absent" };
    let _ = writeln!(page, "kernel     {}\nLandlock   {landlock}\nseccomp    {seccomp}", survey.kernel);
    let namespaces = match (&survey.failed, &survey.report.denied) {
        (Some(reason), _) | (None, Some(reason)) => format!("denied: {}", tame(reason)),
        (None, None) => "present".to_owned(),
    };
    let _ = writeln!(page, "namespaces {namespaces}\nsandbox    {}", survey.report.level);
    for guarantee in &survey.report.guarantees {
        let _ = writeln!(page, "  {}", line(guarantee));
    }
    let denials =
        if survey.report.told { "told as warnings" } else { "not told, since nobody can listen here" };
    let _ = writeln!(page, "denials    {denials}");
    if !survey.notified && survey.report.level < Level::Full {
        page.push_str(
            "inotify    no instance is left (fs.inotify.max_user_instances): scratch folders are looked at all the time\n",
        );
    }
    let _ = writeln!(page, "python     {}", python());
    let _ = writeln!(page, "node       {}", node(&paths));
    let groups = match &survey.groups {
        Ok(folder) => format!("v2, {}", tame(&folder.display().to_string())),
        Err(reason) => format!("none for plugins: {}", tame(reason)),
    };
    let _ = writeln!(page, "cgroups    {groups}");
    let kept = kept(&paths);
    page.push_str(&kept.page);
    cx.result(&page)?;
    if !kept.wrong.is_empty() {
        cx.printer.error(&format!("error: {}\nhint: {}", kept.wrong.join("\nerror: "), kept.hint));
    }
    if survey.report.level >= Level::Standard {
        return Ok(if kept.wrong.is_empty() { Exit::Success } else { Exit::Failed });
    }
    cx.printer.error(match survey.report.level {
        Level::Weak => {
            "error: the sandbox would be weak, so no plugin is started on this machine\n\
             hint: with --allow-weak-sandbox plugins run all the same, without what is missing above"
        }
        _ => "error: there is no sandbox on this machine, so no plugin can be started",
    });
    Ok(Exit::Failed)
}

/// What was found where Probity keeps things.
#[derive(Default)]
struct Kept {
    page: String,
    /// What keeps checks from being done as they should.
    wrong: Vec<String>,
    hint: &'static str,
}

/// Looks at the folders, and at the files in which people chose something, without changing them.
fn kept(paths: &Paths) -> Kept {
    let mut kept = Kept::default();
    let mut line = |name: &str, path: &Path, told: Result<String, (String, &'static str)>| {
        let path = tame(&path.display().to_string());
        let told = match told {
            Ok(told) => tame(&told),
            Err((reason, hint)) => {
                let reason = tame(&reason);
                kept.wrong.push(format!("{path} {reason}"));
                kept.hint = hint;
                format!("NO: {reason}")
            }
        };
        let _ = writeln!(kept.page, "{name:<10} {path}{}{told}", if told.is_empty() { "" } else { ": " });
    };
    line("cache", &paths.cache, folder(&paths.cache, "PROBITY_CACHE_DIR names another folder"));
    line("choices", &paths.config, folder(&paths.config, "PROBITY_CONFIG_DIR names another folder"));
    let granted = Granted::read(&paths.granted()).map(|granted| match granted.count() {
        0 => "nothing was granted".to_owned(),
        some => format!("for {}", count(some as u64, "plugin")),
    });
    let hint = "move the file away: nothing is granted then, and `probity plugin grant` begins a new one";
    line("grants", &paths.granted(), granted.map_err(|error| (reason(&error), hint)));
    let machine = Path::new(MACHINE);
    let rules = Machine::read(machine).map(|policy| match policy.count() {
        0 => "this machine forbids nothing".to_owned(),
        some => count(some as u64, "rule"),
    });
    let hint = "whoever administers this machine can mend it; until then no plugin of a policy is started";
    line("machine", machine, rules.map_err(|error| (reason(&error), hint)));
    kept
}

/// What is wrong, without the path, which stands before it.
fn reason(error: &dyn std::error::Error) -> String {
    let told = error.to_string();
    format!("cannot be read: {}", told.split_once(": ").map_or(told.as_str(), |(_, reason)| reason))
}

fn folder(path: &Path, hint: &'static str) -> Result<String, (String, &'static str)> {
    match folders::folder(path) {
        Folder::Good => Ok(String::new()),
        Folder::Absent => Ok("is made when it is needed".to_owned()),
        Folder::Doubtful(told) => Ok(told),
        Folder::Bad(told) => Err((told, hint)),
    }
}

fn line(guarantee: &Guarantee) -> String {
    let held = match (guarantee.held, guarantee.required) {
        (true, _) => "yes",
        (false, true) => "NO",
        (false, false) => "no",
    };
    format!("{held:<4}{}  ({})", guarantee.name, guarantee.provider)
}

fn node(paths: &Paths) -> String {
    match Node::find(&search_path(), None, Some(&paths.cache)) {
        Ok(node) => tame(&format!("{} ({})", node.path.display(), node.version)),
        Err(error) => tame(&format!("none for plugins in JavaScript: {error}")),
    }
}

fn python() -> String {
    match Interpreter::find(&search_path(), None) {
        Ok(interpreter) => tame(&interpreter.path.display().to_string()),
        Err(error) => format!("none for plugins in Python: {error}"),
    }
}
