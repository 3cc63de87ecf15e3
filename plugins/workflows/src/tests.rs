//! Files and what is found in them, and the analyses over a tree of files.

mod trees;

use std::sync::Arc;

use probity_sdk::findings::Finding;
use probity_sdk_objects::Blob;

use crate::files;
use crate::finding::FileReport;
use crate::kind::Kind;

fn report(kind: Kind, text: impl AsRef<[u8]>) -> FileReport {
    files::report(&Blob::Whole(Arc::from(text.as_ref())), kind)
}

/// The findings of a file, one a line: `rule severity line`.
fn found(kind: Kind, text: impl AsRef<[u8]>) -> Vec<String> {
    let told = |of: Finding| format!("{} {} {}", of.rule, of.severity, of.line.unwrap());
    report(kind, text).findings.into_iter().map(told).collect()
}

/// The same for the steps of a workflow that is set off by these events and may only read.
fn of_steps(on: &str, steps: &str) -> Vec<String> {
    let head = format!("on: {on}\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n");
    let steps: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    let mut found = found(Kind::Workflow, head + &steps);
    found.retain(|found| !found.starts_with("privileged-trigger"));
    found
}

const CHECKOUT: &str =
    "- uses: actions/checkout@v4\n  with: { ref: '${{ github.event.pull_request.head.sha }}' }";

#[test]
fn a_strangers_commit_with_secrets_is_grave_when_something_of_it_is_run() {
    let after = |steps: &str| of_steps("pull_request_target", &format!("{CHECKOUT}\n{steps}"));
    assert_eq!(after("- run: make"), ["untrusted-checkout high 8"]);
    assert_eq!(after("- uses: ./.github/actions/x"), ["untrusted-checkout high 8"]);
    assert_eq!(after("- uses: acme/lint@v1"), ["untrusted-checkout medium 8"]);
    assert_eq!(of_steps("pull_request", &format!("{CHECKOUT}\n- run: make")), [""; 0]);
    assert_eq!(
        of_steps(
            "[push, workflow_run]",
            "- run: git fetch origin ${{ github.event.workflow_run.head_sha }}\n- run: make"
        ),
        ["untrusted-checkout high 7"]
    );
    assert_eq!(
        of_steps("issue_comment", "- run: |\n    gh pr checkout $N\n    make"),
        ["untrusted-checkout high 8"]
    );
    let merge = "- uses: actions/checkout@v4\n  with:\n    ref: refs/pull/${{ github.event.issue.number }}/merge\n- run: make";
    assert_eq!(of_steps("issue_comment", merge), ["untrusted-checkout high 9"]);
}

#[test]
fn a_strangers_commit_in_a_folder_of_its_own_is_run_by_who_names_the_folder() {
    let aside = "- uses: actions/checkout@v4\n  with: { path: theirs, repository: '${{ github.event.pull_request.head.repo.full_name }}' }";
    let after = |steps: &str| of_steps("pull_request_target", &format!("{aside}\n{steps}"));
    assert_eq!(after("- run: ./diff ours"), ["untrusted-checkout medium 8"]);
    assert_eq!(after("- run: make -C theirs"), ["untrusted-checkout high 8"]);
    assert_eq!(after("- run: make\n  working-directory: theirs"), ["untrusted-checkout high 8"]);
}

#[test]
fn conditions_that_keep_strangers_out_count() {
    let with = |condition: &str| {
        of_steps("pull_request_target", &format!("- if: {condition}\n  {}\n- run: make", &CHECKOUT[2..]))
    };
    for kept_out in [
        "github.event.pull_request.head.repo.full_name == github.repository",
        "github.actor == 'dependabot[bot]' && github.event.pull_request.head.repo.full_name == 'a/b'",
        "${{ !github.event.pull_request.head.repo.fork }}",
        "github.event_name == 'push'",
    ] {
        assert_eq!(with(kept_out), [""; 0], "{kept_out}");
    }
    assert_eq!(
        with("contains(github.event.pull_request.labels.*.name, 'ok')"),
        ["untrusted-checkout medium 9"]
    );
    let labelled = of_steps(
        "{ pull_request_target: { types: [labeled] } }",
        &format!("- if: github.event.label.name == 'ok'\n  {}\n- run: make", &CHECKOUT[2..]),
    );
    assert_eq!(labelled, ["untrusted-checkout low 9"]);
    assert_eq!(with("github.event_name == 'pull_request_target'"), ["untrusted-checkout high 9"]);
    assert_eq!(
        with("github.actor == 'dependabot[bot]'"),
        ["untrusted-checkout high 9", "spoofable-actor medium 7"]
    );
}

