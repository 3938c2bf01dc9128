//! Quotas as text.

use std::time::Duration;

use ovasabi_resilience::rate_limit::{ParseQuotaError, Quota, QuotaError};
use proptest::prelude::*;

use super::{MS, SEC, n, quota};

#[test]
fn a_text_means_what_it_says() {
    for (text, expected) in [
        ("100/s", Quota::per_second(n(100))),
        ("100 / s", Quota::per_second(n(100))),
        ("7/1m", Quota::per_minute(n(7))),
        ("1/h", Quota::per_hour(n(1))),
        ("1/500ms", Quota::one_every(500 * MS).unwrap()),
        ("100/1m burst 20", quota(600 * MS, 20)),
        ("1/2s burst 5", quota(2 * SEC, 5)),
        ("24/d burst 1", quota(3_600 * SEC, 1)),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_quota_is_refused_and_says_why() {
    for text in [
        "",
        "100",
        "/s",
        "100/",
        "0/s",
        "-1/s",
        "1.5/s",
        "1/fortnight",
        "1/s burst",
        "1/s burst 0",
        "99999999999/s",
        "1/99999999999999d",
    ] {
        let error = text.parse::<Quota>().unwrap_err();
        assert_eq!(error, ParseQuotaError::Form(text.to_owned()));
        assert!(error.to_string().contains("100/1m burst 20"), "{error}");
    }
    let error = "1/0s".parse::<Quota>().unwrap_err();
    assert!(
        matches!(
            error,
            ParseQuotaError::Quota {
                source: QuotaError::Interval(_),
                ..
            }
        ),
        "{error:?}"
    );
    let error = "1/365d burst 101".parse::<Quota>().unwrap_err();
    assert!(
        matches!(
            error,
            ParseQuotaError::Quota {
                source: QuotaError::TooSlow { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(
        nanos in prop_oneof![1_u64..5_000, 1_u64..1_000_000_000],
        unit in prop_oneof![Just(1_u64), Just(1_000), Just(1_000_000)],
        burst in 1_u32..1_000,
    ) {
        let quota = quota(Duration::from_nanos(nanos * unit), burst);
        prop_assert_eq!(quota.to_string().parse(), Ok(quota));
    }

    #[test]
    fn no_text_panics(text in "[0-9a-z/ ]{0,24}") {
        let _ = text.parse::<Quota>();
    }
}
