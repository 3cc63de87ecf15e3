//! Durations as text: `36h`, `1h30m`, `52w` as CEL writes them (with days and weeks besides), and ISO 8601.

/// Nanoseconds of each unit. A day has 24 hours; months and years have no fixed length and are not offered.
const UNITS: [(&str, i64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
    ("d", 86_400 * SECOND),
    ("w", 7 * 86_400 * SECOND),
];
const SECOND: i64 = 1_000_000_000;

/// Nanoseconds, or nothing if the text is no duration or is beyond 292 years.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let nanoseconds = match rest.strip_prefix('P') {
        Some(iso) => parse_iso(iso)?,
        None if rest == "0" => 0,
        None => {
            parse_units(rest, |unit| UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size))?
        }
    };
    Some(if negative { -nanoseconds } else { nanoseconds })
}

fn parse_iso(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    let date_size = |unit: &str| match unit {
        "W" => Some(7 * 86_400 * SECOND),
        "D" => Some(86_400 * SECOND),
        _ => None,
    };
    let time_size = |unit: &str| match unit {
        "H" => Some(3_600 * SECOND),
        "M" => Some(60 * SECOND),
        "S" => Some(SECOND),
        _ => None,
    };
    match (date, time) {
        ("", "") => None,
        ("", time) => parse_units(time, time_size),
        (date, "") => parse_units(date, date_size),
        (date, time) => parse_units(date, date_size)?.checked_add(parse_units(time, time_size)?),
    }
}

/// One or more numbers with their units.
fn parse_units(text: &str, size_of: impl Fn(&str) -> Option<i64>) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit_end = rest[number_end..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |length| number_end + length);
        let size = size_of(&rest[number_end..unit_end])?;
        total = total.checked_add(scaled(&rest[..number_end], size)?)?;
        rest = &rest[unit_end..];
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// A decimal number of units, in nanoseconds. Whole numbers are exact.
fn scaled(number: &str, size: i64) -> Option<i64> {
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(size);
    }
    let scaled = number.parse::<f64>().ok()? * size as f64;
    (scaled < i64::MAX as f64).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn cel_and_iso_spellings_agree() {
        assert_eq!(parse("36h"), Some(36 * HOUR));
        assert_eq!(parse("1h30m"), Some(HOUR + HOUR / 2));
        assert_eq!(parse("1.5h"), parse("PT1H30M"));
        assert_eq!(parse("52w"), parse("P364D"));
        assert_eq!(parse("P1DT2H"), Some(26 * HOUR));
        assert_eq!(parse("-2ms"), Some(-2_000_000));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "P", "PT", "5", "h", "1y", "P1Y", "P1M", "1h!", "99999999999w", "1..5h", "1e3s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
