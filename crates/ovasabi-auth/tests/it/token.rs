//! Access tokens: what is believed, and everything that is not.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ovasabi_auth::jose::{MAX_TOKEN_BYTES, Reason, SigningKey};
use ovasabi_auth::token::{
    AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer, SignError,
};
use ovasabi_core::context::SubjectKind;
use ovasabi_core::time::WallClock;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{
    AUDIENCE, HEADER, ISSUER, NOW, audience, base64, claims, clock, forge, issuer, key, seal,
    signer, token, verifier,
};

#[track_caller]
fn check(token: &str, expected: Result<&str, Reason>) {
    let verified = verifier().verify(token);
    assert_eq!(
        verified
            .as_ref()
            .map(|principal| principal.id())
            .map_err(|reason| *reason),
        expected,
        "{token}"
    );
}

#[test]
fn a_signed_token_is_believed() {
    let grant = Grant::new("ann")
        .role("clerk")
        .role("auditor")
        .scope("wallet:read")
        .scope("wallet:write")
        .client_id("web");
    let token = signer().sign(&grant.claim("tier", "gold")).unwrap();
    let ann = verifier().verify(token.as_str()).unwrap();

    assert_eq!((ann.id(), ann.kind()), ("ann", SubjectKind::User));
    assert_eq!(ann.roles().collect::<Vec<_>>(), ["clerk", "auditor"]);
    assert_eq!(
        ann.scopes().collect::<Vec<_>>(),
        ["wallet:read", "wallet:write"]
    );
    let ends = UNIX_EPOCH + Duration::from_secs(NOW + 15 * 60);
    assert_eq!(
        (ann.expires_at(), token.expires_in()),
        (Some(ends), Duration::from_secs(900))
    );

    let claims = ann.claims().unwrap();
    assert_eq!(claims.token_id(), Some(token.id()));
    assert_eq!(claims.issuer(), ISSUER);
    assert_eq!(
        (claims.client_id(), claims.expires_at()),
        (Some("web"), ends)
    );
    let issued_at = UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(claims.issued_at(), Some(issued_at));
    assert_eq!(
        claims.get::<String>("tier").unwrap().as_deref(),
        Some("gold")
    );
    assert_eq!(
        claims.get::<String>("aud").unwrap().as_deref(),
        Some(AUDIENCE)
    );
    assert_eq!(claims.get::<u32>("missing").unwrap(), None);
    assert!(
        claims
            .get::<u32>("tier")
            .unwrap_err()
            .to_string()
            .contains("tier")
    );
}

#[test]
fn a_service_that_acts_for_itself_is_a_service() {
    let biller = verifier()
        .verify(&token(&Grant::for_service("biller")))
        .unwrap();
    assert_eq!(
        (biller.id(), biller.kind()),
        ("biller", SubjectKind::Service)
    );
}

#[test]
fn two_tokens_have_two_ids() {
    let (one, other) = (
        signer().sign(&Grant::new("ann")).unwrap(),
        signer().sign(&Grant::new("ann")).unwrap(),
    );
    assert_ne!(one.id(), other.id());
}

#[test]
fn neither_tokens_nor_claims_show_themselves() {
    let token = signer()
        .sign(&Grant::new("ann").claim("salary", "12345-secret"))
        .unwrap();
    let ann = verifier().verify(token.as_str()).unwrap();
    let shown = format!(
        "{token:?} {ann:?} {:?} {:?}",
        ann.claims(),
        Grant::new("ann").claim("salary", "12345-secret")
    );
    assert!(
        !shown.contains("12345-secret") && !shown.contains(token.as_str()),
        "{shown}"
    );
    assert!(shown.contains("ann") && shown.contains(token.id()));
}

