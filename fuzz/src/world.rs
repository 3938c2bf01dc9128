//! Who issues, for whom, and when: the same in every run, so that a finding can be played again.

use std::time::{Duration, UNIX_EPOCH};

use ovasabi_auth::jose::{Algorithm, VerifyingKey};
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::{AccessTokenVerifier, AccessTokenVerifierBuilder, Audience, Issuer};
use ovasabi_core::time::WallClock;

pub const ISSUER: &str = "https://accounts.example";
pub const AUDIENCE: &str = "api";
pub const KEY_ID: &str = "k1";
pub const NOW: u64 = 1_700_000_000;
pub const LEEWAY: Duration = Duration::from_secs(30);
pub const SECRET: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

/// RFC 7515 appendix A.2 (RSA) and A.3 (P-256), RFC 8037 appendix A.2.
const PUBLIC: [&str; 3] = [
    r#"{"kty":"RSA","kid":"k1","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    r#"{"kty":"EC","crv":"P-256","kid":"k1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
];

/// HMAC, because it costs the least and its signature is always the same.
pub fn key() -> TestKey {
    let key = TestKey::of_secret(Algorithm::Hs256, &SECRET).expect("32 bytes are enough");
    key.with_id(KEY_ID)
}

pub fn clock() -> WallClock {
    WallClock::manual(UNIX_EPOCH + Duration::from_secs(NOW)).0
}

pub fn builder() -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(Issuer::new(ISSUER), Audience::new(AUDIENCE)).clock(clock())
}

/// Trusts [`key`].
pub fn verifier() -> AccessTokenVerifierBuilder {
    builder()
        .key(key().verifying_key())
        .algorithms([Algorithm::Hs256])
}

/// Trusts keys of which nobody here has the private half.
pub fn strangers() -> AccessTokenVerifier {
    let keys = PUBLIC.map(|jwk| VerifyingKey::from_jwk(jwk.as_bytes()).expect("it is published"));
    let set = keys.into_iter().collect();
    builder().keys(set).build().expect("the settings are valid")
}

/// Good claims.
pub fn claims() -> String {
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"ann","exp":{},"iat":{NOW},"jti":"t1"}}"#,
        NOW + 600
    )
}

/// Polls once what never waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}
