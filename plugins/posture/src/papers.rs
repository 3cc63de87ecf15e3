//! The papers of a project: how to report a weakness, and under which licence it is.

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::prelude::*;

use crate::places::{Places, text};
use crate::rules::{NO_LICENCE, NO_SECURITY_CONTACT, NO_SECURITY_POLICY, UNKNOWN_LICENCE};

const SECURITY: [&str; 4] = ["SECURITY", ".github/SECURITY", "docs/SECURITY", ".gitlab/SECURITY"];
const LICENCES: [&str; 7] =
    ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "MIT-LICENSE", "LICENSES/", "LICENCES/"];
/// How the texts of licences begin, or name themselves, in small letters. After the list of SPDX.
const TITLES: [&str; 22] = [
    "spdx-license-identifier",
    "mit license",
    "permission is hereby granted, free of charge",
    "apache license",
    "apache-2.0",
    "general public license",
    "affero general public",
    "mozilla public license",
    "redistribution and use in source and binary forms",
    "permission to use, copy, modify, and/or distribute",
    "permission to use, copy, modify, and distribute",
    "permission to copy, modify, and distribute",
    "boost software license",
    "this is free and unencumbered software",
    "creative commons",
    "eclipse public license",
    "artistic license",
    "this software is provided 'as-is'",
    "python software foundation license",
    "universal permissive license",
    "european union public licence",
    "curl and libcurl",
];

pub(crate) fn security(engine: &Engine, places: &Places) -> Result<Option<Finding>> {
    let Some(file) = places.first(&SECURITY) else {
        let message = "nothing says how to report a weakness in private";
        return Ok(Some(Finding::new(NO_SECURITY_POLICY, Severity::Low, message)));
    };
    // A link leads to a file that is looked at where it is.
    let Some(said) = text(engine, file)? else { return Ok(None) };
    let names_somebody = ["@", "https://", "http://", "security advisor", "security tab"]
        .iter()
        .any(|mark| said.to_ascii_lowercase().contains(mark));
    let finding = || {
        Finding::new(NO_SECURITY_CONTACT, Severity::Low, "it names no address to write to").path(&file.path)
    };
    Ok((!names_somebody).then(finding))
}

pub(crate) fn licence(engine: &Engine, places: &Places) -> Result<Option<Finding>> {
    if places.any_in(&["LICENSES/", "LICENCES/", "LICENSE/"]) {
        return Ok(None);
    }
    let Some(file) = places.first(&LICENCES) else {
        let message = "nothing says what may be done with the code";
        return Ok(Some(Finding::new(NO_LICENCE, Severity::Low, message)));
    };
    let Some(said) = text(engine, file)? else { return Ok(None) };
    let finding =
        || Finding::new(UNKNOWN_LICENCE, Severity::Low, "it names no licence that is known").path(&file.path);
    Ok((!is_known(&said)).then(finding))
}

fn is_known(licence: &str) -> bool {
    let words: Vec<String> = licence.split_whitespace().map(str::to_lowercase).collect();
    let line = words.join(" ");
    TITLES.iter().any(|title| line.contains(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_known_however_its_lines_are_broken() {
        assert!(is_known("Copyright X\n\nPermission is hereby\n granted, free of charge, to any"));
        assert!(is_known("                     GNU GENERAL PUBLIC LICENSE\n  Version 3"));
        assert!(!is_known("All rights reserved. Ask me first."));
    }
}
