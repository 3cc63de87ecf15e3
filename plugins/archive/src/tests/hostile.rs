//! Archives that no tool makes of a tree.

use flate2::Crc;
use tar::{Builder, EntryType};

use super::world::{World, add, gzip, header, packed};
use crate::read::{self, MAX_ENTRY, ReadError};

fn world() -> World {
    World::new(&[("a", "a\n"), ("d/b", "b\n")])
}

/// What is found in an archive of these entries, beside the tree's own.
fn found(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<String> {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
    add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
    for (kind, name, content) in entries {
        add(&mut builder, *kind, name, content);
    }
    world().compared("x.tar.gz", &gzip(&builder.into_inner().unwrap())).unwrap()
}

#[test]
fn names_that_lead_out_of_the_folder_are_found() {
    let file = EntryType::Regular;
    for name in [
        &b"../../etc/cron.d/x"[..],
        b"/etc/passwd",
        b"x/../../y",
        b"x/.git/hooks/post-checkout",
        b"x/.GIT/config",
    ] {
        assert_eq!(found(&[(file, name, b"x")]), ["high odd-entry -"], "{}", String::from_utf8_lossy(name));
    }
    assert_eq!(found(&[(file, b"x/a\\b", b"x")]), ["high odd-entry a\\b"]);
    assert_eq!(found(&[(file, b"x/C:evil", b"x"), (file, b"x/\x1b[2J", b"x")]).len(), 2);
    assert_eq!(found(&[(file, b"beside", b"x")]), ["medium odd-entry beside"]);
    assert_eq!(
        found(&[(file, b"./x//d/./b", b"b\n")]),
        ["high odd-entry d/b"],
        "the same path in other letters"
    );
    assert_eq!(found(&[(file, b"x/not\xffutf8", b"x")]), ["low extra-file \"not\\377utf8\""]);
}

#[test]
fn an_entry_that_is_there_twice_is_found_and_the_last_one_is_compared() {
    let entries = found(&[(EntryType::Regular, b"x/d/b", b"evil\n")]);
    assert_eq!(entries, ["high odd-entry d/b", "medium changed-file d/b"]);
}

#[test]
fn links_devices_and_unknown_kinds_are_found() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
    add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
    for (kind, name) in [
        (EntryType::Symlink, &b"x/out"[..]),
        (EntryType::Link, b"x/hard"),
        (EntryType::Char, b"x/tty"),
        (EntryType::Fifo, b"x/pipe"),
        (EntryType::GNUSparse, b"x/holes"),
        (EntryType::new(b'Q'), b"x/other"),
    ] {
        let mut header = header(kind, name, 0);
        header.set_link_name("/etc").unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    add(&mut builder, EntryType::Regular, b"x/out/passwd", b"x");
    let found = world().compared("x.tar.gz", &gzip(&builder.into_inner().unwrap())).unwrap();
    let odd = ["hard", "holes", "other", "out", "out/passwd", "pipe", "tty"]
        .map(|name| format!("high odd-entry {name}"));
    assert_eq!(found[..odd.len()], odd);
    assert_eq!(found[odd.len()..], ["low extra-file out/passwd"]);
}

#[test]
fn a_link_to_what_no_path_can_be_is_found_and_not_held() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
    add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
    add(&mut builder, EntryType::GNULongLink, b"././@LongLink", &[b'l'; 5000]);
    add(&mut builder, EntryType::Symlink, b"x/long", b"");
    let found = world().compared("x.tar.gz", &gzip(&builder.into_inner().unwrap())).unwrap();
    assert_eq!(found, ["high odd-entry long"]);
}

