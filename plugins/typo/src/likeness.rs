//! What is compared of a name: its parts, its letters without separators, and what those look like.

/// What stands between the parts of a name.
const SEPARATORS: [char; 5] = ['-', '_', '.', '/', '@'];

/// Letters of other scripts, and digits, that look like a Latin letter in common fonts; after UTS 39, those that occur in names.
const ALIKE: [(char, char); 34] = [
    ('0', 'o'),
    ('1', 'l'),
    ('5', 's'),
    ('|', 'l'),
    ('α', 'a'),
    ('ο', 'o'),
    ('ν', 'v'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('ι', 'l'),
    ('κ', 'k'),
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'l'),
    ('ѕ', 's'),
    ('ј', 'j'),
    ('һ', 'h'),
    ('ԁ', 'd'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('ɡ', 'g'),
    ('ı', 'l'),
    ('i', 'l'),
];

/// The parts of a name.
pub(crate) fn parts(name: &str) -> Vec<&str> {
    name.split(SEPARATORS).filter(|part| !part.is_empty()).collect()
}

/// A name without its separators.
pub(crate) fn squeezed(name: &str) -> String {
    parts(name).concat()
}

/// What a name looks like without its separators: equal for names that are easily taken for one another.
pub(crate) fn look(name: &str) -> String {
    let alike = |char: char| ALIKE.iter().find(|(own, _)| *own == char).map_or(char, |(_, latin)| *latin);
    let look: String = squeezed(name).chars().map(alike).collect();
    look.replace("rn", "m").replace("vv", "w")
}

/// The parts in alphabetical order; `None` for a name of one part.
pub(crate) fn sorted_parts(name: &str) -> Option<String> {
    let mut parts = parts(name);
    parts.sort_unstable();
    (parts.len() > 1).then(|| parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_similar_letters_make_no_difference() {
        assert_eq!(squeezed("@types/node"), "typesnode");
        for (a, b) in [
            ("cross-env", "crossenv"),
            ("lodash", "l0dash"),
            ("lodash", "1odash"),
            ("paypal", "раура1"),
            ("commander", "cornmander"),
            ("inquirer", "lnquirer"),
        ] {
            assert_eq!(look(a), look(b), "{a} {b}");
        }
        assert_ne!(look("react"), look("reach"));
    }

    #[test]
    fn the_order_of_parts_makes_no_difference() {
        assert_eq!(sorted_parts("event-stream"), sorted_parts("stream_event"));
        assert_eq!(sorted_parts("lodash"), None);
    }
}
