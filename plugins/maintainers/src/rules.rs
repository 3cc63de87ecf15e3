//! The rule: what it finds and what to do.

probity_sdk::rules! {
    TAKEOVER "takeover" takeover
        "high, medium where it is not known how the newcomer's changes are reviewed or where fewer than half show it, low where half or more do: over the twelve months \
         before the tip somebody who came less than three years ago made half or more of the commits, and whoever made most of the commits before made two fifths or \
         fewer. Many a project is handed over like this in good faith, and two that were taken over to harm their users (event-stream, xz) were, too. See who the new maintainer is, who handed over and whether \
         anybody reads the changes."
        "https://research.swtch.com/xz-timeline"
    DISPOSABLE_ADDRESS "disposable-address" addresses
        "medium: somebody who made commits in the last twelve months did so under an address of a provider whose addresses anybody has for minutes. Nobody can ask \
         there later. Of some 15,000 addresses in the histories of fourteen projects none is of this kind."
        "https://attack.mitre.org/techniques/T1585/002/"
    NEW_ADDRESS "new-address" addresses
        "low: commits of the last twelve months bear the name of somebody who made fifty or more before, but an address that was never seen. People change their addresses; ask whether \
         it is the same person, for anybody can write any name."
        "https://attack.mitre.org/techniques/T1656/"
}
