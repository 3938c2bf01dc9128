//! A service that calls another one.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_core::http::client::ClientBody;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceBuilder;

use super::*;

const RESOURCE: &str = "https://eddsa.example";

/// The service that is called: its origin.
async fn orders(layer: AuthLayer) -> String {
    let router = Router::new()
        .route("/me", get(async |caller: Principal| caller.id().to_owned()))
        .layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

#[tokio::test]
async fn a_hundred_callers_of_another_service_share_one_token_and_one_fetch_of_keys() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let keys = provider.keys().build().unwrap();
    let verifier = provider.verifier(&keys, RESOURCE).build().unwrap();
    let origin = orders(AuthLayer::required(verifier)).await;
    let source = provider.source(RESOURCE);
    let client = ServiceBuilder::new()
        .layer(source.layer().only_to(&origin).unwrap())
        .service(Client::<Full<Bytes>>::new());

    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let request = Request::get(format!("{origin}/me")).body(Full::default());
        calls.spawn(client.clone().oneshot(request.unwrap()));
    }
    for call in calls.join_all().await {
        let answer: Response<ClientBody> = call.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(provider.requests("/token").await, 1);
    assert_eq!(provider.requests("/jwks").await, 1);
}
