//! Dates as text.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A date in UTC as RFC 3339 §5.6 writes it: `2026-11-22T10:00:00Z`.
///
/// The precision of the format is the number of digits after the second: 0 to 9, default 0. What they cannot
/// say is cut off, not rounded: no date becomes a later one. Dates before 1970 count as 1970, and those after
/// the year 9999, which has no text in RFC 3339, as its last nanosecond.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use ovasabi_core::time::Rfc3339;
///
/// let date = UNIX_EPOCH + Duration::from_micros(1_764_000_000_250_999);
/// assert_eq!(Rfc3339(date).to_string(), "2025-11-24T16:00:00Z");
/// assert_eq!(format!("{:.3}", Rfc3339(date)), "2025-11-24T16:00:00.250Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rfc3339(pub SystemTime);

/// A date as HTTP headers write it (IMF-fixdate, RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// In whole seconds, cut off and not rounded. Dates before 1970 and after the year 9999 count as the nearest
/// that can be written.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use ovasabi_core::time::HttpDate;
///
/// let date = HttpDate(UNIX_EPOCH + Duration::from_secs(784_111_777));
/// assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(HttpDate::parse("Sunday, 06-Nov-94 08:49:37 GMT"), Some(date));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpDate(pub SystemTime);

/// The end of the year 9999.
const LAST: Duration = Duration::new(253_402_300_799, 999_999_999);

const SECONDS_PER_DAY: u64 = 86_400;

impl HttpDate {
    /// Reads the text of a header in one of the three forms that RFC 9110 §5.6.7 asks for: IMF-fixdate and the
    /// obsolete ones of RFC 850 and `asctime`. A year of two digits lies between 1970 and 2069.
    ///
    /// `None` for all else, for dates that no calendar has, and for those before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        httpdate::parse_http_date(text).ok().map(Self)
    }
}

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within these bounds, for `httpdate` panics outside of them.
        let date = UNIX_EPOCH + since_epoch(self.0);
        fmt::Display::fmt(&httpdate::HttpDate::from(date), f)
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = since_epoch(self.0);
        let (days, rest) = (
            since.as_secs() / SECONDS_PER_DAY,
            since.as_secs() % SECONDS_PER_DAY,
        );
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        let digits = f.precision().unwrap_or_default().min(9);
        if digits > 0 {
            let cut = 10_u32.pow(9 - u32::try_from(digits).unwrap_or(9));
            write!(f, ".{:0digits$}", since.subsec_nanos() / cut)?;
        }
        f.write_str("Z")
    }
}

fn since_epoch(date: SystemTime) -> Duration {
    date.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .min(LAST)
}

/// Year, month and day of a number of days since 1970, in the proleptic Gregorian calendar.
///
/// Source: H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}
