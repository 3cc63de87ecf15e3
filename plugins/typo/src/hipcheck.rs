//! The names that Hipcheck takes for typos of a popular one, its odd ranges included: kinds of slips are made of each popular name, and a
//! dependency is a typo if it is one of them.

use std::collections::HashMap;

use crate::lists;

/// Rows of keys, the second, third and fourth each half a key further to the right than the one above.
const KEYBOARDS: [[&str; 4]; 3] = [
    ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"],
    ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"],
    ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"],
];
const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];

/// All slips, and the popular names that they could stand for, in the order of the list.
#[derive(Debug)]
pub(crate) struct Slips(HashMap<String, Vec<&'static str>>);

impl Slips {
    pub(crate) fn new() -> Self {
        let keyboards = KEYBOARDS.map(|rows| neighbours(&rows));
        let mut slips: HashMap<String, Vec<&'static str>> = HashMap::new();
        for name in lists::popular("npm") {
            let mut of_name = slips_of(name, &keyboards);
            of_name.sort_unstable();
            of_name.dedup();
            for slip in of_name.into_iter().filter(|slip| slip != name) {
                slips.entry(slip).or_default().push(name);
            }
        }
        Self(slips)
    }

    /// The popular names of which `name` is a slip.
    pub(crate) fn of(&self, name: &str) -> &[&'static str] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

type Neighbours = HashMap<char, Vec<char>>;

/// For each key those that touch it.
fn neighbours(rows: &[&str; 4]) -> Neighbours {
    let rows: Vec<Vec<char>> = rows.iter().map(|row| row.chars().collect()).collect();
    let at = |row: Option<usize>, column: Option<usize>| rows.get(row?)?.get(column?).copied();
    let mut neighbours = Neighbours::new();
    for (r, row) in rows.iter().enumerate() {
        for (c, key) in row.iter().enumerate() {
            let (above, below) = (r.checked_sub(1), Some(r + 1));
            let around = [
                at(above, Some(c)),
                at(above, Some(c + 1)),
                at(Some(r), c.checked_sub(1)),
                at(Some(r), Some(c + 1)),
                at(below, c.checked_sub(1)),
                at(below, Some(c)),
            ];
            neighbours.insert(*key, around.into_iter().flatten().collect());
        }
    }
    neighbours
}

/// The popular names are ASCII, so that places of characters and of bytes are the same.
fn slips_of(name: &str, keyboards: &[Neighbours]) -> Vec<String> {
    let mut slips: Vec<String> = Vec::new();
    let with = |at: usize, char: char| {
        let mut slip = name.to_owned();
        slip.insert(at, char);
        slip
    };
    let replaced = |at: usize, char: char| format!("{}{char}{}", &name[..at], &name[at + 1..]);
    // A letter too many at the end. The range ends before z and holds what ASCII has between _ and a.
    slips.extend((b'_'..b'z').map(|byte| with(name.len(), char::from(byte))));
    for (at, char) in name.char_indices() {
        // One bit of the letter is another.
        let flipped = (0..8).map(|bit| char as u8 ^ (1 << bit)).filter(|byte| is_plain(*byte));
        slips.extend(flipped.map(|byte| replaced(at, char::from(byte))));
        slips.push(with(at, '-'));
        for near in keyboards.iter().filter_map(|keyboard| keyboard.get(&char)).flatten() {
            slips.extend([with(at, *near), with(at + 1, *near), replaced(at, *near)]);
        }
        slips.push(format!("{}{}", &name[..at], &name[at + 1..]));
        slips.push(with(at, char));
        slips.push(with(at + 1, 's'));
        if VOWELS.contains(&char) {
            slips.extend(VOWELS.map(|vowel| replaced(at, vowel)));
        }
        if let Some(next) = name[at + 1..].chars().next() {
            slips.push(format!("{}{next}{char}{}", &name[..at], &name[at + 2..]));
        }
        let alike =
            [('O', '0'), ('0', 'O'), ('l', 'I'), ('I', 'l')].into_iter().find(|(own, _)| *own == char);
        slips.extend(alike.map(|(_, other)| replaced(at, other)));
    }
    slips
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_keys_that_touch() {
        let of = |keyboard: usize, key: char| {
            let mut keys = neighbours(&KEYBOARDS[keyboard])[&key].clone();
            keys.sort_unstable();
            keys.into_iter().collect::<String>()
        };
        assert_eq!(of(0, 'q'), "12aw");
        assert_eq!(of(0, 's'), "adewxz");
        assert_eq!(of(0, 'p'), "0lo");
        assert_eq!(of(0, 'm'), "jkn");
        assert_eq!(of(1, 'y'), "asx");
        assert_eq!(of(2, 'p'), "0lmo");
        assert_eq!(of(2, 'q'), "aswz");
    }

    #[test]
    fn each_kind_of_slip_is_made_and_none_beyond() {
        let slips = Slips::new();
        for (slip, name) in [
            ("reactx", "react"),
            ("react`", "react"),
            ("react_", "react"),
            ("2eact", "react"),
            ("zeact", "react"),
            ("-react", "react"),
            ("reac-t", "react"),
            ("reacy", "react"),
            ("rezact", "react"),
            ("reactt", "react"),
            ("rect", "react"),
            ("raect", "react"),
            ("riact", "react"),
            ("rseact", "react"),
            ("Iodash", "lodash"),
        ] {
            assert_eq!(slips.of(slip), [name], "{slip}");
        }
        // The range of letters at the end leaves z out, and a hyphen at the end is not made either.
        for none in ["chalkz", "react-", "react"] {
            assert!(slips.of(none).is_empty(), "{none}: {:?}", slips.of(none));
        }
    }
}
