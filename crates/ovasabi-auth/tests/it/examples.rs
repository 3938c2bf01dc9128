//! The example programs: lines in, lines out.

use ovasabi_auth::jose::{Algorithm, JwkSet};
use serde_json::{Value, json};

use crate::keys::test_key;
use crate::support::{AUDIENCE, ISSUER, NOW, base64, claims};

#[allow(dead_code, reason = "a program, of which the answers are tested")]
#[path = "../../examples/verify.rs"]
mod verify;
#[allow(dead_code, reason = "a program, of which the answers are tested")]
#[path = "../../examples/verify-jws.rs"]
mod verify_jws;

fn run(verdict: fn(&str) -> Result<(), String>, lines: &[String]) -> Vec<Value> {
    let mut output = Vec::new();
    verify::lines::run(lines.join("\n").as_bytes(), &mut output, verdict).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn line(id: u32, token: &str, change: impl FnOnce(&mut Value)) -> String {
    let keys: JwkSet = [Algorithm::Es256, Algorithm::EdDsa]
        .into_iter()
        .map(|algorithm| test_key(algorithm).verifying_key())
        .collect();
    let mut line = json!({
        "id": id, "token": token, "now": NOW,
        "policy": {
            "issuer": ISSUER, "audiences": [AUDIENCE], "algs": ["ES256", "EdDSA"], "typ": ["at+jwt", null],
            "leeway_s": 0, "required_scopes": [], "max_token_bytes": 4096,
        },
        "jwks": serde_json::from_str::<Value>(&keys.to_json()).unwrap(),
    });
    change(&mut line);
    line.to_string()
}

#[test]
fn verify_says_for_each_line_why() {
    let key = test_key(Algorithm::Es256);
    let good = key.mint(claims(&[]));
    let mint = |name: &str, value: &str| key.mint(claims(&[(name, value)]));
    let keep = |_: &mut Value| {};
    let secret = test_key(Algorithm::Hs256);
    let lines = [
        line(1, &good, keep),
        line(2, &mint("exp", &NOW.to_string()), keep),
        line(3, &mint("aud", "\"https://other.example\""), keep),
        line(4, &mint("iss", "\"https://other.example\""), keep),
        line(
            5,
            &test_key(Algorithm::EdDsa)
                .with_id(key.verifying_key().id())
                .mint("{}"),
            keep,
        ),
        line(6, &key.mint_with(r#"{"alg":"none"}"#, claims(&[])), keep),
        line(7, &good, |line| {
            line["policy"]["required_scopes"] = json!(["a"])
        }),
        line(8, &good, |line| line["policy"]["typ"] = json!(["JWT"])),
        line(9, &good, |line| {
            line["policy"]["max_token_bytes"] = json!(100)
        }),
        line(10, &good, |line| line["policy"]["oops"] = json!(1)),
        line(11, &good, |line| line["jwks"] = json!([])),
        line(12, &good, |line| line["jwks"] = json!({"keys": []})),
        "{\"id\": 13".to_owned(),
        json!({"id": "fourteen"}).to_string(),
        line(15, &secret.mint(claims(&[])), |line| {
            line["policy"]["algs"] = json!(["HS256"]);
            line["jwks"] = json!({"keys": [{"kty": "oct", "k": base64([7; 32])}]});
        }),
        line(16, &good, |line| line["now"] = json!(-1)),
        line(17, &good, keep),
    ];
    let said: Vec<_> = run(verify::verdict, &lines)
        .into_iter()
        .map(|answer| {
            let reason = answer.get("reason").cloned().unwrap_or_default();
            assert_eq!(reason.is_null(), answer["verdict"] == "accept", "{answer}");
            (answer["id"].clone(), reason)
        })
        .collect();
    let expected = [
        json!([1, null]),
        json!([2, "expired"]),
        json!([3, "audience_not_allowed"]),
        json!([4, "issuer_not_allowed"]),
        json!([5, "algorithm_not_allowed"]),
        json!([6, "algorithm_not_allowed"]),
        json!([7, "scope_missing"]),
        json!([8, "type_not_allowed"]),
        json!([9, "token_too_long"]),
        json!([10, "bad_input"]),
        json!([11, "bad_input"]),
        json!([12, "key_unknown"]),
        json!([null, "bad_input"]),
        json!(["fourteen", "bad_input"]),
        json!([15, "key_unknown"]),
        json!([16, "bad_input"]),
        json!([17, null]),
    ];
    assert_eq!(json!(said), json!(expected));
}

#[test]
fn verify_jws_takes_the_algorithm_from_the_key() {
    let (ec, hs) = (test_key(Algorithm::Es256), test_key(Algorithm::Hs256));
    let line =
        |id: u32, jws: &str, jwk: &str| format!(r#"{{"id":{id},"jws":"{jws}","jwk":{jwk}}}"#);
    let jwk = ec.verifying_key().to_jwk();
    let secret = ovasabi_auth::testing::TestKey::of_secret(Algorithm::Hs256, &[7; 32]).unwrap();
    let oct = format!(r#"{{"kty":"oct","k":"{}"}}"#, base64([7; 32]));
    let lines = [
        line(1, &ec.mint("any bytes"), &jwk),
        line(2, &hs.mint("any bytes"), &jwk),
        line(3, &secret.mint("any bytes"), &oct),
        line(4, &ec.mint("any bytes"), &oct),
        line(5, &ec.mint("any bytes"), "{}"),
        line(6, "a.b", &jwk),
        "[]".to_owned(),
    ];
    let reasons: Vec<_> = run(verify_jws::verdict, &lines)
        .iter()
        .map(|answer| answer.get("reason").cloned().unwrap_or_default())
        .collect();
    assert_eq!(
        json!(reasons),
        json!([
            null,
            "algorithm_not_allowed",
            null,
            "algorithm_not_allowed",
            "key_invalid",
            "not_three_parts",
            "bad_input"
        ])
    );
}
