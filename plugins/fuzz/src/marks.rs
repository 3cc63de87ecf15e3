//! Which files could hold a mark of fuzzing, and which lines of theirs are one.

use probity_sdk::prelude::*;

/// What a mark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fuzzer {
    OssFuzz,
    Cifuzz,
    Clusterfuzzlite,
    Go,
    CargoFuzz,
    Afl,
    Honggfuzz,
    Atheris,
    Jazzer,
    JazzerJs,
    Libfuzzer,
}

impl Fuzzer {
    pub(crate) fn described(self) -> &'static str {
        match self {
            Self::OssFuzz => "is built on the images of OSS-Fuzz",
            Self::Cifuzz => "runs CIFuzz",
            Self::Clusterfuzzlite => "belongs to ClusterFuzzLite",
            Self::Go => "is a native fuzz test of Go",
            Self::CargoFuzz => "is a fuzz target of cargo-fuzz",
            Self::Afl => "is fuzzed with AFL",
            Self::Honggfuzz => "is fuzzed with honggfuzz",
            Self::Atheris => "is a fuzzer with Atheris",
            Self::Jazzer => "is fuzzed with Jazzer",
            Self::JazzerJs => "is fuzzed with Jazzer.js",
            Self::Libfuzzer => "is a fuzz target of libFuzzer",
        }
    }
}

/// Every word that is looked for. One list for all files, so that the question about them is the same.
pub(crate) const WORDS: [&str; 13] = [
    "oss-fuzz-base",
    "google/oss-fuzz/infra/cifuzz/",
    "google/clusterfuzzlite/actions/",
    "func Fuzz",
    "cargo-fuzz",
    "libfuzzer-sys",
    "honggfuzz",
    "afl =",
    "atheris",
    "com.code-intelligence",
    "com.code_intelligence.jazzer",
    "@jazzer.js/",
    "uzzerTestOneInput",
];

/// What a file could hold by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Dockerfile,
    Workflow,
    GoTest,
    CargoManifest,
    PackageJson,
    JavaBuild,
    Python,
    Java,
    JavaScript,
    C,
}

/// Whether a file at this path could hold a mark.
pub(crate) fn is_candidate(path: &str) -> bool {
    sort(path).is_some()
}

fn sort(path: &str) -> Option<Sort> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next()?;
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let about_fuzzing = lower.contains("fuzz");
    Some(match (name, extension) {
        ("dockerfile", _) => Sort::Dockerfile,
        (_, "yml" | "yaml") if lower.starts_with(".github/workflows/") => Sort::Workflow,
        _ if name.ends_with("_test.go") => Sort::GoTest,
        ("package.json", _) => Sort::PackageJson,
        ("pom.xml" | "build.gradle" | "build.gradle.kts", _) => Sort::JavaBuild,
        ("cargo.toml", _) if about_fuzzing => Sort::CargoManifest,
        (_, "py") if about_fuzzing => Sort::Python,
        (_, "java" | "kt" | "scala") if about_fuzzing => Sort::Java,
        (_, "js" | "ts" | "mjs" | "cjs") if about_fuzzing => Sort::JavaScript,
        (_, "c" | "cc" | "cpp" | "cxx" | "c++") if about_fuzzing => Sort::C,
        _ => return None,
    })
}

/// What a line of the file at `path` is a mark of.
pub(crate) fn mark(path: &str, line: &str) -> Option<Fuzzer> {
    let line = line.trim_start();
    let has = |word: &str| line.contains(word);
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    match sort(path)? {
        Sort::Dockerfile => {
            let of = if path.split('/').any(|folder| folder == ".clusterfuzzlite") {
                Fuzzer::Clusterfuzzlite
            } else {
                Fuzzer::OssFuzz
            };
            (line.to_ascii_uppercase().starts_with("FROM ") && has("oss-fuzz-base")).then_some(of)
        }
        Sort::Workflow => {
            let used = line.strip_prefix("- ").unwrap_or(line).trim_start().strip_prefix("uses:")?;
            if used.contains("google/clusterfuzzlite/actions/") {
                return Some(Fuzzer::Clusterfuzzlite);
            }
            used.contains("google/oss-fuzz/infra/cifuzz/").then_some(Fuzzer::Cifuzz)
        }
        Sort::GoTest => is_go_fuzz_test(line).then_some(Fuzzer::Go),
        Sort::CargoManifest => {
            match line.split(['=', ' ', '.', ']']).next()?.trim_start_matches("[dependencies.") {
                "cargo-fuzz" | "libfuzzer-sys" => Some(Fuzzer::CargoFuzz),
                "[dependencies" if has("libfuzzer-sys") => Some(Fuzzer::CargoFuzz),
                "afl" => Some(Fuzzer::Afl),
                "honggfuzz" => Some(Fuzzer::Honggfuzz),
                _ => None,
            }
        }
        Sort::PackageJson => line.starts_with("\"@jazzer.js/").then_some(Fuzzer::JazzerJs),
        Sort::JavaBuild => {
            (has("com.code-intelligence") && !line.starts_with("//")).then_some(Fuzzer::Jazzer)
        }
        Sort::Python => begins(&["import atheris", "from atheris"]).then_some(Fuzzer::Atheris),
        Sort::Java => (begins(&["import com.code_intelligence.jazzer"])
            || (has("fuzzerTestOneInput") && !line.starts_with("//")))
        .then_some(Fuzzer::Jazzer),
        Sort::JavaScript => {
            (has("@jazzer.js/") && begins(&["import", "const", "var", "let"])).then_some(Fuzzer::JazzerJs)
        }
        Sort::C => {
            (has("LLVMFuzzerTestOneInput") && !begins(&["//", "*", "/*"])).then_some(Fuzzer::Libfuzzer)
        }
    }
}