#[test]
fn text_in_a_script_is_as_bad_as_the_event_that_brings_it() {
    let title = "- run: echo ${{ github.event.pull_request.title }}";
    assert_eq!(of_steps("pull_request_target", title), ["template-injection high 7"]);
    assert_eq!(of_steps("pull_request", title), ["template-injection low 7"]);
    assert_eq!(of_steps("workflow_call", title), ["template-injection medium 7"]);
    assert_eq!(of_steps("push", title), [""; 0]);
    let through = "- run: echo ${{ env.Title }}\n  env: { TITLE: '${{ github.event.issue.title }}' }";
    assert_eq!(of_steps("issues", through), ["template-injection high 7"]);
    let own = format!(
        "- if: github.event.pull_request.head.repo.full_name == github.repository\n  {}",
        &title[2..]
    );
    assert_eq!(of_steps("pull_request_target", &own), ["template-injection low 8"]);
    assert_eq!(
        of_steps("push", "- run: |\n    a\n    echo '${{ github.event.head_commit.message }}'"),
        ["template-injection medium 9"]
    );
    let script = "- uses: actions/github-script@v7\n  with:\n    script: |\n      f(`${{ github.event.comment.body }}`)";
    assert_eq!(of_steps("issue_comment", script), ["template-injection high 10"]);
    assert_eq!(
        of_steps("issues", "- run: echo '${{ toJSON(github.event) }}'"),
        ["template-injection high 7"]
    );
    for fine in [
        "- run: echo ${{ github.event.issue.number }} ${{ github.sha }} ${{ github.repository }}",
        "- run: echo \"$T\"\n  env: { T: '${{ github.event.issue.title }}' }",
        "- uses: acme/a@v1\n  with: { title: '${{ github.event.issue.title }}' }",
        "- run: echo ${{ contains(github.event.issue.title, 'x') && 'a' || 'b' }}",
    ] {
        assert_eq!(of_steps("issues", fine), [""; 0], "{fine}");
    }
    let action =
        "runs:\n  using: composite\n  steps:\n    - run: echo ${{ github.head_ref }}\n      shell: bash\n";
    assert_eq!(found(Kind::Action, action), ["template-injection medium 4"]);
    assert_eq!(found(Kind::Action, "name: no action\n"), [""; 0]);
}

#[test]
fn variables_that_strangers_set_and_secrets_that_leave_are_found() {
    let body =
        "- run: |\n    echo \"B=$BODY\" >> $GITHUB_ENV\n  env: { BODY: '${{ github.event.issue.body }}' }";
    assert_eq!(of_steps("issues", body), ["environment-injection high 8"]);
    let title = body.replace("issue.body", "issue.title");
    assert_eq!(of_steps("issues", &title), [""; 0], "a title has one line");
    assert_eq!(of_steps("issues", &title.replace("_ENV", "_PATH")), ["environment-injection high 8"]);
    let artifact = "- uses: actions/download-artifact@v4\n- run: cat pr/env >> $GITHUB_ENV";
    assert_eq!(of_steps("workflow_run", artifact), ["environment-injection high 8"]);
    assert_eq!(of_steps("push", artifact), [""; 0]);
    assert_eq!(
        of_steps("push", "- uses: a/b@v1\n  with: { all: '${{ toJson( secrets ) }}' }"),
        ["secrets-dump high 8"]
    );
    assert_eq!(
        of_steps("push", "- run: x\n  env: { ACTIONS_ALLOW_UNSECURE_COMMANDS: true }"),
        ["insecure-commands medium 8"]
    );
}

