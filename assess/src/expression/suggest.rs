//! "Did you mean": the known word that is nearest to a mistyped one.

/// The candidate that can be reached with the fewest edits, if they are few for the word's length.
/// The first of equals wins, so that the hint does not change between runs.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let edits = distance(word, candidate);
        if edits <= limit && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A hint that names the nearest candidate, or all of them where none is near.
pub fn hint(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if candidates.is_empty() => "nothing is known here".to_owned(),
        None => format!("known here: {}", candidates.join(", ")),
    }
}

/// Edits (insert, remove, replace, swap of neighbours) from one word to the other. Words beyond 64 characters
/// are not near to anything.
fn distance(one: &str, two: &str) -> usize {
    let one: Vec<char> = one.chars().take(65).collect();
    let two: Vec<char> = two.chars().take(65).collect();
    if one.len() > 64 || two.len() > 64 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; two.len() + 1]; one.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=two.len()).collect();
    for i in 1..=one.len() {
        for j in 1..=two.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != two[j - 1]);
            let mut fewest = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1] {
                fewest = fewest.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = fewest;
        }
    }
    rows[one.len()][two.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["churn", "entropy", "binary"];
        assert_eq!(nearest("chrun", known), Some("churn"));
        assert_eq!(nearest("entrpy", known), Some("entropy"));
        assert_eq!(nearest("review", known), None);
    }
}
