//! The steps. Each says what it found, or fails.

mod failure;
mod people;
mod referral;
mod reward;
mod setup;
mod wallet;

/// What the campaign pays for one referral.
const REWARD: i64 = 500;
/// What Ada sends to Bob.
const GIFT: i64 = 250;

const PASSWORD: &str = "correct horse battery staple";
