//! Keeping secrets out of what is observed.
//!
//! A password in a log line outlives the password. Every sink of this crate asks one [`Redactor`] before it
//! writes a field: fields whose key names a secret are written as `***`.
//!
//! ```
//! use ovasabi_observe::redact::Redactor;
//!
//! let redactor = Redactor::standard().key("iban");
//! assert!(redactor.hides("user.password"));
//! assert!(redactor.hides("X-Api-Key"));
//! assert!(redactor.hides("accessToken"));
//! assert!(redactor.hides("customer_iban"));
//! assert!(!redactor.hides("passenger"));
//! ```

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Decides by a field's key whether its value may be seen.
///
/// A key is split into words at everything that is not a letter or digit, and at the humps of camel case; it
/// is hidden when one of its words, or several neighbouring ones joined, is on the list. Case does not matter.
#[derive(Clone, Debug)]
pub struct Redactor {
    words: Vec<String>,
}

/// The words that name secrets wherever they stand.
const STANDARD: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "token",
    "authorization",
    "cookie",
    "cookies",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "credential",
    "credentials",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "cardnumber",
    "creditcard",
    "ssn",
];

impl Redactor {
    /// Hides the usual secrets: passwords, tokens, keys, cookies, card and identity numbers.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            words: STANDARD.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    /// Hides nothing: for tests.
    #[must_use]
    pub fn none() -> Self {
        Self { words: Vec::new() }
    }

    /// Hides keys with this word too; it is compared without case and separators.
    #[must_use]
    pub fn key(mut self, word: &str) -> Self {
        let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        self.words.push(word.to_ascii_lowercase());
        self
    }

    /// Whether the value of `key` must not be seen.
    #[must_use]
    pub fn hides(&self, key: &str) -> bool {
        let key = key.as_bytes();
        let mut starts = (0..key.len()).filter(|at| begins_word(key, *at));
        starts.any(|at| {
            let rest = key.get(at..).unwrap_or_default();
            self.words.iter().any(|word| leads(rest, word.as_bytes()))
        })
    }
}

/// Whether a word of `key` begins at `at`: behind a separator, or where the case rises (`accessToken`), or at
/// the last capital of several (`JWTToken`).
fn begins_word(key: &[u8], at: usize) -> bool {
    let kind = |at: Option<usize>| at.and_then(|at| key.get(at)).copied().unwrap_or(b' ');
    let (before, here, after) = (kind(at.checked_sub(1)), kind(Some(at)), kind(Some(at + 1)));
    let rises = here.is_ascii_uppercase()
        && (before.is_ascii_lowercase() || before.is_ascii_digit() || after.is_ascii_lowercase());
    here.is_ascii_alphanumeric() && (!before.is_ascii_alphanumeric() || rises)
}

/// Whether `word` stands at the beginning of `rest`, across separators and humps, and ends where a word does.
/// Compared in place, for this runs on every field.
fn leads(rest: &[u8], word: &[u8]) -> bool {
    let mut left = word.iter();
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        if left.as_slice().is_empty() && (!byte.is_ascii_alphanumeric() || begins_word(rest, at)) {
            break;
        }
        if byte.is_ascii_alphanumeric()
            && !left
                .next()
                .is_some_and(|wanted| wanted.eq_ignore_ascii_case(byte))
        {
            return false;
        }
        at += 1;
    }
    !word.is_empty() && left.as_slice().is_empty()
}

impl Default for Redactor {
    fn default() -> Self {
        Self::standard()
    }
}
