//! An issuer for tests: signs what it is told, however wrong.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ovasabi_auth::jose::SigningKey;
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
use ovasabi_core::time::{WallClock, WallHand};

pub(crate) const ISSUER: &str = "https://accounts.example";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const KEY_ID: &str = "k1";

const SEED: [u8; 32] = [7; 32];

pub(crate) fn issuer() -> Issuer {
    Issuer::new(ISSUER)
}

pub(crate) fn audience() -> Audience {
    Audience::new(AUDIENCE)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&SEED)
        .expect("every seed is a key")
        .with_id(KEY_ID)
}

pub(crate) fn clock() -> (WallClock, WallHand) {
    WallClock::manual(UNIX_EPOCH + Duration::from_secs(NOW))
}

/// Trusts [`key`], at [`NOW`].
pub(crate) fn verifier() -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(issuer(), audience()).key(key().verifying_key());
    builder
        .clock(clock().0)
        .build()
        .expect("the settings are valid")
}

pub(crate) fn signer() -> AccessTokenSigner {
    AccessTokenSigner::builder(issuer(), audience(), key())
        .clock(clock().0)
        .build()
        .expect("the settings are valid")
}

/// A good token at [`NOW`].
pub(crate) fn token(grant: &Grant) -> String {
    signer()
        .sign(grant)
        .expect("the grant is valid")
        .into_string()
}

pub(crate) fn bearer(grant: &Grant) -> String {
    format!("Bearer {}", token(grant))
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL.encode(bytes)
}

/// Puts a valid signature of [`key`] under anything.
pub(crate) fn seal(signed: &str) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("every seed is a key");
    format!("{signed}.{}", base64(pair.sign(signed.as_bytes())))
}

pub(crate) const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#;

pub(crate) fn forge(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    seal(&format!("{}.{}", base64(header), base64(claims)))
}

/// Good claims at [`NOW`], with these members added or, with `null` as text, taken away.
pub(crate) fn claims(changes: &[(&str, &str)]) -> String {
    let exp = (NOW + 600).to_string();
    let iat = NOW.to_string();
    let mut members = vec![
        ("iss", format!("\"{ISSUER}\"")),
        ("aud", format!("\"{AUDIENCE}\"")),
        ("sub", "\"ann\"".to_owned()),
        ("exp", exp),
        ("iat", iat),
        ("jti", "\"t1\"".to_owned()),
    ];
    for (name, value) in changes {
        members.retain(|(known, _)| known != name);
        if *value != "absent" {
            members.push((name, (*value).to_owned()));
        }
    }
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A number that has the mark of ROCA: a power of 65537.
pub(crate) fn marked_modulus() -> Vec<u8> {
    let mut power = vec![1_u8];
    while power.len() < 260 {
        let mut carry = 0_u32;
        for byte in power.iter_mut().rev() {
            let product = u32::from(*byte) * 65_537 + carry;
            *byte = product.to_le_bytes()[0];
            carry = product >> 8;
        }
        let high = carry
            .to_be_bytes()
            .into_iter()
            .skip_while(|&byte| byte == 0);
        power = high.chain(power).collect();
    }
    power
}
