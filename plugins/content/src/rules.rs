//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    BIDI_CONTROL "bidi-control" hidden_text
        "high, or medium for mere marks: a source file holds characters that turn the direction of a line (U+202A-202E, U+2066-2069, U+200E, U+200F, U+061C), \
         so that a person reads other code than a compiler does. Write them as escapes, or remove them."
        "https://trojansource.codes/"
    INVISIBLE_CHARACTER "invisible-character" hidden_text
        "high for tags (U+E0000-E007F), variation selectors of the second range (U+E0100-E01EF) and four others in a row, medium for zero-width and \
         blank letters (U+200B, U+2060, U+FEFF within, U+3164, U+FFA0, U+115F, U+1160): text that nobody sees, in which a program can be \
         hidden. Emoji with one selector, and flags, do not count."
        "https://www.koi.ai/blog/glassworm-first-self-propagating-worm-using-invisible-code-hits-openvsx-marketplace"
    PRIVATE_USE "private-use" hidden_text
        "medium: a source file holds characters that mean nothing by any standard (U+E000-F8FF and beyond), which fonts may leave out. Files of fonts, icons \
         and themes do not count."
        "https://www.unicode.org/faq/private_use"
    CONTROL_CHARACTER "control-character" hidden_text
        "medium: a source file holds control characters (U+0080-009F) that terminals obey and editors do not show."
        "https://www.unicode.org/charts/PDF/U0080.pdf"
    LOOKALIKE_WORD "lookalike-word" hidden_text
        "medium: a word of a source file mixes scripts and looks like one in Latin letters, by the confusables of UTS 39. A second name that \
         looks like the first can be another function."
        "https://www.unicode.org/reports/tr39/"
    FAR_RIGHT "far-right" hidden_text
        "medium: code stands behind 200 or more blanks on its line, where no editor shows it. Wrap the line, and read what is there."
        "https://cwe.mitre.org/data/definitions/506.html"
    EXECUTABLE "executable" executables
        "medium: a file runs, or is linked or loaded into what runs, by its first bytes, whatever its name says. Nobody can review it, and it need not come from the \
         sources beside it. Build it where it is needed."
        "https://github.com/ossf/scorecard/blob/main/docs/checks.md#binary-artifacts"
    DISGUISED_EXECUTABLE "disguised-executable" executables
        "high: the same under the name of a picture, a text or an archive."
        "https://attack.mitre.org/techniques/T1036/"
    LFS_POINTER "lfs-pointer" executables
        "low: the file's content is kept elsewhere (Git LFS), so nothing is known of it."
        "https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"
    LONG_LINE "long-line" obfuscation
        "low: a source file has a line of more than 5000 characters, which nobody reads. Files that are minified, built, generated or vendored do not count."
        "https://attack.mitre.org/techniques/T1027/"
    RENAMED_CODE "renamed-code" obfuscation
        "high: a source file has 20 or more different names such as _0x1a2b3c, which obfuscators of JavaScript give. Ask for the source."
        "https://attack.mitre.org/techniques/T1027/"
    DECODED_CODE "decoded-code" obfuscation
        "high: a source file holds a literal of 1024 or more encoded characters, decodes, and evaluates. Decode it by hand before anything runs it."
        "https://attack.mitre.org/techniques/T1140/"
    TOKEN "token" secrets
        "high where a checksum in it is right, else medium: a file holds a token that opens an account. Revoke it: it stays in the history. \
         Whether it still opens anything is not known here."
        "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/"
    PRIVATE_KEY "private-key" secrets
        "medium, or low where tests, examples and documents are kept: a file holds a private key without a passphrase. If it was ever used, replace it."
        "https://cwe.mitre.org/data/definitions/798.html"
    NOT_READ "not-read" hidden_text
        "low: a file is too large to be looked at. Nothing is known of what it holds."
        "https://cwe.mitre.org/data/definitions/1116.html"
}
