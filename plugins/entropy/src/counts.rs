//! The counts of one commit as text: there are some seventy in each commit, and as JSON they would be most of what is remembered.
//!
//! Each is two numbers, the distance of its grapheme's place from the one before and the count, both in groups of seven bits with the
//! lowest first and the eighth bit telling that more follow. The bytes stand in base 64.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// Place of a grapheme, and count; places ascend.
pub(crate) type Counts = Vec<(u32, u32)>;

pub(crate) fn serialize<S: Serializer>(counts: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encoded(counts))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
    deserializer.deserialize_str(Text)
}

/// The schema of the text.
pub(crate) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string" })
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Counts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counts as text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Counts, E> {
        decoded(text).ok_or_else(|| E::custom("counts that no commit has"))
    }
}

pub(crate) fn encoded(counts: &Counts) -> String {
    let mut bytes = Vec::with_capacity(2 * counts.len());
    let mut before = 0;
    for (place, count) in counts {
        number(&mut bytes, place.wrapping_sub(before));
        number(&mut bytes, *count);
        before = *place;
    }
    BASE64_NOPAD.encode(&bytes)
}

fn number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn decoded(text: &str) -> Option<Counts> {
    let bytes = BASE64_NOPAD.decode(text.as_bytes()).ok()?;
    let mut rest = bytes.iter().copied();
    let mut counts = Counts::with_capacity(bytes.len() / 2);
    let mut place: u32 = 0;
    while rest.len() > 0 {
        place = place.checked_add(next(&mut rest)?)?;
        counts.push((place, next(&mut rest)?));
    }
    Some(counts)
}

fn next(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut number: u64 = 0;
    for shift in (0..35).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_were_written() {
        for counts in
            [vec![], vec![(0, 1)], vec![(0, 127), (1, 128), (300, 70_000)], vec![(u32::MAX, u32::MAX)]]
        {
            assert_eq!(decoded(&encoded(&counts)), Some(counts));
        }
        assert_eq!(encoded(&vec![(0, 2), (1, 1)]), "AAIBAQ");
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        // An odd number of numbers; no base 64; a number that does not end; one that is too large; places beyond the last.
        for text in ["AA", "A", "äää", "gIA", "gICAgBAA", "/////w8B/////w8B"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
