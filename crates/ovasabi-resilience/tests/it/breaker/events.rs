//! What the log says.

use super::*;
use crate::logged;

#[test]
fn each_transition_is_one_event_with_stable_fields() {
    // P-12
    assert_eq!(
        ovasabi_resilience::breaker::TARGET,
        "ovasabi::circuit_breaker"
    );
    let lines = logged::lines(ovasabi_resilience::breaker::TARGET, || {
        let (breaker, hand) = opened(|builder| builder.permitted_calls_in_half_open(1));
        hand.advance(5 * SEC);
        calls(&breaker, Class::Success, 1);
        for _ in 0..2 {
            breaker.force(ovasabi_resilience::breaker::Mode::ForcedOpen);
        }
    });
    let of = |level, from, to, cause, generation: u32, wait| {
        format!(
            "{level} message=circuit breaker changed its state name=\"test\" from=\"{from}\" to=\"{to}\" \
             cause=\"{cause}\" generation={generation}{wait}"
        )
    };
    let expected = [
        of(
            "WARN",
            "closed",
            "open",
            "consecutive_failures",
            1,
            " wait_ms=5000",
        ),
        of("INFO", "open", "half_open", "break_over", 2, ""),
        of("INFO", "half_open", "closed", "probes_succeeded", 3, ""),
        of("WARN", "closed", "forced_open", "forced", 4, ""),
    ];
    assert_eq!(lines, expected);
}
