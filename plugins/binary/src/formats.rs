//! Which binary files are opaque: those that run, or are linked or packed into what runs, and those that nobody can
//! tell anything about.
//!
//! A file that is binary by its content is opaque if one of these holds, in this order:
//! 1. its first bytes are those of a format that runs, whatever its name says;
//! 2. its extension is on the list of such formats, whatever its content looks like;
//! 3. it has no extension, and its first bytes are not those of an image, a sound, a font or a document.
//!
//! Text is never opaque, nor is a picture or a PDF file under its own name, nor an archive such as `.xz`: what an
//! archive holds is another question.

use std::collections::BTreeMap;
use std::fmt;

use probity_sdk::git;

use crate::config::Config;
use crate::summary::{Sort, is_hidden};

const LIST: &str = include_str!("../data/formats.txt");

/// What runs, is linked or is installed, by the names that `git/contents` gives to formats.
const RUNNING: [&str; 11] =
    ["ar", "deb", "dex", "dos", "elf", "java-class", "llvm-bitcode", "mach-o", "pe", "rpm", "wasm"];

/// What is only looked at or listened to, by the same names.
const HARMLESS: [&str; 18] = [
    "avi", "flac", "gif", "ico", "jpeg", "mp3", "mp4", "ogg", "otf", "pdf", "png", "psd", "tiff", "ttf",
    "wav", "webp", "woff", "woff2",
];

/// The extensions to count, under the configuration.
#[derive(Debug)]
pub(crate) struct Formats {
    listed: BTreeMap<String, String>,
    /// Files are counted as Hipcheck does: by the list alone, case included, or without an extension, whatever their first bytes are; but no
    /// hidden ones.
    as_hipcheck: bool,
}

/// Why a binary file is opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opaque {
    /// Its first bytes are those of a format that runs.
    Runs { magic: String },
    /// Its extension is listed.
    Listed { extension: String, format: String },
    /// It has no extension that would say what it is.
    Nameless,
}

impl Formats {
    pub(crate) fn new(config: &Config) -> Self {
        let mut formats: BTreeMap<String, String> = listed().collect();
        if config.compat.is_some() {
            return Self { listed: formats, as_hipcheck: true };
        }
        for name in config.extra_extensions.extensions() {
            formats.entry(name).or_insert_with(|| "as configured".to_owned());
        }
        for name in config.excluded_extensions.extensions() {
            formats.remove(&name);
        }
        Self { listed: formats, as_hipcheck: false }
    }

    /// Whether a file is opaque that is binary by its content; `magic` is its format by its first bytes, if known.
    pub(crate) fn opaque(&self, path: &str, magic: Option<&str>) -> Option<Opaque> {
        self.of(git::extension(path), magic, self.as_hipcheck && is_hidden(path))
    }

    /// Whether the files of a sort are opaque.
    pub(crate) fn of_sort(&self, sort: &Sort) -> Option<Opaque> {
        self.of(sort.extension.as_deref(), sort.magic.as_deref(), sort.hidden)
    }

    fn of(&self, extension: Option<&str>, magic: Option<&str>, hidden: bool) -> Option<Opaque> {
        if !self.as_hipcheck {
            return self.by(extension.map(str::to_ascii_lowercase).as_deref(), magic);
        }
        if hidden {
            return None;
        }
        let Some(extension) = extension else { return Some(Opaque::Nameless) };
        self.in_list(extension)
    }

    /// The same by an extension in lower case.
    fn by(&self, extension: Option<&str>, magic: Option<&str>) -> Option<Opaque> {
        if let Some(magic) = magic.filter(|magic| RUNNING.contains(magic)) {
            return Some(Opaque::Runs { magic: magic.to_owned() });
        }
        let Some(extension) = extension else {
            return (!magic.is_some_and(|magic| HARMLESS.contains(&magic))).then_some(Opaque::Nameless);
        };
        self.in_list(extension)
    }

