//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    UNTRUSTED_CHECKOUT "untrusted-checkout" dangerous
        "high, medium where nothing is executed afterwards or somebody approves, low where it waits for a label: a workflow that runs with the repository's token and secrets although a \
         stranger set it off (pull_request_target, workflow_run, issue_comment) checks out the stranger's commit. Build files, hooks and \
         tests of that commit then run with those secrets. Use pull_request, or split the work: one workflow without secrets that builds, one that \
         publishes what it made."
        "https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/"
    TEMPLATE_INJECTION "template-injection" dangerous
        "high where the workflow has the repository's token and secrets, medium where a caller or a merged commit decides, low where it has neither: \
         the text of a title, branch, comment or commit is put into a script before the shell reads it, and can hold commands. Put it \
         into env: and use the variable in quotes."
        "https://docs.github.com/actions/concepts/security/script-injections"
    SECRETS_DUMP "secrets-dump" dangerous
        "high: all secrets are handed on at once, by toJSON(secrets). Worms print them to the log of a public repository or send them away. \
         Name each secret where it is used."
        "https://docs.github.com/actions/reference/security/secure-use"
    ENVIRONMENT_INJECTION "environment-injection" dangerous
        "high, or low where the workflow has no secrets: a stranger's text is written to GITHUB_ENV or GITHUB_PATH. A line break in it sets any variable, \
         such as LD_PRELOAD, for all steps that follow. Write to GITHUB_OUTPUT, or check the text first."
        "https://securitylab.github.com/resources/github-actions-untrusted-input/"
    INSECURE_COMMANDS "insecure-commands" dangerous
        "medium: ACTIONS_ALLOW_UNSECURE_COMMANDS lets whatever a step prints set variables and the search path. Remove it."
        "https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
    SPOOFABLE_ACTOR "spoofable-actor" dangerous
        "medium: a workflow that strangers set off trusts whoever github.actor names. That is who did the last thing: a bot's last commit on a \
         stranger's branch will do. Compare github.event.pull_request.user.login."
        "https://docs.zizmor.sh/audits/#bot-conditions"
    PRIVILEGED_TRIGGER "privileged-trigger" dangerous
        "low: the workflow runs with the repository's token and secrets when a stranger opens a pull request (pull_request_target) or another \
         workflow ends (workflow_run). Each further step is one that a stranger may reach. See whether pull_request would do."
        "https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows"
    UNREADABLE "unreadable" dangerous
        "medium: a file that should be looked at could not be: it is no YAML, too large, nested too deeply, or a symbolic link. Nothing is known of \
         what it does. See what is in it."
        "https://yaml.org/spec/1.2.2/"
    UNPINNED_USES "unpinned-uses" mutable
        "medium where the job has secrets or may write and the action is a third party's, else low: an action or reusable workflow is named by a tag or branch, which its owner, or \
         who steals its owner's account, can move to other code at any time. Name the commit, with the tag in a comment."
        "https://docs.github.com/actions/reference/security/secure-use#using-third-party-actions"
    UNPINNED_IMAGE "unpinned-image" mutable
        "low: a container image is named by a tag, which can come to mean another image. Name the digest (@sha256:…)."
        "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions"
    UNPINNED_INCLUDE "unpinned-include" mutable
        "medium for an address, low for a project or component: a pipeline includes what others may change. Name a commit, or an integrity hash."
        "https://docs.gitlab.com/ci/yaml/#include"
    UNPINNED_HOOK "unpinned-hook" mutable
        "low: a hook that runs on developers' machines is named by a tag. Name the commit (pre-commit autoupdate --freeze)."
        "https://pre-commit.com/#using-the-latest-version-for-a-repository"
    FETCH_AND_RUN "fetch-and-run" fetch_and_run
        "high without encryption, medium where the job has secrets or may write, else low: what a server sends is run at once, without a look at its hash. Who changes it there runs here. Fetch \
         a fixed version, compare its SHA-256, then run it."
        "https://about.codecov.io/security-update/"
    UNPINNED_INSTALL "unpinned-install" fetch_and_run
        "medium where the job has secrets or may write, else low: a package is built from whatever a branch holds now. Name a commit or a version."
        "https://slsa.dev/spec/v1.0/threats"
    REMOTE_SCRIPT "remote-script" fetch_and_run
        "low: a page runs a script from another server without an integrity hash. Add integrity=, or keep a copy."
        "https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity"
    HOSTILE_HOST "hostile-host" fetch_and_run
        "high: a page or script takes code from a server that has served malware after it changed hands. Remove it."
        "https://sansec.io/research/polyfill-supply-chain-attack"
    WRITE_ALL "write-all" permissions
        "medium: the job's token may change everything in the repository. Name the permissions that it needs."
        "https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions"
    MISSING_PERMISSIONS "missing-permissions" permissions
        "low: the workflow does not say what its token may do, and gets what the repository's settings give, which may be everything. \
         Begin with permissions: contents: read."
        "https://docs.github.com/actions/reference/security/secure-use"
    SECRETS_INHERIT "secrets-inherit" permissions
        "medium for another repository's workflow, low for one's own: all secrets are handed to a reusable workflow. Name those that it needs."
        "https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows"
    SELF_HOSTED_RUNNER "self-hosted-runner" permissions
        "medium: a stranger's pull request runs on a machine of one's own, which keeps what it leaves there. Use runners that are thrown away."
        "https://docs.github.com/actions/reference/security/secure-use#hardening-for-self-hosted-runners"
    RELEASE_CACHE "release-cache" permissions
        "low: a workflow that releases restores a cache that other workflows may have written. Build releases from nothing."
        "https://adnanthekhan.com/2024/05/06/the-monsters-in-your-build-cache-github-actions-cache-poisoning/"
    PUBLISHING_TOKEN "publishing-token" permissions
        "low: a job publishes a package with a token that is kept as a secret and lasts until somebody revokes it. PyPI, npm, crates-io and RubyGems take the \
         job's own identity instead (trusted publishing, with id-token: write)."
        "https://repos.openssf.org/trusted-publishers-for-all-package-repositories"
    PERSISTED_CREDENTIALS "persisted-credentials" permissions
        "medium where the folder is uploaded as an artifact, low where the job may write: checkout leaves the token in .git/config, where each later step \
         finds it. Say persist-credentials: false."
        "https://docs.zizmor.sh/audits/#artipacked"
}
