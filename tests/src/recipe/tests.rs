//! The builder: what a recipe says is what git has, under the same ids each time.

use super::read;
use crate::Lab;

const RECIPE: &str = r#"
about "nothing"
finds plugin="workflows" rule="none"
person "ada" "Ada <ada@example.org>"
person "bob" "Bob <bob@example.org>"
before {
    commit "begin" by="ada" on="2026-01-01" {
        file "README.md" "one line"
        file "kept" "kept"
    }
}
attack {
    commit "aside" by="bob" committer="ada" on="2026-01-02 13:30" branch="side" {
        executable "run.sh" """
            #!/bin/sh
            echo \u{e9}
            """
        remove "kept"
    }
    commit "on" by="ada" on="2026-01-03" { link "latest" to="README.md" }
    merge "side" by="ada" on="2026-01-04"
    tag "v1" by="bob" on="2026-01-05"
    commit "bytes" by="ada" on="2026-01-06" {
        file "data.bin" seed=7 length=8
        file "magic.bin" hex="00ff" seed=7 length=2
    }
}
control { commit "other" by="ada" on="2026-01-02" { file "other" "x" } }
"#;

#[test]
fn a_recipe_becomes_the_history_that_it_tells_under_the_same_ids_each_time() {
    let lab = Lab::new();
    let recipe = read::recipe("sample", RECIPE).unwrap();
    let repository = lab.repository("attack");
    recipe.attack(&repository);
    let told = [
        repository.git(["log", "--format=%an %cn %at %h <- %p %s", "--date-order", "main"]),
        repository.git(["ls-tree", "--full-tree", "--abbrev=10", "-r", "main"]),
        repository.git(["for-each-ref", "--format=%(refname:short) %(taggername) %(objectname)"]),
    ];
    assert_eq!(told.join("\n\n"), TOLD);
    assert_eq!(repository.git(["cat-file", "-p", "main:run.sh"]), "#!/bin/sh\necho é");
    assert_eq!(repository.git(["status", "--porcelain"]), "");

    let control = lab.repository("control");
    recipe.control(&control);
    assert_eq!(control.git(["rev-parse", "main"]), CONTROL);
    assert_eq!(control.git(["ls-tree", "-r", "--name-only", "main"]), "README.md\nkept\nother");
}

/// As git tells it.
const TOLD: &str = "\
Ada Ada 1767700800 ada13d2 <- b272ecf bytes
Ada Ada 1767528000 b272ecf <- 1e51209 a523c76 Merge branch 'side'
Ada Ada 1767441600 1e51209 <- 0f1741a on
Bob Ada 1767360600 a523c76 <- 0f1741a aside
Ada Ada 1767268800 0f1741a <-  begin

100644 blob 715646ae6b\tREADME.md
100644 blob b0d5114347\tdata.bin
120000 blob 42061c01a1\tlatest
100644 blob da1438d272\tmagic.bin
100755 blob b829320d0c\trun.sh

main  ada13d2d212edd8d1bb55e9668d9b4319c1500ec
side  a523c76b72c6e20916e2a1a9632e98d1911770ca
v1 Bob 3cfe472a5fab077e355382495ef8eaed8a92d705";
const CONTROL: &str = "09af533fe12b2b9b0b5efc618f8047ca41a7dd95";

#[test]
fn what_is_no_recipe_is_refused_with_the_cause() {
    for (from, to, cause) in [
        ("finds plugin", "found plugin", "says nothing of who finds it"),
        ("link \"latest\"", "links \"latest\"", "\"links\" is no change"),
        ("on=\"2026-01-04\"", "on=\"soon\"", "is no time"),
        ("by=\"bob\" on", "on", "lacks by="),
        ("about", "abut", "\"abut\" is unknown"),
    ] {
        let error = read::recipe("sample", &RECIPE.replace(from, to)).unwrap_err();
        assert!(error.contains(cause), "{error}");
    }
}
