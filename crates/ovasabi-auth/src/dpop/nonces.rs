//! Nonces that the server makes: RFC 9449 §9.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::jose::BASE64URL;

/// Which nonces proofs must carry: how they are made, and for how long they are good.
///
/// A nonce is a date and a code over it: nothing is remembered, and every process that has the secret knows it. A client
/// that has none, or an old one, is told the current one with a 401 and sends its request again.
///
/// `Debug` does not show the secrets.
#[derive(Clone)]
#[must_use]
pub struct ProofNonces {
    secrets: Vec<Zeroizing<Box<[u8]>>>,
    life: Duration,
}

const MIN_SECRET_BYTES: usize = 32;
const MIN_LIFE: Duration = Duration::from_secs(10);
const MAX_LIFE: Duration = Duration::from_secs(60 * 60);

impl ProofNonces {
    /// Made with a secret of this process: for a service that is one process. Behind a balancer, processes would refuse
    /// the nonces of each other.
    pub fn random() -> Self {
        Self {
            secrets: Vec::new(),
            life: Duration::from_secs(300),
        }
    }

    /// Made with this secret, which all processes of a service share: 32 bytes or more, from a random source.
    pub fn keyed(secret: &[u8]) -> Self {
        Self::random().also(secret)
    }

    /// Nonces of this secret are good too, until the last process has the new one.
    pub fn also(mut self, secret: &[u8]) -> Self {
        self.secrets.push(Zeroizing::new(secret.into()));
        self
    }

    /// How long a nonce is handed out, in whole seconds from 10 s to 1 h; it is good for as long again. Default: 5 min.
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// Checks the settings.
    pub(super) fn build(self, problems: &mut Vec<String>) -> Nonces {
        let Self { mut secrets, life } = self;
        if secrets.is_empty() {
            let mut secret = Zeroizing::new(vec![0; MIN_SECRET_BYTES].into_boxed_slice());
            match rand::fill(&mut secret) {
                Ok(()) => secrets.push(secret),
                Err(_) => problems.push("nonces: the machine has no randomness".to_owned()),
            }
        }
        for secret in &secrets {
            if secret.len() < MIN_SECRET_BYTES {
                problems.push(format!(
                    "nonces: a secret of {} bytes is not allowed, expected {MIN_SECRET_BYTES} or more",
                    secret.len()
                ));
            }
        }
        if !(MIN_LIFE..=MAX_LIFE).contains(&life) || life.subsec_nanos() != 0 {
            problems.push(format!(
                "nonces: a life of {life:?} is not allowed, expected whole seconds from {MIN_LIFE:?} to {MAX_LIFE:?}"
            ));
        }
        let key = |secret: &Zeroizing<Box<[u8]>>| hmac::Key::new(hmac::HMAC_SHA256, secret);
        Nonces {
            keys: secrets.iter().map(key).collect(),
            life: life.as_secs().max(1),
        }
    }
}

impl fmt::Debug for ProofNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofNonces")
            .field("secrets", &self.secrets.len())
            .field("life", &self.life)
            .finish()
    }
}

/// Makes nonces, and knows them again.
pub(super) struct Nonces {
    /// The first one makes them.
    keys: Vec<hmac::Key>,
    /// In seconds.
    life: u64,
}

/// The number of the period, and half a SHA-256 over it.
const PERIOD_BYTES: usize = 8;
const CODE_BYTES: usize = 16;
const NONCE_BYTES: usize = PERIOD_BYTES + CODE_BYTES;

impl Nonces {
    /// The nonce of this time.
    pub(super) fn at(&self, now: Duration) -> Option<HeaderValue> {
        let period = self.period(now).to_be_bytes();
        let code = hmac::sign(self.keys.first()?, &coded(period));
        let bytes: Vec<u8> = period.iter().chain(code.as_ref()).copied().collect();
        let text = BASE64URL.encode(bytes.get(..NONCE_BYTES)?);
        HeaderValue::try_from(text).ok()
    }

    /// Whether it was made here in this period or the one before. That of the next one too: clocks differ.
    pub(super) fn knows(&self, nonce: &str, now: Duration) -> bool {
        let mut bytes = [0; NONCE_BYTES];
        if BASE64URL.decode_slice(nonce, &mut bytes) != Ok(NONCE_BYTES) {
            return false;
        }
        let Some((period, code)) = bytes.split_first_chunk::<PERIOD_BYTES>() else {
            return false;
        };
        if u64::from_be_bytes(*period).abs_diff(self.period(now)) > 1 {
            return false;
        }
        let message = coded(*period);
        self.keys.iter().any(|key| {
            let own = hmac::sign(key, &message);
            let own = own.as_ref().get(..CODE_BYTES).unwrap_or_default();
            aws_lc_rs::constant_time::verify_slices_are_equal(own, code).is_ok()
        })
    }

    fn period(&self, now: Duration) -> u64 {
        now.as_secs() / self.life
    }
}

/// What is coded: no other code that is made with the secret is one of these.
fn coded(period: [u8; PERIOD_BYTES]) -> Vec<u8> {
    [b"dpop-nonce".as_slice(), &period].concat()
}
