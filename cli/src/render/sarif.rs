//! The report as SARIF 2.1.0, in the shape that code scanning services accept: every result has a location, rules are the
//! analyses, fingerprints do not depend on lines or messages.

use probity_assess::report::{AnalysisEntry, Finding, Outcome, Report, Severity};
use serde_json::{Value, json};

/// The file that a finding about the repository as a whole is pinned to.
const ANCHOR: &str = "probity.kdl";

/// The log of one run.
pub(crate) fn sarif(report: &Report) -> Value {
    let analyses = report.analyses();
    let findings = report.findings();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &analyses)).collect();
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "probity",
                "semanticVersion": report.tool.version,
                "rules": analyses.iter().map(|analysis| rule(analysis)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "probity/" },
            "invocations": [{ "executionSuccessful": report.outcome != Outcome::Error }],
            "results": results,
            "properties": { "policyDigest": report.policy.digest, "commit": report.target.commit, "score": report.score.value },
        }],
    });
    if !report.imported.is_empty() {
        // Analyses whose answers came from another machine, for which nobody vouches.
        log["runs"][0]["properties"]["imported"] = json!(report.imported);
    }
    log
}

fn rule(analysis: &AnalysisEntry) -> Value {
    json!({
        "id": analysis.name,
        "name": analysis.name,
        "shortDescription": { "text": format!("{} of the repository", analysis.name) },
        "fullDescription": { "text": format!("The answer of {}/{} fails the policy {}", analysis.plugin, analysis.query, analysis.policy) },
        "help": { "text": format!("`probity explain {}` tells the formula and how to react.", analysis.name) },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["security", "supply-chain"], "precision": "medium" },
    })
}

fn result(finding: &Finding<'_>, analyses: &[&AnalysisEntry]) -> Value {
    let location = finding.location;
    let path = location.and_then(|location| location.path.as_deref()).unwrap_or(ANCHOR);
    let line = location.and_then(|location| location.line).unwrap_or(1).max(1);
    let commit = location.and_then(|location| location.commit.as_deref());
    let message = match commit {
        Some(commit) => format!("{} (commit {commit})", finding.message),
        None => finding.message.clone(),
    };
    json!({
        "ruleId": finding.rule,
        "ruleIndex": analyses.iter().position(|analysis| analysis.name == finding.rule),
        "level": match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": line },
        } }],
        "partialFingerprints": { "probity/v1": finding.fingerprint },
    })
}

/// A path as the relative reference of a URI: what RFC 3986 does not leave alone is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_relative_reference() {
        assert_eq!(uri("src/a b#é.rs"), "src/a%20b%23%C3%A9.rs");
    }
}
