//! Verifying a token of some 500 bytes: issuer, audience, dates, scope.

use std::hint::black_box;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use ovasabi_auth::jose::Algorithm;
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::{AccessTokenVerifier, Audience, Issuer, TokenCache};
use ovasabi_core::time::WallClock;
use serde::Deserialize;

use crate::{Case, Maker, Measured, Repeated};

const ISSUER: &str = "https://accounts.example";
const AUDIENCE: &str = "https://api.example";
const SECRET: [u8; 32] = [7; 32];

pub(super) const HS256: &[Case] = &[
    Case::new("the primitive alone", || primitive(Algorithm::Hs256)),
    Case::new("ovasabi", || ours(Algorithm::Hs256)),
    Case::new("jsonwebtoken", || peer(Algorithm::Hs256)),
];
pub(super) const ES256: &[Case] = &[
    Case::new("the primitive alone", || primitive(Algorithm::Es256)),
    Case::new("ovasabi", || ours(Algorithm::Es256)),
    Case::new("jsonwebtoken", || peer(Algorithm::Es256)),
];
pub(super) const EDDSA: &[Case] = &[
    Case::new("the primitive alone", || primitive(Algorithm::EdDsa)),
    Case::new("ovasabi", || ours(Algorithm::EdDsa)),
    Case::new("jsonwebtoken", || peer(Algorithm::EdDsa)),
];
pub(super) const RS256: &[Case] = &[
    Case::new("the primitive alone", || primitive(Algorithm::Rs256)),
    Case::new("ovasabi", || ours(Algorithm::Rs256)),
    Case::new("jsonwebtoken", || peer(Algorithm::Rs256)),
];
pub(super) const WITHOUT_CRYPTOGRAPHY: &[Case] = &[
    Case::new("nothing", || {
        over(|| {
            black_box(0_u8);
        })
    }),
    Case::new("ovasabi, known", || {
        let (key, token) = minted(Algorithm::Es256);
        let verifier = verifier(&key, Some(TokenCache::default()));
        over(move || drop(black_box(verifier.verify(black_box(&token)))))
    }),
    Case::new("ovasabi, another algorithm", || {
        let (key, _) = minted(Algorithm::Es256);
        refused(key.mint_with(r#"{"alg":"none","typ":"at+jwt"}"#, claims()))
    }),
    Case::new("ovasabi, an unknown key", || {
        let (key, _) = minted(Algorithm::Es256);
        refused(key.mint_with(r#"{"alg":"ES256","typ":"at+jwt","kid":"x"}"#, claims()))
    }),
    Case::new("ovasabi, 16 KiB of no token", || {
        refused("x".repeat(16 << 10))
    }),
    Case::new("ovasabi, 16 KiB of header", || {
        refused(format!("{}.e30.AAAA", "e".repeat((16 << 10) - 10)))
    }),
];

/// The key and one token of it.
pub(super) fn minted(algorithm: Algorithm) -> (TestKey, String) {
    let key = match algorithm {
        Algorithm::Hs256 => TestKey::of_secret(algorithm, &SECRET),
        _ => TestKey::generate(algorithm),
    };
    let key = key.expect("the machine has randomness").with_id("2026-11");
    let token = key.mint(claims());
    (key, token)
}

pub(super) fn verifier(key: &TestKey, cache: Option<TokenCache>) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(Issuer::new(ISSUER), Audience::new(AUDIENCE))
        .key(key.verifying_key())
        .algorithms(Algorithm::ALL.iter().copied())
        .cache(cache)
        .build()
        .expect("the settings are in range")
}

fn claims() -> String {
    let now = WallClock::system().since_epoch().as_secs();
    // No token of a run ends.
    let exp = now + 36_000;
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"0190a8d6-7c5e-7f6a-9b3e-1d2c3b4a5f60","exp":{exp},"iat":{now},"nbf":{now},"jti":"3f0c1f0e-8f57-4a3e-9a1d-2b6c5d4e3f21","client_id":"web","scope":"orders:read orders:write wallet:read"}}"#
    )
}

fn over(function: impl FnMut() + Clone + Sync + 'static) -> Maker {
    Box::new(move || Box::new(Repeated::new(function.clone())) as Box<dyn Measured>)
}

fn ours(algorithm: Algorithm) -> Maker {
    let (key, token) = minted(algorithm);
    let verifier = verifier(&key, None);
    over(move || {
        let principal = verifier.verify(black_box(&token));
        black_box(principal.expect("the token is good"));
    })
}

fn refused(token: String) -> Maker {
    let (key, _) = minted(Algorithm::Es256);
    let verifier = verifier(&key, Some(TokenCache::default()));
    over(move || {
        let refused = verifier.verify(black_box(&token));
        black_box(refused.expect_err("the token is bad"));
    })
}

/// The same claims, checked by what the peer offers.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct Claims {
    sub: String,
    jti: String,
    client_id: String,
    scope: String,
    exp: u64,
    iat: u64,
}

fn peer(algorithm: Algorithm) -> Maker {
    let (key, token) = minted(algorithm);
    let name = match algorithm {
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        _ => jsonwebtoken::Algorithm::EdDSA,
    };
    let key = if algorithm.is_symmetric() {
        DecodingKey::from_secret(&SECRET)
    } else {
        let jwk = key.verifying_key().to_jwk();
        let jwk: Jwk = serde_json::from_str(&jwk).expect("a JWK of ours is one of theirs");
        DecodingKey::from_jwk(&jwk).expect("a JWK of ours is one of theirs")
    };
    let mut rules = Validation::new(name);
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    let (key, rules) = (std::sync::Arc::new(key), std::sync::Arc::new(rules));
    over(move || {
        let data = jsonwebtoken::decode::<Claims>(black_box(&token), &key, &rules);
        black_box(data.expect("the token is good"));
    })
}

fn primitive(algorithm: Algorithm) -> Maker {
    let (key, token) = minted(algorithm);
    let (signed, signature) = token.rsplit_once('.').expect("a token has parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("it is encoded");
    let signed = signed.to_owned();
    if algorithm.is_symmetric() {
        let key = std::sync::Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &SECRET));
        return over(move || {
            let held = hmac::verify(&key, black_box(signed.as_bytes()), &signature);
            held.expect("the signature holds");
        });
    }
    let jwk: serde_json::Value =
        serde_json::from_str(&key.verifying_key().to_jwk()).expect("a JWK is JSON");
    let part = |name: &str| {
        let text = jwk[name].as_str().unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).expect("it is encoded")
    };
    let public = match algorithm {
        Algorithm::Es256 => {
            let point = [&[4][..], &part("x"), &part("y")].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        }
        Algorithm::Rs256 => {
            let (n, e) = (part("n"), part("e"));
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        }
        _ => ParsedPublicKey::new(&ED25519, part("x")),
    };
    let public = public.expect("a key of ours");
    let public = std::sync::Arc::new(public);
    over(move || {
        let held = public.verify_sig(black_box(signed.as_bytes()), &signature);
        held.expect("the signature holds");
    })
}
