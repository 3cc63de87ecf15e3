//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    DOWNLOADING_INSTALL "downloading-install" scripts
        "high, medium in prepare, low in containers and tests: what is run when a package is installed, built or opened in an editor fetches something and runs it, and compares \
         no hash. Whoever holds the server, or the name, decides what that is. Ship what is needed, or compare its hash first."
        "https://attack.mitre.org/techniques/T1105/"
    OPAQUE_INSTALL "opaque-install" scripts
        "high, medium in prepare, low in containers and tests: what is run when a package is installed, built or opened in an editor has more than 100 KiB, is obfuscated or \
         hides text (rules of the plugin content). Nobody reviews that; the worms of 2025 came so. Ask for the source."
        "https://www.cisa.gov/news-events/alerts/2025/09/23/widespread-supply-chain-compromise-impacting-npm-ecosystem"
    DECODED_INSTALL "decoded-install" scripts
        "high, medium in prepare, low in containers and tests: what is run when a package is installed, built or opened in an editor decodes a text and evaluates it. Decode it by \
         hand before anything runs it."
        "https://attack.mitre.org/techniques/T1140/"
    FETCHING_INSTALL "fetching-install" scripts
        "medium, low in prepare, containers and tests: what is run when a package is installed or built talks to a server, without running what it gets, or only after comparing a \
         hash. Builds differ by the day, and may tell who builds."
        "https://slsa.dev/spec/v1.1/threats"
    INSTALL_SCRIPT "install-script" scripts
        "medium where a package that is published runs something on the machines of all who install it, and that starts programs, \
         is a package fetched for it, or is not in the tree; low where what is run is small and plain, or a build tool, in private packages, in prepare (which installs from git \
         run) and in tests. Do without it if you can."
        "https://github.com/npm/cli/blob/latest/docs/lib/content/using-npm/scripts.md"
    STARTUP_FILE "startup-file" scripts
        "medium, low in tests: a .pth file with code, or a module sitecustomize or usercustomize, which Python runs whenever it starts where that is installed. Do \
         without it."
        "https://docs.python.org/3/library/site.html"
    EDITOR_TASK "editor-task" scripts
        "medium, low in containers and tests: a command that an editor runs as soon as the folder is opened. Let people start it themselves."
        "https://code.visualstudio.com/docs/debugtest/tasks"
    NPM_PROGRAM "npm-program" scripts
        "medium: settings of npm name a program that npm starts (git, a shell, options of node). Remove them."
        "https://github.com/npm/cli/blob/latest/docs/lib/content/using-npm/config.md"
    UNREADABLE_MANIFEST "unreadable-manifest" scripts
        "medium, low in tests: a manifest, lock file or settings that cannot be read here; nothing is known of what it runs or where it takes packages from, and its own tool may read \
         it otherwise. Mend it."
        "https://cwe.mitre.org/data/definitions/436.html"
    OTHER_HOST "other-host" sources
        "high for an address without a name, medium, low where a tenth of the packages and more come from there, and in tests: a lock file takes a package from another host \
         than the rest, and no setting of the repository names that host. A lock file is hardly ever read in review, and installs what it says. See who changed it, and make it anew."
        "https://snyk.io/blog/why-npm-lockfiles-can-be-a-security-blindspot-for-injecting-malicious-modules/"
    UNPINNED_SCOPE "unpinned-scope" sources
        "medium, low in tests: a lock file takes a package of a scope from a host that serves such packages alone, unlike the rest, and no .npmrc or .yarnrc says that the scope is at home there. A new \
         lock file would take it from the public registry, from whoever has that name. Name the scope's registry."
        "https://github.com/npm/cli/blob/latest/docs/lib/content/using-npm/scope.md"
    NO_INTEGRITY "no-integrity" sources
        "medium where nearly all others have one, else low: a package of a lock file without a hash of its content. Whoever holds the server can \
         give another. Make the lock file anew."
        "https://www.w3.org/TR/SRI/"
    PLAIN_HTTP "plain-http" sources
        "medium, low for this machine and in tests: packages are taken from where anybody on the way can change them (http, git). Use https."
        "https://cwe.mitre.org/data/definitions/829.html"
    UNCHECKED_HOST "unchecked-host" sources
        "medium, low in tests: settings turn off that a server of packages must prove who it is. Give the tool the right certificate instead."
        "https://cwe.mitre.org/data/definitions/295.html"
    SECOND_INDEX "second-index" sources
        "medium for pip and Bundler, which ask all places for every name, low for tools that keep an order, and in tests: an index is asked beside another. Whoever \
         registers the name of an internal package in the public one is installed instead (dependency confusion). Say for each package which index it comes from."
        "https://medium.com/@alex.birsan/dependency-confusion-4a5d60fec610"
    MOVING_SOURCE "moving-source" sources
        "medium, low where a lock file names the commit or hash, and in tests: a dependency from git without a commit, or an address without a hash. What it means can change from \
         one day to the next. Name the commit."
        "https://owasp.org/www-project-top-10-ci-cd-security-risks/CICD-SEC-03-Dependency-Chain-Abuse"
    REPLACED_MODULE "replaced-module" sources
        "low: go.mod takes a module from another path. Look at whose that is."
        "https://go.dev/ref/mod"
    LOOKALIKE_ACTION "lookalike-action" names
        "high, medium where only the owner is mistakable: a workflow uses an action whose name or owner is easily mistaken for a well-known one, by the measure of the plugin typo. Whoever \
         registered it waits for such a slip. Correct it, or write it down as meant in a suppression."
        "https://orca.security/resources/blog/typosquatting-in-github-actions/"
}
