//! Timeouts and baggage as headers.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use ovasabi_core::context::wire::{self, Baggage, BaggageKeys};
use proptest::prelude::*;

fn any_duration() -> impl Strategy<Value = Duration> {
    // Evenly over the magnitudes: a uniform number of seconds would only ever test hours.
    (0..64_u32, any::<u64>(), 0..1_000_000_000_u32)
        .prop_map(|(shift, seconds, nanos)| Duration::new(seconds >> shift, nanos))
}

proptest! {
    #[test]
    fn a_grpc_timeout_never_grows_on_its_way(left in any_duration()) {
        let sent = wire::format_grpc_timeout(left);
        prop_assert!(sent.len() <= 9, "{sent:?}");
        let read = wire::parse_grpc_timeout(&sent).unwrap();
        prop_assert!(read <= left);
        prop_assert_eq!(read.is_zero(), left.is_zero());
        // The next unit is at most a thousand times as large, so five digits are always used.
        if left < Duration::from_secs(99_999_999 * 3_600) {
            prop_assert!(left - read <= left / 100_000, "{left:?} became {read:?}");
        }
    }

    #[test]
    fn a_timeout_in_milliseconds_never_grows_on_its_way(left in any_duration()) {
        match wire::format_timeout_ms(left) {
            Some(sent) => {
                let read = wire::parse_timeout_ms(&sent).unwrap();
                prop_assert!(!read.is_zero() && read <= left);
                prop_assert!(left - read < Duration::from_millis(1) || left.as_millis() > u128::from(u64::MAX));
            }
            None => prop_assert!(left < Duration::from_millis(1)),
        }
    }

    #[test]
    fn no_header_makes_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let _ = (wire::parse_grpc_timeout(&value), wire::parse_timeout_ms(&value));
            let mut headers = HeaderMap::new();
            headers.insert(wire::BAGGAGE, value);
            let _ = Baggage::from_headers(&headers, &BaggageKeys::new(["a"]));
        }
    }

    #[test]
    fn baggage_comes_back_as_it_left(values in prop::collection::vec("[^\\p{Cc}]{0,40}", 0..8)) {
        let keys = BaggageKeys::new((0..values.len()).map(|key| format!("key-{key}")));
        let baggage = values
            .iter()
            .enumerate()
            .fold(Baggage::new(), |baggage, (key, value)| baggage.with(format!("key-{key}"), value));
        prop_assert_eq!(through_a_header(&baggage, &keys), baggage);
    }
}

fn through_a_header(baggage: &Baggage, keys: &BaggageKeys) -> Baggage {
    let mut headers = HeaderMap::new();
    if let Some(value) = baggage.to_header(keys) {
        headers.insert(wire::BAGGAGE, value);
    }
    Baggage::from_headers(&headers, keys)
}

fn grpc(text: &'static str) -> Option<Duration> {
    wire::parse_grpc_timeout(&HeaderValue::from_static(text))
}

#[test]
fn grpc_timeouts_are_read_in_all_units() {
    let read = ["2H", "3M", "4S", "5m", "6u", "7n", "0n"].map(|text| grpc(text).unwrap());
    let expected = [
        Duration::from_secs(7_200),
        Duration::from_secs(180),
        Duration::from_secs(4),
        Duration::from_millis(5),
        Duration::from_micros(6),
        Duration::from_nanos(7),
        Duration::ZERO,
    ];
    assert_eq!(read, expected);
    assert_eq!(
        grpc("99999999H"),
        Some(Duration::from_secs(99_999_999 * 3_600))
    );
}

#[test]
fn what_is_no_timeout_is_ignored() {
    for text in [
        "",
        "S",
        "1",
        "123456789S",
        "-1S",
        "+1S",
        "1 S",
        " 1S",
        "1s",
        "1.5S",
        "1SS",
        "0x1S",
    ] {
        assert_eq!(grpc(text), None, "{text:?}");
    }
    for text in [
        "",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "1 ",
        "0x10",
        "99999999999999999999",
        "111111111111111111111",
    ] {
        assert_eq!(
            wire::parse_timeout_ms(&HeaderValue::from_static(text)),
            None,
            "{text:?}"
        );
    }
}

#[test]
fn grpc_timeouts_take_the_finest_unit_that_fits() {
    let format = |left| wire::format_grpc_timeout(left).to_str().unwrap().to_owned();
    assert_eq!(format(Duration::from_nanos(99_999_999)), "99999999n");
    assert_eq!(format(Duration::from_nanos(100_000_999)), "100000u");
    assert_eq!(format(Duration::from_secs(100)), "100000m");
    assert_eq!(format(Duration::MAX), "99999999H");
    assert_eq!(format(Duration::ZERO), "0n");
}

fn baggage(headers: &[&'static str], keys: &[&str]) -> Vec<(String, String)> {
    let mut map = HeaderMap::new();
    for header in headers {
        map.append(wire::BAGGAGE, HeaderValue::from_static(header));
    }
    let read = Baggage::from_headers(&map, &BaggageKeys::new(keys.iter().copied()));
    read.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec()
}

#[test]
fn only_allowed_baggage_enters() {
    let sent = "tier=gold,debug=1, plan = free%20trial ;ttl=3";
    assert_eq!(
        baggage(&[sent], &["tier", "plan"]),
        pairs([("tier", "gold"), ("plan", "free trial")])
    );
    assert_eq!(baggage(&[sent], &[]), pairs([]));
    assert_eq!(
        baggage(&["tier=a", "tier=b"], &["tier"]),
        pairs([("tier", "b")])
    );
}

#[test]
fn broken_baggage_is_skipped_member_by_member() {
    let sent = "tier,=x,a=%0Aforged,b=%FF,tier=ok,,c";
    assert_eq!(
        baggage(&[sent], &["tier", "a", "b", "c", ""]),
        pairs([("tier", "ok")])
    );
}

#[test]
fn baggage_is_bounded_in_members_and_bytes() {
    let keys = BaggageKeys::new((0..200).map(|key| format!("k{key}")));
    let many = (0..200).fold(Baggage::new(), |baggage, key| {
        baggage.with(format!("k{key}"), "v")
    });
    assert_eq!(through_a_header(&many, &keys).len(), Baggage::MAX_MEMBERS);

    let large = (0..4).fold(Baggage::new(), |baggage, key| {
        baggage.with(format!("k{key}"), "v".repeat(3_000))
    });
    let header = large.to_header(&keys).unwrap();
    assert!(header.len() <= Baggage::MAX_BYTES);
    assert_eq!(through_a_header(&large, &keys).len(), 2);

    let mut headers = HeaderMap::new();
    let text = format!("k0={},k1=late", "v".repeat(Baggage::MAX_BYTES));
    headers.insert(wire::BAGGAGE, HeaderValue::try_from(text).unwrap());
    assert!(Baggage::from_headers(&headers, &keys).is_empty());
}

#[test]
fn grpc_is_told_by_its_content_type() {
    let is_grpc = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(value));
        wire::is_grpc(&headers)
    };
    for value in [
        "application/grpc",
        "application/grpc+proto",
        "Application/gRPC; charset=utf-8",
    ] {
        assert!(is_grpc(value), "{value}");
    }
    for value in [
        "application/json",
        "application/grpc-web",
        "application/grpcx",
        "application/",
    ] {
        assert!(!is_grpc(value), "{value}");
    }
    assert!(!wire::is_grpc(&HeaderMap::new()));
}
