//! Lock files of each ecosystem and what is read of them.

use expect_test::expect;
use probity_sdk::dependencies::Format;

use super::manifests::told;
use crate::formats::said;

#[test]
fn package_lock_in_its_three_versions() {
    let first = r#"{"name": "mine", "lockfileVersion": 1, "dependencies": {
        "a": {"version": "1.0.0", "resolved": "https://r/a.tgz", "integrity": "sha512-A", "requires": {"b": "2"},
              "dependencies": {"b": {"version": "2.0.0", "dev": true}}}}}"#;
    expect![[r#"
        name mine
        a | 1.0.0 | https://r/a.tgz | sha512-A
        b | 2.0.0 | dev"#]]
    .assert_eq(&told(Format::PackageLock, first));
    let third = r#"{"lockfileVersion": 3, "packages": {
        "": {"dependencies": {"a": "1"}},
        "packages/own": {"version": "1.0.0"},
        "node_modules/own": {"resolved": "packages/own", "link": true},
        "node_modules/a": {"version": "1.0.0", "resolved": "https://r/a.tgz", "integrity": "sha512-A"},
        "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "dev": true},
        "node_modules/alias": {"name": "real", "version": "3.0.0"}}}"#;
    let expected = expect![[r#"
        a | 1.0.0 | https://r/a.tgz | sha512-A
        @s/b | 2.0.0 | dev
        real | 3.0.0"#]];
    expected.assert_eq(&told(Format::PackageLock, third));
    let second = third.replacen("{", r#"{"dependencies": {"a": {"version": "1.0.0"}}, "#, 1);
    expected.assert_eq(&told(Format::PackageLock, &second));
    assert_eq!(said(Format::PackageLock, &second).nested, ["a"]);
    assert!(said(Format::PackageLock, third).nested.is_empty());
}

#[test]
fn a_lock_that_nests_without_end_is_refused() {
    let deep = format!("{{{}1{}}}", r#""dependencies":{"a":{"#.repeat(110), "}}".repeat(110));
    assert!(said(Format::PackageLock, &deep).problem.is_some());
    let wide = format!(
        r#"{{"dependencies":{{{}"z":{{}}}}}}"#,
        (0..30_000).map(|n| format!(r#""d{n}":{{}},"#)).collect::<String>()
    );
    assert_eq!(said(Format::PackageLock, &wide).locked.len(), 30_001);
}

#[test]
fn yarn_and_pnpm() {
    let classic = "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"https://r/a.tgz#x\"\n  integrity sha512-A\n  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.0\"\n";
    expect![[r#"
        @s/a | 1.2.0 | https://r/a.tgz#x | sha512-A
        b | 2.0.0"#]]
    .assert_eq(&told(Format::YarnLock, classic));
    let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0\"\n  checksum: 10/abc\n\n\"mine@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"mine@workspace:.\"\n";
    expect!["a | 1.2.0 | a@npm:1.2.0 | 10/abc"].assert_eq(&told(Format::YarnLock, berry));
    let pnpm = "lockfileVersion: '9.0'\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-A}\n  b@https://h/b.tgz:\n    resolution: {tarball: https://h/b.tgz}\n    version: 2.0.0\n";
    expect![[r#"
        @s/a | 1.0.0 | sha512-A
        b | 2.0.0 | https://h/b.tgz"#]]
    .assert_eq(&told(Format::PnpmLock, pnpm));
    expect!["problem: it is not a lock file of pnpm: it has no lockfileVersion"]
        .assert_eq(&told(Format::PnpmLock, "a: 1"));
}

#[test]
fn cargo_lock_old_and_new() {
    let new = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://r\"\nchecksum = \"aa\"\n[[package]]\nname = \"mine\"\nversion = \"0.1.0\"\n";
    expect![[r#"
        a | 1.0.0 | registry+https://r | aa
        mine | 0.1.0"#]]
    .assert_eq(&told(Format::CargoLock, new));
    let old = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://r\"\n[metadata]\n\"checksum a 1.0.0 (registry+https://r)\" = \"bb\"\n";
    expect!["a | 1.0.0 | registry+https://r | bb"].assert_eq(&told(Format::CargoLock, old));
}

#[test]
fn uv_and_poetry() {
    let uv = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"https://p/simple\" }\nsdist = { url = \"u\", hash = \"sha256:aa\" }\n\
              [[package]]\nname = \"w\"\nversion = \"2\"\nwheels = [{ url = \"u\", hash = \"sha256:bb\" }]\n[[package]]\nname = \"mine\"\nsource = { editable = \".\" }\n";
    expect![[r#"
        a | 1.0 | registry+https://p/simple | sha256:aa
        w | 2 | sha256:bb
        mine | editable+."#]]
    .assert_eq(&told(Format::UvLock, uv));
    let poetry = "[[package]]\nname = \"a\"\nversion = \"1.0\"\ncategory = \"dev\"\nfiles = [{file = \"f\", hash = \"sha256:aa\"}]\n[package.source]\ntype = \"git\"\nurl = \"https://h/a\"\n";
    expect!["a | 1.0 | git+https://h/a | sha256:aa | dev"].assert_eq(&told(Format::PoetryLock, poetry));
}

#[test]
fn go_sum() {
    let sums = "example.org/a v1.0.0 h1:AA=\nexample.org/a v1.0.0/go.mod h1:BB=\nodd\n";
    expect!["example.org/a | v1.0.0 | h1:AA="].assert_eq(&told(Format::GoSum, sums));
}

#[test]
fn gemfile_lock() {
    let lock = "GIT\n  remote: https://h/x\n  revision: abc\n  specs:\n    x (0.1)\n\nGEM\n  remote: https://gems.example.org/\n  specs:\n    rails (7.0.1)\n      rack (>= 2)\n    rack (2.2)\n\nDEPENDENCIES\n  rails (~> 7.0)\n\nCHECKSUMS\n  rack (2.2) sha256=aa\n";
    expect![[r#"
        x | 0.1 | git+https://h/x
        rails | 7.0.1 | gem+https://gems.example.org/
        rack | 2.2 | gem+https://gems.example.org/ | sha256=aa"#]]
    .assert_eq(&told(Format::GemfileLock, lock));
}

#[test]
fn composer_lock() {
    let lock = r#"{"packages": [{"name": "o/a", "version": "1.0", "dist": {"url": "https://h/a.zip", "shasum": ""}, "source": {"reference": "abc"}}],
        "packages-dev": [{"name": "o/b", "version": "2", "dist": {"url": "u", "shasum": "ff"}}]}"#;
    expect![[r#"
        o/a | 1.0 | https://h/a.zip | git:abc
        o/b | 2 | u | ff | dev"#]]
    .assert_eq(&told(Format::ComposerLock, lock));
    expect!["problem: it is not a lock file of Composer: a package has no name"]
        .assert_eq(&told(Format::ComposerLock, r#"{"packages": [{}]}"#));
}
