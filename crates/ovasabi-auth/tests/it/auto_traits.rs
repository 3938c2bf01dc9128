//! Every public type can cross threads and be shared.

fn is_shared<T: Send + Sync + Clone + std::fmt::Debug + Unpin + 'static>() {}
fn is_sent<T: Send + Sync + std::fmt::Debug + 'static>() {}

#[test]
fn values_cross_threads() {
    use ovasabi_auth::policy::{Denial, Owned, Ownership, RequireLayer, RequireService, Rule};
    is_shared::<ovasabi_auth::Principal>();
    is_shared::<(RequireLayer, RequireService<()>, Rule, Ownership, Denial)>();
    is_sent::<(Owned<()>, ovasabi_auth::answer::Refusal)>();
    is_sent::<ovasabi_auth::future::ResponseFuture<std::future::Ready<()>, ()>>();
}

#[cfg(feature = "token")]
#[test]
fn verifiers_and_layers_cross_threads() {
    use ovasabi_auth::jose::{CompactJws, KeyError, Reason, SigningKey, VerifyingKey};
    use ovasabi_auth::layer::{AuthLayer, AuthService, Realm};
    use ovasabi_auth::token::{AccessToken, AccessTokenSigner, AccessTokenVerifier, Claims, Grant};
    is_shared::<(SigningKey, VerifyingKey, Reason, KeyError)>();
    is_shared::<(
        AccessToken,
        AccessTokenSigner,
        AccessTokenVerifier,
        Claims,
        Grant,
    )>();
    is_shared::<(AuthLayer, AuthService<()>, Realm)>();
    is_sent::<CompactJws<'static>>();
}

#[cfg(feature = "jwks")]
#[test]
fn clients_and_sources_cross_threads() {
    use ovasabi_auth::http::{Endpoint, EndpointError, FetchError, HttpClient, Limits};
    use ovasabi_auth::jwks::{
        ConfigError, Discovery, Fetched, JwksClient, JwksClientBuilder, JwksUrl, KeyState,
        NotReady, SourceError, Validator,
    };
    is_shared::<(HttpClient, Limits, Endpoint, EndpointError)>();
    is_shared::<(JwksClient, Discovery, JwksUrl, Fetched, Validator, KeyState)>();
    is_shared::<(ConfigError, NotReady)>();
    is_shared::<JwksClientBuilder>();
    is_sent::<(FetchError, SourceError)>();
}

#[cfg(feature = "dpop")]
#[test]
fn proofs_cross_threads() {
    use ovasabi_auth::dpop::{
        DpopVerifier, DpopVerifierBuilder, MemoryReplays, NewProof, Noted, ProofError, ProofId,
        ProofKey, ProofNonces,
    };
    use ovasabi_auth::jose::{Thumbprint, ThumbprintError};
    is_shared::<(DpopVerifier, DpopVerifierBuilder, ProofNonces)>();
    is_shared::<(MemoryReplays, Noted, ProofId)>();
    is_shared::<(ProofKey, ProofError, Thumbprint, ThumbprintError)>();
    is_sent::<NewProof<'static>>();
}

#[cfg(feature = "password")]
#[test]
fn hashers_cross_threads() {
    use ovasabi_auth::protect::password::{Password, PasswordError, PasswordHasher, Verdict};
    is_shared::<(Password, PasswordError, PasswordHasher, Verdict)>();
}

#[cfg(feature = "password")]
#[test]
fn login_guards_cross_threads() {
    use ovasabi_auth::protect::password::{LoginAttempt, LoginGuard};
    use ovasabi_core::admit::AlwaysAdmit;
    is_shared::<LoginGuard<AlwaysAdmit, AlwaysAdmit>>();
    is_sent::<LoginAttempt<(), ()>>();
}

#[cfg(feature = "api-key")]
#[test]
fn api_keys_cross_threads() {
    use ovasabi_auth::api_key::{
        ApiKeyAuthenticator, ApiKeyEntry, ApiKeyRecord, ApiKeys, ApiKeysBuilder, IssuedKey, KeyId,
        MemoryApiKeys, NewApiKey, Peek, SecretDigest,
    };
    is_shared::<(ApiKeys, ApiKeyAuthenticator, MemoryApiKeys, Peek)>();
    is_shared::<(ApiKeyRecord, KeyId, NewApiKey, SecretDigest)>();
    is_sent::<(ApiKeysBuilder, ApiKeyEntry, IssuedKey)>();
}
