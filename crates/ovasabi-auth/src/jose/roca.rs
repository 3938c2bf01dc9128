//! Keys of a generator whose primes are guessed.
//!
//! Some smart cards made primes of the form k · M + (65537ᵃ mod M), so that the modulus is a power of 65537 modulo each
//! of many small primes; such a key of 2048 bits is factored for the price of a car. Another key looks like that once
//! in 2²⁷. Source: M. Nemec and others, "The Return of Coppersmith's Attack", CCS 2017, §5.

/// Where the powers of 65537 are few enough to tell something.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus, in big-endian bytes, has the mark of that generator.
pub(super) fn has_mark(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| {
        let rest = modulus
            .iter()
            .fold(0, |rest, &byte| (rest << 8 | u32::from(byte)) % prime);
        is_power(rest, prime)
    })
}

/// Whether `rest` is a power of 65537 modulo `prime`.
fn is_power(rest: u32, prime: u32) -> bool {
    let step = 65_537 % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == rest {
            return true;
        }
        power = power * step % prime;
    }
    false
}
