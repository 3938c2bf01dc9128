//! The document of the API is what the routes are, and the gateway has them all.

use std::path::Path;

use serde_json::Value;

use crate::http::Ask;
use crate::installation::Installation;
use crate::program::run;

fn printed(command: &str) -> String {
    let output = run(&[command]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn kept(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What has changed is written down by `platform openapi > examples/platform/api/openapi.json`, and read in review.
#[test]
fn the_document_is_the_one_that_is_kept() {
    assert!(
        printed("openapi") == kept("openapi.json"),
        "api/openapi.json is not what `platform openapi` prints"
    );
}

/// `platform policies > examples/platform/api/policies.jsonl`.
#[test]
fn the_policies_are_those_that_are_kept() {
    assert_eq!(printed("policies"), kept("policies.jsonl"));
}

#[test]
fn every_operation_says_what_it_answers_and_who_may() {
    let document: Value = serde_json::from_str(&printed("openapi")).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            let is_success = |status: &String| status.starts_with('2');
            assert!(responses.keys().any(is_success), "{name}: {responses:?}");
            assert!(
                responses.contains_key("429") && responses.contains_key("503"),
                "{name}"
            );
            assert!(operation["summary"].is_string(), "{name} has no summary");
            // A client that is generated has a function for each.
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(ids.insert(id.to_owned()), "{name} is called `{id}` too");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{name}: {parameter}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_has_a_route_for_every_operation_and_for_nothing_internal() {
    let it = Installation::whole(&[]);
    let http = it.public();
    for line in printed("policies").lines() {
        let policy: Value = serde_json::from_str(line).unwrap();
        let (method, path) = (
            policy["method"].as_str().unwrap(),
            policy["path"].as_str().unwrap(),
        );
        let is_internal = path.starts_with("/internal");
        let answer = http
            .send(&Ask::new(method, path.replace(['{', '}'], "")))
            .await;
        let is_unknown = answer.status == 404
            && String::from_utf8_lossy(&answer.bytes).contains("http.no_route");
        assert_eq!(is_unknown, is_internal, "{method} {path}: {answer:?}");
    }
}
