//! What the targets share: an oracle for JSON, a model of the rules for tokens, and keys.
//!
//! A target says more than "no panic": it compares each verdict with one that is reached in another, slower way, and
//! what is accepted by one alone is a finding.

pub mod header;
pub mod json;
pub mod members;
pub mod model;
pub mod world;

/// Fails when a text that people read has a secret in it.
pub fn assert_hidden(shown: &str, secret: &str) {
    assert!(
        secret.len() < 8 || !shown.contains(secret),
        "a secret is shown"
    );
}