    fn in_list(&self, extension: &str) -> Option<Opaque> {
        let format = self.listed.get(extension)?.clone();
        Some(Opaque::Listed { extension: extension.to_owned(), format })
    }
}

impl Opaque {
    /// How grave this reason is: smaller is graver.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Runs { .. } => 0,
            Self::Listed { .. } => 1,
            Self::Nameless => 2,
        }
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs { magic } => {
                write!(f, "its first bytes are those of a program, library or package ({magic})")
            }
            Self::Listed { extension, format } => write!(f, "binary, and .{extension} files run ({format})"),
            Self::Nameless => f.write_str("binary, and without an extension that says what it is"),
        }
    }
}

fn listed() -> impl Iterator<Item = (String, String)> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(name, format)| (name.to_owned(), format.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use probity_sdk::config::Names;

    use super::*;

    fn by_default(path: &str, magic: Option<&str>) -> Option<Opaque> {
        Formats::new(&Config::default()).opaque(path, magic)
    }

    #[test]
    fn what_runs_counts_under_any_name() {
        let elf = Some(Opaque::Runs { magic: "elf".into() });
        for path in ["bin/tool", "a.so", "holiday.jpg", "tests/data.xz", ".hidden/x"] {
            assert_eq!(by_default(path, Some("elf")), elf, "{path}");
        }
    }

    #[test]
    fn listed_extensions_count_in_any_case() {
        let listed = |extension: &str, format: &str| {
            Some(Opaque::Listed { extension: extension.into(), format: format.into() })
        };
        assert_eq!(by_default("setup.EXE", None), listed("exe", "Microsoft executable"));
        assert_eq!(by_default("lib/x.jar", Some("zip")), listed("jar", "Java archive"));
        assert_eq!(by_default(r#""caf\351.dll""#, None), listed("dll", "dynamic-link library"));
        assert_eq!(by_default("firmware.bin", Some("png")), listed("bin", "ELF"));
    }

    #[test]
    fn a_file_without_extension_counts_unless_it_is_only_looked_at() {
        assert_eq!(by_default("bin/run", None), Some(Opaque::Nameless));
        assert_eq!(by_default(".cache", Some("gzip")), Some(Opaque::Nameless));
        assert_eq!(by_default("logo", Some("png")), None);
        assert_eq!(by_default("manual", Some("pdf")), None);
    }

    #[test]
    fn other_binary_files_are_not_opaque() {
        for (path, magic) in
            [("a.png", Some("png")), ("a.pdf", Some("pdf")), ("b.xz", Some("xz")), ("c.dat", None)]
        {
            assert_eq!(by_default(path, magic), None, "{path}");
        }
    }

    #[test]
    fn configuration_adds_and_takes_away_extensions_but_hides_no_program() {
        let config = Config {
            extra_extensions: Names(vec![".Dat".into()]),
            excluded_extensions: Names(vec!["jar".into()]),
            ..Config::default()
        };
        let formats = Formats::new(&config);
        assert!(formats.opaque("c.dat", None).is_some());
        assert_eq!(formats.opaque("x.jar", Some("zip")), None);
        assert!(formats.opaque("x.jar", Some("elf")).is_some());
    }

    #[test]
    fn with_compat_the_name_alone_decides() {
        let config: Config = serde_json::from_str(r#"{"compat": "hipcheck"}"#).unwrap();
        let formats = Formats::new(&config);
        for path in ["bin/tool", "a.so", "lib/x.jar"] {
            assert!(formats.opaque(path, Some("png")).is_some(), "{path}");
        }
        for path in ["holiday.jpg", "a.SO", ".hidden/a.so", "x/.tool", "tests/data.xz"] {
            assert_eq!(formats.opaque(path, Some("elf")), None, "{path}");
        }
    }

    #[test]
    fn the_built_in_list_is_sorted_and_in_lower_case() {
        let names: Vec<String> = listed().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 46);
        assert!(
            names.is_sorted_by(|a, b| a < b) && names.iter().all(|name| *name == name.to_ascii_lowercase())
        );
    }
}
