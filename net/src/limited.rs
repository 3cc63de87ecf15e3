//! Servers that count requests: whether one has had enough of them, and when it will answer again.

use ureq::http::HeaderMap;

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;
/// Numbers below it are no moments of this century: they count seconds from now.
const MOMENTS: u64 = 1_000_000_000;

/// When to ask again, if that is what a server says; an empty answer of a server that does not tell when.
pub(crate) fn again(status: u16, headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name)?.to_str().ok();
    let number = |name| text(name)?.parse::<u64>().ok();
    let is_used_up = number("x-ratelimit-remaining") == Some(0);
    match status {
        429 if is_used_up || headers.contains_key("retry-after") => {}
        // So GitHub refuses whoever asks too much; without these headers, whoever may not know.
        403 if is_used_up || headers.contains_key("retry-after") => {}
        _ => return None,
    }
    let moment = number("retry-after").or_else(|| number("x-ratelimit-reset").filter(|_| is_used_up));
    Some(match moment {
        Some(seconds @ 0..MOMENTS) => format!("in {seconds} seconds"),
        Some(at @ MOMENTS..=LAST) => format!("after {}", told(at)),
        _ => "later".to_owned(),
    })
}

/// A moment in UTC, of the seconds since 1970: by the proleptic Gregorian calendar, its years beginning in March.
fn told(at: u64) -> String {
    let (days, second) = (at / 86_400 + 719_468, at % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..10 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)]) -> Option<String> {
        let headers =
            headers.iter().map(|(name, value)| ((*name).try_into().unwrap(), value.parse().unwrap()));
        again(status, &headers.collect())
    }

    #[test]
    fn a_server_that_counts_says_when_to_ask_again() {
        let (remaining, reset, retry) = ("x-ratelimit-remaining", "x-ratelimit-reset", "retry-after");
        let told = |text: &str| Some(text.to_owned());
        let used_up = of(403, &[(remaining, "0"), (reset, "1795345517")]);
        assert_eq!(used_up, told("after 2026-11-22 11:05:17 UTC"));
        assert_eq!(of(429, &[(remaining, "0"), (reset, "60")]), told("in 60 seconds"));
        assert_eq!(
            of(403, &[(retry, "30"), (remaining, "4000"), (reset, "1795345517")]),
            told("in 30 seconds")
        );
        for unclear in
            [&[(remaining, "0")][..], &[(remaining, "0"), (reset, "99999999999999")], &[(retry, "soon")]]
        {
            assert_eq!(of(403, unclear), told("later"), "{unclear:?}");
        }
        assert_eq!(of(403, &[(remaining, "1"), (reset, "1795345517")]), None, "it may not know that");
        assert_eq!(of(429, &[]), None);
        assert_eq!(of(200, &[(remaining, "0"), (reset, "1795345517")]), None, "this one was still answered");
    }

    #[test]
    fn moments_are_told_as_people_write_them() {
        assert_eq!(told(1_000_000_000), "2001-09-09 01:46:40 UTC");
        assert_eq!(told(1_709_164_800), "2024-02-29 00:00:00 UTC");
        assert_eq!(told(4_107_542_399), "2100-02-28 23:59:59 UTC");
        assert_eq!(told(LAST), "9999-12-31 23:59:59 UTC");
    }
}
