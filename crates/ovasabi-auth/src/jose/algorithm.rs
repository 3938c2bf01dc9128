//! The algorithms, RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864 §2.2.

use std::fmt;

/// Declares the algorithms once: the enum, its names and the list of all of them cannot drift apart.
macro_rules! algorithms {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// How a token is signed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Algorithm {
            $($(#[$doc])+ $name,)+
        }

        impl Algorithm {
            /// All algorithms that there are.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in headers and keys. EdDSA has a second one, `Ed25519`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The algorithm of this name, letter for letter.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)+
                    // RFC 9864 names the curve; with Ed25519 alone the two mean the same.
                    "Ed25519" => Some(Self::EdDsa),
                    _ => None,
                }
            }
        }
    };
}

algorithms! {
    /// ECDSA on P-256 with SHA-256.
    Es256 = "ES256",
    /// ECDSA on P-384 with SHA-384.
    Es384 = "ES384",
    /// EdDSA on Ed25519.
    EdDsa = "EdDSA",
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = "RS256",
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = "RS384",
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = "RS512",
    /// RSASSA-PSS with SHA-256.
    Ps256 = "PS256",
    /// RSASSA-PSS with SHA-384.
    Ps384 = "PS384",
    /// RSASSA-PSS with SHA-512.
    Ps512 = "PS512",
    /// HMAC with SHA-256: whoever can verify can sign.
    Hs256 = "HS256",
    /// HMAC with SHA-384: whoever can verify can sign.
    Hs384 = "HS384",
    /// HMAC with SHA-512: whoever can verify can sign.
    Hs512 = "HS512",
}

impl Algorithm {
    /// Those whose verifiers cannot sign.
    pub const ASYMMETRIC: &'static [Self] = &[
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    pub(crate) const RSA: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    pub(crate) const HMAC: &'static [Self] = &[Self::Hs256, Self::Hs384, Self::Hs512];

    /// Whether the key that verifies is the secret that signs.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
