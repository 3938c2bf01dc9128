//! Keys of every kind, alone and in sets.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use ovasabi_auth::jose::{
    Algorithm, CompactJws, JwkError, JwkSet, JwkSetError, KeyError, Reason, VerifyingKey,
};
use ovasabi_auth::testing::TestKey;

/// A key for each algorithm, made once: RSA keys take their time.
pub(crate) fn test_key(algorithm: Algorithm) -> TestKey {
    static KEYS: LazyLock<Mutex<HashMap<Algorithm, TestKey>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap();
    let known = keys.entry(algorithm);
    known
        .or_insert_with(|| TestKey::generate(algorithm).unwrap())
        .clone()
}

fn verify(token: &str, key: &VerifyingKey) -> Result<Vec<u8>, Reason> {
    CompactJws::parse(token)?.verify(key)
}

#[test]
fn a_signature_of_each_algorithm_holds_and_a_changed_one_does_not() {
    for &algorithm in Algorithm::ALL {
        let key = test_key(algorithm);
        let token = key.mint("{}");
        let public = key.verifying_key();
        assert_eq!(verify(&token, &public), Ok(b"{}".to_vec()), "{algorithm}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        for changed in [
            format!("{signed}.{flipped}{}", &signature[1..]),
            format!("{signed}.{}", &signature[4..]),
            format!("{signed}.{signature}AAAA"),
            format!("{signed}."),
            format!("{signed}.{}", "A".repeat(signature.len())),
        ] {
            let refused = verify(&changed, &public);
            assert_eq!(refused, Err(Reason::SignatureInvalid), "{algorithm}");
        }
    }
}

