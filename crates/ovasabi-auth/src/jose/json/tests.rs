use proptest::prelude::*;
use serde_json::Value as Json;

use super::reader::MAX_DEPTH;
use super::{Object, Reason};

fn refused(json: &[u8]) -> Option<Reason> {
    Object::parse(json).err()
}

fn string(json: &str) -> Option<String> {
    let object = Object::parse(json.as_bytes()).ok()?;
    object.get("a")?.as_string().map(|text| text.into_owned())
}

fn number(text: &str) -> Option<f64> {
    let json = format!(r#"{{"a":{text}}}"#);
    Object::parse(json.as_bytes()).ok()?.get("a")?.as_number()
}

#[test]
fn only_an_object_is_an_object() {
    for json in ["[]", "1", "\"x\"", "null", "true", " [ {} ] "] {
        assert_eq!(
            refused(json.as_bytes()),
            Some(Reason::JsonNotObject),
            "{json}"
        );
    }
    assert_eq!(refused(b" \t\r\n{ } "), None);
}

#[test]
fn members_are_unique_at_every_depth_after_unescaping() {
    for json in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"x":{"a":1,"b":2,"a":3}}"#,
        r#"{"x":[[{"\u00e9":1,"é":2}]]}"#,
        r#"{"\ud83d\ude00":1,"😀":2}"#,
    ] {
        assert_eq!(
            refused(json.as_bytes()),
            Some(Reason::JsonDuplicate),
            "{json}"
        );
    }
    assert_eq!(refused(br#"{"a":{"a":{"a":1}},"A":1}"#), None);
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| {
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    assert_eq!(refused(nested(MAX_DEPTH).as_bytes()), None);
    assert_eq!(
        refused(nested(MAX_DEPTH + 1).as_bytes()),
        Some(Reason::JsonTooDeep)
    );
    let objects = r#"{"a":"#.repeat(10_000);
    assert_eq!(refused(objects.as_bytes()), Some(Reason::JsonTooDeep));
}

#[test]
fn text_that_other_readers_forgive_is_refused() {
    for json in [
        &b""[..],
        b"{",
        b"{}x",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{'a':1}",
        b"{a:1}",
        b"{\"a\":1,}",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"a\":[1,]}",
        b"{\"a\":01}",
        b"{\"a\":+1}",
        b"{\"a\":.5}",
        b"{\"a\":5.}",
        b"{\"a\":1e}",
        b"{\"a\":-}",
        b"{\"a\":NaN}",
        b"{\"a\":Infinity}",
        b"{\"a\":nul}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":\"\\x\"}",
        b"{\"a\":\"\\u12\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\udc00\\ud800\"}",
        b"{\"a\":\"\\ud800\\u0041\"}",
        b"{\"a\":\"\\u+123\"}",
        b"{} // no",
        b"\0{}",
    ] {
        let shown = String::from_utf8_lossy(json);
        assert_eq!(refused(json), Some(Reason::JsonInvalid), "{shown}");
    }
}

#[test]
fn strings_are_unescaped() {
    assert_eq!(string(r#"{"a":"plain é"}"#).as_deref(), Some("plain é"));
    assert_eq!(
        string(r#"{"a":"\"\\\/\b\f\n\r\t"}"#).as_deref(),
        Some("\"\\/\u{8}\u{c}\n\r\t")
    );
    assert_eq!(
        string(r#"{"a":"x\u00e9\ud83d\ude00y"}"#).as_deref(),
        Some("xé😀y")
    );
    assert_eq!(string(r#"{"a":1}"#), None);
}

#[test]
fn numbers_are_finite() {
    assert_eq!(number("1700000000"), Some(1_700_000_000.0));
    assert_eq!(number("-0.5e+2"), Some(-50.0));
    assert_eq!(number("1e308"), Some(1e308));
    assert_eq!(number("1e309"), None);
    assert_eq!(number("\"1\""), None);
    assert_eq!(number("null"), None);
}

#[test]
fn a_list_of_strings_has_nothing_else_in_it() {
    let strings = |json: &'static str| {
        let object = Object::parse(json.as_bytes()).ok()?;
        let strings = object.get("a")?.as_strings()?;
        Some(
            strings
                .into_iter()
                .map(|text| text.into_owned())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        strings(r#"{"a":["x","\u0079"]}"#),
        Some(vec!["x".to_owned(), "y".to_owned()])
    );
    assert_eq!(strings(r#"{"a":[]}"#), Some(vec![]));
    assert_eq!(strings(r#"{"a":["x",1]}"#), None);
    assert_eq!(strings(r#"{"a":["x",["y"]]}"#), None);
    assert_eq!(strings(r#"{"a":"x"}"#), None);
}

/// The magic names by which `serde_json` passes numbers and raw values to itself mean nothing here.
#[test]
fn magic_names_of_other_readers_stay_members() {
    for magic in [
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
    ] {
        let json = format!(r#"{{"a":{{"{magic}":"1"}}}}"#);
        let object = Object::parse(json.as_bytes()).expect("it is an object");
        let value = object.get("a").expect("it has the member");
        assert_eq!((value.as_number(), value.as_string()), (None, None));
        assert!(value.text().starts_with('{'));
        assert_eq!(refused(format!(r#"{{"{magic}":"1"}}"#).as_bytes()), None);
    }
}

fn documents() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "\\PC*".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map("\\PC{0,6}", inner, 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Object::parse(&bytes);
    }

    #[test]
    fn no_text_of_json_letters_panics(text in r#"[\[\]{}:,"\\u0-9a-f+eE. -]{0,60}"#) {
        let ours = Object::parse(text.as_bytes()).is_ok();
        let theirs = serde_json::from_str::<serde_json::Map<String, Json>>(&text).is_ok();
        prop_assert!(!ours || theirs, "accepted what another reader refuses: {text}");
    }

    #[test]
    fn what_another_writer_writes_is_read_the_same(members in prop::collection::btree_map("\\PC{0,6}", documents(), 0..6)) {
        let text = serde_json::to_string(&members).expect("it serialises");
        let object = Object::parse(text.as_bytes()).expect("it is valid");
        for (name, value) in &members {
            let ours = object.get(name).expect("no member is lost");
            prop_assert_eq!(&serde_json::from_str::<Json>(ours.text()).expect("it is JSON"), value);
        }
    }
}
