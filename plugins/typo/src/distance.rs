//! How far two words are apart, and the words that are left of one when letters are taken away.

/// Longer words are not compared letter by letter: no popular name has one, and the letters to take away would be too many.
pub(crate) const LONGEST: usize = 40;

/// The least number of insertions, omissions, replacements and transpositions of neighbours that make one word of the other, no place being
/// edited twice (Damerau and Levenshtein).
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Whether what makes the difference between two words is digits alone, as in `es2015` and `es2016`.
pub(crate) fn differ_in_digits(a: &[char], b: &[char]) -> bool {
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    a[..a.len() - suffix].iter().chain(&b[..b.len() - suffix]).all(char::is_ascii_digit)
}

/// The word, and what is left of it when up to `most` letters are taken away; sorted.
///
/// Two words at a distance of at most `most` have one of these in common.
pub(crate) fn without_letters(word: &[char], most: usize) -> Vec<String> {
    let mut all: Vec<Vec<char>> = vec![word.to_vec()];
    let mut shortest = 0;
    for _ in 0..most {
        let longer = all.len();
        for index in shortest..longer {
            for at in 0..all[index].len() {
                let mut shorter = all[index].clone();
                shorter.remove(at);
                all.push(shorter);
            }
        }
        all[longer..].sort_unstable();
        all.dedup();
        shortest = longer.min(all.len());
    }
    let mut words: Vec<String> = all.into_iter().map(|word| word.into_iter().collect()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(word: &str) -> Vec<char> {
        word.chars().collect()
    }

    #[test]
    fn each_edit_counts_once() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "ab", 1),
            ("abc", "abcd", 1),
            ("abc", "axc", 1),
            ("abc", "acb", 1),
            ("ca", "abc", 3),
            ("lodash", "loadsh", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
            assert_eq!(distance(&chars(b), &chars(a)), expected, "{b} {a}");
        }
    }

    #[test]
    fn near_words_have_a_shortened_one_in_common() {
        for (a, b, most) in [
            ("lodash", "loadsh", 1),
            ("express", "expres", 1),
            ("react", "reacct", 1),
            ("commander", "cmmoandr", 2),
        ] {
            let [a, b] = [a, b].map(|word| without_letters(&chars(word), most));
            assert!(a.iter().any(|word| b.contains(word)), "{a:?} {b:?}");
        }
        assert_eq!(without_letters(&chars("aab"), 1), ["aa", "aab", "ab"]);
        assert_eq!(without_letters(&chars("abc"), 2).len(), 7);
    }

    #[test]
    fn digits_alone_are_told_from_letters() {
        assert!(differ_in_digits(&chars("es2015"), &chars("es2016")));
        assert!(differ_in_digits(&chars("mysql"), &chars("mysql2")));
        assert!(!differ_in_digits(&chars("left1"), &chars("leftl")));
    }
}