#[test]
fn permissions_are_held_against_what_they_allow() {
    let job = "jobs:\n  a:\n    runs-on: x\n    steps: [{ run: make }]\n";
    assert_eq!(found(Kind::Workflow, format!("on: push\n{job}")), ["missing-permissions low 4"]);
    assert_eq!(
        found(Kind::Workflow, format!("on: push\npermissions: write-all\n{job}")),
        ["write-all medium 2"]
    );
    assert_eq!(found(Kind::Workflow, format!("on: push\n{job}    permissions: {{}}\n")), [""; 0]);
    let called = |uses: &str| {
        found(
            Kind::Workflow,
            format!("on: push\npermissions: {{}}\njobs:\n  a:\n    uses: {uses}\n    secrets: inherit\n"),
        )
    };
    assert_eq!(called("./.github/workflows/b.yml"), ["secrets-inherit low 6"]);
    assert_eq!(called("acme/x/.github/workflows/b.yml@v1"), ["secrets-inherit medium 6"]);
    let labels = |on: &str, labels: &str| {
        found(
            Kind::Workflow,
            format!("on: {on}\npermissions: {{}}\njobs:\n  a:\n    runs-on: {labels}\n    steps: []\n"),
        )
    };
    assert_eq!(labels("pull_request", "[self-hosted, linux]"), ["self-hosted-runner medium 5"]);
    assert_eq!(labels("pull_request", "{ group: g, labels: self-hosted }"), ["self-hosted-runner medium 5"]);
    assert_eq!(labels("push", "self-hosted"), [""; 0]);
}

#[test]
fn tokens_and_caches_are_looked_at_where_they_matter() {
    let upload = "- uses: actions/checkout@v4\n- uses: actions/upload-artifact@v3\n  with: { path: . }";
    assert_eq!(of_steps("push", upload), ["persisted-credentials medium 7"]);
    assert_eq!(of_steps("push", &upload.replace("@v3", "@v4")), [""; 0]);
    let dropped = upload.replace("checkout@v4", "checkout@v4\n  with: { persist-credentials: false }");
    assert_eq!(of_steps("push", &dropped), [""; 0]);
    let publish = "- run: |\n    make\n    npm publish --access public\n  env: { T: '${{ secrets.T }}' }";
    assert_eq!(of_steps("push", publish), ["publishing-token low 9"]);
    assert_eq!(of_steps("push", &publish.replace("npm publish", "echo npm publish")), [""; 0]);
    assert_eq!(of_steps("push", &publish.replace("secrets.T ", "secrets.GITHUB_TOKEN ")), [""; 0]);
    assert_eq!(of_steps("release", "- uses: actions/cache@v4"), ["release-cache low 7"]);
    assert_eq!(of_steps("push", "- uses: actions/cache@v4"), [""; 0]);
}

/// References: `rule uses line`, with `pinned` and `privileged` where they are.
fn references(kind: Kind, text: &str) -> Vec<String> {
    let mut all = report(kind, text).references;
    all.sort_by_key(|reference| reference.line);
    let word = |word: &'static str, is: bool| if is { word } else { "" };
    let told = |of: crate::finding::Reference| {
        format!("{} {}{}{}", of.line, of.uses, word(" pinned", of.pinned), word(" privileged", of.privileged))
    };
    all.into_iter().map(told).collect()
}

#[test]
fn references_are_pinned_by_commits_and_digests_only() {
    let sha = "11bd71901bbe5b1630ceea73d27597364c9af683";
    let digest = format!("@sha256:{}", "0".repeat(64));
    let workflow = format!(
        "on: push\njobs:\n  a:\n    permissions: {{ contents: write }}\n    container: debian:12\n    services:\n      db: {{ image: 'pg{digest}' }}\n    steps:\n    - uses: a/b@{sha}\n    - uses: a/b@v1\n    - uses: ./x\n    - uses: docker://alpine:3\n  b:\n    uses: a/b/.github/workflows/c.yml@main\n  c:\n    env: {{ A: '${{{{ secrets.GITHUB_TOKEN }}}}' }}\n    steps:\n    - uses: a/b@{}\n",
        &sha[..39]
    );
    assert_eq!(
        references(Kind::Workflow, &workflow),
        [
            "5 debian:12 privileged".into(),
            format!("7 pg{digest} pinned privileged"),
            format!("9 a/b@{sha} pinned privileged"),
            "10 a/b@v1 privileged".into(),
            "12 alpine:3 privileged".into(),
            "14 a/b/.github/workflows/c.yml@main".into(),
            format!("18 a/b@{}", &sha[..39]),
        ]
    );
    let hooks = format!(
        "repos:\n- repo: https://x.example/a\n  rev: v1\n- repo: local\n- repo: https://x.example/b\n  rev: {sha}\n"
    );
    assert_eq!(
        references(Kind::PreCommit, &hooks),
        ["3 https://x.example/a@v1".into(), format!("6 https://x.example/b@{sha} pinned")]
    );
    let includes = format!(
        "include:\n- local: a.yml\n- remote: https://x.example/a.yml\n- project: a/b\n  ref: {sha}\n- project: a/c\n- component: x.example/a@1.0\n- https://x.example/b.yml\n"
    );
    assert_eq!(
        references(Kind::Gitlab, &includes),
        [
            "3 https://x.example/a.yml privileged".into(),
            format!("4 a/b@{sha} pinned"),
            "6 a/c@HEAD".into(),
            "7 x.example/a@1.0".into(),
            "8 https://x.example/b.yml privileged".into(),
        ]
    );
}

