//! Days of the proleptic Gregorian calendar, UTC, counted from 1970-01-01.

const SECONDS_PER_DAY: i64 = 86_400;
/// Days from 0000-03-01, where this arithmetic begins its years, to 1970-01-01.
const EPOCH: i64 = 719_468;
const DAYS_PER_ERA: i64 = 146_097;
const YEARS_PER_ERA: i64 = 400;

/// A day, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of a moment given in seconds since 1970-01-01T00:00:00Z; `None` outside the years 0 to 9999, which
    /// have no four-digit year.
    pub(crate) fn of_seconds(seconds: i64) -> Option<Self> {
        let day = Self(seconds.div_euclid(SECONDS_PER_DAY));
        (Self::of_date(0, 1, 1)..=Self::of_date(9999, 12, 31)).contains(&day).then_some(day)
    }

    /// Reads `YYYY-MM-DD`; `None` if that is not what the text is, or if there is no such day.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let &[year, month, day] = text.split('-').collect::<Vec<_>>().as_slice() else { return None };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        let number =
            |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        let parsed = Self::of_date(number(year)?, number(month)?, number(day)?);
        // 2026-02-30 counts on into March and is then written as another day.
        (parsed.to_string() == text).then_some(parsed)
    }

    /// The moment at which it begins, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn begins(self) -> i64 {
        self.0 * SECONDS_PER_DAY
    }

    /// Days from `earlier` to this day; negative if `earlier` is in fact later.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    fn of_date(year: i64, month: i64, day: i64) -> Self {
        // Years begin in March, so that the leap day is the last day of its year.
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(YEARS_PER_ERA);
        let year_of_era = year.rem_euclid(YEARS_PER_ERA);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * DAYS_PER_ERA + day_of_era - EPOCH)
    }

    fn date(self) -> (i64, i64, i64) {
        let days = self.0 + EPOCH;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * YEARS_PER_ERA + year_of_era + i64::from(month <= 2);
        (year, month, day)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_fall_on_their_utc_day() {
        let day = |seconds| Day::of_seconds(seconds).unwrap().to_string();
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(-1), "1969-12-31");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(1_709_164_799), "2024-02-28");
        assert_eq!(day(1_709_251_199), "2024-02-29");
        assert_eq!(day(1_709_251_200), "2024-03-01");
        assert_eq!(day(4_107_542_400), "2100-03-01");
    }

    #[test]
    fn moments_beyond_four_digit_years_have_no_day() {
        assert_eq!(Day::of_seconds(253_402_300_799).unwrap().to_string(), "9999-12-31");
        assert_eq!(Day::of_seconds(253_402_300_800), None);
        assert_eq!(Day::of_seconds(-62_167_219_200).unwrap().to_string(), "0000-01-01");
        assert_eq!(Day::of_seconds(-62_167_219_201), None);
        assert_eq!(Day::of_seconds(i64::MAX), None);
        assert_eq!(Day::of_seconds(i64::MIN), None);
    }

    #[test]
    fn each_day_of_two_eras_is_read_as_it_is_written() {
        for number in 0..2 * DAYS_PER_ERA {
            let day = Day(number);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
    }

    #[test]
    fn only_real_days_in_the_one_form_are_read() {
        for text in
            ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "+026-01-01", "2026-01-01Z", "", "x"]
        {
            assert_eq!(Day::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_span_counts_days() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2024-03-01").since(day("2024-02-28")), 2);
        assert_eq!(day("2023-12-31").since(day("2024-01-01")), -1);
        assert_eq!(day("2025-01-01").since(day("2024-01-01")), 366);
    }
}