#[test]
fn headers_that_ask_for_anything_else_are_refused() {
    let header = |members: &str| forge(format!("{{{members}}}"), claims(&[]));
    check(
        &header(r#""alg":"EdDSA","typ":"at+jwt","kid":"k1""#),
        Ok("ann"),
    );
    check(
        &header(r#""alg":"Ed25519","typ":"application/AT+JWT","kid":"k1","x":[1]"#),
        Ok("ann"),
    );
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256", "RS256", "ES256", "Ed448", "eddsa", "EDDSA",
        "EdDSA ",
    ] {
        check(
            &header(&format!(r#""alg":"{alg}","typ":"at+jwt","kid":"k1""#)),
            Err(Reason::AlgorithmNotAllowed),
        );
    }
    for (members, reason) in [
        (r#""typ":"at+jwt","kid":"k1""#, Reason::AlgorithmNotAllowed),
        (
            r#""alg":null,"typ":"at+jwt","kid":"k1""#,
            Reason::AlgorithmNotAllowed,
        ),
        (
            r#""alg":["EdDSA"],"typ":"at+jwt","kid":"k1""#,
            Reason::AlgorithmNotAllowed,
        ),
        (
            r#""alg":"EdDSA","alg":"none","typ":"at+jwt","kid":"k1""#,
            Reason::JsonDuplicate,
        ),
        (
            r#""alg":"EdDSA","\u0061lg":"none","typ":"at+jwt","kid":"k1""#,
            Reason::JsonDuplicate,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"k1","x":{"y":1,"\u0079":2}"#,
            Reason::JsonDuplicate,
        ),
        (r#""alg":"EdDSA","kid":"k1""#, Reason::TypeNotAllowed),
        (
            r#""alg":"EdDSA","typ":"JWT","kid":"k1""#,
            Reason::TypeNotAllowed,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt ","kid":"k1""#,
            Reason::TypeNotAllowed,
        ),
        (
            r#""alg":"EdDSA","typ":"text/at+jwt","kid":"k1""#,
            Reason::TypeNotAllowed,
        ),
        (
            r#""alg":"EdDSA","typ":null,"kid":"k1""#,
            Reason::HeaderInvalid,
        ),
        (
            r#""alg":"EdDSA","typ":["at+jwt"],"kid":"k1""#,
            Reason::HeaderInvalid,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":1"#,
            Reason::HeaderInvalid,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"""#,
            Reason::KeyUnknown,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"K1""#,
            Reason::KeyUnknown,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["exp"]"#,
            Reason::CriticalHeader,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":[]"#,
            Reason::CriticalHeader,
        ),
        (
            r#""alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["b64"],"b64":false"#,
            Reason::CriticalHeader,
        ),
    ] {
        check(&header(members), Err(reason));
    }
}

#[test]
fn a_token_never_brings_its_own_key() {
    let attacker = SigningKey::from_seed(&[9; 32]).unwrap();
    let jwk = attacker.verifying_key().to_jwk();
    for member in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"http://127.0.0.1:9/keys""#.to_owned(),
        r#""x5u":"http://127.0.0.1:9/cert""#.to_owned(),
        r#""x5c":["MIIB"]"#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"k1",{member}}}"#);
        check(&forge(header, claims(&[])), Err(Reason::KeyInHeader));
    }
}

#[test]
fn hostile_key_ids_are_compared_and_nothing_else() {
    for id in [
        "../../etc/passwd",
        "' OR 1=1 --",
        "k1\\r\\nx: y",
        "\\u0000k1",
        "${jndi:ldap://x}",
        &"k".repeat(1_400),
    ] {
        let header = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{id}"}}"#);
        check(&forge(header, claims(&[])), Err(Reason::KeyUnknown));
    }
    let header = format!(
        r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#,
        "k".repeat(5_000)
    );
    check(&forge(header, claims(&[])), Err(Reason::HeaderTooLong));
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let public = key().verifying_key();
    let header = base64(r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#);
    let signed = format!("{header}.{}", base64(claims(&[])));
    let jwk = public.to_jwk();
    let (_, text) = jwk.split_once(r#""x":""#).unwrap();
    let text = text.split('"').next().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    for secret in [&bytes[..], text.as_bytes(), jwk.as_bytes()] {
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            signed.as_bytes(),
        );
        check(
            &format!("{signed}.{}", base64(tag)),
            Err(Reason::AlgorithmNotAllowed),
        );
    }
}

#[test]
fn a_signature_of_another_key_or_none_is_refused() {
    let payload = claims(&[]);
    let other = SigningKey::from_seed(&[9; 32]).unwrap().with_id("k1");
    check(
        &other.sign_compact("at+jwt", payload.as_bytes()).unwrap(),
        Err(Reason::SignatureInvalid),
    );
    let signed = format!("{}.{}", base64(HEADER), base64(&payload));
    for signature in [
        vec![],
        vec![0; 63],
        vec![0; 65],
        vec![0; 64],
        vec![0xff; 64],
    ] {
        check(
            &format!("{signed}.{}", base64(signature)),
            Err(Reason::SignatureInvalid),
        );
    }
    let unsigned = format!(
        "{}.{}.",
        base64(r#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#),
        base64(&payload)
    );
    check(&unsigned, Err(Reason::AlgorithmNotAllowed));
}

#[test]
fn claims_are_read_after_the_signature() {
    let other = SigningKey::from_seed(&[9; 32]).unwrap().with_id("k1");
    for payload in [
        "not json",
        "[]",
        &claims(&[("exp", "1")]),
        &claims(&[("iss", "\"x\"")]),
    ] {
        check(
            &other.sign_compact("at+jwt", payload.as_bytes()).unwrap(),
            Err(Reason::SignatureInvalid),
        );
    }
}

#[test]
fn claims_are_one_json_object_and_nothing_else() {
    let good = claims(&[]);
    let deep = |depth| claims(&[("x", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)))]);
    check(&forge(HEADER, deep(31)), Ok("ann"));
    for (payload, reason) in [
        (format!("[{good}]"), Reason::JsonNotObject),
        ("null".to_owned(), Reason::JsonNotObject),
        ("\"ann\"".to_owned(), Reason::JsonNotObject),
        (String::new(), Reason::JsonInvalid),
        (format!("{good}x"), Reason::JsonInvalid),
        (format!("{good}{good}"), Reason::JsonInvalid),
        (format!("{good}\0"), Reason::JsonInvalid),
        (format!("\u{feff}{good}"), Reason::JsonInvalid),
        (deep(32), Reason::JsonTooDeep),
        (
            good.replacen('{', r#"{"sub":"eve","#, 1),
            Reason::JsonDuplicate,
        ),
        (
            good.replacen('{', r#"{"s\u0075b":"eve","#, 1),
            Reason::JsonDuplicate,
        ),
        (
            claims(&[("x", r#"[{"a":{"b":1,"\u0062":2}}]"#)]),
            Reason::JsonDuplicate,
        ),
    ] {
        check(&forge(HEADER, payload), Err(reason));
    }
    let mut bytes = good.into_bytes();
    bytes.extend(b" \xff");
    check(&forge(HEADER, bytes), Err(Reason::JsonInvalid));
}

#[test]
fn claims_of_the_wrong_kind_are_refused() {
    let exp = (NOW + 600).to_string();
    let quoted = format!("\"{exp}\"");
    let own = format!("[\"{AUDIENCE}\"]");
    for (name, value, expected) in [
        ("iss", "absent", Err(Reason::ClaimMissing)),
        ("iss", "null", Err(Reason::ClaimInvalid)),
        ("iss", "7", Err(Reason::ClaimInvalid)),
        ("iss", "\"\"", Err(Reason::ClaimInvalid)),
        ("iss", &format!("[\"{ISSUER}\"]"), Err(Reason::ClaimInvalid)),
        (
            "iss",
            "\"https://accounts.example/\"",
            Err(Reason::IssuerNotAllowed),
        ),
        (
            "iss",
            "\"HTTPS://accounts.example\"",
            Err(Reason::IssuerNotAllowed),
        ),
        (
            "iss",
            "\"https://accounts.example\\u0000\"",
            Err(Reason::IssuerNotAllowed),
        ),
        ("aud", "absent", Err(Reason::ClaimMissing)),
        ("aud", "null", Err(Reason::ClaimInvalid)),
        ("aud", "123", Err(Reason::ClaimInvalid)),
        ("aud", "{\"a\":1}", Err(Reason::ClaimInvalid)),
        ("aud", "[]", Err(Reason::AudienceNotAllowed)),
        ("aud", "\"\"", Err(Reason::AudienceNotAllowed)),
        ("aud", "[\"other\"]", Err(Reason::AudienceNotAllowed)),
        (
            "aud",
            "\"https://api.example.evil\"",
            Err(Reason::AudienceNotAllowed),
        ),
        (
            "aud",
            &format!("[\"{AUDIENCE}\",1]"),
            Err(Reason::ClaimInvalid),
        ),
        ("aud", &format!("[{own}]"), Err(Reason::ClaimInvalid)),
        ("aud", &format!("[\"other\",\"{AUDIENCE}\"]"), Ok("ann")),
        ("sub", "absent", Err(Reason::ClaimMissing)),
        ("sub", "\"\"", Err(Reason::ClaimInvalid)),
        ("sub", "7", Err(Reason::ClaimInvalid)),
        ("jti", "absent", Err(Reason::ClaimMissing)),
        ("jti", "7", Err(Reason::ClaimInvalid)),
        ("iat", "absent", Err(Reason::ClaimMissing)),
        ("exp", "absent", Err(Reason::ClaimMissing)),
        ("exp", &quoted, Err(Reason::ClaimInvalid)),
        ("client_id", "null", Err(Reason::ClaimInvalid)),
        ("client_id", "7", Err(Reason::ClaimInvalid)),
        ("roles", "\"admin\"", Err(Reason::ClaimInvalid)),
        ("roles", "null", Err(Reason::ClaimInvalid)),
        ("roles", "[\"clerk\",1]", Err(Reason::ClaimInvalid)),
        ("roles", "{\"admin\":true}", Err(Reason::ClaimInvalid)),
        ("roles", "[]", Ok("ann")),
        ("cnf", "{\"jkt\":\"x\"}", Err(Reason::KeyBound)),
        ("cnf", "{}", Err(Reason::KeyBound)),
        ("cnf", "null", Err(Reason::KeyBound)),
        ("nonce", "\"x\"", Ok("ann")),
    ] {
        check(&forge(HEADER, claims(&[(name, value)])), expected);
    }
}

#[test]
fn dates_are_finite_numbers_from_1970_to_9999() {
    for name in ["exp", "iat", "nbf"] {
        for value in [
            "null",
            "true",
            "[]",
            "{}",
            "\"1700000000\"",
            "\"\"",
            "-1",
            "-0.1",
            "-1e308",
            "1e308",
            "1e309",
            "253402300800",
            "18446744073709551615",
            "18446744073709551616",
            "9999999999999999999999999999",
            r#"{"$serde_json::private::Number":"1700000000"}"#,
            r#"{"$serde_json::private::RawValue":"1700000000"}"#,
        ] {
            check(
                &forge(HEADER, claims(&[(name, value)])),
                Err(Reason::ClaimInvalid),
            );
        }
    }
    check(
        &forge(HEADER, claims(&[("exp", "253402300799")])),
        Ok("ann"),
    );
    check(
        &forge(
            HEADER,
            claims(&[("exp", "1700000000.5e0"), ("iat", "1.7e9"), ("nbf", "0")]),
        ),
        Ok("ann"),
    );
    check(
        &forge(HEADER, claims(&[("exp", "-0")])),
        Err(Reason::Expired),
    );
}

/// RFC 7519 §4.1.4 to §4.1.6, with the leeway on the side of the token, to the second.
#[test]
fn a_token_is_good_from_its_first_to_its_last_second() {
    let verify = |leeway: u64, claims: String| {
        AccessTokenVerifier::builder(issuer(), audience())
            .key(key().verifying_key())
            .leeway(Duration::from_secs(leeway))
            .clock(clock().0)
            .build()
            .unwrap()
            .verify(&forge(HEADER, claims))
            .map(|principal| principal.id().to_owned())
    };
    for leeway in [0, 30, 300] {
        let at = |seconds: u64| seconds.to_string();
        let (past, future) = (NOW - leeway, NOW + leeway);
        let exp = |value: &str| verify(leeway, claims(&[("iat", "0"), ("exp", value)]));
        assert_eq!(exp(&at(past)), Err(Reason::Expired), "leeway {leeway}");
        assert_eq!(exp(&at(past + 1)).as_deref(), Ok("ann"), "leeway {leeway}");
        let nbf = |value: &str| verify(leeway, claims(&[("nbf", value)]));
        assert_eq!(nbf(&at(future)).as_deref(), Ok("ann"), "leeway {leeway}");
        assert_eq!(
            nbf(&at(future + 1)),
            Err(Reason::NotYetValid),
            "leeway {leeway}"
        );
        let iat = |value: &str| verify(leeway, claims(&[("iat", value)]));
        assert_eq!(iat(&at(future)).as_deref(), Ok("ann"), "leeway {leeway}");
        assert_eq!(
            iat(&at(future + 1)),
            Err(Reason::IssuedInFuture),
            "leeway {leeway}"
        );
    }
}

#[test]
fn a_clock_that_jumps_does_not_panic() {
    let token = token(&Grant::new("ann"));
    let at = |clock: WallClock| {
        let builder = AccessTokenVerifier::builder(issuer(), audience()).key(key().verifying_key());
        builder
            .clock(clock)
            .build()
            .unwrap()
            .verify(&token)
            .map(|principal| principal.id().to_owned())
    };
    let before_1970 = UNIX_EPOCH - Duration::from_secs(1_000);
    assert_eq!(
        at(WallClock::custom(move || before_1970)),
        Err(Reason::IssuedInFuture)
    );
    let far = UNIX_EPOCH + Duration::from_secs(i64::MAX as u64 / 2);
    assert_eq!(at(WallClock::custom(move || far)), Err(Reason::Expired));

    let (clock, hand) = clock();
    let builder = AccessTokenVerifier::builder(issuer(), audience()).key(key().verifying_key());
    let verifier = builder.clock(clock).build().unwrap();
    hand.advance(Duration::from_secs(15 * 60 + 30));
    assert_eq!(verifier.verify(&token).unwrap_err(), Reason::Expired);
    hand.set(UNIX_EPOCH + Duration::from_secs(NOW));
    assert!(verifier.verify(&token).is_ok());
}

#[test]
fn a_scope_that_is_no_text_is_no_scope() {
    for scope in [
        "absent",
        "null",
        "\"\"",
        "7",
        "[\"wallet:read\"]",
        "{}",
        "true",
        "\"   \"",
    ] {
        let ann = verifier()
            .verify(&forge(HEADER, claims(&[("scope", scope)])))
            .unwrap();
        assert_eq!(ann.scopes().count(), 0, "{scope}");
        assert!(
            !ann.has_scope("wallet:read") && !ann.has_scope(""),
            "{scope}"
        );
    }
}

#[test]
fn scopes_are_matched_whole() {
    let ann = verifier()
        .verify(&forge(
            HEADER,
            claims(&[("scope", r#""wallet:read  orders""#)]),
        ))
        .unwrap();
    assert!(ann.has_scope("wallet:read") && ann.has_scope("orders"));
    for scope in [
        "wallet",
        "wallet:rea",
        "wallet:read ",
        "order",
        "orders:read",
        "ORDERS",
        "",
        " ",
        "wallet:read orders",
    ] {
        assert!(!ann.has_scope(scope), "{scope:?}");
    }
}

#[test]
fn during_a_rotation_both_keys_are_believed() {
    let (old, new) = (
        key(),
        SigningKey::from_seed(&[8; 32]).unwrap().with_id("k2"),
    );
    let sign = |key: &SigningKey| {
        let signer = AccessTokenSigner::builder(issuer(), audience(), key.clone())
            .clock(clock().0)
            .build()
            .unwrap();
        signer.sign(&Grant::new("ann")).unwrap().into_string()
    };
    let trusting = |keys: &[&SigningKey]| {
        let builder = AccessTokenVerifier::builder(issuer(), audience()).clock(clock().0);
        keys.iter()
            .fold(builder, |builder, key| builder.key(key.verifying_key()))
            .build()
            .unwrap()
    };
    let both = trusting(&[&old, &new]);
    assert!(both.verify(&sign(&old)).is_ok() && both.verify(&sign(&new)).is_ok());
    assert_eq!(
        trusting(&[&new]).verify(&sign(&old)).unwrap_err(),
        Reason::KeyUnknown
    );
    // The id chooses the key: a signature of one key under the id of the other is refused.
    let swapped = new.with_id("k1");
    assert_eq!(
        both.verify(&sign(&swapped)).unwrap_err(),
        Reason::SignatureInvalid
    );
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let error = AccessTokenVerifier::builder(Issuer::new(""), Audience::new(""))
        .leeway(Duration::from_secs(301))
        .build()
        .unwrap_err();
    let problems = error.problems().join("\n");
    for part in [
        "issuer: is empty",
        "audience: is empty",
        "key: there is none",
        "leeway: 301s is not allowed, expected 0s to 300s",
    ] {
        assert!(problems.contains(part), "{problems}");
    }
    let twice = AccessTokenVerifier::builder(issuer(), audience())
        .key(key().verifying_key())
        .key(key().verifying_key());
    assert!(
        twice
            .build()
            .unwrap_err()
            .to_string()
            .contains("two have the id `k1`")
    );

    for ttl in [
        Duration::ZERO,
        Duration::from_millis(1_500),
        Duration::from_secs(86_401),
    ] {
        let error = AccessTokenSigner::builder(issuer(), audience(), key().with_id(""))
            .ttl(ttl)
            .build()
            .unwrap_err();
        assert_eq!(error.problems().len(), 2, "{error}");
    }
}

#[test]
fn wrong_grants_are_not_signed() {
    let sign = |grant: Grant| signer().sign(&grant).unwrap_err();
    assert_eq!(sign(Grant::new("")), SignError::SubjectEmpty);
    assert_eq!(sign(Grant::new("ann").role("")), SignError::RoleEmpty);
    for scope in ["", "a b", "a\"b", "a\\b", "é", "a\n"] {
        assert_eq!(
            sign(Grant::new("ann").scope(scope)),
            SignError::ScopeInvalid {
                scope: scope.to_owned()
            }
        );
    }
    for name in ["iss", "exp", "sub", "roles", "scope", "cnf"] {
        assert_eq!(
            sign(Grant::new("ann").claim(name, 1)),
            SignError::ClaimReserved {
                name: name.to_owned()
            }
        );
    }
    let long = sign(Grant::new("ann").claim("note", "x".repeat(MAX_TOKEN_BYTES)));
    assert!(
        matches!(
            long,
            SignError::TooLong {
                max: MAX_TOKEN_BYTES,
                ..
            }
        ),
        "{long}"
    );
}

/// Whoever gets a token that every verifier refuses is locked out with it.
#[test]
fn what_verifiers_would_not_read_is_not_signed() {
    let nested =
        |depth| (1..depth).fold(serde_json::json!({}), |inner, _| serde_json::json!([inner]));
    // The claims themselves are the first level.
    let grant = |depth| Grant::new("ann").claim("deep", nested(depth));
    let token = signer().sign(&grant(31)).unwrap();
    check(token.as_str(), Ok("ann"));
    let refused = SignError::Unreadable {
        reason: Reason::JsonTooDeep,
    };
    assert_eq!(signer().sign(&grant(32)).unwrap_err(), refused);
}

#[test]
fn every_reason_has_a_label_of_its_own() {
    let labels: std::collections::BTreeSet<_> =
        Reason::ALL.iter().map(|reason| reason.label()).collect();
    assert_eq!(labels.len(), Reason::ALL.len());
    let is_snake = |label: &str| {
        label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    assert!(labels.into_iter().all(is_snake));
}

proptest! {
    #[test]
    fn no_token_panics(token in "\\PC{0,300}") {
        prop_assert!(verifier().verify(&token).is_err());
    }

    #[test]
    fn no_signed_bytes_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let token = seal(&format!("{}.{}", base64(HEADER), base64(payload)));
        prop_assert!(verifier().verify(&token).is_err());
    }

    #[test]
    fn no_signed_dates_panic(exp in any::<f64>(), iat in any::<i64>(), nbf in any::<u64>()) {
        let (exp, iat, nbf) = (json!(exp).to_string(), iat.to_string(), nbf.to_string());
        let _ = verifier().verify(&forge(HEADER, claims(&[("exp", &exp), ("iat", &iat), ("nbf", &nbf)])));
    }

    #[test]
    fn what_is_granted_is_what_is_read(subject in "\\PC{1,40}", roles in prop::collection::vec("\\PC{1,10}", 0..4), scopes in prop::collection::vec("[!#-\\[\\]-~]{1,10}", 0..4)) {
        let grant = scopes.iter().fold(Grant::new(subject.as_str()).roles(roles.clone()), |grant, scope| grant.scope(scope.as_str()));
        let principal = verifier().verify(&token(&grant)).unwrap();
        prop_assert_eq!(principal.id(), subject);
        prop_assert_eq!(principal.roles().collect::<Vec<_>>(), roles);
        prop_assert_eq!(principal.scopes().collect::<Vec<_>>(), scopes);
    }
}
