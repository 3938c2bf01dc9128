//! Why a credential was refused.

use std::fmt;

use ovasabi_core::inspect::Labels;
use ovasabi_core::{Code, Error};

/// Declares the reasons once: the enum, its labels and its metric labels cannot drift apart.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $label:literal,)+) => {
        /// Why a credential was refused: for logs and metrics, never for the client.
        ///
        /// A client that learns whether the signature, the audience or the date was wrong learns how to
        /// forge better, so every bad token gets the same answer. Labels are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])+ $name,)+
        }

        impl Reason {
            /// All reasons that there are, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable label for logs and metrics, such as `expired`.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)+
                }
            }

            /// The label as a metric is told apart by it.
            pub(crate) const fn metric_labels(self) -> Labels {
                match self {
                    $(Self::$name => &[("reason", $label)],)+
                }
            }
        }
    };
}

reasons! {
    /// There was no credential where one is required.
    CredentialMissing = "credential_missing",
    /// The `Authorization` header is not of the form that its scheme wants.
    CredentialMalformed = "credential_malformed",
    /// More than one `Authorization` header: whoever reads the other one is fooled.
    SeveralCredentials = "several_credentials",
    /// A credential of a scheme that is not understood here.
    SchemeNotSupported = "scheme_not_supported",
    /// The token is longer than [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES).
    TokenTooLong = "token_too_long",
    /// Its header is longer than 2 KiB.
    HeaderTooLong = "header_too_long",
    /// The token does not have exactly three parts.
    NotThreeParts = "not_three_parts",
    /// A part is not strict base64url.
    EncodingInvalid = "encoding_invalid",
    /// Header or claims are not JSON, or not UTF-8.
    JsonInvalid = "json_invalid",
    /// Header or claims are JSON, but not an object.
    JsonNotObject = "json_not_object",
    /// An object has two members of the same name.
    JsonDuplicate = "json_duplicate_member",
    /// Objects and arrays are nested too deep.
    JsonTooDeep = "json_too_deep",
    /// A header member has the wrong type.
    HeaderInvalid = "header_invalid",
    /// The algorithm is missing or not one that is accepted.
    AlgorithmNotAllowed = "algorithm_not_allowed",
    /// The header has `crit`: it asks for extensions, and there are none.
    CriticalHeader = "critical_header",
    /// The header brings or points to a key.
    KeyInHeader = "key_in_header",
    /// `typ` is missing or names another kind of token.
    TypeNotAllowed = "type_not_allowed",
    /// `kid` is missing or names a key that is not trusted.
    KeyUnknown = "key_unknown",
    /// The signature does not hold.
    SignatureInvalid = "signature_invalid",
    /// A required claim is missing.
    ClaimMissing = "claim_missing",
    /// A claim has the wrong type or an impossible value.
    ClaimInvalid = "claim_invalid",
    /// `iss` is another issuer.
    IssuerNotAllowed = "issuer_not_allowed",
    /// `aud` does not name this service.
    AudienceNotAllowed = "audience_not_allowed",
    /// `exp` has passed, or the end of an API key.
    Expired = "expired",
    /// `nbf` is still to come, or the start of an API key.
    NotYetValid = "not_yet_valid",
    /// `iat` is still to come.
    IssuedInFuture = "issued_in_future",
    /// The authorization server says that the token is not active.
    Inactive = "inactive",
    /// It was called back before its end.
    Revoked = "revoked",
    /// Nobody could say whether the credential is good: keys or facts could not be fetched.
    Unavailable = "unavailable",
    /// `scope` lacks a scope that every token must have.
    ScopeMissing = "scope_missing",
    /// `cnf` binds the token to a key whose possession nobody has proved, or in a way that is not known here.
    KeyBound = "key_bound",
    /// The token is not bound to a key, and came as if it were.
    KeyNotBound = "key_not_bound",
    /// A token that is bound to a key came without a proof (RFC 9449 §4).
    ProofMissing = "proof_missing",
    /// The proof is not of its form, lacks a claim, or there are two.
    ProofMalformed = "proof_malformed",
    /// The proof is signed with an algorithm that is not accepted.
    ProofAlgorithm = "proof_algorithm",
    /// The proof has no key, a private one, or one that is refused.
    ProofKeyInvalid = "proof_key_invalid",
    /// The key of the proof is not the one that the token is bound to.
    ProofKeyDiffers = "proof_key_differs",
    /// The signature of the proof does not hold.
    ProofSignature = "proof_signature_invalid",
    /// The proof is for another method, URL or token.
    ProofMismatch = "proof_mismatch",
    /// The proof was made too long ago, or is still to come.
    ProofStale = "proof_stale",
    /// The proof has no nonce of ours, or an old one.
    ProofNonce = "proof_nonce",
    /// The proof was used before.
    ProofReplayed = "proof_replayed",
    /// An API key is not of our form: a typo, a part that is missing, or another environment.
    ApiKeyMalformed = "api_key_malformed",
    /// There is no API key of this id.
    ApiKeyUnknown = "api_key_unknown",
    /// There is an API key of this id, and its secret is another one.
    ApiKeyWrong = "api_key_wrong",
    /// The API key was revoked.
    ApiKeyRevoked = "api_key_revoked",
    /// The credential was refused too often of late: it is not looked at.
    TooManyFailures = "too_many_failures",
    /// The credential is good, and has used up its limit.
    RateLimited = "rate_limited",
}

impl Reason {
    /// Whether it is the proof that was refused, and not the token: RFC 9449 §7.1 tells them apart.
    pub(crate) const fn is_of_proof(self) -> bool {
        matches!(
            self,
            Self::ProofMissing
                | Self::ProofMalformed
                | Self::ProofAlgorithm
                | Self::ProofKeyInvalid
                | Self::ProofKeyDiffers
                | Self::ProofSignature
                | Self::ProofMismatch
                | Self::ProofStale
                | Self::ProofNonce
                | Self::ProofReplayed
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Reason {}

/// The reason is the private cause: clients read the same text whatever it is.
impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        let error = match reason {
            Reason::CredentialMissing | Reason::SchemeNotSupported => {
                Self::new(Code::Unauthenticated, "unauthenticated")
            }
            Reason::CredentialMalformed | Reason::SeveralCredentials => {
                Self::new(Code::InvalidArgument, "invalid_request")
                    .detail("the authorization header is not valid")
            }
            Reason::ScopeMissing => Self::new(Code::PermissionDenied, "insufficient_scope"),
            Reason::TooManyFailures | Reason::RateLimited => {
                Self::new(Code::ResourceExhausted, "too_many_requests")
            }
            Reason::ProofNonce => Self::new(Code::Unauthenticated, "use_dpop_nonce"),
            reason if reason.is_of_proof() => {
                Self::new(Code::Unauthenticated, "invalid_dpop_proof")
            }
            _ => Self::new(Code::Unauthenticated, "invalid_token"),
        };
        error.caused_by(reason)
    }
}
