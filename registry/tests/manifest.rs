//! Manifests as text: what is read from them, and every fault with its place.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use miette::Diagnostic as _;
use probity_registry::{EntryKind, Manifest, PermissionKind};

const GOOD: &str = "publisher \"acme\"\nnamespace \"tools\"\nname \"idle\"\nversion \"1.2.0-rc.1\"\ninterface 1\n\
                    entry kind=\"native\" path=\"bin/idle\"\n";

/// Each fault as `message @ the text that it points to`.
fn faults(text: &str) -> Vec<String> {
    let errors = Manifest::parse("plugin.kdl", text).unwrap_err();
    let show = |error: &probity_registry::manifest::ManifestError| {
        let label = error.labels().and_then(|mut labels| labels.next());
        let at = label.map(|l| &text[l.offset()..l.offset() + l.len()]);
        format!("{error} @ {}", at.unwrap_or("-").trim())
    };
    errors.errors.iter().map(show).collect()
}

#[test]
fn a_manifest_is_read() {
    let manifest = Manifest::parse("plugin.kdl", GOOD).unwrap();
    assert_eq!(manifest.id.to_string(), "acme/tools/idle");
    assert_eq!(manifest.version.pre.as_str(), "rc.1");
    assert_eq!((manifest.entry.kind, manifest.entry.path.as_str()), (EntryKind::Native, "bin/idle"));
}

#[test]
fn all_faults_are_told_at_once_each_with_its_place() {
    let text = "publisher \"Acme\"\nname \"idle\" \"twice\"\nname \"x\"\nversion \"1.2\"\ninterface 2\n\
                entry kind=\"native\" path=\"../sh\"\ncolour \"red\"\n";
    assert_eq!(
        faults(text),
        [
            "\"name\" is given twice @ name",
            "a manifest has no \"colour\" @ colour",
            "\"Acme\" in plugin id \"x/x/Acme\" is not 1 to 64 of the characters a-z, 0-9 and '-' @ \"Acme\"",
            "\"namespace\" is missing @ -",
            "\"1.2\" is no semantic version: unexpected end of input while parsing minor version number @ \"1.2\"",
            "interface 2 is not spoken by this version of Probity, which speaks 1 to 1 @ 2",
            "\"../sh\" is no path inside the package @ path=\"../sh\"",
        ]
    );
}

#[test]
fn what_is_no_kdl_is_told_with_its_place() {
    let faults = faults("publisher \"acme\nname 1.");
    assert!(!faults.is_empty());
    assert!(Manifest::parse("plugin.kdl", "name 1.").is_err());
}

#[test]
fn a_shape_that_is_not_the_expected_one_is_told() {
    let with = |old: &str, new: &str| faults(&GOOD.replace(old, new));
    assert_eq!(with("interface 1", "interface \"1\""), ["expected a whole number @ \"1\""]);
    assert_eq!(with("\"tools\"", "#true"), ["expected one text, such as name \"idle\" @ #true"]);
    let entry = "expected entry kind=\"native\", \"python\" or \"node\", and path=\"…\"";
    assert_eq!(with("kind=\"native\"", "kind=\"ruby\""), [format!("{entry} @ kind=\"ruby\"")]);
    assert_eq!(with("kind=\"native\" ", ""), [format!("{entry} @ entry path=\"bin/idle\"")]);
}

#[test]
fn paths_that_lead_out_of_the_package_are_refused() {
    for path in ["/bin/sh", "a/../../sh", "./a", "a//b", "", "a\\u{1b}b"] {
        let faults = faults(&GOOD.replace("bin/idle", path));
        assert!(faults[0].contains("is no path inside the package"), "{path}: {faults:?}");
    }
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    for text in ["a{".repeat(20_000), "/*".repeat(30_000)] {
        let errors = Manifest::parse("plugin.kdl", &text).unwrap_err();
        assert_eq!(errors.errors[0].to_string(), "more than 128 braces or comments in a manifest");
    }
}

