//! Whether what was written has a secret in it.

mod decode;
mod log;
mod written;

use std::collections::HashSet;
use std::fmt;

use zeroize::Zeroizing;

use decode::Form;
pub use log::{Listening, Log};
pub use written::{Chain, Written, chain};

/// Fails when a secret stands in something that was written.
///
/// Each place has a name, and is anything that is [`Written`]: texts and bytes, headers, responses whose body is there,
/// a [`Log`], the [`chain`] of an error. A secret is found as it is, escaped, percent-encoded, in base64, in
/// hexadecimal, as a list of bytes, and in part: sixteen bytes of it in a row are enough. The message says where and in
/// which form, and shows nothing of the secret.
///
/// ```
/// use ovasabi_auth::assert_no_secrets;
/// use ovasabi_auth::testing::{Log, Secrets};
///
/// let secrets = Secrets::new().plant("the password", "correct horse battery staple");
/// let log = Log::new();
/// let listening = log.listen();
/// tracing::info!(user = "ann", "logged in");
/// drop(listening);
///
/// assert_eq!(log.events(), 1);
/// assert_no_secrets!(secrets, "the log" => log, "the answer" => r#"{"user":"ann"}"#);
/// ```
///
/// # Panics
/// When a secret is found; all places where one is are in the message.
#[macro_export]
macro_rules! assert_no_secrets {
    ($secrets:expr, $($place:expr => $written:expr),+ $(,)?) => {{
        let secrets = &$secrets;
        let mut leaks = $crate::testing::Leaks::default();
        $(secrets.search($place, &$written, &mut leaks);)+
        assert!(leaks.is_empty(), "{leaks}");
    }};
}

/// So many bytes of a secret in a row are a leak.
const RUN: usize = 16;

/// What must not be written anywhere. `Debug` shows the names alone; the bytes are wiped on drop.
///
/// Of a credential that has a public half (the id of an API key) plant the other one.
#[derive(Clone, Default)]
#[must_use]
pub struct Secrets(Vec<Secret>);

#[derive(Clone)]
struct Secret {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

/// Where secrets were found. `Display` has a line for each, and nothing of the secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaks(Vec<Leak>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Leak {
    name: String,
    place: String,
    form: Form,
}

impl Secrets {
    /// The shortest secret that can be looked for: shorter ones would be found by chance.
    pub const MIN_BYTES: usize = 6;

    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret. The name is for messages.
    ///
    /// # Panics
    /// When the secret has fewer than [`MIN_BYTES`](Self::MIN_BYTES).
    pub fn plant(mut self, name: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        let (name, secret) = (name.into(), secret.as_ref());
        assert!(
            secret.len() >= Self::MIN_BYTES,
            "{name}: {} bytes are too few to be looked for, expected {} at least",
            secret.len(),
            Self::MIN_BYTES
        );
        let bytes = Zeroizing::new(secret.to_vec());
        self.0.push(Secret { name, bytes });
        self
    }

    /// Looks for each of them in `written`, and adds what is found to `leaks`. [`assert_no_secrets!`] does this for
    /// several places.
    ///
    /// [`assert_no_secrets!`]: crate::assert_no_secrets
    pub fn search<W: Written + ?Sized>(&self, place: &str, written: &W, leaks: &mut Leaks) {
        let needles: Vec<_> = self.0.iter().map(Secret::runs).collect();
        written.read(&mut |part, bytes| {
            let mut found = vec![false; needles.len()];
            decode::views(bytes, &mut |form, view| {
                for ((secret, (length, runs)), found) in self.0.iter().zip(&needles).zip(&mut found)
                {
                    if *found || !view.windows(*length).any(|run| runs.contains(run)) {
                        continue;
                    }
                    *found = true;
                    let place = match part {
                        "" => place.to_owned(),
                        part => format!("{place}, {part}"),
                    };
                    let name = secret.name.clone();
                    leaks.0.push(Leak { name, place, form });
                }
            });
        });
    }
}

impl Secret {
    /// The runs by which it is known, and their length.
    fn runs(&self) -> (usize, HashSet<&[u8]>) {
        let length = self.bytes.len().min(RUN);
        (length, self.bytes.windows(length).collect())
    }
}

impl Leaks {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secrets were written in {} places", self.0.len())?;
        self.0.iter().try_for_each(|leak| {
            let Leak { name, place, form } = leak;
            write!(f, "\n  {name}: {form} in {place}")
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|secret| &secret.name))
            .finish()
    }
}
