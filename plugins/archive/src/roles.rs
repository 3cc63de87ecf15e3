//! What a file is for, by its path: whether it runs when the archive is built or installed, who generates it, whether it is code.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It runs, or says what runs, at a build or an installation.
    Runs,
    /// The same, and autotools write a file of this name into every release.
    Generated,
    /// A macro file, which becomes a part of `configure`. `copied`: autotools copy one of this name from elsewhere.
    Macro { copied: bool },
    /// The manifest of npm, which may say what runs.
    PackageJson,
    /// Code that a program consists of.
    Code,
    /// Anything else.
    Plain,
}

impl Role {
    /// Whether it is executed at a build or an installation.
    pub(crate) fn runs(self) -> bool {
        matches!(self, Role::Runs | Role::Generated | Role::Macro { .. })
    }
}

/// Names that autoconf, automake, libtool and gettext give to what they write.
const GENERATED: [&str; 23] = [
    "aclocal.m4",
    "ar-lib",
    "autoconf.h.in",
    "compile",
    "config.guess",
    "config.h.in",
    "config.hin",
    "config.rpath",
    "config.sub",
    "configure",
    "depcomp",
    "elisp-comp",
    "install-sh",
    "ltmain.sh",
    "makefile.in",
    "makefile.in.in",
    "mdate-sh",
    "missing",
    "mkinstalldirs",
    "py-compile",
    "test-driver",
    "texinfo.tex",
    "ylwrap",
];

/// Macro files that libtoolize, autopoint and gnulib-tool copy, without the extension.
const COPIED: [&str; 28] = [
    "build-to-host",
    "codeset",
    "extern-inline",
    "fcntl-o",
    "gettext",
    "glibc2",
    "glibc21",
    "host-cpu-c-abi",
    "iconv",
    "intdiv0",
    "intl",
    "intldir",
    "intlmacosx",
    "intmax",
    "inttypes-pri",
    "inttypes_h",
    "lcmessage",
    "lib-ld",
    "lib-link",
    "lib-prefix",
    "libtool",
    "nls",
    "pkg",
    "po",
    "printf-posix",
    "progtest",
    "threadlib",
    "visibility",
];

const RUN_NAMES: [&str; 48] = [
    "androidmanifest.xml",
    "autogen",
    "bootstrap",
    "binding.gyp",
    "bsdmakefile",
    "build",
    "build.bazel",
    "build.gradle",
    "build.gradle.kts",
    "build.pl",
    "build.rs",
    "build.xml",
    "build.zig",
    "buildfile",
    "cargo.toml",
    "cmakelists.txt",
    "composer.json",
    "conanfile.py",
    "configure.ac",
    "configure.in",
    "default.nix",
    "directory.build.props",
    "directory.build.targets",
    "dockerfile",
    "extconf.rb",
    "gemfile",
    "gnumakefile",
    "gradle-wrapper.jar",
    "gradlew",
    "jamroot",
    "justfile",
    "makefile",
    "makevars",
    "meson.build",
    "meson_options.txt",
    "meson.options",
    "module.bazel",
    "pom.xml",
    "pyproject.toml",
    "rakefile",
    "sconscript",
    "sconstruct",
    "settings.gradle",
    "settings.gradle.kts",
    "setup.cfg",
    "setup.py",
    "workspace",
    "wscript",
];
/// Settings that name programs.
const RUN_SETTINGS: [&str; 5] = [".npmrc", ".pnpmfile.cjs", ".yarnrc", ".yarnrc.yml", ".envrc"];
const RUN_EXTENSIONS: [&str; 28] = [
    "ac", "am", "bash", "bat", "bzl", "cmake", "cmd", "csproj", "fish", "gemspec", "gradle", "gyp", "gypi",
    "ksh", "mak", "mk", "nuspec", "pri", "pro", "props", "ps1", "pth", "sh", "targets", "vbs", "vcxproj",
    "zsh", "psm1",
];
const CODE_EXTENSIONS: [&str; 60] = [
    "asm", "awk", "c", "c++", "cc", "cjs", "clj", "cpp", "cs", "css", "cts", "cu", "cxx", "d", "dart", "el",
    "erl", "ex", "exs", "f90", "fs", "go", "groovy", "h", "hh", "hpp", "hs", "htm", "html", "hxx", "inc",
    "inl", "java", "jl", "js", "jsx", "kt", "lua", "m", "mjs", "ml", "mm", "mts", "nim", "php", "pl", "pm",
    "pxd", "py", "pyi", "pyx", "r", "rb", "rs", "s", "scala", "sed", "swift", "ts", "tsx",
];

