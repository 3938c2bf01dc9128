//! Keys that sign, of both kinds.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ovasabi_auth::jose::{Algorithm, CompactJws, KeyError, Reason, SigningKey, VerifyingKey};
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Grant};

use crate::support::{audience, clock, issuer};

/// What `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes around the two halves of a key.
const PKCS8: (&[u8], &[u8]) = (
    b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
      \x04\x6d\x30\x6b\x02\x01\x01\x04\x20",
    b"\xa1\x44\x03\x42\x00",
);

fn p256() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

/// The document of these two halves, whether they fit or not.
fn document(private: &EcdsaKeyPair, public: &EcdsaKeyPair) -> Vec<u8> {
    let secret: EcPrivateKeyBin<'_> = private.private_key().as_be_bytes().unwrap();
    let point = public.public_key().as_ref();
    [PKCS8.0, secret.as_ref(), PKCS8.1, point].concat()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

/// The header of a token.
fn header(token: &str) -> serde_json::Value {
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .unwrap();
    serde_json::from_slice(&header).unwrap()
}

#[test]
fn a_p256_key_is_read_from_its_file_and_signs_with_es256() {
    let pair = p256();
    let der = document(&pair, &pair);
    let key = SigningKey::from_pem(&pem(&der)).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es256);
    assert_eq!(key.id(), SigningKey::from_pkcs8(&der).unwrap().id());
    let public = key.verifying_key();
    assert!(public.algorithms().eq([Algorithm::Es256]));
    assert_eq!(
        VerifyingKey::from_jwk(public.to_jwk().as_bytes()).as_ref(),
        Ok(&public)
    );

    let token = key.sign_compact("JWT", b"hello").unwrap();
    assert_eq!(
        header(&token),
        serde_json::json!({"alg": "ES256", "typ": "JWT", "kid": key.id()})
    );
    let jws = CompactJws::parse(&token).unwrap();
    assert_eq!(jws.verify(&public), Ok(b"hello".to_vec()));
    let other = SigningKey::generate_es256().unwrap().verifying_key();
    assert_eq!(jws.verify(&other), Err(Reason::SignatureInvalid));
}

#[test]
fn a_file_of_another_key_signs_nothing() {
    let rejected = |der: &[u8]| {
        let expected = "PKCS#8 of a P-256 or Ed25519 key";
        let error = Err(KeyError::Rejected { expected });
        assert_eq!(SigningKey::from_pkcs8(der).map(|_| ()), error);
        assert_eq!(SigningKey::from_pem(&pem(der)).map(|_| ()), error);
    };
    rejected(&document(&p256(), &p256()));
    let pair = p256();
    let good = document(&pair, &pair);
    rejected(&good[..good.len() - 1]);
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    rejected(p384.to_pkcs8v1().unwrap().as_ref());
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    rejected(aws_lc_rs::encoding::AsDer::as_der(&rsa).unwrap().as_ref());
}

#[test]
fn access_tokens_are_signed_and_verified_with_either_key() {
    for (key, algorithm) in [
        (SigningKey::generate().unwrap(), "EdDSA"),
        (SigningKey::generate_es256().unwrap(), "ES256"),
    ] {
        assert_eq!(key.algorithm().name(), algorithm);
        let signer = AccessTokenSigner::builder(issuer(), audience(), key.clone());
        let signer = signer.clock(clock().0).build().unwrap();
        let token = signer.sign(&Grant::new("ann").role("clerk")).unwrap();
        assert_eq!(header(token.as_str())["alg"], algorithm);

        let verifier = |key: &SigningKey| {
            let builder = AccessTokenVerifier::builder(issuer(), audience());
            let builder = builder.key(key.verifying_key().with_id(key.id()));
            builder.clock(clock().0).build().unwrap()
        };
        let ann = verifier(&key).verify(token.as_str()).unwrap();
        assert!(ann.id() == "ann" && ann.has_role("clerk"));
        let of_the_other_kind = match algorithm {
            "EdDSA" => SigningKey::generate_es256(),
            _ => SigningKey::generate(),
        };
        let other = verifier(&of_the_other_kind.unwrap().with_id(key.id()));
        assert_eq!(
            other.verify(token.as_str()).unwrap_err(),
            Reason::AlgorithmNotAllowed
        );
    }
}

#[test]
fn a_key_that_is_kept_as_a_file_is_the_same_key_again() {
    for key in [
        SigningKey::generate().unwrap(),
        SigningKey::generate_es256().unwrap(),
    ] {
        let text = key.to_pem().unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.ends_with("\n-----END PRIVATE KEY-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64));
        let kept = SigningKey::from_pem(&text).unwrap();
        assert_eq!((kept.id(), kept.algorithm()), (key.id(), key.algorithm()));
        let token = kept.sign_compact("JWT", b"hello").unwrap();
        let jws = CompactJws::parse(&token).unwrap();
        assert_eq!(jws.verify(&key.verifying_key()), Ok(b"hello".to_vec()));
    }
}
