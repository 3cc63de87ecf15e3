//! `probity/core/fuzz`: whether a repository holds what is needed to fuzz it.
//!
//! Marks of fuzzing are looked for folder by folder in files whose names say that they could hold some (`marks`). Start reading in `queries`.

mod folders;
mod marks;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

const EXPLANATION: &str = "The value is whether the tree holds a mark of fuzzing: a Dockerfile built on OSS-Fuzz's base images (also below \
.clusterfuzzlite), a workflow that runs CIFuzz or ClusterFuzzLite, a native fuzz test of Go (func FuzzX(f *testing.F) in a file _test.go), a \
Cargo.toml of cargo-fuzz, libfuzzer-sys, afl or honggfuzz below a folder whose name has fuzz in it, a dependency on Jazzer or Jazzer.js, or, in files whose \
path has fuzz in it, an import of Atheris, a harness of Jazzer, or LLVMFuzzerTestOneInput. The concerns say where. It follows Hipcheck's fuzz \
metric, which asks GitHub whether the project of OSS-Fuzz names the repository; this judges offline, from the repository alone: what is fuzzed from outside, \
without a trace in it, is not seen, and whether anybody runs the fuzzer is not known. A parser of untrusted input that nobody fuzzes has faults that \
nobody knows of. React: ask whether the project reads untrusted input at all, and look for it in the list of OSS-Fuzz. It cannot judge an empty tree.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Empty> {
    Plugin::new("probity/core/fuzz", env!("CARGO_PKG_VERSION"))
        .query(queries::fuzz)
        .query(queries::folder)
        .default_policy(|_: &Empty| Some("value".to_owned()))
        .explain(EXPLANATION)
}
