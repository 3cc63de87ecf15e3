//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    REWRITTEN_BRANCH "rewritten-branch" rewritten
        "high for the main branch, else low: a branch of others is at a commit that does not have the one before among its ancestors, so somebody has \
         forced another history onto it. Your own forced push counts too: take note of it with `probity state --accept`. Compare both commits."
        "https://git-scm.com/docs/git-push#Documentation/git-push.txt---force"
    MOVED_TAG "moved-tag" moved_tags
        "high, medium if it still stands for the same commit: a tag that names one version names something else than before. Who builds by it builds other sources. \
         Compare both commits, and pin to ids."
        "https://www.cisa.gov/news-events/alerts/2025/03/18/supply-chain-compromise-third-party-tj-actionschanged-files-cve-2025-30066-and-reviewdogaction"
    MOVED_FLOATING_TAG "moved-floating-tag" moved_tags
        "low: the same of a tag that names no single version, such as v4 or nightly, which are meant to move."
        "https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions"
    DELETED_TAG "deleted-tag" moved_tags
        "low: a tag that was there is not any more. If it comes back and names something else, it counts as moved."
        "https://git-scm.com/docs/git-tag#_on_re_tagging"
    MORE_HAPPENED "more-happened" moved_tags
        "medium: more branches and tags changed than are remembered one by one. See `probity state`."
        "https://git-scm.com/docs/git-tag#_on_re_tagging"
    UNSIGNED_RELEASE "unsigned-release" release_signers
        "high: the tag of a release bears no signature, and those of all releases before it do. Whoever made it may not have had the key."
        "https://slsa.dev/spec/v1.0/threats"
    NEW_SIGNING_KEY "new-signing-key" release_signers
        "medium: the signature of a release names a key that none of the releases before it name. A maintainer may have changed it, or have handed the project over: \
         look for where that was announced."
        "https://research.swtch.com/xz-timeline"
    NEW_TAGGER "new-tagger" release_signers
        "medium: a release was tagged by somebody who tagged none of those before it."
        "https://research.swtch.com/xz-timeline"
    MISNAMED_TAG "misnamed-tag" release_signers
        "medium: the object of a tag, and its signature with it, bears another name than the tag. An old release can be passed off as a new one so."
        "https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/torres-arias"
}