/// What the file at this path is for.
pub(crate) fn role(path: &[u8]) -> Role {
    let path = String::from_utf8_lossy(path).to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if GENERATED.contains(&name) {
        return Role::Generated;
    }
    if name == "package.json" {
        return Role::PackageJson;
    }
    if RUN_NAMES.contains(&name) {
        return Role::Runs;
    }
    // A template becomes what it is named after.
    let name = name.strip_suffix(".in").filter(|name| !name.is_empty()).unwrap_or(name);
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, ""),
    };
    if extension == "m4" {
        let copied = COPIED.contains(&stem)
            || ["ax_", "gnulib-", "lt", "gl_"].iter().any(|begin| stem.starts_with(begin));
        return Role::Macro { copied };
    }
    let in_cargo = folders.split('/').next_back() == Some(".cargo") && stem == "config";
    let runs = RUN_NAMES.contains(&name)
        || RUN_SETTINGS.contains(&name)
        || RUN_EXTENSIONS.contains(&extension)
        || ["makefile.", "dockerfile."].iter().any(|begin| name.starts_with(begin))
        || in_cargo
        || (folders == "debian" && extension.is_empty());
    match runs {
        true => Role::Runs,
        false if CODE_EXTENSIONS.contains(&extension) => Role::Code,
        false => Role::Plain,
    }
}

/// The kernel reads no more of the first line.
const MOST_SHEBANG: usize = 256;

/// Whether a file is run by a shell, by its first bytes.
pub(crate) fn is_shell(bytes: &[u8]) -> bool {
    let line = bytes[..bytes.len().min(MOST_SHEBANG)].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(line) = line.strip_prefix(b"#!") else { return false };
    let line = String::from_utf8_lossy(line).into_owned();
    line.split(['/', ' ', '\t']).any(|word| matches!(word, "sh" | "bash" | "dash" | "ksh" | "zsh"))
}

/// Whether git would take it for binary.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8000).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_at_a_build_is_known_by_its_name() {
        for path in [
            "Makefile.am",
            "GNUmakefile",
            "src/x.mk",
            "configure.ac",
            "build.rs",
            "setup.py",
            "a/b.cmake",
            "CMakeLists.txt",
            "run.sh",
            "run.sh.in",
            "autogen.sh",
            "meson.build",
            ".cargo/config.toml",
            "debian/rules",
            "x.gemspec",
            "Cargo.toml",
            "x.targets",
        ] {
            assert_eq!(role(path.as_bytes()), Role::Runs, "{path}");
        }
        for path in [
            "configure",
            "Makefile.in",
            "po/Makefile.in.in",
            "build-aux/ltmain.sh",
            "aclocal.m4",
            "config.guess",
        ] {
            assert_eq!(role(path.as_bytes()), Role::Generated, "{path}");
        }
        for path in ["src/a.c", "a/index.min.js", "x.py"] {
            assert_eq!(role(path.as_bytes()), Role::Code, "{path}");
        }
        for path in ["README", "doc/a.1", "po/de.po", ".sh", "data.in", "sh"] {
            assert_eq!(role(path.as_bytes()), Role::Plain, "{path}");
        }
    }

    #[test]
    fn no_macro_file_but_that_of_aclocal_is_generated() {
        assert_eq!(role(b"m4/build-to-host.m4"), Role::Macro { copied: true });
        assert_eq!(role(b"m4/ax_pthread.m4"), Role::Macro { copied: true });
        assert_eq!(role(b"m4/liblzma.m4"), Role::Macro { copied: false });
    }

    #[test]
    fn a_shell_is_told_by_the_first_line() {
        assert!(is_shell(b"#!/bin/sh\nx") && is_shell(b"#!/usr/bin/env bash"));
        assert!(!is_shell(b"#!/usr/bin/env node\n# sh") && !is_shell(b"sh"));
    }
}
