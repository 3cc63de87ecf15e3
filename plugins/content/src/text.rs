//! What a text hides from who reads it.

mod bidi;
mod code;
mod invisible;
mod secrets;
mod words;

/// Of each rule so many places are told of one file.
const MOST_OF_A_RULE: usize = 5;

/// What is found in the text of a source file.
pub(crate) fn source(bytes: &[u8]) -> Vec<Finding> {
    let text = Text::new(bytes);
    let mut found = Vec::new();
    if !bytes.is_ascii() && !is_garbled(bytes) {
        bidi::find(&text, &mut found);
        invisible::find(&text, &mut found);
        words::find(&text, &mut found);
    }
    code::find(&text, &mut found);
    found
}

/// Whether so much is no UTF-8, or controls, that the rest is so by chance: compressed data, or an older encoding.
fn is_garbled(bytes: &[u8]) -> bool {
    let invalid: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    let controls =
        bytes.iter().filter(|byte| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)).count();
    (invalid + controls) * 10 > bytes.len()
}

/// What is found in any text.
pub(crate) fn any(bytes: &[u8]) -> Vec<Finding> {
    let mut found = Vec::new();
    secrets::find(&Text::new(bytes), &mut found);
    found
}

/// A text by its lines. What is not UTF-8 in it is left out.
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The lines that have other than ASCII characters, with their numbers.
    fn foreign_lines(&self) -> impl Iterator<Item = (u32, String)> + use<'a> {
        self.lines()
            .filter(|(_, line)| !line.is_ascii())
            .map(|(number, line)| (number, line.utf8_chunks().map(|chunk| chunk.valid()).collect()))
    }

    /// All lines, with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        (1_u32..).zip(self.bytes.split(|byte| *byte == b'\n'))
    }
}

/// Keeps the first places of a rule.
pub(crate) struct Few<'a> {
    found: &'a mut Vec<Finding>,
    left: usize,
}

impl<'a> Few<'a> {
    pub(crate) fn new(found: &'a mut Vec<Finding>) -> Self {
        Self { found, left: MOST_OF_A_RULE }
    }

    /// Whether there is room for more.
    pub(crate) fn add(&mut self, found: Finding) -> bool {
        self.found.push(found);
        self.left -= 1;
        self.left > 0
    }
}

#[cfg(test)]
mod tests;
use probity_sdk::findings::Finding;
