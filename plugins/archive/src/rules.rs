//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    EXTRA_BUILD_FILE "archive-extra-build-file" differences
        "high, medium for a macro file (.m4) of a name that autotools copy, low for what they generate by name from a configure.ac or Makefile.am of the tree (configure, Makefile.in, aclocal.m4 and the like, which cannot be compared): the archive has a file that runs when it is built or installed, and the tree does not have it. Nobody has reviewed it. The trigger of the attack on xz was such a macro file. Build from \
         the tag, or make generated files anew and compare."
        "https://www.openwall.com/lists/oss-security/2024/03/29/4"
    CHANGED_FILE "archive-changed-file" differences
        "high for what runs when it is built or installed, medium else, low where only the ends of lines, or what export-subst puts in, differ: a file is another one in the archive than in the tree. \
         See what differs, and ask whoever made the archive."
        "https://www.openwall.com/lists/oss-security/2024/03/29/4"
    EXTRA_FILE "archive-extra-file" differences
        "medium for code, for what is binary and for what lies in a submodule, low else: the archive has a file that the tree does not have. What a build wrote belongs to those who can make it anew and \
         compare."
        "https://snyk.io/blog/a-post-mortem-of-the-malicious-event-stream-backdoor/"
    MISSING_FILE "archive-missing-file" differences
        "low: the archive lacks files of the tree, and no export-ignore in .gitattributes says so. Tests that would tell of a change may be among them."
        "https://git-scm.com/docs/gitattributes"
    ODD_ENTRY "archive-odd-entry" differences
        "high, medium for files beside the folder that the rest lies in: an entry that no tool makes of a tree: it leads out of the folder into which the archive is unpacked, is a link that the tree does not have, a \
         device, or there twice, so that what is unpacked depends on the program. Do not unpack it."
        "https://cwe.mitre.org/data/definitions/22.html"
}