#[test]
fn container_recipes_are_read_with_their_stages_variables_and_continuations() {
    let recipe = "# syntax=docker/dockerfile:1\nARG BASE=debian\nFROM --platform=$P ${BASE}:12 AS Build\nRUN apt-get update \\\n    # a comment\n    && curl -sSf https://x.example/i | sh\nFROM build\nFROM scratch\nFROM $UNKNOWN\nCOPY --from=build /a /a\nCOPY --from=acme/tool:1 /b /b\nRUN [\"sh\", \"-c\", \"curl https://x.example/j | sh\"]\nRUN --mount=type=cache,target=/x <<EOF\nset -e\nwget -qO- http://x.example/k | bash\nEOF\nFROM alpine@sha256:\n";
    assert_eq!(references(Kind::Dockerfile, recipe), ["3 debian:12", "11 acme/tool:1", "17 alpine@sha256:"]);
    assert_eq!(
        found(Kind::Dockerfile, recipe),
        ["fetch-and-run high 15", "fetch-and-run low 6", "fetch-and-run low 12"]
    );
}

#[test]
fn scripts_are_graver_where_there_are_secrets() {
    let script =
        "- run: |\n    curl https://x.example/${{ a || b }} | sh\n    pip install git+https://x.example/a";
    assert_eq!(of_steps("push", script), ["fetch-and-run low 8", "unpinned-install low 9"]);
    let secret = format!("{script}\n  env: {{ T: '${{{{ secrets.T }}}}' }}");
    assert_eq!(of_steps("push", &secret), ["fetch-and-run medium 8", "unpinned-install medium 9"]);
    let python = "- run: |\n    curl | sh\n  shell: python";
    assert_eq!(of_steps("push", python), [""; 0]);
    assert_eq!(found(Kind::Script, "#!/bin/sh\ncurl https://x.example/i | sh\n"), ["fetch-and-run low 2"]);
    let gitlab = "job:\n  script:\n    - make\n    - curl https://x.example/i | sh\n";
    assert_eq!(found(Kind::Gitlab, gitlab), ["fetch-and-run low 4"]);
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_hangs() {
    let unreadable = ["unreadable medium 1"];
    for hostile in [
        b"a:\n\tb: c\n".to_vec(),
        b"on: push\njobs: \xff\n".to_vec(),
        b"on: push\n".to_vec(),
        "on: push\njobs: { a: 1, a: 2 }\n".into(),
        "{".repeat(500_000).into(),
        "&a ".repeat(300_000).into(),
        "x: |\n".repeat(100_000).into(),
        vec![b'a'; 50_000_000],
        vec![0; 1000],
    ] {
        assert_eq!(found(Kind::Workflow, &hostile), unreadable, "{:?}", &hostile[..hostile.len().min(20)]);
    }
    assert_eq!(found(Kind::Workflow, ""), [""; 0]);
    assert_eq!(found(Kind::Script, vec![b'a'; 9_000_000]), unreadable);
    let huge = Blob::Huge { size: 40_000_000, head: Arc::from(&b"#!/bin/sh"[..]) };
    assert_eq!(files::report(&huge, Kind::Script).findings.len(), 1);
    let many = "- run: curl https://x.example/i | sh\n".repeat(900);
    assert_eq!(of_steps("push", &many).len(), 200);
    assert_eq!(of_steps("push", &"- run: make\n".repeat(1001)), ["unreadable medium 5"]);
    let files: String =
        (0..100_000).map(|n| format!("curl -o a{n} https://x.example/i\nsh b{n}\n")).collect();
    assert_eq!(found(Kind::Script, files), [""; 0]);
    assert_eq!(found(Kind::Script, "iex; ".repeat(500_000)), [""; 0]);
    let group = format!("- run: |\n{}", "    } >> $GITHUB_ENV\n".repeat(20_000));
    assert_eq!(of_steps("issues", &group), [""; 0]);
    let recipe: String = (0..50_000).map(|n| format!("ARG A{n}=b\nFROM $A{n}\n")).collect();
    assert_eq!(references(Kind::Dockerfile, &recipe).len(), 100);
}
