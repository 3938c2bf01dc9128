//! Timeouts as text.

use std::time::Duration;

use http::HeaderValue;

const NANOS_PER_MICRO: u128 = 1_000;
const NANOS_PER_MILLI: u128 = 1_000_000;
const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// The units of `grpc-timeout`, finest first, in nanoseconds.
const UNITS: [(u128, u8); 6] = [
    (1, b'n'),
    (NANOS_PER_MICRO, b'u'),
    (NANOS_PER_MILLI, b'm'),
    (NANOS_PER_SECOND, b'S'),
    (60 * NANOS_PER_SECOND, b'M'),
    (3_600 * NANOS_PER_SECOND, b'H'),
];

/// What eight digits can say.
const MAX_VALUE: u128 = 99_999_999;

/// The value of `grpc-timeout` for `left`: the finest unit that fits into eight digits, rounded down.
///
/// So the receiver never has more time than the sender, and loses at most one part in a hundred thousand. Zero only
/// for zero; times beyond eleven thousand years count as that.
#[must_use]
pub fn format_grpc_timeout(left: Duration) -> HeaderValue {
    let nanos = left.as_nanos();
    let fitting = UNITS.iter().find(|(unit, _)| nanos / unit <= MAX_VALUE);
    let (value, unit) = match fitting {
        Some((unit, letter)) => (nanos / unit, *letter),
        None => (MAX_VALUE, b'H'),
    };
    // Digits and a letter are always a valid header value.
    HeaderValue::try_from(format!("{value}{}", char::from(unit)))
        .unwrap_or_else(|_| HeaderValue::from_static("0n"))
}

/// Reads a `grpc-timeout`: one to eight digits and one of the units `H M S m u n`.
///
/// `None` for all else, which counts as not sent. Zero is read as what it says: the time is up.
#[must_use]
pub fn parse_grpc_timeout(value: &HeaderValue) -> Option<Duration> {
    let (letter, digits) = value.as_bytes().split_last()?;
    let (unit, _) = UNITS.iter().find(|(_, known)| known == letter)?;
    let nanos = u128::from(number(digits, 8)?) * unit;
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, rest))
}

/// The value of `x-request-timeout-ms` for `left`, rounded down; `None` for less than a millisecond, which
/// this header cannot say without giving away more time than there is.
#[must_use]
pub fn format_timeout_ms(left: Duration) -> Option<HeaderValue> {
    let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    (millis > 0).then(|| HeaderValue::from(millis))
}

/// Reads an `x-request-timeout-ms`: one to twenty digits that fit into a `u64`.
///
/// `None` for all else, which counts as not sent. Zero is read as what it says: the time is up.
#[must_use]
pub fn parse_timeout_ms(value: &HeaderValue) -> Option<Duration> {
    number(value.as_bytes(), 20).map(Duration::from_millis)
}

/// A number of at most `most` digits, and nothing but digits: `parse` alone would take a `+`.
fn number(digits: &[u8], most: usize) -> Option<u64> {
    let is_fine = (1..=most).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    if !is_fine {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