#[test]
fn a_key_is_never_used_for_another_algorithm() {
    for &one in Algorithm::ALL {
        for &other in Algorithm::ALL {
            let header = format!(r#"{{"alg":"{other}"}}"#);
            let token = test_key(one).mint_with(header, "{}");
            let expected = if one == other {
                Ok(b"{}".to_vec())
            } else {
                Err(Reason::AlgorithmNotAllowed)
            };
            let key = test_key(one).verifying_key();
            assert_eq!(verify(&token, &key), expected, "{one} as {other}");
        }
    }
}

#[test]
fn public_keys_survive_the_way_through_json() {
    for &algorithm in Algorithm::ASYMMETRIC {
        let key = test_key(algorithm).verifying_key().with_id("ключ \"1\"");
        let read = VerifyingKey::from_jwk(key.to_jwk().as_bytes());
        assert_eq!(read.as_ref(), Ok(&key), "{algorithm}");
    }
    let secret = VerifyingKey::hmac(Algorithm::Hs256, &[7; 32]).unwrap();
    assert!(!secret.to_jwk().contains("\"k\""));
}

/// RFC 7517 appendix A.1, without its `use`.
const P256: &str = r#""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
const OKP: &str =
    r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

#[test]
fn a_key_that_says_what_it_is_for_is_used_for_that_alone() {
    let read = |members: &str| VerifyingKey::from_jwk(format!("{{{P256},{members}}}").as_bytes());
    for good in [
        r#""use":"sig""#,
        r#""key_ops":["verify"]"#,
        r#""key_ops":["sign","verify"],"use":"sig""#,
        r#""alg":"ES256","kid":"1""#,
        r#""x5c":["MIIB"],"x5t":"x","ext":true"#,
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    for (bad, expected) in [
        (r#""use":"enc""#, JwkError::Use),
        (r#""use":"SIG""#, JwkError::Use),
        (r#""use":["sig"]"#, JwkError::Member("use")),
        (r#""key_ops":["encrypt"]"#, JwkError::Use),
        (r#""key_ops":[]"#, JwkError::Use),
        (r#""key_ops":"verify""#, JwkError::Member("key_ops")),
        (r#""key_ops":["verify",1]"#, JwkError::Member("key_ops")),
        (r#""alg":"ES384""#, JwkError::Algorithm),
        (r#""alg":"RS256""#, JwkError::Algorithm),
        (r#""alg":"HS256""#, JwkError::Algorithm),
        (r#""alg":"none""#, JwkError::Algorithm),
        (r#""alg":1"#, JwkError::Member("alg")),
        (r#""kid":1"#, JwkError::Member("kid")),
        (r#""d":"AAAA""#, JwkError::Private),
        (r#""x":"AAAA""#, JwkError::Json(Reason::JsonDuplicate)),
    ] {
        assert_eq!(read(bad).unwrap_err(), expected, "{bad}");
    }
}

#[test]
fn points_lengths_and_encodings_are_checked_when_a_key_is_read() {
    let refused = |json: String| VerifyingKey::from_jwk(json.as_bytes()).unwrap_err();
    let key = |_| JwkError::Key(KeyError::Rejected { expected: "" });
    let off_curve = P256.replace("\"x\":\"MK", "\"x\":\"MA");
    assert_eq!(
        std::mem::discriminant(&refused(format!("{{{off_curve}}}"))),
        std::mem::discriminant(&key(())),
    );
    for (from, to, member) in [
        ("\"x\":\"MK", "\"x\":\"", "x"),
        ("\"y\":\"4E", "\"y\":\"AAAA4E", "y"),
        ("IFyM\"", "IFyM=\"", "y"),
        ("IFyM\"", "IFyN\"", "y"),
    ] {
        let changed = P256.replace(from, to);
        assert_ne!(changed, P256);
        assert_eq!(refused(format!("{{{changed}}}")), JwkError::Member(member));
    }
    let other_curve = |crv: &str| refused(format!("{{{}}}", P256.replace("P-256", crv)));
    assert_eq!(other_curve("P-384"), JwkError::Member("x"));
    assert_eq!(other_curve("P-521"), JwkError::Kind);
    assert_eq!(other_curve("secp256k1"), JwkError::Kind);
    let okp = OKP.replace("Ed25519", "X25519");
    assert_eq!(refused(format!("{{{okp}}}")), JwkError::Kind);
    assert_eq!(
        refused(r#"{"kty":"AKP","alg":"ML-DSA-44"}"#.to_owned()),
        JwkError::Kind
    );
    assert_eq!(refused("{}".to_owned()), JwkError::Member("kty"));
    assert_eq!(
        refused("[]".to_owned()),
        JwkError::Json(Reason::JsonNotObject)
    );
}

fn rsa(n: &[u8], e: &str) -> Result<VerifyingKey, JwkError> {
    let n = crate::support::base64(n);
    VerifyingKey::from_jwk(format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#).as_bytes())
}

#[test]
fn rsa_keys_have_2048_to_8192_bits_and_an_odd_exponent_above_one() {
    // 2²⁰⁴⁷ + 1 and its like are no products of two primes, which a verifier cannot know.
    let modulus = |bytes: usize, first: u8| {
        let mut n = vec![0; bytes];
        (n[0], n[bytes - 1]) = (first, 1);
        n
    };
    assert!(rsa(&modulus(256, 0x80), "AQAB").is_ok());
    assert!(
        rsa(&modulus(257, 0), "AQAB").is_err(),
        "2048 zeros are none"
    );
    assert!(
        rsa(&[&[0][..], &modulus(256, 0x80)].concat(), "AQAB").is_ok(),
        "a sign byte"
    );
    assert!(rsa(&modulus(1024, 0xff), "Aw").is_ok());
    for (n, e) in [
        (modulus(256, 0x7f), "AQAB"),
        (modulus(128, 0x80), "AQAB"),
        (modulus(1025, 1), "AQAB"),
        (modulus(256, 0x80), "AQ"),
        (modulus(256, 0x80), "AA"),
        (modulus(256, 0x80), ""),
        (modulus(256, 0x80), "Ag"),
        (modulus(256, 0x80), "AQAAAAE"),
        (Vec::new(), "AQAB"),
    ] {
        let refused = rsa(&n, e).unwrap_err();
        assert!(matches!(refused, JwkError::Key(_)), "{refused}");
    }
}

#[test]
fn a_number_of_a_key_has_one_sign_byte_at_most() {
    let mut n = [0; 258];
    (n[2], n[257]) = (0x80, 1);
    assert!(rsa(&n[2..], "AQAB").is_ok() && rsa(&n[1..], "AQAB").is_ok());
    assert_eq!(rsa(&n[1..], "AQAB"), rsa(&n[2..], "AAEAAQ"));
    // With more of them one key would have many ids, and an exponent of 1 could hide behind them.
    for (n, e) in [(&n[..], "AQAB"), (&n[2..], "AAABAAE"), (&n[2..], "AAAB")] {
        let refused = rsa(n, e).unwrap_err();
        assert!(matches!(refused, JwkError::Key(_)), "{refused}");
    }
}

#[test]
fn a_key_in_der_is_written_in_one_way() {
    let element = |tag: u8, length: &[u8], content: &[u8]| [&[tag], length, content].concat();
    // The numbers of an RSA key as they are written, and what the file is then.
    let file = |n: Vec<u8>, e: Vec<u8>| {
        let long = |tag, content: Vec<u8>| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            element(tag, &[&[0x82][..], &length].concat(), &content)
        };
        let numbers = long(0x30, [n, e].concat());
        let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let key = long(0x03, [&[0], &numbers[..]].concat());
        long(0x30, [&algorithm[..], &key].concat())
    };
    let mut n = [0; 258];
    (n[2], n[257]) = (0x80, 1);
    let good = (
        element(2, b"\x82\x01\x01", &n[1..]),
        b"\x02\x03\x01\x00\x01".to_vec(),
    );
    assert!(VerifyingKey::from_der(&file(good.0.clone(), good.1.clone())).is_ok());
    for (n, e) in [
        // No sign byte: the number is negative.
        (element(2, b"\x82\x01\x00", &n[2..]), good.1.clone()),
        (element(2, b"\x82\x01\x02", &n), good.1.clone()),
        (good.0.clone(), b"\x02\x04\x00\x01\x00\x01".to_vec()),
        // Lengths that are longer than they have to be.
        (good.0.clone(), b"\x02\x81\x03\x01\x00\x01".to_vec()),
        (good.0.clone(), b"\x02\x82\x00\x03\x01\x00\x01".to_vec()),
        (good.0.clone(), b"\x02\x00".to_vec()),
    ] {
        let refused = VerifyingKey::from_der(&file(n, e));
        assert!(matches!(refused, Err(KeyError::Rejected { .. })));
    }
}

#[test]
fn a_modulus_with_the_mark_of_roca_is_refused() {
    let mut power = crate::support::marked_modulus();
    let refused = rsa(&power, "AQAB").unwrap_err();
    assert!(refused.to_string().contains("ROCA"), "{refused}");
    let last = power.len() - 1;
    power[last] ^= 2;
    assert!(rsa(&power, "AQAB").is_ok());
}

#[test]
fn secrets_are_as_long_as_their_hash_and_never_read_from_a_public_set() {
    for (algorithm, length) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        assert!(VerifyingKey::hmac(algorithm, &vec![1; length]).is_ok());
        assert!(VerifyingKey::hmac(algorithm, &vec![1; length - 1]).is_err());
    }
    assert!(VerifyingKey::hmac(Algorithm::Hs256, b"").is_err());
    assert!(VerifyingKey::hmac(Algorithm::Es256, &[1; 64]).is_err());

    let oct = format!(
        r#"{{"kty":"oct","kid":"s","k":"{}"}}"#,
        crate::support::base64([7; 32])
    );
    assert_eq!(
        VerifyingKey::from_jwk(oct.as_bytes()).unwrap_err(),
        JwkError::Secret
    );
    let set = format!(r#"{{"keys":[{oct},{{{P256}}}]}}"#);
    let public = JwkSet::parse(set.as_bytes()).unwrap();
    assert_eq!(
        (public.keys().len(), public.skipped()),
        (1, &[(0, JwkError::Secret)][..])
    );
    let read = |set: &str| JwkSet::parse_with_secrets(set.as_bytes()).map(|set| set.keys().len());
    assert_eq!(read(&set), Err(JwkSetError::Mixed));
    assert_eq!(read(&format!(r#"{{"keys":[{oct}]}}"#)), Ok(1));
    assert_eq!(
        read(&format!(r#"{{"keys":[{oct},{oct}]}}"#)),
        Err(JwkSetError::Duplicate)
    );
}

#[test]
fn one_odd_key_never_spoils_a_set() {
    let set = format!(
        r#"{{"more":1,"keys":[{{"kty":"AKP","alg":"ML-DSA-65"}},null,7,"x",[],{{}},{{{P256},"use":"enc"}},{{{OKP},"kid":null}},{{{OKP},"kid":"ok"}}]}}"#
    );
    let set = JwkSet::parse(set.as_bytes()).unwrap();
    assert_eq!(set.skipped().len(), 8);
    let ids: Vec<_> = set.keys().iter().map(VerifyingKey::id).collect();
    assert_eq!(ids, ["ok"]);
    assert_eq!(
        JwkSet::parse(set.to_json().as_bytes()).unwrap().keys(),
        set.keys()
    );
}

#[test]
fn what_is_no_set_or_too_large_is_refused() {
    let read = |json: &str| JwkSet::parse(json.as_bytes()).unwrap_err();
    assert_eq!(read("[]"), JwkSetError::Json(Reason::JsonNotObject));
    assert_eq!(read("<html>"), JwkSetError::Json(Reason::JsonInvalid));
    assert_eq!(read(r#"{"keys":{}}"#), JwkSetError::NoKeys);
    assert_eq!(read("{}"), JwkSetError::NoKeys);
    let nulls = vec!["null"; 65].join(",");
    assert_eq!(
        read(&format!(r#"{{"keys":[{nulls}]}}"#)),
        JwkSetError::TooMany { count: 65 }
    );
    let long = format!("{{}}{}", " ".repeat(JwkSet::MAX_BYTES));
    let length = long.len();
    assert_eq!(read(&long), JwkSetError::TooLong { length });
}

#[test]
fn a_set_is_searched_by_id_and_algorithm_and_never_tried_without_end() {
    let (ec, ed) = (test_key(Algorithm::Es256), test_key(Algorithm::EdDsa));
    let same_id = |key: &TestKey| key.verifying_key().with_id("k");
    let set: JwkSet = [same_id(&ed), same_id(&ec)].into_iter().collect();
    let check = |token: &str, set: &JwkSet| CompactJws::parse(token).unwrap().verify_with(set);
    // The same id on two kinds of key.
    let token = ec.clone().with_id("k").mint("{}");
    assert_eq!(check(&token, &set), Ok(b"{}".to_vec()));
    let rs = r#"{"alg":"RS256","kid":"k"}"#;
    assert_eq!(
        check(&ec.mint_with(rs, "{}"), &set),
        Err(Reason::AlgorithmNotAllowed)
    );
    // No id: the one key that is for the algorithm; four at most.
    let bare = ec.mint_with(r#"{"alg":"ES256"}"#, "{}");
    assert_eq!(check(&bare, &set), Ok(b"{}".to_vec()));
    let others = || (0..3).map(|_| TestKey::generate(Algorithm::Es256).unwrap().verifying_key());
    let four: JwkSet = others().chain([same_id(&ec)]).collect();
    assert_eq!(check(&bare, &four), Ok(b"{}".to_vec()));
    let five: JwkSet = others().chain(others()).chain([same_id(&ec)]).collect();
    assert_eq!(check(&bare, &five), Err(Reason::KeyUnknown));
    assert_eq!(check(&bare, &JwkSet::default()), Err(Reason::KeyUnknown));
    let elsewhere = ec.mint_with(r#"{"alg":"ES256","kid":"other"}"#, "{}");
    assert_eq!(check(&elsewhere, &set), Err(Reason::KeyUnknown));
}
