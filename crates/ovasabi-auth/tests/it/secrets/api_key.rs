//! API keys. Their ids are public; what stands behind them is not.

use std::convert::Infallible;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::api_key::{
    ApiKeyAuthenticator, ApiKeyRecord, ApiKeyStore, ApiKeys, KeyId, MemoryApiKeys, NewApiKey,
    async_trait,
};
use ovasabi_auth::testing::{Log, Secrets, chain};
use ovasabi_auth::{AuthLayer, assert_no_secrets};
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::http::PeerAddr;
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Context, Error};
use tower::{Service, service_fn};

use super::debug;

/// The half of a key that nobody else knows: what stands behind `ovk_live_<id>_`.
fn secret(key: &str) -> &str {
    key.splitn(4, '_').nth(3).unwrap()
}

/// A store that has to be asked, and says no.
struct Broken;

fn broken<T>() -> Result<T, Error> {
    Err(Error::new(Code::Unavailable, "test.broken"))
}

#[async_trait]
impl ApiKeyStore for Broken {
    async fn find(&self, _: &Context, _: &KeyId) -> Result<Option<ApiKeyRecord>, Error> {
        broken()
    }

    async fn insert(&self, _: &Context, _: &ApiKeyRecord) -> Result<(), Error> {
        broken()
    }

    async fn replace(
        &self,
        _: &Context,
        _: &KeyId,
        _: SystemTime,
        _: &ApiKeyRecord,
    ) -> Result<bool, Error> {
        broken()
    }

    async fn revoke(&self, _: &Context, _: &KeyId, _: SystemTime) -> Result<bool, Error> {
        broken()
    }

    async fn list(&self, _: &Context, _: &Subject) -> Result<Vec<ApiKeyRecord>, Error> {
        broken()
    }

    async fn used(&self, _: &Context, _: &[(KeyId, SystemTime)]) -> Result<(), Error> {
        broken()
    }
}

#[tokio::test]
async fn nothing_of_an_api_key_is_written() {
    let (log, registry, cx) = (Log::new(), Registry::new(), Context::background());
    let listening = log.listen();
    let keys = ApiKeys::builder(MemoryApiKeys::new()).build().unwrap();
    let keys = keys.inspect(&registry).unwrap();
    let robot = Subject::new(SubjectKind::Service, "robot");
    let new = NewApiKey::new(robot.clone()).scope("orders:read");
    let (key, record) = keys.issue(&cx, new.clone()).await.unwrap();
    let (stranger, _) = ApiKeys::builder(MemoryApiKeys::new())
        .build()
        .unwrap()
        .issue(&cx, new.clone())
        .await
        .unwrap();
    let typo = format!("{}x", key.expose());
    let secrets = Secrets::new()
        .plant("the key", secret(key.expose()))
        .plant("a key of nobody", secret(stranger.expose()))
        .plant("the digest", record.digest.as_bytes());

    let layer = AuthLayer::required(ApiKeyAuthenticator::new(keys.clone()).x_api_key());
    let broken = ApiKeys::builder(Broken).build().unwrap();
    let asking = AuthLayer::required(ApiKeyAuthenticator::new(broken.clone()).x_api_key());
    let mut written = String::new();
    for (layer, text, status) in [
        (&layer, key.expose(), 200),
        (&layer, stranger.expose(), 401),
        (&layer, &typo, 401),
        (&asking, key.expose(), 503),
    ] {
        for name in ["authorization", "x-api-key"] {
            let hello = service_fn(async |request: Request<()>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(debug(&request))))
            });
            let scheme = if name == "authorization" {
                "ApiKey "
            } else {
                ""
            };
            let request = Request::get("/").header(name, format!("{scheme}{text}"));
            let future = layer.wrap(hello).call(request.body(()).unwrap());
            written += &debug(&future);
            let Ok(answer) = future.await;
            assert_eq!(answer.status(), status);
            let (head, body) = answer.into_parts();
            let answer = Response::from_parts(head, body.collect().await.unwrap().to_bytes());
            assert_no_secrets!(secrets, "the answer" => answer);
        }
    }
    for text in [stranger.expose(), &typo] {
        let denied = keys.verify(&cx, text, PeerAddr::UNKNOWN).await.unwrap_err();
        assert_no_secrets!(secrets, "the error" => chain(&denied));
    }
    let lasts = std::time::Duration::from_secs(60);
    let (next, rotated) = keys.rotate(&cx, record.id, lasts).await.unwrap();
    keys.revoke(&cx, record.id).await.unwrap();
    let refused = keys.rotate(&cx, record.id, lasts).await.unwrap_err();
    drop(listening);

    let secrets = secrets.plant("the next key", secret(next.expose()));
    assert!(log.events() > 4, "{log:?}");
    let list = keys.list(&cx, &robot).await.unwrap();
    assert_no_secrets!(
        secrets,
        "the log" => log,
        "futures" => written,
        "keys" => debug(&(&key, &next, &record, &rotated, &list, &new)),
        "handles" => debug(&(&keys, &layer, &broken)),
        "the snapshot" => debug(&registry.reports()),
        "no rotation" => chain(&refused),
    );
}
