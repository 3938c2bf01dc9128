//! What the answer of a target means.

use std::time::Duration;

use http::StatusCode;

/// The longest that a target may put us off.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notify) enum Judgement {
    Delivered,
    /// The target has gone for good: the webhook too.
    Gone,
    /// Later, when the target says; no fault of anybody's.
    Later(Duration),
    /// It did not work; whether there is another attempt, the queue knows.
    Failed,
}

/// Judges an answer by its status and its `Retry-After`.
pub(in crate::notify) fn judge(status: StatusCode, retry_after: Option<Duration>) -> Judgement {
    let is_busy = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    match retry_after {
        _ if status.is_success() => Judgement::Delivered,
        _ if status == StatusCode::GONE => Judgement::Gone,
        // A target that asks for no pause at all gets that of the queue: else it would be asked at once, for ever.
        Some(pause) if is_busy && !pause.is_zero() => Judgement::Later(pause.min(LONGEST_WAIT)),
        _ => Judgement::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let pause = Some(Duration::from_secs(7));
        let later = Judgement::Later(Duration::from_secs(7));
        let table = [
            (200, None, Judgement::Delivered),
            (204, pause, Judgement::Delivered),
            (302, None, Judgement::Failed),
            (400, None, Judgement::Failed),
            (410, pause, Judgement::Gone),
            (429, None, Judgement::Failed),
            (429, pause, later),
            (429, Some(Duration::ZERO), Judgement::Failed),
            (429, Some(Duration::MAX), Judgement::Later(LONGEST_WAIT)),
            (500, pause, Judgement::Failed),
            (503, None, Judgement::Failed),
            (503, pause, later),
        ];
        for (status, retry_after, judgement) in table {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                judge(status, retry_after),
                judgement,
                "{status} {retry_after:?}"
            );
        }
    }
}