#[test]
fn what_two_programs_would_read_differently_is_found_or_refused() {
    let pax = |records: &[&str], kind: u8| {
        let lines: String = records
            .iter()
            .map(|record| {
                (0..)
                    .map(|n| format!("{n} {record}\n"))
                    .find(|line| line.starts_with(&format!("{} ", line.len())))
                    .unwrap()
            })
            .collect();
        (EntryType::new(kind), lines.into_bytes())
    };
    let with = |(kind, lines): (EntryType, Vec<u8>)| {
        let mut builder = Builder::new(Vec::new());
        add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
        add(&mut builder, kind, b"pax", &lines);
        add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
        world().compared("x.tar.gz", &gzip(&builder.into_inner().unwrap()))
    };
    assert_eq!(with(pax(&["path=x/d/b", "mtime=1.5"], b'x')).unwrap(), [""; 0]);
    assert_eq!(
        with(pax(&["path=x/d/b", "path=x/configure.ac"], b'x')).unwrap()[0],
        "high odd-entry configure.ac"
    );
    assert_eq!(with(pax(&["GNU.sparse.realsize=9"], b'x')).unwrap(), ["high odd-entry d/b"]);
    for record in ["path=x/all", "GNU.sparse.name=x/setup.py"] {
        assert_eq!(with(pax(&[record], b'g')).unwrap(), ["high odd-entry -"], "{record}");
    }
    for lines in [&b"\n12 path=x/b\n"[..], b"+13 path=x/b\n", b"9 path=x/b\n", b"12 path=x/b\0"] {
        let told = with((EntryType::new(b'x'), lines.to_vec())).unwrap_err();
        assert!(told.contains("a record of a pax header is amiss"), "{told}");
    }
    assert!(with(pax(&["size=1"], b'x')).unwrap_err().contains("an entry has two sizes"));
    let mut behind = Builder::new(Vec::new());
    add(&mut behind, EntryType::Regular, b"x/a", b"a\n");
    add(&mut behind, EntryType::Regular, b"x/d/b", b"b\n");
    let mut behind = behind.into_inner().unwrap();
    behind.extend_from_slice(&[b'x'; 512]);
    assert_eq!(world().compared("x.tar", &behind).unwrap(), ["high odd-entry -"]);
}

#[test]
fn a_header_that_other_programs_read_otherwise_is_refused() {
    let with = |kind: EntryType, name: &[u8], content: &[u8], change: fn(&mut [u8; 512])| {
        let mut builder = Builder::new(Vec::new());
        add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
        add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
        let mut head = header(kind, name, content.len() as u64);
        change(head.as_mut_bytes());
        head.set_cksum();
        builder.append(&head, content).unwrap();
        world().compared("x.tar.gz", &gzip(&builder.into_inner().unwrap()))
    };
    for (kind, name) in [
        (EntryType::Directory, &b"x/d/"[..]),
        (EntryType::Symlink, b"x/link"),
        (EntryType::Regular, b"x/notes/"),
    ] {
        let told = with(kind, name, &[0; 1024], |_| {}).unwrap_err();
        assert!(told.contains("an entry that is no file has content"), "{told}");
    }
    let prefixed = |header: &mut [u8; 512]| {
        header[263..265].copy_from_slice(b"  ");
        header[345..351].copy_from_slice(b"../../");
    };
    let told = with(EntryType::Regular, b"x/e", b"", prefixed).unwrap_err();
    assert!(told.contains("a beginning of its name"), "{told}");
    let signed = |header: &mut [u8; 512]| header[124..126].copy_from_slice(b"+0");
    assert!(with(EntryType::Regular, b"x/e", b"", signed).is_err());
}

#[test]
fn what_is_a_zip_for_some_and_a_tar_for_others_is_found() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, b"x/a", b"a\n");
    add(&mut builder, EntryType::Regular, b"x/d/b", b"b\n");
    add(&mut builder, EntryType::Regular, b"x/z", b"PK\x05\x06");
    let found = world().compared("x.tar", &builder.into_inner().unwrap()).unwrap();
    assert_eq!(found, ["high odd-entry -", "low extra-file z"]);
}

