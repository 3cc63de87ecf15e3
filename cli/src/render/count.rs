//! Numbers with their nouns.

/// A number with its noun, and a separator between thousands.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("{grouped} {noun}"),
        (_, Some(stem)) => format!("{grouped} {stem}ies"),
        _ => format!("{grouped} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        assert_eq!(count(0, "memo"), "0 memos");
        assert_eq!(count(1, "trace"), "1 trace");
        assert_eq!(count(12_345_678, "value"), "12,345,678 values");
        assert_eq!(count(2, "repository"), "2 repositories");
    }
}
