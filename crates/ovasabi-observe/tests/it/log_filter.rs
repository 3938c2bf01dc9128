//! Which events become lines, changed while the process runs.

use std::fmt;
use std::sync::mpsc;

use ovasabi_observe::{LogFilterError, LogFormat, Telemetry};
use proptest::prelude::*;

use crate::sink::{Sink, capture};

/// One callsite: what it has been told of a filter must not outlive that filter.
fn whisper() {
    tracing::debug!("whisper");
}

#[test]
fn what_becomes_a_line_changes_while_it_runs_and_back() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter("info"));
    assert_eq!(telemetry.log_filter().as_deref(), Some("info"));
    whisper();
    assert_eq!(sink.text(), "");

    telemetry.set_log_filter("info,it=debug").unwrap();
    // As it was given: no word of it is moved.
    assert_eq!(telemetry.log_filter().as_deref(), Some("info,it=debug"));
    whisper();
    assert_eq!(sink.lines().len(), 1);

    telemetry.set_log_filter("warn").unwrap();
    whisper();
    tracing::info!("quiet too");
    assert_eq!(sink.lines().len(), 1);
}

#[test]
fn a_filter_that_is_none_is_refused_and_changes_nothing() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter("debug"));
    for bad in ["it=loud", "no such=filter=!", "info,it=="] {
        let refused = telemetry.set_log_filter(bad).unwrap_err();
        assert!(matches!(&refused, LogFilterError::Invalid { filter, .. } if filter == bad));
        assert!(refused.to_string().contains(bad), "{refused}");
    }
    assert_eq!(telemetry.log_filter().as_deref(), Some("debug"));
    whisper();
    assert_eq!(sink.lines().len(), 1);
}

#[test]
fn every_clone_and_every_thread_see_the_change() {
    let sink = Sink::default();
    let (telemetry, dispatch) = Telemetry::builder("t")
        .log_format(LogFormat::Json)
        .log_writer(sink.clone())
        .build()
        .unwrap();
    let (changed, wait) = mpsc::channel();
    let (said, first) = mpsc::channel();
    let other = std::thread::spawn(move || {
        tracing::dispatcher::with_default(&dispatch, || {
            whisper();
            said.send(()).unwrap();
            wait.recv().unwrap();
            whisper();
        });
    });
    first.recv().unwrap();
    telemetry.clone().set_log_filter("debug").unwrap();
    assert_eq!(telemetry.log_filter().as_deref(), Some("debug"));
    changed.send(()).unwrap();
    other.join().unwrap();
    assert_eq!(sink.lines().len(), 1);
}

/// A value that must not be asked what it is.
struct Costly;

impl fmt::Debug for Costly {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("an event that is off is not rendered")
    }
}

#[test]
fn an_event_that_was_turned_off_costs_nothing_again() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter("debug"));
    whisper();
    telemetry.set_log_filter("info").unwrap();
    tracing::debug!(costly = ?Costly, "off");
    let asked = std::cell::Cell::new(false);
    tracing::debug!(
        value = {
            asked.set(true);
            1
        },
        "off"
    );
    assert!(!asked.get());
    assert_eq!(sink.lines().len(), 1);
}

#[test]
fn a_span_that_is_open_stays_what_it_was() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter("info"));
    let (on, off) = (
        tracing::info_span!("on", order = 7),
        tracing::debug_span!("off", secret_plan = 8),
    );
    telemetry.set_log_filter("debug").unwrap();
    on.in_scope(|| off.in_scope(whisper));
    telemetry.set_log_filter("warn").unwrap();
    on.in_scope(|| tracing::warn!("loud"));
    let lines = sink.lines();
    assert_eq!(
        (&lines[0]["order"], &lines[1]["order"]),
        (&7.into(), &7.into())
    );
    assert_eq!(lines[0].get("secret_plan"), None);
}

/// A directive that names a span keeps a stack for each thread: a change in the middle must leave none behind.
#[test]
fn a_change_inside_of_a_span_that_a_directive_names_ends_with_it() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter("warn,[job]=debug"));
    tracing::error_span!("job").in_scope(|| {
        whisper();
        telemetry.set_log_filter("warn").unwrap();
        whisper();
        telemetry.set_log_filter("warn,[job]=debug").unwrap();
    });
    whisper();
    assert_eq!(sink.lines().len(), 1);
    tracing::error_span!("job").in_scope(whisper);
    assert_eq!(sink.lines().len(), 2);
}

#[test]
fn without_logs_there_is_no_filter_to_change() {
    let telemetry = Telemetry::builder("t").without_logs().install().unwrap();
    assert_eq!(telemetry.log_filter(), None);
    let refused = telemetry.set_log_filter("debug").unwrap_err();
    assert!(matches!(refused, LogFilterError::NoLogs));
}

#[test]
fn a_subscriber_that_is_gone_says_so() {
    let (telemetry, dispatch) = Telemetry::builder("t").build().unwrap();
    drop(dispatch);
    let refused = telemetry.set_log_filter("debug").unwrap_err();
    assert!(matches!(refused, LogFilterError::NoLogs));
    assert_eq!(telemetry.log_filter().as_deref(), Some("info"));
}

proptest! {
    /// It comes from outside: whatever it is, it is taken or refused.
    #[test]
    fn no_filter_panics(text in "\\PC{0,40}|([a-z:]{0,6}(\\[[a-z]{0,4}(\\{[a-z]{0,3}=?[a-z.*+(]{0,4}\\})?\\])?=?(info|debug|5|off|on|x)?,?){0,4}") {
        let (telemetry, _sink, _guard) = capture(Telemetry::builder("t"));
        let is_taken = telemetry.set_log_filter(&text).is_ok();
        whisper();
        let expected = if is_taken { text.as_str() } else { "info" };
        let now = telemetry.log_filter().unwrap();
        prop_assert_eq!(now, expected);
    }
}
