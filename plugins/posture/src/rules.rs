//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    NO_SECURITY_POLICY "no-security-policy" posture
        "low: no SECURITY file says how to report a weakness in private, so it may be reported in public, or not at all. Write one."
        "https://docs.github.com/code-security/getting-started/adding-a-security-policy-to-your-repository"
    NO_SECURITY_CONTACT "no-security-contact" posture
        "low: the SECURITY file names no address to write to. Name one."
        "https://github.com/ossf/scorecard/blob/main/docs/checks.md#security-policy"
    NO_LICENCE "no-licence" posture
        "low: no LICENSE, COPYING or LICENSES says what may be done with the code, so nothing may. Add one."
        "https://github.com/ossf/scorecard/blob/main/docs/checks.md#license"
    UNKNOWN_LICENCE "unknown-licence" posture
        "low: the licence names none that is known, by its title or an SPDX identifier. Read it before using the code."
        "https://spdx.org/licenses/"
    NO_CODE_OWNERS "no-code-owners" posture
        "low: no CODEOWNERS says who must look at which change. Without it anybody with write access may approve a change to the workflows."
        "https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners"
    UNOWNED_AUTOMATION "unowned-automation" posture
        "low: CODEOWNERS leaves out workflows, which run with the repository's secrets. Give .github/ an owner."
        "https://docs.github.com/actions/reference/security/secure-use#using-codeowners-to-monitor-changes"
    NO_UPDATES "no-updates" posture
        "low: nothing is set up to propose newer dependencies (Dependabot, Renovate), so known weaknesses stay until somebody thinks of them."
        "https://github.com/ossf/scorecard/blob/main/docs/checks.md#dependency-update-tool"
    NO_COOLDOWN "no-cooldown" posture
        "low: newer dependencies are proposed on the day of their release. Most hostile releases are found within days: set a cooldown \
         (Dependabot) or minimumReleaseAge (Renovate)."
        "https://docs.github.com/code-security/dependabot/working-with-dependabot/dependabot-options-reference#cooldown-"
    NO_LOCK_FILE "no-lock-file" posture
        "low: an application's manifest has no lock file, so two installations may get different code. Libraries may do without. Commit the lock file."
        "https://slsa.dev/spec/v1.0/threats"
    PLAIN_SUBMODULE "plain-submodule" submodules
        "medium: a submodule is fetched without encryption (http, git), so whoever is on the way can change it until its commit is compared. Use https."
        "https://git-scm.com/docs/gitmodules"
    COMMAND_SUBMODULE "command-submodule" submodules
        "high: the address or path of a submodule begins as an option does, or names a command (ext::), which old versions of git execute. Do not fetch it."
        "https://nvd.nist.gov/vuln/detail/CVE-2018-17456"
    UNREADABLE_SUBMODULES "unreadable-submodules" submodules
        "medium: .gitmodules is no text, or a symbolic link, so nothing is known of what it leads to."
        "https://git-scm.com/docs/gitmodules"
}