#[test]
fn what_a_package_asks_for_is_read_in_order() {
    let text = format!(
        "{GOOD}permissions {{\n  read \"~/.cargo\" why=\"sources\" optional=#true\n  env \"LANG\" why=\"names\"\n  \
         env \"*\" why=\"as configured\"\n}}\n"
    );
    let manifest = Manifest::parse("plugin.kdl", &text).unwrap();
    let asked: Vec<String> = manifest
        .permissions
        .iter()
        .map(|asked| format!("{asked}: {} {}", asked.why, asked.optional))
        .collect();
    let expected =
        ["env \"*\": as configured false", "env \"LANG\": names false", "read \"~/.cargo\": sources true"];
    assert_eq!(asked, expected);
    assert!(Manifest::parse("plugin.kdl", GOOD).unwrap().permissions.is_empty());
}

#[test]
fn what_nobody_could_grant_is_told_with_its_place() {
    let text = format!(
        "{GOOD}permissions {{\n  device \"gpu\" why=\"x\"\n  exec \"*\" why=\"x\"\n  exec \"bin/git\" why=\"x\"\n  exec \"-x\" why=\"x\"\n  \
         exec \"/usr/../x\" why=\"x\"\n  env \"A=B\" why=\"x\"\n  read \"../x\" why=\"x\"\n  \
         read \"x\" why=\"x\"\n  net \"https://a.b\" why=\"x\"\n  net \"\u{430}.b\" why=\"x\"\n  file \"a/../b\" why=\"x\"\n  env \"C\"\n  env \"D\" why=\"x\"\n  env \"D\" why=\"y\"\n}}\n"
    );
    let shape = "expected a name or path, and why=\"…\", as in env \"LANG\" why=\"the language of names\"";
    assert_eq!(
        faults(&text),
        [
            "there is no permission \"device\" @ device".to_owned(),
            "exec \"*\" cannot be asked for @ \"*\"".to_owned(),
            "exec \"bin/git\" cannot be asked for @ \"bin/git\"".to_owned(),
            "exec \"-x\" cannot be asked for @ \"-x\"".to_owned(),
            "exec \"/usr/../x\" cannot be asked for @ \"/usr/../x\"".to_owned(),
            "env \"A=B\" cannot be asked for @ \"A=B\"".to_owned(),
            "read \"../x\" cannot be asked for @ \"../x\"".to_owned(),
            "read \"x\" cannot be asked for @ \"x\"".to_owned(),
            "net \"https://a.b\" cannot be asked for @ \"https://a.b\"".to_owned(),
            "net \"\u{430}.b\" cannot be asked for @ \"\u{430}.b\"".to_owned(),
            "file \"a/../b\" cannot be asked for @ \"a/../b\"".to_owned(),
            format!("{shape} @ env \"C\""),
            "\"env D\" is given twice @ env \"D\" why=\"y\"".to_owned(),
        ]
    );
    let why = |why: &str| faults(&format!("{GOOD}permissions {{\n  env \"A\" why={why:?}\n}}\n"))[0].clone();
    let long = "x".repeat(201);
    for deceptive in ["a\nhint: b", "", "a\u{202e}b", long.as_str()] {
        assert!(
            why(deceptive).starts_with("`why` is one line of at most 200 characters @ env"),
            "{deceptive:?}"
        );
    }
    let many: String = (0..65).map(|n| format!("env \"A{n}\" why=\"x\"\n")).collect();
    let greedy = faults(&format!("{GOOD}permissions {{\n{many}}}\n"));
    assert_eq!(greedy, ["a package may ask for 64 things at most @ env \"A64\" why=\"x\""]);
}

