//! Bodies that break rules: every field is told, and nothing that is not the sender's business.

use garde::Validate;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use ovasabi_core::validate::{check, check_with, json, require_json, valid_json};
use ovasabi_core::{Code, Error};
use serde::Deserialize;

#[derive(Debug, Deserialize, Validate)]
struct SignUp {
    #[garde(length(min = 3), ascii)]
    name: String,
    #[garde(range(min = 18, max = 150))]
    age: u8,
    #[garde(skip)]
    #[allow(dead_code, reason = "only its type matters")]
    newsletter: bool,
    #[garde(dive)]
    address: Address,
    #[garde(inner(length(min = 1)))]
    #[serde(default)]
    tags: Vec<String>,
    #[garde(skip)]
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Address {
    #[garde(length(min = 1))]
    street: String,
    #[garde(length(equal = 2))]
    country: String,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Person,
    Company,
}

const GOOD: &str = r#"{
    "name": "Ada", "age": 36, "newsletter": false, "kind": "company",
    "address": {"street": "St James's Square", "country": "GB"}, "tags": ["maths"]
}"#;

/// Each violation as `field rule`.
fn rules(error: &Error) -> Vec<String> {
    error
        .violations()
        .iter()
        .map(|it| format!("{} {}", it.field, it.rule))
        .collect()
}

/// Refuses `body` with exactly these violations.
#[track_caller]
fn refused(body: &str, expected: &[&str]) -> Error {
    let error = valid_json::<SignUp>(body.as_bytes()).unwrap_err();
    assert_eq!(rules(&error), expected, "{body}");
    assert_eq!(
        (error.code(), error.http_status().as_u16()),
        (Code::InvalidArgument, 422)
    );
    assert_eq!(error.reason(), "validation.failed");
    error
}

#[test]
fn a_body_that_keeps_all_rules_is_the_value() {
    let value = valid_json::<SignUp>(GOOD.as_bytes()).unwrap();
    assert_eq!((value.name.as_str(), value.kind), ("Ada", Kind::Company));
    check(&value.address).unwrap();
}

#[test]
fn every_missing_field_is_told() {
    let error = refused(
        "{}",
        &[
            "address required",
            "age required",
            "name required",
            "newsletter required",
        ],
    );
    assert_eq!(error.public_detail(), "4 fields are not valid");
    refused(
        r#"{"address": {}}"#,
        &[
            "address.country required",
            "address.street required",
            "age required",
            "name required",
            "newsletter required",
        ],
    );
}

#[test]
fn wrong_types_missing_fields_and_broken_rules_are_told_at_once() {
    let body = r#"{"name": "A", "age": "old", "address": {"street": 7, "country": "GBR"}, "tags": ["a", "", 3]}"#;
    let error = refused(
        body,
        &[
            "address.country length",
            "address.street type",
            "age type",
            "name length",
            "newsletter required",
            "tags[1] length",
            "tags[2] type",
        ],
    );
    let details: Vec<_> = error
        .violations()
        .iter()
        .map(|it| it.detail.as_str())
        .collect();
    assert_eq!(
        details,
        [
            "must be at most 2 long",
            "must be a string",
            "must be an integer from 0 to 255",
            "must be at least 3 long",
            "is required",
            "must be at least 1 long",
            "must be a string",
        ]
    );
}

#[test]
fn every_broken_rule_is_told_once_a_field() {
    let body = GOOD.replace("Ada", "é").replace("36", "7");
    let error = refused(&body, &["age range", "name ascii"]);
    let told = &error.violations()[1].detail;
    assert_eq!(told, "must be ASCII; must be at least 3 long");
}