#[test]
fn a_zip_that_other_programs_read_otherwise_is_found_or_refused() {
    let last = |bytes: &[u8], mark: &[u8]| bytes.windows(4).rposition(|four| four == mark).unwrap();
    let tree = [("x/a", "a\n"), ("x/d/b", "b\n"), ("x/evil.py", "evil\n")];
    let whole = zip(&tree, "", None);
    let (listed, end) = (last(&whole, b"PK\x01\x02"), last(&whole, b"PK\x05\x06"));

    let mut folder = whole.clone();
    folder[listed + 40..listed + 42].copy_from_slice(&0o040_755_u16.to_le_bytes());
    assert_eq!(world().compared("x.zip", &folder).unwrap(), ["high odd-entry evil.py"]);

    let refused = |bytes: &[u8], why: &str| {
        let told = world().compared("x.zip", bytes).unwrap_err();
        assert!(told.contains(why), "{told}");
    };
    let mut two_ends = [&whole[..], &whole[end..], b"!"].concat();
    let comment = u16::try_from(two_ends.len() - end - 22).unwrap();
    two_ends[end + 20..end + 22].copy_from_slice(&comment.to_le_bytes());
    refused(&two_ends, "more than one end");

    for (field, why) in [([0x75, 0x70, 0, 0], "a second name"), ([1, 0, 0, 0], "second sizes")] {
        let mut renamed = [&whole[..end], &field, &whole[end..]].concat();
        renamed[listed + 30] = 4;
        renamed[end + 4 + 12] += 4;
        refused(&renamed, why);
    }

    let mut method = whole.clone();
    method[8] = 8;
    refused(&method, "say different things");
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused_before_it_does() {
    let mut claims = Vec::new();
    let mut head = header(EntryType::Regular, b"x/zeros", MAX_ENTRY + 1);
    head.set_cksum();
    claims.extend_from_slice(head.as_bytes());
    let told = world().compared("x.tar.gz", &gzip(&claims)).unwrap_err();
    assert_eq!(told, "\"x.tar.gz\": it holds more than 134217728 bytes in one entry, which no release does");
    let mut name = header(EntryType::GNULongName, b"././@LongLink", 1 << 30);
    name.set_cksum();
    let told = world().compared("x.tar.gz", &gzip(name.as_bytes())).unwrap_err();
    assert!(told.contains("more than 65536 bytes in a name"), "{told}");

    let zeros = packed(&[("x/a", &"\0".repeat(1 << 20)), ("x/b", &"\0".repeat(1 << 20))]);
    assert!(zeros.len() < 1 << 15, "a small file: {}", zeros.len());
    let within = |total| read::within(&zeros, total, &|| false, &mut |_| Ok(()));
    assert!(matches!(within(3 << 20), Ok(())));
    let error = within((2 << 20) - 1).unwrap_err();
    assert_eq!(error.to_string(), "it holds more than 2097151 bytes of content, which no release does");
    let cancelled = read::within(&zeros, 3 << 20, &|| true, &mut |_| Ok(()));
    assert!(matches!(cancelled, Err(ReadError::Unwanted)));
}

/// A zip of stored entries. `hide`: names that the directory leaves out. `other`: the name in the directory.
fn zip(files: &[(&str, &str)], hide: &str, other: Option<&str>) -> Vec<u8> {
    let (mut bytes, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, content) in files {
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let sizes = [&crc.sum().to_le_bytes()[..], &size, &size].concat();
        let length = |name: &str| u16::try_from(name.len()).unwrap().to_le_bytes();
        let at = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend(
            [
                &b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"[..],
                &sizes,
                &length(name),
                &[0, 0],
                name.as_bytes(),
                content.as_bytes(),
            ]
            .concat(),
        );
        if *name != hide {
            let name = other.unwrap_or(name);
            directory.extend(
                [
                    &b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\0\0"[..],
                    &sizes,
                    &length(name),
                    &[0; 12],
                    &at,
                    name.as_bytes(),
                ]
                .concat(),
            );
            count += 1;
        }
    }
    let (at, size) = (u32::try_from(bytes.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    bytes.extend(directory);
    let count = count.to_le_bytes();
    bytes.extend(
        [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size.to_le_bytes(), &at.to_le_bytes(), &[0, 0]]
            .concat(),
    );
    bytes
}

#[test]
fn a_zip_is_read_by_its_directory_and_what_that_hides_is_found() {
    let world = world();
    let tree = [("x/a", "a\n"), ("x/d/b", "b\n")];
    assert_eq!(world.compared("x.zip", &zip(&tree, "", None)).unwrap(), [""; 0]);
    let more = [("x/a", "a\n"), ("x/evil.sh", "a whole script\n"), ("x/d/b", "b\n")];
    assert_eq!(world.compared("x.zip", &zip(&more, "", None)).unwrap(), ["high extra-build-file evil.sh"]);
    assert_eq!(world.compared("x.zip", &zip(&more, "x/evil.sh", None)).unwrap(), ["high odd-entry -"]);
    let twice = [("x/a", "a\n"), ("x/d/b", "evil"), ("x/d/b", "b\n")];
    assert_eq!(world.compared("x.zip", &zip(&twice, "", None)).unwrap(), ["high odd-entry d/b"]);
    let renamed = world.compared("x.zip", &zip(&tree[..1], "", Some("x/b"))).unwrap();
    assert_eq!(renamed[0], "high odd-entry x/b");
    let mut wrong = zip(&tree, "", None);
    let at = wrong.windows(2).position(|two| two == b"a\n").unwrap();
    wrong[at] = b'b';
    assert!(world.compared("x.zip", &wrong).unwrap_err().contains("holds something else than it says"));
    for cut in [3, 21, 40, wrong.len() - 1] {
        assert!(world.compared("x.zip", &wrong[..cut]).is_err(), "{cut}");
    }
}
