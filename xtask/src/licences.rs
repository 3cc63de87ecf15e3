//! Licences of what is linked: each dependency offers at least one that goes with Apache-2.0 OR MIT.

use serde_json::Value;

use crate::run::{Done, TaskError, cargo, output, print};

const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails with a line for each package whose licence expression none of ours satisfies.
pub(crate) fn check() -> Done {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|e| TaskError::new(format!("cargo metadata: {e}")))?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !accepted(package["license"].as_str().unwrap_or_default()))
        .map(|package| format!("{} has the licence {}", package["name"], package["license"]))
        .collect();
    if refused.is_empty() {
        print(&format!("licences: {} packages, all accepted", packages.len()));
        return Ok(());
    }
    Err(TaskError::new(refused.join("\n")))
}

/// True if every part joined by AND has an alternative joined by OR (or the old `/`) that is accepted. Brackets in the
/// expressions of today's packages only ever group alternatives, so the parts can be read without a grammar.
fn accepted(expression: &str) -> bool {
    !expression.is_empty()
        && expression.split(" AND ").all(|part| {
            part.replace('/', " OR ")
                .split(" OR ")
                .any(|name| ACCEPTED.contains(&name.trim().trim_matches(['(', ')'])))
        })
}

#[cfg(test)]
mod tests {
    use super::accepted;

    #[test]
    fn one_accepted_alternative_in_each_part_is_enough() {
        assert!(accepted("MIT OR Apache-2.0"));
        assert!(accepted("(MIT OR GPL-3.0-only) AND Unicode-3.0"));
        assert!(accepted("Unlicense/MIT"));
        assert!(!accepted("MIT AND GPL-3.0-only"));
        assert!(!accepted("GPL-3.0-only"));
        assert!(!accepted(""));
    }
}
