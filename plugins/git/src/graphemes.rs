//! Counts grapheme clusters in lines of text.
//!
//! Nearly all lines are ASCII, where each byte is a cluster of its own (line ends, the one exception, are left out):
//! those are counted as bytes. Other lines are brought into normal form C and segmented.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Adds up lines. Large, so to be reused.
#[derive(Debug)]
pub struct Counter {
    /// Four tables, since equal bytes in a row would wait for one another.
    bytes: [[u32; 256]; 4],
    /// How many of the carriage returns in `bytes` belong to a line end.
    line_ends: u32,
    others: BTreeMap<Box<str>, u32>,
}

/// What a [`Counter`] counted, in little space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    ascii: Box<[(u8, u32)]>,
    others: Box<[(Box<str>, u32)]>,
}

/// A sum of tallies. In JSON an object from cluster to count: the ASCII ones first, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    ascii: [u64; 128],
    others: BTreeMap<Box<str>, u64>,
}

impl Default for Counter {
    fn default() -> Self {
        Self { bytes: [[0; 256]; 4], line_ends: 0, others: BTreeMap::new() }
    }
}

impl Counter {
    /// Counts the clusters of whole lines. `\n` and `\r\n` end a line and are not counted; a lone `\r` is.
    pub fn add(&mut self, lines: &[u8]) {
        if lines.is_ascii() {
            return self.add_ascii(lines);
        }
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if line.is_ascii() { self.add_ascii(line) } else { self.add_other(line) }
        }
    }

    fn add_ascii(&mut self, lines: &[u8]) {
        let [a, b, c, d] = &mut self.bytes;
        let mut chunks = lines.chunks_exact(4);
        for chunk in &mut chunks {
            a[usize::from(chunk[0])] += 1;
            b[usize::from(chunk[1])] += 1;
            c[usize::from(chunk[2])] += 1;
            d[usize::from(chunk[3])] += 1;
        }
        for byte in chunks.remainder() {
            a[usize::from(*byte)] += 1;
        }
        let returns = memchr::memchr_iter(b'\r', lines);
        self.line_ends += returns.map(|at| u32::from(lines.get(at + 1) == Some(&b'\n'))).sum::<u32>();
    }

    fn add_other(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        let text: String = String::from_utf8_lossy(line).nfc().collect();
        for cluster in text.graphemes(true) {
            match cluster.as_bytes() {
                [byte] => self.bytes[0][usize::from(*byte)] += 1,
                _ => match self.others.get_mut(cluster) {
                    Some(count) => *count += 1,
                    None => drop(self.others.insert(cluster.into(), 1)),
                },
            }
        }
    }

    /// What was counted since the last call; counting starts anew.
    pub fn tally(&mut self) -> Tally {
        let sum = |byte: u8| {
            let sum = self.bytes.iter().map(|table| table[usize::from(byte)]).sum::<u32>();
            if byte == b'\r' { sum - self.line_ends } else { sum }
        };
        let ascii = (0..128).filter(|byte| *byte != b'\n').map(|byte| (byte, sum(byte)));
        let tally = Tally {
            ascii: ascii.filter(|(_, count)| *count > 0).collect(),
            others: std::mem::take(&mut self.others).into_iter().collect(),
        };
        self.bytes = [[0; 256]; 4];
        self.line_ends = 0;
        tally
    }
}

impl Tally {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.ascii.len() * 8 + self.others.iter().map(|(cluster, _)| 40 + cluster.len()).sum::<usize>()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.ascii.is_empty() && self.others.is_empty()
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self { ascii: [0; 128], others: BTreeMap::new() }
    }
}

impl Counts {
    /// Adds a tally.
    pub fn add(&mut self, tally: &Tally) {
        for (byte, count) in &tally.ascii {
            self.ascii[usize::from(*byte)] += u64::from(*count);
        }
        for (cluster, count) in &tally.others {
            *self.others.entry(cluster.clone()).or_default() += u64::from(*count);
        }
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (byte, count) in (0u8..).zip(&self.ascii).filter(|(_, count)| **count > 0) {
            map.serialize_entry(&char::from(byte), count)?;
        }
        for (cluster, count) in &self.others {
            map.serialize_entry(cluster, count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[u8]) -> String {
        let (mut counter, mut counts) = (Counter::default(), Counts::default());
        counter.add(lines);
        counts.add(&counter.tally());
        assert!(counter.tally().is_empty());
        serde_json::to_string(&counts).unwrap()
    }

    #[test]
    fn line_ends_are_no_characters_but_a_lone_carriage_return_is() {
        assert_eq!(counted(b"ab\na\n\nb"), r#"{"a":2,"b":2}"#);
        assert_eq!(counted(b"a\r\n\r\nb\r\n"), r#"{"a":1,"b":1}"#);
        assert_eq!(counted(b"a\rb\r"), r#"{"\r":2,"a":1,"b":1}"#);
        assert_eq!(counted("é\r\né\n".as_bytes()), r#"{"é":2}"#);
    }

    #[test]
    fn composed_and_decomposed_characters_are_one() {
        assert_eq!(counted("e\u{301}\u{e9}e\n".as_bytes()), "{\"e\":1,\"\u{e9}\":2}");
    }

    #[test]
    fn clusters_are_whole_and_bytes_that_are_no_text_are_replaced() {
        assert_eq!(counted("a👩‍👩‍👧🇩🇪\n".as_bytes()), r#"{"a":1,"🇩🇪":1,"👩‍👩‍👧":1}"#);
        assert_eq!(counted(b"a\xff\xfe\nb\n"), "{\"a\":1,\"b\":1,\"\u{fffd}\":2}");
    }

    #[test]
    fn the_fast_path_agrees_with_segmentation() {
        let text = "The quick (brown) fox\tjumps \x01 over\r the lazy dog; 0123456789!".repeat(7);
        let mut slow = Counter::default();
        slow.add_other(text.as_bytes());
        let mut fast = Counter::default();
        fast.add(text.as_bytes());
        assert_eq!(fast.tally(), slow.tally());
    }
}
