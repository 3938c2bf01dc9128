//! `traceparent`, `tracestate` and request ids.

use http::{HeaderMap, HeaderValue};
use ovasabi_core::backoff::Random;
use ovasabi_core::context::{RequestId, TraceContext, TraceState, wire};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn read(text: &str) -> Option<TraceContext> {
    TraceContext::from_traceparent(&HeaderValue::from_str(text).unwrap(), &Random::seeded(1))
}

#[test]
fn a_trace_is_continued_under_the_callers_span() {
    let trace = read(PARENT).unwrap();
    assert_eq!(trace.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_eq!(trace.parent_id(), Some(0xb7ad_6b71_6920_3331));
    assert!(trace.is_sampled());
    let next = trace.to_traceparent();
    let expected = format!(
        "00-0af7651916cd43dd8448eb211c80319c-{:016x}-01",
        trace.span_id()
    );
    assert_eq!(next, expected);
}

#[test]
fn invalid_parents_begin_nothing() {
    for text in [
        "",
        "00",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(read(text), None, "{text:?}");
    }
    // A later version may have more at the end.
    assert!(read("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x").is_some());
    assert_eq!(
        read("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"),
        None
    );
}

fn state(values: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(wire::TRACESTATE, HeaderValue::from_str(value).unwrap());
    }
    TraceState::from_headers(&headers).map(|state| state.as_header().to_str().unwrap().to_owned())
}

#[test]
fn a_trace_state_passes_as_it_came_up_to_512_bytes() {
    assert_eq!(state(&["a=1,b=2"]).as_deref(), Some("a=1,b=2"));
    assert_eq!(state(&["a=1", "", "b=2"]).as_deref(), Some("a=1,b=2"));
    assert!(state(&[&"x".repeat(512)]).is_some());
    assert_eq!(state(&[&"x".repeat(513)]), None);
    assert_eq!(state(&[&"x".repeat(300), &"y".repeat(300)]), None);
    assert_eq!(state(&["a=\t1"]), None);
    assert_eq!(state(&[]), None);
}

#[test]
fn generated_ids_are_hexadecimal_and_differ() {
    let random = Random::new();
    let (one, two) = (RequestId::generate(&random), RequestId::generate(&random));
    assert_ne!(one, two);
    assert_eq!(one.as_str().len(), 32);
    assert!(one.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
    let known = Random::seeded(1_234_567);
    assert_eq!(
        RequestId::generate(&known).as_str(),
        "599ed017fb08fc852c73f08458540fa5"
    );
}

#[test]
fn only_harmless_ids_are_taken_over() {
    let accepts = |text: &str| RequestId::accept(&HeaderValue::from_str(text).unwrap()).is_some();
    assert!(accepts("order-7_a.b:c/d+e=f@g~h"));
    assert!(accepts(&"x".repeat(128)));
    for text in ["", "a b", "a\"b", "a,b", "a;b", "a{b"] {
        assert!(!accepts(text), "{text:?}");
    }
    assert!(!accepts(&"x".repeat(129)));
}
