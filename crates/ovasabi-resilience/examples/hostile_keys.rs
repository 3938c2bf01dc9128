//! Ten million made-up addresses, against a limiter that tells 65,536 apart: it takes no byte more, and nobody
//! who had used up the quota gets a fresh one.
//!
//! The flood comes within ten seconds, by a clock that is moved by hand, and each of its keys is live for a
//! minute: after the first of them the store is full to the last place.
//!
//! ```text
//! cargo run --release -p ovasabi-resilience --example hostile_keys --features full
//! ```
//!
//! It exits with an error when the store or the process has grown, or a caller was let in before its time.
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

use std::fs;
use std::net::Ipv4Addr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ovasabi_core::time::Clock;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};
use tower::BoxError;

const CAPACITY: usize = 65_536;
const HOSTILE: u32 = 10_000_000;
/// The flood never comes from these: they are callers who have used up their quota before.
const CALLERS: u32 = 1_000;
const MINUTE: Duration = Duration::from_secs(60);
const FLOOD: Duration = Duration::from_secs(10);
const KIB: u64 = 1_024;

fn main() -> Result<(), BoxError> {
    let burst = NonZeroU32::new(5).ok_or("zero")?;
    let (clock, hand) = Clock::manual();
    hand.advance(MINUTE);
    let before = resident()?;
    let limiter =
        KeyedRateLimiter::<Ipv4Addr>::builder("api", Quota::one_every(MINUTE)?.with_burst(burst)?)
            .capacity(NonZeroUsize::new(CAPACITY).ok_or("zero")?)
            .clock(clock)
            .build()?;
    let check = |key: u32| limiter.check(&Ipv4Addr::from(key)).is_ok();
    for caller in 0..CALLERS {
        let admitted = (0..10).filter(|_| check(caller)).count();
        (admitted == 5)
            .then_some(())
            .ok_or("a caller did not get its burst")?;
    }

    let (bytes, built) = (limiter.memory(), resident()?);
    let (mut admitted, mut early) = (0, 0);
    for hostile in 0..HOSTILE {
        admitted += u32::from(check(CALLERS + hostile));
        // The callers go on asking, each once in 10 ms.
        if hostile.is_multiple_of(10) {
            early += u32::from(check(hostile / 10 % CALLERS));
        }
        hand.advance(FLOOD / HOSTILE);
    }
    let flooded = resident()?;
    hand.advance(MINUTE - FLOOD);
    let in_time = (0..CALLERS).filter(|caller| check(*caller)).count();
    let again = (0..CALLERS).filter(|caller| check(*caller)).count();

    println!("{HOSTILE} hostile keys, capacity {CAPACITY}: {admitted} requests admitted");
    println!(
        "store: {} KiB before, {} KiB after, {} bytes a key",
        bytes as u64 / KIB,
        limiter.memory() as u64 / KIB,
        bytes / CAPACITY
    );
    println!(
        "resident: {} KiB before it was built, {} KiB before the flood, {} KiB after",
        before / KIB,
        built / KIB,
        flooded / KIB
    );
    println!(
        "{CALLERS} callers who had used up their quota: {early} let in before their time, {in_time} in their time, {again} twice"
    );
    if limiter.memory() != bytes || bytes > 32 * CAPACITY || flooded > built + 512 * KIB {
        return Err("it has grown".into());
    }
    if (early, in_time, again) != (0, CALLERS as usize, 0) {
        return Err("a caller was forgotten, or kept out".into());
    }
    Ok(())
}

/// Linux says it in pages of 4 KiB: the second number of `statm`.
fn resident() -> Result<u64, BoxError> {
    let numbers = fs::read_to_string("/proc/self/statm")?;
    let pages = numbers.split(' ').nth(1).ok_or("no size in statm")?;
    Ok(pages.parse::<u64>()? * 4 * KIB)
}
