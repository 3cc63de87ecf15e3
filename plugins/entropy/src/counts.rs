//! The counts of one commit as text: there are some seventy in each commit, and as JSON they would be most of what is remembered.
//!
//! Each is two numbers, the distance of its grapheme's place from the one before and the count, both in groups of seven bits with the
//! lowest first and the eighth bit telling that more follow. The bytes stand in base 64.

use data_encoding::BASE64_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Place of a grapheme, and count; places ascend.
pub(crate) type Count = (u32, u32);

/// The counts of one commit as they are written. They are read when they are added up and not before: a history has millions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Counts(String);

impl Counts {
    pub(crate) fn of(counts: &[Count]) -> Self {
        Self(encoded(counts))
    }

    /// Hands over each count in turn. `None` if the text is none that [`Counts::of`] writes.
    pub(crate) fn each(&self, buffer: &mut Vec<u8>, mut take: impl FnMut(Count)) -> Option<()> {
        let text = self.0.as_bytes();
        buffer.resize(BASE64_NOPAD.decode_len(text.len()).ok()?, 0);
        let length = BASE64_NOPAD.decode_mut(text, buffer).ok()?;
        let mut rest = buffer[..length].iter();
        let mut place: u32 = 0;
        while rest.len() > 0 {
            place = place.checked_add(next(&mut rest)?)?;
            take((place, next(&mut rest)?));
        }
        Some(())
    }
}

fn encoded(counts: &[Count]) -> String {
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

fn next(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u32> {
    let first = *bytes.next()?;
    if first < 0x80 {
        return Some(u32::from(first));
    }
    let mut number = u64::from(first & 0x7f);
    for shift in (7..35).step_by(7) {
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

    fn read(counts: &Counts) -> Option<Vec<Count>> {
        let mut read = Vec::new();
        counts.each(&mut Vec::new(), |count| read.push(count))?;
        Some(read)
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        for counts in
            [vec![], vec![(0, 1)], vec![(0, 127), (1, 128), (300, 70_000)], vec![(u32::MAX, u32::MAX)]]
        {
            assert_eq!(read(&Counts::of(&counts)), Some(counts));
        }
        assert_eq!(Counts::of(&[(0, 2), (1, 1)]), Counts("AAIBAQ".to_owned()));
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        // An odd number of numbers; no base 64; a number that does not end; one that is too large; places beyond the last.
        for text in ["AA", "A", "äää", "gIA", "gICAgBAA", "/////w8B/////w8B"] {
            assert_eq!(read(&Counts(text.to_owned())), None, "{text}");
        }
    }
}
