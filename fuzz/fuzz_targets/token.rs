//! Access tokens: any text, and texts whose signature holds although the rest may be anything.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::jose::{CompactJws, MAX_TOKEN_BYTES, Reason};
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_fuzz::json::Oracle;
use ovasabi_fuzz::members::{Change, object};
use ovasabi_fuzz::{assert_hidden, model, world};

static KEY: LazyLock<TestKey> = LazyLock::new(world::key);
static VERIFIER: LazyLock<AccessTokenVerifier> =
    LazyLock::new(|| world::verifier().build().expect("the settings are valid"));
static UNCACHED: LazyLock<AccessTokenVerifier> = LazyLock::new(|| {
    world::verifier()
        .cache(None)
        .build()
        .expect("the settings are valid")
});
static STRANGERS: LazyLock<AccessTokenVerifier> = LazyLock::new(world::strangers);

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a str),
    /// Any bytes as header and claims, signed.
    Signed(&'a [u8], &'a [u8]),
    /// Nearly right members, signed, and a last change to the text.
    Members {
        header: Vec<Change<'a>>,
        claims: Vec<Change<'a>>,
        damage: Option<(u16, u8)>,
    },
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Raw(token) => raw(token),
        Input::Signed(header, claims) => {
            signed(header, claims);
        }
        Input::Members {
            header,
            claims,
            damage,
        } => members(&header, &claims, damage),
    }
});

/// Nobody has the keys of the strangers, and ours signs in one way only.
fn raw(token: &str) {
    assert!(STRANGERS.verify(token).is_err());
    let accepted = verify(token).is_ok();
    let (head, _) = token.rsplit_once('.').unwrap_or_default();
    assert!(!accepted || KEY.seal(head) == token, "a forgery");
    if let Ok(jws) = CompactJws::parse(token) {
        assert!(token.len() <= MAX_TOKEN_BYTES && token.split('.').count() == 3);
        let _ = (jws.algorithm(), jws.key_id(), jws.typ(), format!("{jws:?}"));
    }
}

/// The same verdict with and without a memory, twice.
fn verify(token: &str) -> Result<(), Reason> {
    let verdict = UNCACHED.verify(token).map(|principal| {
        let claims = principal.claims().expect("it came from a token");
        assert_hidden(&format!("{principal:?}{claims:?}"), token);
        assert!(!principal.id().is_empty());
    });
    for _ in 0..2 {
        assert_eq!(VERIFIER.verify(token).map(|_| ()), verdict);
    }
    verdict
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let token = KEY.mint_with(header, claims);
    let verdict = verify(&token);
    let may = match (Oracle::read(header), Oracle::read(claims)) {
        (Oracle::Doc(header), Oracle::Doc(claims)) => {
            model::is_plain(&header)
                && model::is_plain(&claims)
                && model::allows_header(&header)
                && model::allows_claims(&claims)
        }
        (Oracle::No, _) | (_, Oracle::No) => false,
        // What only the oracle cannot hold.
        (Oracle::Overflow, _) | (_, Oracle::Overflow) => verdict.is_ok(),
    };
    let encoded = URL_SAFE_NO_PAD.encode(header).len();
    let fits = token.len() <= MAX_TOKEN_BYTES && encoded <= 2048;
    assert_eq!(verdict.is_ok(), may && fits, "{verdict:?}");
    if may && encoded > 2048 && token.len() <= MAX_TOKEN_BYTES {
        assert_eq!(verdict, Err(Reason::HeaderTooLong));
    }
    token
}

fn members(header: &[Change<'_>], claims: &[Change<'_>], damage: Option<(u16, u8)>) {
    let text = |value: &str| format!("\"{value}\"");
    let header = object(
        &[
            ("alg", text("HS256")),
            ("typ", text("at+jwt")),
            ("kid", text(world::KEY_ID)),
        ],
        header,
    );
    let claims = object(
        &[
            ("iss", text(world::ISSUER)),
            ("aud", text(world::AUDIENCE)),
            ("sub", text("ann")),
            ("exp", (world::NOW + 600).to_string()),
            ("iat", world::NOW.to_string()),
            ("jti", text("t1")),
        ],
        claims,
    );
    let token = signed(header.as_bytes(), claims.as_bytes());
    let Some((at, byte)) = damage else { return };
    let mut damaged = token.clone().into_bytes();
    let at = usize::from(at) % damaged.len();
    damaged[at] = byte;
    if let Ok(damaged) = String::from_utf8(damaged) {
        assert!(damaged == token || verify(&damaged).is_err(), "a forgery");
    }
}