#[test]
fn less_than_everybody_gets_is_taken_at_its_word_and_more_is_asked_for() {
    let text = format!(
        "{GOOD}limits {{\n  memory \"2GiB\" why=\"a whole tree\"\n  cpu-seconds 60\n  wall-seconds 900 why=\"slow\" \
         optional=#true\n  tasks 8\n}}\npermissions {{\n  scratch size=\"256MiB\" files=100 keep=#true why=\"an index\"\n}}\n"
    );
    let manifest = Manifest::parse("plugin.kdl", &text).unwrap();
    let limits: Vec<String> =
        manifest.limits.iter().map(|(resource, amount)| resource.wanted(*amount)).collect();
    let named = [
        "memory 2GiB",
        "cpu-seconds 60",
        "wall-seconds 900",
        "tasks 8",
        "scratch-size 256MiB",
        "scratch-files 100",
    ];
    assert_eq!(limits, named);
    let asked: Vec<String> =
        manifest.permissions.iter().map(|one| format!("{one}: {} {}", one.why, one.optional)).collect();
    let expected = [
        "limit \"memory 2GiB\": a whole tree false",
        "limit \"scratch-size 256MiB\": an index false",
        "limit \"wall-seconds 900\": slow true",
        "scratch \"keep\": an index false",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_limit_that_cannot_be_is_told_with_its_place() {
    let text = format!(
        "{GOOD}limits {{\n  memory \"65GiB\" why=\"x\"\n  memory 5\n  memory \"1MiB\"\n  tasks 0\n  tasks -1\n  files 512\n  \
         disk 3\n  scratch-size \"1MiB\"\n  cpu-seconds 5\n  cpu-seconds 6\n}}\n\
         permissions {{\n  scratch\n  scratch keep=1\n  scratch keep=#true\n  limit \"memory 2GiB\" why=\"x\"\n}}\n"
    );
    let kept =
        format!("{GOOD}permissions {{\n  scratch keep=#true why=\"a\"\n  scratch keep=#true why=\"b\"\n}}\n");
    assert_eq!(faults(&kept), ["\"scratch keep\" is given twice @ scratch keep=#true why=\"b\""]);
    let shape = "expected an amount, such as memory \"512MiB\" or cpu-seconds 60, with why=\"…\" if it is more than everybody gets";
    let scratch = "expected scratch with size=\"256MiB\", files=8192 or keep=#true, and why=\"…\"";
    assert_eq!(
        faults(&text),
        [
            format!("{scratch} @ scratch"),
            format!("{scratch} @ keep=1"),
            format!("{scratch} @ scratch keep=#true"),
            "there is no permission \"limit\" @ limit".to_owned(),
            "memory is from 16MiB to 64GiB @ \"65GiB\"".to_owned(),
            format!("{shape} @ 5"),
            "memory is from 16MiB to 64GiB @ \"1MiB\"".to_owned(),
            "tasks is from 1 to 4096 @ 0".to_owned(),
            format!("{shape} @ -1"),
            "files of more than 256 has to be granted, and needs a `why` @ files 512".to_owned(),
            "there is no limit \"disk\" @ disk".to_owned(),
            "there is no limit \"scratch-size\" @ scratch-size".to_owned(),
            "\"cpu-seconds\" is given twice @ cpu-seconds 6".to_owned(),
        ]
    );
}

#[test]
fn a_token_is_asked_for_by_its_server_and_granted_with_a_variable() {
    let text =
        format!("{GOOD}permissions {{\n  token \"api.example.org\" why=\"x\"\n  token \"*\" why=\"y\"\n}}\n");
    let asked = Manifest::parse("plugin.kdl", &text).unwrap().permissions;
    let covers = |at: usize, what: &str| asked[at].covers(PermissionKind::Token, what);
    assert_eq!(asked[1].to_string(), "token \"api.example.org\"");
    assert!(covers(1, "api.example.org=A_TOKEN") && covers(0, "api.example.org=A_TOKEN"));
    assert!(!covers(1, "evil.example=A_TOKEN") && covers(0, "evil.example=A_TOKEN"));
    assert!(!asked[0].covers(PermissionKind::Net, "api.example.org"));
    let named = format!("{GOOD}permissions {{\n  token \"api.example.org=A_TOKEN\" why=\"x\"\n}}\n");
    let told = "token \"api.example.org=A_TOKEN\" cannot be asked for @ \"api.example.org=A_TOKEN\"";
    assert_eq!(faults(&named), [told], "which variable it is, the person says");
}
