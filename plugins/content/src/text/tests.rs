//! Texts, and what they hide.

use super::*;

/// The findings of a source file, one a line: `rule severity line`.
fn of_source(text: impl AsRef<[u8]>) -> Vec<String> {
    told(source(text.as_ref()))
}

fn told(found: Vec<Finding>) -> Vec<String> {
    let line = |of: &Finding| format!("{} {} {}", of.rule, of.severity, of.line.unwrap());
    found.iter().map(line).collect()
}

#[test]
fn characters_that_turn_a_line_are_found_and_right_to_left_text_is_not() {
    assert_eq!(of_source("a\nif x /* \u{202e}\u{2066}} */\n"), ["bidi-control high 2"]);
    assert_eq!(of_source("a \u{200f}b"), ["bidi-control medium 1"]);
    assert_eq!(of_source("print(\"שלום عالم\") // naïve 日本 ж \\u202e"), [""; 0]);
}

#[test]
fn what_nobody_sees_is_found_and_emoji_are_not() {
    for (text, expected) in [
        ("x\u{e0061}\u{e0062}", &["invisible-character high 1"][..]),
        ("s = '\u{e0101}\u{e0120}'", &["invisible-character high 1"]),
        ("'\u{fe00}\u{fe05}\u{fe0f}\u{fe01}'", &["invisible-character high 1"]),
        ("a\u{200b}b", &["invisible-character medium 1"]),
        ("const {\u{3164}} = x", &["invisible-character medium 1"]),
        ("\u{feff}a\n\u{feff}b", &["invisible-character medium 2"]),
        ("a\u{85}b", &["control-character medium 1"]),
        ("a \u{e0b0} b", &["private-use medium 1"]),
        (
            "❤\u{fe0f} 👩\u{200d}🔬 \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 葛\u{fe00}",
            &[],
        ),
    ] {
        assert_eq!(of_source(text), expected, "{text:?}");
    }
    assert_eq!(of_source(b"caf\xe9 \x80\x9f latin-1"), [""; 0]);
    assert_eq!(of_source("\u{200b}\n".repeat(1000)).len(), 5);
}

#[test]
fn what_is_no_text_is_not_taken_for_one_but_few_wrong_bytes_hide_nothing() {
    let hidden = "let a = 1; // \u{202e}\n";
    let with = |bytes: &[u8]| of_source([hidden.as_bytes(), bytes].concat());
    assert_eq!(with(b"caf\xe9"), ["bidi-control high 1"]);
    assert_eq!(with(&[0xe9; 3]), [""; 0]);
    assert_eq!(with(&[1; 3]), [""; 0]);
}

#[test]
fn words_that_look_like_others_are_found_and_words_of_other_languages_are_not() {
    // Cyrillic а, с and е beside Latin letters.
    assert_eq!(of_source("a\nis\u{430}dmin()"), ["lookalike-word medium 2"]);
    assert_eq!(of_source("p\u{430}yp\u{430}l = 1"), ["lookalike-word medium 1"]);
    for fine in [
        "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442} admin",
        "\u{394}t \u{3b1}x \u{b5}s",
        "naïve Müller",
        "日本go",
        "x\u{2081}",
        "\u{430}\u{441}\u{435} a",
    ] {
        assert_eq!(of_source(fine), [""; 0], "{fine}");
    }
}

#[test]
fn code_beyond_the_edge_is_found_and_aligned_text_is_not() {
    let far = |text: &str| of_source(format!("x\nlet a = 1;{}{text}", " ".repeat(200)));
    assert_eq!(far("require('x')(y);"), ["far-right medium 2"]);
    for fine in ["// see f(x) there", "# f(x) = y zzz", "plain words only", "\\"] {
        assert_eq!(far(fine), [""; 0], "{fine}");
    }
    assert_eq!(of_source(format!("a{}f(x) = long enough", " ".repeat(199))), [""; 0]);
}

