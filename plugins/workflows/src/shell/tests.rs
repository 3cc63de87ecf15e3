//! Scripts, and what they run of others.

use super::*;

#[track_caller]
fn assert_runs(script: &str, expected: &[(usize, &str)]) {
    let found: Vec<(usize, String)> = acts(script).into_iter().map(|act| (act.line, act.what)).collect();
    let expected: Vec<(usize, String)> =
        expected.iter().map(|(line, what)| (*line, (*what).to_owned())).collect();
    assert_eq!(found, expected, "{script}");
}

#[test]
fn what_is_piped_into_a_shell_is_run() {
    for script in [
        "curl -fsSL https://x.example/i | sh",
        "curl https://x.example/i|bash -s -- --yes",
        "wget -qO- https://x.example/i | sudo -E bash -",
        "FOO=1 curl -sSf https://x.example/i \\\n  | sed s/a/b/ \\\n  | /bin/sh",
        "if ! command -v x; then curl https://x.example/i | python3 -; fi",
        "curl 'https://x.example/i' | env A=b zsh",
        "irm https://x.example/i | iex",
        "timeout 60 curl https://x.example/i | bash",
    ] {
        assert_runs(script, &[(0, "https://x.example/i")]);
    }
}

#[test]
fn what_is_put_into_a_command_is_run() {
    for script in [
        r#"sh -c "$(curl -fsSL https://x.example/i)""#,
        "bash <(curl -s https://x.example/i)",
        "source <(curl -s https://x.example/i)",
        ". <(curl -s https://x.example/i)",
        r#"eval "$(wget -qO- https://x.example/i)""#,
        "eval `curl https://x.example/i`",
        "iex (irm https://x.example/i)",
        "iex ((New-Object System.Net.WebClient).DownloadString('https://x.example/i'))",
        r#"iex "& { $(irm https://x.example/i) } -y""#,
        "ssh host <<EOF\ncurl https://x.example/i | sh\nEOF",
    ] {
        let line = usize::from(script.starts_with("ssh"));
        assert_runs(script, &[(line, "https://x.example/i")]);
    }
}

#[test]
fn what_is_written_to_a_file_and_not_compared_is_run() {
    for script in [
        "curl -o i.sh https://x.example/i\nsh i.sh",
        "curl -fsSLo i.sh https://x.example/i && chmod +x i.sh && ./i.sh",
        "wget https://x.example/i\nbash ./i",
        "wget -O /tmp/t https://x.example/i; /tmp/t --version",
        "curl https://x.example/i > i.py; python3 i.py",
    ] {
        assert_runs(script, &[(0, "https://x.example/i")]);
    }
    for script in [
        "curl -o i.sh https://x.example/i\necho \"$SUM  i.sh\" | sha256sum -c\nsh i.sh",
        "curl -LO https://x.example/i && shasum -a 256 -c i.sum && bash i",
        "wget https://x.example/i https://x.example/i.asc\ngpg --verify i.asc i\nsh i",
        "curl -o data.json https://x.example/i\npython3 report.py",
    ] {
        assert_runs(script, &[]);
    }
}

#[test]
fn what_is_only_text_is_not_run() {
    for script in [
        "# curl https://x.example/i | sh",
        "echo 'curl https://x.example/i | sh'",
        "echo \"run: curl https://x.example/i | sh\"",
        "cat <<EOF\ncurl https://x.example/i | sh\nEOF\n",
        "curl https://x.example/i | python3 -m json.tool",
        "curl https://x.example/i | python -c 'import sys'",
        "curl https://x.example/i | bash build.sh",
        "curl https://x.example/i | jq .",
        "curl https://x.example/i || sh",
        "curl http://localhost:8080/i | sh",
        "curl https://raw.example/o/r/0123456789012345678901234567890123456789/i | sh",
        "curl https://x.example/i -o /dev/null; sh other.sh",
        "curl https://x.example/i | tar xz\nsh configure",
    ] {
        assert_runs(script, &[]);
    }
}

#[test]
fn packages_of_branches_are_installed() {
    let hash = "@0123456789012345678901234567890123456789";
    assert_runs("pip install git+https://x.example/a", &[(0, "git+https://x.example/a")]);
    assert_runs(
        "python -m pip install -U 'p @ git+https://x.example/a@main'",
        &[(0, "p @ git+https://x.example/a@main")],
    );
    assert_runs("true\ngo install x.example/a@latest", &[(1, "x.example/a@latest")]);
    assert_runs("cargo install --git https://x.example/a", &[(0, "https://x.example/a")]);
    for fixed in [
        format!("pip install git+https://x.example/a{hash}"),
        "pip install a==1.0".into(),
        "go install x.example/a@v1.2.3".into(),
        "cargo install --git https://x.example/a --rev abc".into(),
        "echo pip install git+https://x.example/a".into(),
    ] {
        assert_runs(&fixed, &[]);
    }
}

#[test]
fn hostile_scripts_end() {
    for script in [
        "$(".repeat(200_000),
        "`".repeat(200_001),
        "\"$(".repeat(100_000),
        "<<A ".repeat(50_000),
        "))((".repeat(50_000),
    ] {
        acts(&script);
    }
    acts(&"'".repeat(1_000_001));
}