#[test]
fn numbers_out_of_range_unknown_variants_and_unknown_fields_are_told() {
    let body = GOOD
        .replace("36", "300")
        .replace(r#""company""#, r#""state""#)
        .replace(r#""street""#, r#""door": 1, "street""#);
    let error = refused(&body, &["address.door unknown", "age value", "kind value"]);
    let details: Vec<_> = error
        .violations()
        .iter()
        .map(|it| it.detail.as_str())
        .collect();
    assert_eq!(
        details,
        [
            "is not known; there is `street` or `country`",
            "must be an integer from 0 to 255",
            "must be `person` or `company`",
        ]
    );
}

#[test]
fn a_field_that_is_there_twice_is_told() {
    let body = GOOD.replace(r#""age": 36"#, r#""age": 36, "age": 37"#);
    refused(&body, &["age duplicate"]);
}

#[test]
fn an_object_in_the_place_of_a_value_and_the_reverse_are_told() {
    let body = GOOD
        .replace("36", r#"{"years": 36}"#)
        .replace(r#"["maths"]"#, "7");
    refused(&body, &["age type", "tags type"]);
    let body = GOOD.replace(r#""company""#, "[7]").replace("false", "0");
    let error = refused(&body, &["kind type", "newsletter type"]);
    assert_eq!(
        error.violations()[0].detail,
        "must be a string or an object"
    );
    let error = refused("[]", &[" length"]);
    assert!(
        !error.to_problem(None).violations[0]
            .detail
            .contains("SignUp"),
        "{error:?}"
    );
    refused("7", &[" type"]);
}

#[test]
fn a_value_that_nothing_can_stand_in_for_hides_no_other_fault() {
    #[derive(Debug, Deserialize, Validate)]
    struct Refund {
        #[garde(skip)]
        #[allow(dead_code, reason = "only its type matters")]
        id: uuid_like::Id,
        #[garde(length(min = 1))]
        #[allow(dead_code, reason = "only its type matters")]
        why: String,
    }
    let error = valid_json::<Refund>(br#"{"id": "x", "why": 7}"#).unwrap_err();
    assert_eq!(rules(&error), ["id value", "why type"]);
    assert_eq!(error.violations()[0].detail, "not an id");
}

/// A type that only takes texts of a certain form.
mod uuid_like {
    #[derive(Debug, serde::Deserialize)]
    #[serde(try_from = "String")]
    pub(super) struct Id;

    impl TryFrom<String> for Id {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, &'static str> {
            if text.len() == 36 {
                Ok(Self)
            } else {
                Err("not an id")
            }
        }
    }
}

#[test]
fn a_value_that_reads_like_a_message_is_not_told_back() {
    let body = r#"{"age": "x, expected hunter2", "newsletter": "\", expected hunter2", "kind": "x, expected hunter2"}"#;
    let error = valid_json::<SignUp>(body.as_bytes()).unwrap_err();
    let text = format!("{:?}", error.violations());
    assert!(text.contains("must be an integer from 0 to 255"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn values_and_type_names_are_not_told() {
    let body = r#"{"name": {"hunter2": 1}, "age": "hunter2", "newsletter": "hunter2", "address": "hunter2", "tags": "hunter2", "kind": "hunter2"}"#;
    let error = valid_json::<SignUp>(body.as_bytes()).unwrap_err();
    assert_eq!(
        rules(&error),
        [
            "address type",
            "age type",
            "kind value",
            "name type",
            "newsletter type",
            "tags type"
        ]
    );
    let text = String::from_utf8(error.to_problem(None).to_json()).unwrap();
    assert!(
        !text.contains("hunter2") && !text.contains("Address"),
        "{text}"
    );
}

#[test]
fn what_is_not_json_is_a_400_with_its_place() {
    let cases = [
        ("", "the body is empty, expected JSON"),
        (
            "{\"name\": ",
            "the body is not valid JSON: EOF while parsing a value at line 1 column 9",
        ),
        (
            "{\n\"name\" 7}",
            "the body is not valid JSON: expected `:` at line 2 column 8",
        ),
        (
            "{} {}",
            "the body is not valid JSON: trailing characters at line 1 column 4",
        ),
        // The wrong type comes first in the text, but there are no fields in what is not JSON.
        (
            "{\"age\": \"old\", ",
            "the body is not valid JSON: EOF while parsing a value at line 1 column 15",
        ),
    ];
    for (body, detail) in cases {
        let error = valid_json::<SignUp>(body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.http_status().as_u16(), error.reason()),
            (400, "json.syntax"),
            "{body}"
        );
        assert_eq!(error.public_detail(), detail);
    }
}

#[test]
fn a_deep_body_is_refused_before_the_stack_ends() {
    let body = "[".repeat(100_000);
    let error = json::<serde_json::Value>(body.as_bytes()).unwrap_err();
    assert!(error.public_detail().contains("recursion limit"), "{error}");
}

#[test]
fn a_body_full_of_faults_costs_a_bounded_amount_and_tells_a_hundred() {
    #[derive(Debug, Deserialize, Validate)]
    struct Many(#[garde(inner(length(min = 2)))] Vec<String>);

    let short = format!("[{}\"\"]", "\"\",".repeat(999));
    let error = valid_json::<Many>(short.as_bytes()).unwrap_err();
    assert_eq!(error.violations().len(), 100);
    assert_eq!(
        error.facts().collect::<Vec<_>>(),
        [("violations_left_out", "900")]
    );

    // Each wrong type needs the whole body to be read again, so only some of them are looked for.
    let wrong = format!("[{}7]", "7,".repeat(500_000));
    let error = valid_json::<Many>(wrong.as_bytes()).unwrap_err();
    assert!(
        (1..10).contains(&error.violations().len()),
        "{}",
        error.violations().len()
    );
}

#[test]
fn flattened_and_tagged_types_are_told_as_well_as_serde_knows_them() {
    #[derive(Debug, Deserialize, Validate)]
    struct Page {
        #[garde(range(min = 1))]
        limit: u32,
        #[serde(flatten)]
        #[garde(skip)]
        #[allow(dead_code, reason = "only its type matters")]
        filter: Filter,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "by", rename_all = "lowercase")]
    enum Filter {
        #[allow(dead_code, reason = "only its type matters")]
        Name { name: String },
    }
    assert_eq!(
        valid_json::<Page>(br#"{"limit": 1, "by": "name", "name": "x"}"#)
            .unwrap()
            .limit,
        1
    );
    let error = valid_json::<Page>(br#"{"limit": 1, "by": "name"}"#).unwrap_err();
    assert_eq!(rules(&error), ["name required"]);
    let error = valid_json::<Page>(br#"{"limit": 1, "by": "name", "name": 7}"#).unwrap_err();
    assert_eq!(rules(&error), [" type"]);
}

#[test]
fn rules_that_need_a_context_get_it() {
    #[derive(Validate)]
    #[garde(context(Limits))]
    struct Transfer {
        #[garde(custom(|amount: &u64, limits: &Limits| {
            if *amount > limits.most { Err(garde::Error::new("is above your limit")) } else { Ok(()) }
        }))]
        amount: u64,
    }
    struct Limits {
        most: u64,
    }
    check_with(&Transfer { amount: 7 }, &Limits { most: 7 }).unwrap();
    let error = check_with(&Transfer { amount: 8 }, &Limits { most: 7 }).unwrap_err();
    assert_eq!(rules(&error), ["amount custom"]);
    assert_eq!(error.violations()[0].detail, "is above your limit");
}

#[test]
fn a_report_in_words_of_ones_own_is_an_error_too() {
    let address = Address {
        street: String::new(),
        country: "GB".to_owned(),
    };
    let error = Error::from(address.validate().unwrap_err());
    assert_eq!(rules(&error), ["street custom"]);
    assert_eq!(error.violations()[0].detail, "length is lower than 1");
}

#[test]
fn only_json_says_that_it_is_json() {
    let headers = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        headers
    };
    for good in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json",
    ] {
        require_json(&headers(good)).unwrap();
    }
    for bad in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/json",
        "application/+json",
        "application/jsonx",
    ] {
        let error = require_json(&headers(bad)).unwrap_err();
        assert_eq!(
            (error.http_status().as_u16(), error.reason()),
            (415, "json.content_type"),
            "{bad}"
        );
    }
    require_json(&HeaderMap::new()).unwrap_err();
}

#[cfg(feature = "axum")]
mod extractor {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::{DefaultBodyLimit, Request};
    use axum::routing::post;
    use http_body_util::channel::Channel;
    use ovasabi_core::error::Problem;
    use ovasabi_core::validate::{JsonBytes, ValidJson};
    use tower::ServiceExt;

    use super::{GOOD, SignUp};

    async fn answer(content_type: &str, body: Body) -> (u16, Option<Problem>) {
        let handler = post(async |ValidJson(body): ValidJson<SignUp>| body.name);
        let app = Router::new()
            .route("/", handler)
            .layer(DefaultBodyLimit::max(1_000));
        let request = Request::post("/")
            .header("content-type", content_type)
            .body(body)
            .unwrap();
        let response = app.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, Problem::from_json(&bytes).ok())
    }

    #[tokio::test]
    async fn bytes_are_handed_out_as_they_were_sent_and_not_read() {
        let handler = post(async |JsonBytes(body): JsonBytes| body);
        let app = Router::new().route("/", handler);
        let ask = async |content_type: &str| {
            let request = Request::post("/").header("content-type", content_type);
            let request = request.body(Body::from("{ \"a\" :")).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
            (status, bytes.unwrap())
        };
        let (status, body) = ask("application/json").await;
        assert_eq!((status, body.as_ref()), (200, b"{ \"a\" :".as_slice()));
        assert_eq!(ask("text/plain").await.0, 415);
    }

    #[tokio::test]
    async fn the_extractor_answers_each_fault_with_its_status() {
        assert_eq!(answer("application/json", GOOD.into()).await, (200, None));
        let cases = [
            ("text/plain", GOOD.to_owned(), 415, "json.content_type"),
            (
                "application/json",
                " ".repeat(1_001),
                413,
                "http.body_too_large",
            ),
            ("application/json", "{".to_owned(), 400, "json.syntax"),
            (
                "application/json",
                "{}".to_owned(),
                422,
                "validation.failed",
            ),
        ];
        for (content_type, body, status, reason) in cases {
            let (answered, problem) = answer(content_type, body.into()).await;
            let problem = problem.unwrap();
            assert_eq!(
                (answered, problem.status, problem.reason.as_str()),
                (status, status, reason)
            );
            assert_eq!(problem.violations.len(), if status == 422 { 4 } else { 0 });
        }
    }

    #[tokio::test]
    async fn an_error_of_the_body_keeps_its_own_status() {
        let slow =
            ovasabi_core::Error::new(ovasabi_core::Code::DeadlineExceeded, "http.body_too_slow")
                .with_http_status(http::StatusCode::REQUEST_TIMEOUT);
        let (sender, body) = Channel::<bytes::Bytes, ovasabi_core::Error>::new(1);
        sender.abort(slow);
        let (status, problem) = answer("application/json", Body::new(body)).await;
        assert_eq!(
            (status, problem.unwrap().reason.as_str()),
            (408, "http.body_too_slow")
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_a_bad_request() {
        let (sender, body) = Channel::<bytes::Bytes, std::io::Error>::new(1);
        sender.abort(std::io::Error::other("10.0.0.7 reset"));
        let (status, problem) = answer("application/json", Body::new(body)).await;
        let problem = problem.unwrap();
        assert_eq!(
            (status, problem.reason.as_str()),
            (400, "http.body_unreadable")
        );
        assert!(!problem.detail.contains("10.0.0.7"));
    }
}