/// `func FuzzName(f *testing.F)`, at the beginning of the line and with a name that Go takes for a test's.
fn is_go_fuzz_test(line: &str) -> bool {
    let Some((name, rest)) = line.strip_prefix("func Fuzz").and_then(|line| line.split_once('(')) else {
        return false;
    };
    let is_test = name.chars().next().is_none_or(|first| !first.is_lowercase());
    let parameter = rest.split(')').next().unwrap_or_default().trim();
    is_test && parameter.ends_with("*testing.F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_marks_in_the_files_that_they_belong_to() {
        for (path, line, expected) in [
            ("a/Dockerfile", "FROM gcr.io/oss-fuzz-base/base-builder", Some(Fuzzer::OssFuzz)),
            (
                ".clusterfuzzlite/Dockerfile",
                "FROM gcr.io/oss-fuzz-base/base-builder:v1",
                Some(Fuzzer::Clusterfuzzlite),
            ),
            ("Dockerfile", "# as in oss-fuzz-base", None),
            (
                ".github/workflows/f.yml",
                "      - uses: google/oss-fuzz/infra/cifuzz/actions/run_fuzzers@master",
                Some(Fuzzer::Cifuzz),
            ),
            (
                ".github/workflows/f.yaml",
                "uses: google/clusterfuzzlite/actions/build_fuzzers@v1",
                Some(Fuzzer::Clusterfuzzlite),
            ),
            (".github/workflows/f.yaml", "# uses: google/clusterfuzzlite/actions/build_fuzzers@v1", None),
            ("docs/f.yaml", "uses: google/clusterfuzzlite/actions/build_fuzzers@v1", None),
            ("p/x_test.go", "func FuzzParse(f *testing.F) {", Some(Fuzzer::Go)),
            ("p/x_test.go", "func Fuzzy(f *testing.F) {", None),
            ("p/x_test.go", "func FuzzParse(data []byte) int {", None),
            ("p/x_test.go", "// func FuzzParse(f *testing.F) {", None),
            ("p/x.go", "func FuzzParse(f *testing.F) {", None),
            ("fuzz/Cargo.toml", "cargo-fuzz = true", Some(Fuzzer::CargoFuzz)),
            ("fuzz/Cargo.toml", "libfuzzer-sys = \"0.4\"", Some(Fuzzer::CargoFuzz)),
            ("fuzz/Cargo.toml", "[dependencies.libfuzzer-sys]", Some(Fuzzer::CargoFuzz)),
            ("fuzz-afl/Cargo.toml", "afl = \"0.15\"", Some(Fuzzer::Afl)),
            ("fuzz/Cargo.toml", "name = \"my-cargo-fuzz\"", None),
            ("Cargo.toml", "libfuzzer-sys = \"0.4\"", None),
            ("package.json", "    \"@jazzer.js/core\": \"^2\",", Some(Fuzzer::JazzerJs)),
            ("pom.xml", "<groupId>com.code-intelligence</groupId>", Some(Fuzzer::Jazzer)),
            ("fuzz/fuzz_x.py", "import atheris", Some(Fuzzer::Atheris)),
            (
                "src/XFuzzer.java",
                "public static void fuzzerTestOneInput(FuzzedDataProvider data) {",
                Some(Fuzzer::Jazzer),
            ),
            (
                "tests/fuzz/x.cc",
                "extern \"C\" int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {",
                Some(Fuzzer::Libfuzzer),
            ),
            ("src/x.cc", "int LLVMFuzzerTestOneInput();", None),
        ] {
            assert_eq!(mark(path, line), expected, "{path}: {line}");
            let searched = WORDS.iter().any(|word| line.contains(word));
            assert!(searched || expected.is_none(), "nobody looks for {line}");
        }
    }
}
