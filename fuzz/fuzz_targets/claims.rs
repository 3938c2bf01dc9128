//! The strict JSON reader, behind a signature that holds: what it says of a text, and what it reads of it.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::Principal;
use ovasabi_auth::jose::Reason;
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::{AccessTokenVerifier, Claims, Profile};
use ovasabi_fuzz::json::{Doc, Oracle};
use ovasabi_fuzz::members::{Change, object};
use ovasabi_fuzz::{model, world};
use serde_json::Value;

static KEY: LazyLock<TestKey> = LazyLock::new(world::key);
static PROFILES: LazyLock<Vec<AccessTokenVerifier>> = LazyLock::new(|| {
    let profiles = [
        Profile::rfc9068(),
        Profile::jwt(),
        Profile::keycloak(),
        Profile::entra(),
        Profile::auth0(),
        Profile::okta(),
        Profile::cognito(),
        Profile::google_iap(),
        Profile::google_id_token(),
    ];
    let verifier = |profile| world::verifier().profile(profile).cache(None).build();
    let verifiers = profiles.map(|profile| verifier(profile).expect("the settings are valid"));
    verifiers.into()
});

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// All of the payload.
    Whole(&'a [u8]),
    /// A value, or more than one, behind good claims.
    Value(&'a [u8]),
    Members(Vec<Change<'a>>),
}

fuzz_target!(|input: Input<'_>| {
    let payload = match input {
        Input::Whole(bytes) => bytes.to_vec(),
        Input::Value(bytes) => {
            let claims = world::claims();
            let open = claims.strip_suffix('}').expect("it is an object");
            [open.as_bytes(), b",\"x\":", bytes, b"}"].concat()
        }
        Input::Members(changes) => {
            let good = [
                ("iss", format!("\"{}\"", world::ISSUER)),
                ("aud", format!("\"{}\"", world::AUDIENCE)),
                ("sub", "\"ann\"".to_owned()),
                ("exp", (world::NOW + 600).to_string()),
                ("iat", world::NOW.to_string()),
                ("jti", "\"t1\"".to_owned()),
            ];
            object(&good, &changes).into_bytes()
        }
    };
    if payload.len() > 11_000 {
        return;
    }
    let token = KEY.mint(&payload);
    let oracle = Oracle::read(&payload);
    for (at, verifier) in PROFILES.iter().enumerate() {
        let verdict = verifier.verify(&token);
        form(&oracle, verdict.as_ref().err().copied());
        let (Ok(principal), Oracle::Doc(doc)) = (&verdict, &oracle) else {
            continue;
        };
        content(principal, doc, at);
        let claims = principal.claims().expect("it came from a token");
        let Doc::Object(members) = doc else {
            panic!("no object was accepted");
        };
        let whole: Value = serde_json::from_slice(&payload).expect("the oracle has read it");
        for (name, _) in members {
            let own: Option<Value> = claims.get(name).expect("any value is a value");
            assert_eq!(own.unwrap_or(Value::Null), whole[name]);
        }
    }
});

/// Refused for its form if and only if the oracle finds a fault in it.
fn form(oracle: &Oracle, refused: Option<Reason>) {
    let is_form = matches!(
        refused,
        Some(
            Reason::JsonInvalid
                | Reason::JsonNotObject
                | Reason::JsonDuplicate
                | Reason::JsonTooDeep
        )
    );
    match oracle {
        Oracle::Overflow => {}
        Oracle::No => assert!(is_form, "{refused:?}"),
        Oracle::Doc(doc) => {
            assert_eq!(is_form, !model::is_plain(doc), "{refused:?}");
            assert_ne!(refused, Some(Reason::JsonInvalid));
            if refused == Some(Reason::JsonDuplicate) {
                assert!(doc.has_twins());
            }
            if refused == Some(Reason::JsonTooDeep) {
                assert!(doc.depth() > model::MAX_DEPTH);
            }
        }
    }
}

/// What is accepted says what the oracle reads.
fn content(principal: &Principal, doc: &Doc, profile: usize) {
    let text = |name| doc.get(name).and_then(Doc::text);
    assert_eq!(Some(principal.id()), text("sub"));
    assert_eq!(text("iss"), Some(world::ISSUER));
    let claims: &Claims = principal.claims().expect("it came from a token");
    assert_eq!(claims.token_id(), text("jti"));
    assert!(doc.get("cnf").is_none());
    if profile == 0 {
        assert!(model::allows_claims(doc));
        assert_eq!(claims.client_id(), text("client_id"));
        let scopes: Vec<&str> = text("scope").unwrap_or_default().split(' ').collect();
        assert!(
            claims
                .scopes()
                .eq(scopes.into_iter().filter(|scope| !scope.is_empty()))
        );
        let roles = doc.get("roles").and_then(Doc::texts).unwrap_or_default();
        assert!(claims.roles().eq(roles));
    }
    for scope in principal.scopes() {
        assert!(!scope.is_empty() && !scope.contains(' '));
    }
}