#[test]
fn obfuscated_code_is_found() {
    let names: String = (0..20).map(|n| format!("var _0x{:04x} = {n};\n", n + 4096)).collect();
    assert_eq!(of_source(&names), ["renamed-code high 20"]);
    assert_eq!(of_source("var _0x1234 = _0x1234;\n".repeat(50)), [""; 0]);
    assert_eq!(of_source("x".repeat(5001)), ["long-line low 1"]);
    let literal: String = (0..1100_u32).map(|n| char::from(b'A' + (n * n % 26) as u8)).collect();
    let payload = |text: &str| of_source(text.replace("LITERAL", &literal));
    assert_eq!(payload("a\neval(atob('LITERAL'))"), ["decoded-code high 2"]);
    assert_eq!(payload("import base64\nexec(base64.b64decode('LITERAL'))"), ["decoded-code high 2"]);
    for fine in [
        "const a = 'LITERAL'; atob(a)",
        "const a = 'LITERAL'; eval(b)",
        "re.exec(atob('LITERAL'))",
        "eval(atob('data:image/png;base64,LITERAL'))",
        "eval(atob('QUJD'))",
    ] {
        assert_eq!(payload(fine), [""; 0], "{fine}");
    }
    assert_eq!(payload(&format!("eval(atob('{}'))", "A".repeat(2000))), [""; 0]);
}

#[test]
fn tokens_with_right_checksums_are_found_and_examples_are_not() {
    let random = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0";
    let sum = String::from_utf8(secrets::checksum(random.as_bytes()).to_vec()).unwrap();
    for begins in ["ghp_", "npm_"] {
        assert_eq!(told(any(format!("x\ntoken = \"{begins}{random}{sum}\"").as_bytes())), ["token high 2"]);
        assert_eq!(told(any(format!("{begins}{random}000000").as_bytes())), [""; 0]);
        assert_eq!(told(any(format!("x{begins}{random}{sum}").as_bytes())), [""; 0]);
        assert_eq!(told(any(format!("{begins}{random}{sum}a").as_bytes())), [""; 0]);
    }
    let found = any(format!("ghp_{random}{sum}").as_bytes());
    assert!(!found[0].message.contains(&random[..4]), "{found:?}");
    let amazon = |id: &str| told(any(format!("key={id}\n").as_bytes()));
    assert_eq!(amazon(&["AKIA", "Q3EGZX7LR2TUV5WN"].concat()), ["token medium 1"]);
    assert_eq!(amazon("AKIAIOSFODNN7EXAMPLE"), [""; 0]);
}

#[test]
fn checksums_are_those_of_the_format() {
    // CRC-32 of "123456789" is CBF43926, which is 3421780262.
    let mut value = 0_u64;
    for digit in secrets::checksum(b"123456789") {
        let at = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            .iter()
            .position(|of| *of == digit);
        value = value * 62 + at.unwrap() as u64;
    }
    assert_eq!(value, 3_421_780_262);
}

#[test]
fn private_keys_are_found_unless_they_are_encrypted_or_cut() {
    let key =
        |kind: &str, body: &str| told(any(format!("-----BEGIN {kind}-----\n{body}\n-----END").as_bytes()));
    let body = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi".repeat(4);
    for kind in ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY"] {
        assert_eq!(key(kind, &body), ["private-key medium 1"], "{kind}");
    }
    assert_eq!(key("PUBLIC KEY", &body), [""; 0]);
    assert_eq!(key("ENCRYPTED PRIVATE KEY", &body), [""; 0]);
    assert_eq!(key("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\n{body}")), [""; 0]);
    assert_eq!(key("RSA PRIVATE KEY", "..."), [""; 0]);
}

#[test]
fn hostile_texts_end() {
    for text in [
        "_0x".repeat(500_000),
        "-----BEGIN ".repeat(200_000),
        "AKIA".repeat(500_000),
        " ".repeat(4_000_000),
        "\u{202e}".repeat(1_000_000),
        "é".repeat(2_000_000),
    ] {
        source(text.as_bytes());
        any(text.as_bytes());
    }
    source(&[0xff; 1_000_000]);
}
