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
//! assert!(redactor.hides("customer_iban"));
//! assert!(!redactor.hides("passenger"));
//! ```

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Decides by a field's key whether its value may be seen.
///
/// A key is split into words at everything that is not a letter or digit; it is hidden when one of its
/// words, or two neighbouring words joined, is on the list. Case does not matter.
#[derive(Clone, Debug)]
pub struct Redactor {
    words: Vec<String>,
}

/// The words that name secrets wherever they stand.
const STANDARD: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "apikey",
    "privatekey",
    "credential",
    "credentials",
    "otp",
    "pin",
    "cvv",
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
        let mut before = "";
        for word in key
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            if self.lists(word, "") || (!before.is_empty() && self.lists(before, word)) {
                return true;
            }
            before = word;
        }
        false
    }

    /// Whether `first` followed by `second` is on the list; compared in place, for this runs on every field.
    fn lists(&self, first: &str, second: &str) -> bool {
        self.words.iter().any(|listed| {
            listed
                .split_at_checked(first.len())
                .is_some_and(|(head, tail)| {
                    head.eq_ignore_ascii_case(first) && tail.eq_ignore_ascii_case(second)
                })
        })
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::standard()
    }
}
