//! What a verifier's memory of tokens takes: ten thousand that are known, and a million more.
//!
//! Each is a valid token of some 900 bytes with ten claims, and another one than all before it.
//!
//! ```text
//! cargo run --release -p ovasabi-auth --example known_tokens --features testing
//! ```
//!
//! It exits with an error when the memory takes more than it may, or has grown with the million.
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

use std::error::Error;
use std::fs;

use ovasabi_auth::jose::Algorithm;
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::{AccessTokenVerifier, Audience, Issuer, TokenCache};
use ovasabi_core::time::WallClock;

/// A multiple of eight, so that there is a place for each and no more.
const KNOWN: usize = 10_000;
/// Places come in eights, and chance fills them: as many again until each is taken.
const FILLING: usize = 10 * KNOWN;
const MILLION: usize = 1_000_000;
const MB: f64 = 1_000_000.0;
const LIMIT: f64 = 12.0;
/// What the allocator may take on the way, in MB.
const SLACK: f64 = 2.0;

fn main() -> Result<(), Box<dyn Error>> {
    let (issuer, audience) = (
        "https://accounts.example.com/realms/shop",
        "https://api.example.com",
    );
    let now = WallClock::system().since_epoch().as_secs();
    let key = TestKey::generate(Algorithm::Hs256)?;
    let token = |number: usize| {
        key.mint(format!(
            r#"{{"iss":"{issuer}","aud":["{audience}","account"],"sub":"f81d4fae-7dec-11d0-a765-{number:012}","exp":{},"iat":{now},"jti":"8d3f1c70-53a5-4f4a-9d0e-{number:012}","client_id":"storefront-web","scope":"openid profile email orders:read orders:write invoices:read","roles":["customer","reviewer","beta-tester"],"profile":{{"preferred_username":"customer-{number:012}","email":"customer-{number:012}@mail.example.com","email_verified":true,"given_name":"Ann","family_name":"Example","locale":"en-GB","department":"purchasing"}}}}"#,
            now + 3_600,
        ))
    };
    println!("a token has {} bytes and ten claims", token(0).len());

    let before = resident()?;
    let verifier = AccessTokenVerifier::builder(Issuer::new(issuer), Audience::new(audience))
        .key(key.verifying_key())
        .algorithms([Algorithm::Hs256])
        .cache(TokenCache::bounded(KNOWN))
        .build()?;
    for number in 0..FILLING {
        verifier.verify(&token(number))?;
    }
    let full = resident()?;
    for number in FILLING..FILLING + MILLION {
        verifier.verify(&token(number))?;
    }
    let after = resident()?;
    let (hits, misses) = verifier.cache_counts();
    println!("{hits} of them were known before, {misses} were not");
    println!(
        "{KNOWN} known tokens take {:.1} MB, {:.0} bytes each; {MILLION} more and it is {:.1} MB",
        full - before,
        (full - before) * MB / KNOWN as f64,
        after - before,
    );
    if full - before > LIMIT || after - full > SLACK {
        return Err(format!("expected {LIMIT} MB at most, and no more after a million").into());
    }
    Ok(())
}

/// In MB. Linux says it in pages of 4 KiB: the second number of `statm`.
fn resident() -> Result<f64, Box<dyn Error>> {
    let numbers = fs::read_to_string("/proc/self/statm")?;
    let pages: u32 = numbers
        .split(' ')
        .nth(1)
        .ok_or("no size in statm")?
        .parse()?;
    Ok(f64::from(pages) * 4096.0 / MB)
}
