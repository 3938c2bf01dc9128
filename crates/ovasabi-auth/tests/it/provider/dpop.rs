//! Tokens that are bound to a key: our client asks for them, and our service believes them.

use axum::Router;
use axum::routing::get;
use http::{HeaderName, HeaderValue, Method, Uri};
use http_body_util::BodyExt;
use ovasabi_auth::client_credentials::TokenError;
use ovasabi_auth::dpop::{
    BoundTokens, DpopVerifier, DpopVerifierBuilder, ProofKey, ProofNonces, is_nonce_wanted,
};
use ovasabi_auth::layer::Authenticate;
use ovasabi_core::http::client::ClientBody;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

use super::*;

const SIGNED: &str = "https://es256.example";
const OPAQUE: &str = "https://opaque.example";

impl Provider {
    #[track_caller]
    fn start_with_nonces_or_skip() -> Option<Self> {
        let process = OpenIdProvider::start_with_nonces_or_skip().unwrap();
        process.map(Self::new)
    }

    /// Asks for tokens that are bound to `key`.
    fn bound_source(&self, resource: &str, key: &ProofKey) -> TokenSource {
        let source = self.source_of("bound", resource);
        source.dpop(key.clone()).build().unwrap()
    }
}

/// A service that is called, and says to which key the token of its caller is bound.
struct Wallet {
    origin: String,
    layer: AuthLayer,
}

impl Wallet {
    async fn start(
        tokens: impl BoundTokens + Authenticate + Clone,
        set: impl FnOnce(DpopVerifierBuilder) -> DpopVerifierBuilder,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let proofs = set(DpopVerifier::builder(tokens.clone(), &origin));
        let layer = AuthLayer::required(tokens).or(proofs.build().unwrap());
        let key = get(async |caller: Principal| caller.proof_key().unwrap().to_string());
        let router = Router::new().route("/me", key).layer(layer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, layer }
    }

    fn url(&self) -> Uri {
        format!("{}/me", self.origin).parse().unwrap()
    }

    /// A call of a service that has this source, over the network.
    async fn call(&self, source: &TokenSource) -> Response<ClientBody> {
        let client = ServiceBuilder::new()
            .layer(source.layer().only_to(&self.origin).unwrap())
            .service(Client::<Full<Bytes>>::new());
        let request = Request::get(self.url()).body(Full::default());
        client.oneshot(request.unwrap()).await.unwrap()
    }

    /// The status of a request that somebody has put together, and why it was refused.
    async fn send(
        &self,
        scheme: &str,
        token: &str,
        proof: Option<HeaderValue>,
    ) -> (u16, Option<Reason>) {
        let request = Request::get("/me").header(AUTHORIZATION, format!("{scheme} {token}"));
        let mut request = request.body(()).unwrap();
        request.headers_mut().extend(
            proof
                .into_iter()
                .map(|proof| (HeaderName::from_static("dpop"), proof)),
        );
        let answer = answer_to(&self.layer, request).await;
        let reason = answer.extensions().get().copied();
        (answer.status().as_u16(), reason)
    }
}

/// Whoever has the token has nothing without the key.
async fn check_is_good_with_its_key_alone(wallet: &Wallet, source: &TokenSource, key: &ProofKey) {
    let authorization = source.authorization().await.unwrap();
    let token = authorization.to_str().unwrap().strip_prefix("DPoP ");
    let (token, url) = (token.unwrap(), wallet.url());
    let proof = |key: &ProofKey| {
        let proof = key.proof(&Method::GET, &url).token(token);
        Some(proof.sign().unwrap())
    };
    let refused = |reason| (401, Some(reason));
    let (good, thief) = (proof(key), ProofKey::generate().unwrap());
    for (scheme, proof, expected) in [
        // Of a token that nobody has asked about yet, and of one that is remembered.
        ("Bearer", good.clone(), refused(Reason::KeyBound)),
        ("DPoP", None, refused(Reason::ProofMissing)),
        ("DPoP", proof(&thief), refused(Reason::ProofKeyDiffers)),
        ("DPoP", good.clone(), (200, None)),
        ("DPoP", good.clone(), refused(Reason::ProofReplayed)),
        ("Bearer", good, refused(Reason::KeyBound)),
    ] {
        assert_eq!(wallet.send(scheme, token, proof).await, expected);
    }

    let answer = wallet.call(source).await;
    assert_eq!(answer.status(), 200);
    let bound_to = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(bound_to, key.thumbprint().to_string());
}

#[tokio::test]
async fn a_bound_token_is_given_for_a_key_and_good_with_that_key_alone() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let keyless = provider.source_of("bound", SIGNED).build().unwrap();
    let error = keyless.authorization().await.unwrap_err();
    assert!(
        matches!(&error, TokenError::Refused { status: 400, code } if &**code == "invalid_grant"),
        "{error}"
    );

    let keys = provider.keys().build().unwrap();
    let signed = provider.verifier(&keys, SIGNED).build().unwrap();
    let signed = Wallet::start(signed, |proofs| proofs).await;
    // Its clock stands: what it remembers is not over on a slow machine.
    let opaque = provider.introspection(OPAQUE, secret_of("api"));
    let opaque = opaque.clock(clock().0).build().unwrap();
    let opaque = Wallet::start(opaque, |proofs| proofs).await;
    let es256 = ProofKey::generate().unwrap();
    let eddsa = ProofKey::generate_ed25519().unwrap();
    for key in [&es256, &eddsa] {
        for (wallet, resource) in [(&signed, SIGNED), (&opaque, OPAQUE)] {
            let source = provider.bound_source(resource, key);
            check_is_good_with_its_key_alone(wallet, &source, key).await;
        }
    }
    let counts = [
        provider.requests("/token").await,
        provider.requests("/jwks").await,
        provider.requests(INTROSPECTION).await,
    ];
    assert_eq!(counts, [1 + 4, 1, 2]);
}

#[tokio::test]
async fn a_nonce_costs_one_request_more_of_the_provider_and_of_a_service() {
    let Some(provider) = Provider::start_with_nonces_or_skip() else {
        return;
    };
    let source = provider.bound_source(SIGNED, &ProofKey::generate().unwrap());
    let first = source.authorization().await.unwrap();
    assert_eq!(provider.requests("/token").await, 2);

    let keys = provider.keys().build().unwrap();
    let tokens = provider.verifier(&keys, SIGNED).build().unwrap();
    let nonces = ProofNonces::random();
    let wallet = Wallet::start(tokens, |proofs| proofs.nonces(nonces)).await;
    let told = wallet.call(&source).await;
    assert!(is_nonce_wanted(&told), "{told:?}");
    for _ in 0..2 {
        assert_eq!(wallet.call(&source).await.status(), 200);
    }
    // It was no fault of the token.
    assert_eq!(source.authorization().await.unwrap(), first);

    source.refused(&first);
    assert_ne!(source.authorization().await.unwrap(), first);
    assert_eq!(provider.requests("/token").await, 3);
}
