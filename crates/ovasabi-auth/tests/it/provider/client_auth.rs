//! The ways in which a client says who it is.

use ovasabi_auth::client_credentials::TokenError;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::jose::{Algorithm, SigningKey};

use super::*;

const RESOURCE: &str = "https://opaque.example";

fn key_of(provider: &Provider, client: &str) -> SigningKey {
    let key = SigningKey::from_pem(&provider.process.key(client).unwrap()).unwrap();
    key.with_id(format!("key of {client}"))
}

fn assertions(client: &str, key: SigningKey, audience: &str) -> ClientAuth {
    ClientAuth::private_key_jwt(client, key, audience)
}

/// A token of the client that `auth` is.
async fn token(provider: &Provider, auth: ClientAuth) -> Result<String, TokenError> {
    let builder = TokenSource::builder(provider.endpoint("/token"), provider.client.clone(), auth);
    let source = builder.scope("orders:read").resource(RESOURCE);
    let header = source.build().unwrap().authorization().await?;
    let token = header.to_str().unwrap().strip_prefix("Bearer ");
    Ok(token.unwrap().to_owned())
}

/// Asks the provider about tokens, as the client that `auth` is.
fn asking(provider: &Provider, auth: ClientAuth) -> AuthLayer {
    let endpoint = provider.endpoint("/token/introspection");
    let verifier = IntrospectionVerifier::builder(endpoint, provider.client.clone(), auth);
    let verifier = verifier.issuer(provider.issuer());
    AuthLayer::required(verifier.build().unwrap())
}

#[tokio::test]
async fn a_secret_in_the_form_and_assertions_of_both_kinds_bring_tokens_and_answers_about_them() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let issuer = provider.process.issuer();
    let post = ClientAuth::post("posts", &OpenIdProvider::secret("posts"));
    let mut clients = vec![("posts", post)];
    for (client, algorithm) in [
        ("signs-es256", Algorithm::Es256),
        ("signs-eddsa", Algorithm::EdDsa),
    ] {
        let key = key_of(&provider, client);
        assert_eq!(key.algorithm(), algorithm);
        clients.push((client, assertions(client, key.clone(), &issuer)));
        // Its token endpoint is known to it as well, whatever is asked.
        clients.push((
            client,
            assertions(client, key, &provider.process.url("/token")),
        ));
    }
    for (client, auth) in clients {
        let token = token(&provider, auth.clone()).await.unwrap();
        let layer = asking(&provider, auth);
        let caller = principal(&layer, &token).await;
        assert_eq!(caller.id(), client);
        assert!(caller.has_scope("orders:read") && !caller.has_scope("orders:write"));
    }
}

#[tokio::test]
async fn a_wrong_secret_and_an_assertion_of_another_key_or_for_another_server_are_refused() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let issuer = provider.process.issuer();
    let key = key_of(&provider, "signs-es256");
    let another = SigningKey::generate_es256().unwrap().with_id(key.id());
    for auth in [
        ClientAuth::post("posts", "wrong"),
        // The method is a part of what was registered.
        ClientAuth::post("signs-es256", "wrong"),
        assertions("signs-es256", another, &issuer),
        assertions("signs-es256", key.clone(), "https://elsewhere.example"),
        assertions("signs-es256", key.clone().with_id("another"), &issuer),
        assertions("signs-eddsa", key, &issuer),
    ] {
        let refused = token(&provider, auth.clone()).await.unwrap_err();
        assert!(
            matches!(&refused, TokenError::Refused { status: 401, code } if &**code == "invalid_client"),
            "{refused}"
        );
        let layer = asking(&provider, auth);
        check_unavailable(&layer, "token").await;
    }
}
