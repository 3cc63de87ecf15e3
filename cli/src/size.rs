//! Sizes as people write and read them. Units are decimal, as those of disks are.

use std::fmt;
use std::str::FromStr;

const UNITS: [(&str, u64); 4] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("bytes", 1)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, worth) = UNITS.into_iter().find(|(_, worth)| self.0 >= *worth).unwrap_or(("bytes", 1));
        match self.0 / worth {
            few @ 0..10 if worth > 1 => write!(f, "{few}.{} {unit}", self.0 % worth * 10 / worth),
            many => write!(f, "{many} {unit}"),
        }
    }
}

/// A text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a size is a number with a unit: 800kB, 500MB, 1.5GB")]
pub(crate) struct SizeError;

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Size, SizeError> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(SizeError)?;
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim();
        let is = |name: &str| name.eq_ignore_ascii_case(unit) || name == "bytes" && unit == "B";
        let (_, worth) = UNITS.into_iter().find(|(name, _)| is(name)).ok_or(SizeError)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().map_err(|_| SizeError)?;
        let mut bytes = whole.checked_mul(worth).ok_or(SizeError)?;
        if number.contains('.') {
            let digits: u64 = part.parse().map_err(|_| SizeError)?;
            let scale =
                10u64.checked_pow(u32::try_from(part.len()).map_err(|_| SizeError)?).ok_or(SizeError)?;
            let fraction = u128::from(digits) * u128::from(worth) / u128::from(scale);
            bytes = u64::try_from(fraction).ok().and_then(|part| bytes.checked_add(part)).ok_or(SizeError)?;
        }
        Ok(Size(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, SizeError};

    #[test]
    fn sizes_are_read_with_any_case_of_the_unit() {
        for (text, bytes) in [
            ("0MB", 0),
            ("12 bytes", 12),
            ("7B", 7),
            ("800kB", 800_000),
            ("500mb", 500_000_000),
            ("1.25GB", 1_250_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for none in [
            "",
            "12",
            "GB",
            ".5GB",
            "1.GB",
            "1.2.3GB",
            "-1MB",
            "5MiB",
            "99999999999999GB",
            "1.99999999999999999999999GB",
        ] {
            assert_eq!(none.parse::<Size>(), Err(SizeError), "{none}");
        }
    }

    #[test]
    fn sizes_are_shown_with_two_digits_at_least() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_250, "1.2 kB"),
            (42_000, "42 kB"),
            (3_999_999, "3.9 MB"),
            (2 << 30, "2.1 GB"),
        ] {
            assert_eq!(Size(bytes).to_string(), shown);
        }
    }
}
