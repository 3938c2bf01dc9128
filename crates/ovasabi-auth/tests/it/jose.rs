//! Keys, and the compact form.

use ovasabi_auth::jose::{CompactJws, KeyError, MAX_TOKEN_BYTES, Reason, SigningKey, VerifyingKey};
use proptest::prelude::*;

use crate::support::{HEADER, base64, claims, forge, key, seal};

/// RFC 8037, appendix A.1 to A.5: the key, its thumbprint, the signature.
mod rfc8037 {
    pub(super) const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];
    pub(super) const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    pub(super) const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    pub(super) const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
}

fn verify(token: &str, key: &VerifyingKey) -> Result<Vec<u8>, Reason> {
    CompactJws::parse(token)?.verify(key)
}

#[test]
fn the_published_signature_holds() {
    let key = VerifyingKey::from_base64url(rfc8037::PUBLIC).unwrap();
    assert_eq!(
        verify(rfc8037::TOKEN, &key),
        Ok(b"Example of Ed25519 signing".to_vec())
    );
}

#[test]
fn the_published_key_has_the_published_names() {
    let key = SigningKey::from_seed(&rfc8037::SEED).unwrap();
    let jwk = key.verifying_key().to_jwk();
    assert!(
        jwk.contains(&format!(r#""x":"{}""#, rfc8037::PUBLIC)),
        "{jwk}"
    );
    assert_eq!(
        VerifyingKey::from_jwk(jwk.as_bytes()),
        Ok(key.verifying_key())
    );
    assert_eq!(key.id(), rfc8037::THUMBPRINT);
    assert_eq!(
        VerifyingKey::from_base64url(rfc8037::PUBLIC),
        Ok(key.verifying_key())
    );
}

#[test]
fn a_changed_bit_anywhere_breaks_the_token() {
    let key = VerifyingKey::from_base64url(rfc8037::PUBLIC).unwrap();
    for at in 0..rfc8037::TOKEN.len() {
        for bit in 0..7 {
            let mut bytes = rfc8037::TOKEN.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(verify(&changed, &key).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn keys_are_read_from_pem_files() {
    // Made with `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    let key = SigningKey::from_pem(private).unwrap();
    assert_eq!(key.id(), rfc8037::THUMBPRINT);
    assert_eq!(VerifyingKey::from_pem(public), Ok(key.verifying_key()));

    let expected = "PRIVATE KEY";
    assert_eq!(
        SigningKey::from_pem(public).unwrap_err(),
        KeyError::Pem { expected }
    );
    assert_eq!(
        SigningKey::from_pem(&private.repeat(2)).unwrap_err(),
        KeyError::Pem { expected }
    );
    let rsa = public.replace("MCowBQYDK2Vw", "MCowBQYDK2Vu");
    assert!(matches!(
        VerifyingKey::from_pem(&rsa),
        Err(KeyError::Rejected { .. })
    ));
    assert!(matches!(
        SigningKey::from_pkcs8(b"\x30\x2e"),
        Err(KeyError::Rejected { .. })
    ));
    for text in [
        "",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ] {
        assert!(
            matches!(
                VerifyingKey::from_base64url(text),
                Err(KeyError::Rejected { .. })
            ),
            "{text}"
        );
    }
}

#[test]
fn debug_shows_no_key() {
    let key = SigningKey::from_seed(&rfc8037::SEED).unwrap().with_id("k1");
    assert_eq!(format!("{key:?}"), r#"SigningKey { id: "k1", .. }"#);
    assert_eq!(
        format!("{:?}", key.verifying_key()),
        r#"VerifyingKey { id: "k1", .. }"#
    );
}

#[test]
fn only_three_parts_are_a_token() {
    let good = forge(HEADER, claims(&[]));
    let signature = good.rsplit('.').next().unwrap();
    let (head, tail) = (base64(HEADER), base64(claims(&[])));
    for token in [
        String::new(),
        ".".to_owned(),
        head.clone(),
        format!("{head}.{tail}"),
        format!("{head}.{signature}"),
        format!("{good}.{tail}"),
        format!("{good}."),
        format!("{good}.{tail}.{tail}"),
        ".".repeat(MAX_TOKEN_BYTES),
    ] {
        assert_eq!(
            CompactJws::parse(&token).unwrap_err(),
            Reason::NotThreeParts,
            "{token:.60}"
        );
    }
}

#[test]
fn a_long_token_is_refused_before_any_work() {
    let at_limit = "x".repeat(MAX_TOKEN_BYTES);
    assert_eq!(
        CompactJws::parse(&at_limit).unwrap_err(),
        Reason::NotThreeParts
    );
    assert_eq!(
        CompactJws::parse(&(at_limit + "x")).unwrap_err(),
        Reason::TokenTooLong
    );
}

#[test]
fn base64url_has_one_text_for_one_value() {
    let good = forge(HEADER, claims(&[]));
    let parts: Vec<_> = good.split('.').collect();
    let key = key().verifying_key();
    assert!(verify(&good, &key).is_ok());
    for (at, part) in parts.iter().enumerate() {
        for bad in [
            format!("{part}="),
            format!("{part}=="),
            format!(" {part}"),
            format!("{part}\n"),
            format!("{part}+"),
            format!("{part}/"),
        ] {
            let mut changed = parts.clone();
            changed[at] = &bad;
            assert!(
                verify(&changed.join("."), &key).is_err(),
                "part {at}: {bad:.20}"
            );
        }
    }
    // The last character of 64 bytes has four unused bits: another one there is the same bytes to a loose reader.
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (start, last) = signature.split_at(signature.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    assert_eq!(
        verify(&format!("{signed}.{start}{next}"), &key),
        Err(Reason::EncodingInvalid)
    );
    // A payload that is not base64url stays refused even when it is signed.
    assert_eq!(
        verify(&seal(&format!("{}.e30=", base64(HEADER))), &key),
        Err(Reason::EncodingInvalid)
    );
}

proptest! {
    #[test]
    fn no_text_panics(token in "\\PC{0,200}") {
        let _ = CompactJws::parse(&token);
    }

    #[test]
    fn no_header_panics(header in prop::collection::vec(any::<u8>(), 0..120), payload in "[A-Za-z0-9_-]{0,20}") {
        let token = format!("{}.{payload}.{}", base64(header), base64([0; 64]));
        if let Ok(jws) = CompactJws::parse(&token) {
            prop_assert_eq!(jws.verify(&key().verifying_key()), Err(Reason::SignatureInvalid));
        }
    }

    #[test]
    fn any_payload_comes_back(payload in prop::collection::vec(any::<u8>(), 0..400)) {
        let key = key();
        let token = key.sign_compact("JWT", &payload).unwrap();
        let jws = CompactJws::parse(&token).unwrap();
        prop_assert_eq!((jws.typ(), jws.key_id()), (Some("JWT"), Some("k1")));
        prop_assert_eq!(jws.verify(&key.verifying_key()), Ok(payload));
    }
}
