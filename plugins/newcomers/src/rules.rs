//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    NEWCOMER_BINARY "newcomer-binary" binaries
        "medium, high where a build file names the file or decodes files of its folder, low where somebody else had a hand in it and for pictures, sounds and \
         fonts: a newcomer put a file among the tests that nobody can read (a NUL byte, or more than 7.5 bits of entropy a byte). Ask for the source \
         and the way it was made."
        "https://research.swtch.com/xz-timeline"
    HIDDEN_BUILD_INPUT "hidden-build-input" build_files
        "high, medium where somebody else had a hand in it or for scripts, low for what tools generate: a newcomer told git to ignore a path that a build would read \
         (*.m4, *.ac, *.am, *.cmake, *.sh). What is ignored is seen in no diff, but may be in a release. Compare releases with the tree."
        "https://research.swtch.com/xz-timeline"
    NEWCOMER_BUILD_EDIT "newcomer-build-edit" build_files
        "low: a newcomer changed how the project is built. That is what many do first; read it with the findings beside it."
        "https://attack.mitre.org/techniques/T1195/001/"
    NEWCOMER_DEPENDENCY "newcomer-dependency" dependencies
        "medium, high where the dependency was removed again within thirty days or its version is left open, but low where somebody else had a hand in it: somebody in their first thirty days made the project depend on a package. Look at the package, and at who owns it."
        "https://github.com/dominictarr/event-stream/issues/116"
    NEWCOMER_WORKFLOW "newcomer-workflow" automation
        "medium, low where somebody else had a hand in it: somebody in their first seven days added a workflow, which runs with the repository's token and \
         secrets. Read what it sends where; if it was not asked for, revoke the secrets."
        "https://www.cisa.gov/news-events/alerts/2025/09/23/widespread-supply-chain-compromise-impacting-npm-ecosystem"
}
