//! The principal as an axum extractor: fail closed.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http::header::WWW_AUTHENTICATE;
use http_body_util::BodyExt;
use ovasabi_auth::token::Grant;
use ovasabi_auth::{AuthLayer, Principal};
use tower::ServiceExt;

use crate::support::{bearer, verifier};

fn routes() -> Router {
    Router::new()
        .route(
            "/required",
            get(async |caller: Principal| caller.id().to_owned()),
        )
        .route(
            "/optional",
            get(async |caller: Option<Principal>| {
                caller.map_or("nobody".to_owned(), |caller| caller.id().to_owned())
            }),
        )
}

async fn send(
    router: Router,
    path: &str,
    authorization: Option<&str>,
) -> (u16, Option<String>, String) {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(value) = authorization {
        request
            .headers_mut()
            .insert("authorization", value.parse().unwrap());
    }
    let Ok(response) = router.oneshot(request).await;
    let challenge = response
        .headers()
        .get(WWW_AUTHENTICATE)
        .map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, challenge, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_route_that_no_layer_covers_is_shut() {
    let authorization = bearer(&Grant::new("ann"));
    for path in ["/required", "/optional"] {
        for authorization in [None, Some(authorization.as_str())] {
            let (status, challenge, body) = send(routes(), path, authorization).await;
            assert_eq!((status, challenge), (500, None), "{path}");
            assert!(
                body.contains("INTERNAL") && !body.contains("AuthLayer"),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn behind_an_optional_layer_a_required_caller_is_asked_for() {
    let router = || routes().layer(AuthLayer::optional(verifier()));
    let authorization = bearer(&Grant::new("ann"));
    for path in ["/required", "/optional"] {
        assert_eq!(
            send(router(), path, Some(&authorization)).await,
            (200, None, "ann".to_owned())
        );
    }
    assert_eq!(
        send(router(), "/optional", None).await,
        (200, None, "nobody".to_owned())
    );
    let (status, challenge, _) = send(router(), "/required", None).await;
    assert_eq!(
        (status, challenge.as_deref()),
        (401, Some(r#"Bearer realm="api""#))
    );
}
