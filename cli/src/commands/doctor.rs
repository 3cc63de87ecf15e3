//! `probity doctor`: what this machine offers, before anything is checked.

use std::fmt::Write as _;

use probity_host::Interpreter;
use probity_sandbox::{Guarantee, Level, survey};

use crate::commands::{Context, Ended};
use crate::exit::Exit;
use crate::paths::{Paths, search_path};
use crate::printer::tame;

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
    let _ = writeln!(page, "python     {}", python());
    let _ = writeln!(page, "cache      {}", tame(&paths.cache.display().to_string()));
    let _ = writeln!(page, "choices    {}", tame(&paths.config.display().to_string()));
    cx.result(&page)?;
    if survey.report.level >= Level::Standard {
        return Ok(Exit::Success);
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

fn line(guarantee: &Guarantee) -> String {
    let held = match (guarantee.held, guarantee.required) {
        (true, _) => "yes",
        (false, true) => "NO",
        (false, false) => "no",
    };
    format!("{held:<4}{}  ({})", guarantee.name, guarantee.provider)
}

fn python() -> String {
    match Interpreter::find(&search_path()) {
        Ok(interpreter) => tame(&interpreter.path.display().to_string()),
        Err(error) => format!("none for plugins in Python: {error}"),
    }
}
