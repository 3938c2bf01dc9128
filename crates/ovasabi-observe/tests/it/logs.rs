//! Log lines.

use std::time::{Duration, UNIX_EPOCH};

use ovasabi_core::Context;
use ovasabi_core::backoff::Random;
use ovasabi_core::context::{RequestId, TraceContext};
use ovasabi_core::time::WallClock;
use ovasabi_observe::{InstallError, LogFormat, Telemetry};

use crate::sink::{Sink, capture};

#[test]
fn a_line_is_one_json_object_with_its_spans_at_the_root() {
    let (clock, _hand) = WallClock::manual(UNIX_EPOCH + Duration::from_secs(1));
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t").wall_clock(clock));
    tracing::info_span!("outer", order = 7, level = "x").in_scope(|| {
        tracing::info_span!("inner", order = 8)
            .in_scope(|| tracing::warn!(ok = true, "hello \"you\""));
    });
    assert_eq!(
        sink.text(),
        "{\"time\":\"1970-01-01T00:00:01.000000Z\",\"level\":\"WARN\",\"target\":\"it::logs\",\
         \"message\":\"hello \\\"you\\\"\",\"ok\":true,\"order\":8,\"field.level\":\"x\"}\n"
    );
}

#[test]
fn nobody_writes_lines_of_their_own() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    tracing::info!(user = "a\nb\u{1b}[31m", "one\r\ntwo");
    assert_eq!(sink.text().lines().count(), 1);
    assert!(!sink.text().contains('\u{1b}'));

    let human = Sink::default();
    let builder = Telemetry::builder("t")
        .log_format(LogFormat::Human)
        .log_writer(human.clone());
    let (_telemetry, dispatch) = builder.build().unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!(user = "a\nb\u{1b}[31m", "one\r\ntwo")
    });
    assert_eq!(human.text().lines().count(), 1);
    assert!(!human.text().contains('\u{1b}'));
}

/// DEL, the C1 set (`\u{9b}` opens an escape sequence as `\u{1b}[` does) and the two separators that editors
/// and shells take for the end of a line.
#[test]
fn no_control_character_of_any_set_is_written_as_it_is() {
    let hostile = "a\u{7f}b\u{85}c\u{9b}31md\u{2028}e\u{2029}f";
    for format in [LogFormat::Json, LogFormat::Human] {
        let sink = Sink::default();
        let builder = Telemetry::builder("t")
            .log_format(format)
            .log_writer(sink.clone());
        let (_telemetry, dispatch) = builder.build().unwrap();
        tracing::dispatcher::with_default(&dispatch, || {
            tracing::info!(user = hostile, "{hostile}")
        });
        let is_control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let text = sink.text();
        assert!(!text.trim_end().contains(is_control), "{text:?}");
        if format == LogFormat::Json {
            assert_eq!(sink.lines()[0]["user"], hostile);
        }
    }
}

#[test]
fn quotes_at_the_ends_of_a_message_stay() {
    let sink = Sink::default();
    let builder = Telemetry::builder("t")
        .log_format(LogFormat::Human)
        .log_writer(sink.clone());
    let (_telemetry, dispatch) = builder.build().unwrap();
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("\"open\" and \"shut\""));
    assert!(
        sink.text().ends_with(": \"open\" and \"shut\"\n"),
        "{}",
        sink.text()
    );
}

/// A reader that takes the first of two equal keys sees another line than one that takes the last.
#[tokio::test]
async fn no_key_stands_twice() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let trace = TraceContext::root(&Random::seeded(1));
    let cx = Context::background().with(trace);
    cx.scope(async { tracing::info!(span_id = "mine", "own id") })
        .await;
    tracing::info!(time = "a", "field.time" = "b", "reserved");
    let lines = sink.text();
    for key in ["\"span_id\":", "\"field.time\":"] {
        assert_eq!(lines.matches(key).count(), 1, "{lines}");
    }
}

#[test]
fn odd_values_make_one_valid_json_line_each() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let long = "x".repeat(1 << 20);
    tracing::info!(nul = "\0", esc = "\u{1b}", "one");
    tracing::info!(
        long = long.as_str(),
        nan = f64::NAN,
        infinite = f64::INFINITY,
        "two"
    );
    tracing::info!(
        big = u128::MAX,
        small = i128::MIN,
        time = "mine",
        target = 3,
        "three"
    );
    let lines = sink.lines();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["long"].as_str().unwrap().len(), 1 << 20);
    assert_eq!(lines[1]["nan"], "NaN");
    assert_eq!(
        (&lines[2]["field.time"], &lines[2]["big"]),
        (&"mine".into(), &u128::MAX.to_string().into())
    );
}

#[test]
fn secrets_are_masked_in_events_and_spans() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let span = tracing::info_span!("login", password = "hunter2", token = tracing::field::Empty);
    span.record("token", "tkn-1");
    span.in_scope(|| tracing::info!(api_key = "k-1", user = "ada", "in"));
    let text = sink.text();
    for secret in ["hunter2", "tkn-1", "k-1"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("\"user\":\"ada\"") && text.contains("\"password\":\"***\""));
}

#[test]
fn an_error_is_written_with_its_chain() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let error = ovasabi_core::Error::internal(std::io::Error::other("disk gone"));
    tracing::error!(
        error = &error as &(dyn std::error::Error + 'static),
        "failed"
    );
    assert!(
        sink.lines()[0]["error"]
            .as_str()
            .unwrap()
            .contains("disk gone")
    );
}

#[tokio::test]
async fn lines_outside_a_span_take_the_ids_of_the_current_context() {
    let (_telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let id = RequestId::generate(&Random::seeded(1));
    let cx = Context::background().with(id.clone());
    cx.scope(async { tracing::info!("inside") }).await;
    tracing::info!("outside");
    let lines = sink.lines();
    assert_eq!(lines[0]["request_id"], id.as_str());
    assert_eq!(lines[1].get("request_id"), None);
}

#[test]
fn a_filter_that_is_none_is_refused_by_name() {
    let refused = Telemetry::builder("t")
        .log_filter("no such=filter=!")
        .build()
        .unwrap_err();
    assert!(matches!(refused, InstallError::Filter { .. }));
    assert!(refused.to_string().contains("no such=filter=!"));
}

#[test]
fn a_second_install_is_an_error() {
    let first = Telemetry::builder("t").log_writer(std::io::sink).install();
    let second = Telemetry::builder("t").log_writer(std::io::sink).install();
    assert!(first.is_ok());
    assert!(matches!(second, Err(InstallError::AlreadyInstalled)));
}
