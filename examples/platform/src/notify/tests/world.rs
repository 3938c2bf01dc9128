//! A service, its callers, and a date that stands still.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use ovasabi_auth::jose::SigningKey;
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
use ovasabi_core::Context;
use ovasabi_core::context::ContextLayer;
use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::Db;
use ovasabi_core::time::{Clock, ClockHand, WallClock, WallHand};
use ovasabi_core::worker::queue::JobRunner;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt};

use crate::endpoints::Guards;
use crate::notify::jobs::runner;
use crate::notify::{Notify, Resolver, Settings, endpoints};

pub(super) struct World {
    pub(super) notify: Notify,
    pub(super) cx: Context,
    /// Moves the date of the service and of its jobs.
    pub(super) date: WallHand,
    /// Moves the time of the breakers.
    pub(super) time: ClockHand,
    clock: Clock,
    signer: AccessTokenSigner,
    verifier: AccessTokenVerifier,
}

/// An event about a referral of Ann's, for a campaign of the shop's.
pub(super) fn referral(id: &str, what: &str) -> Value {
    json!({
        "id": id,
        "topic": format!("rewards.referral.{what}.v1"),
        "key": "r-1",
        "occurred_ms": 1,
        "data": {
            "referral_id": "r-1", "code": "ABC", "campaign": "spring", "state": what, "referrer_id": "ann",
            "referred_id": "bob", "partner_id": "shop", "reward_minor": 500,
        },
    })
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default(), Resolver::system()).await
    }

    pub(super) async fn with(settings: Settings, resolver: Resolver) -> Self {
        let db = Db::temporary().unwrap().open().await.unwrap();
        let (wall, date) = WallClock::manual(WallClock::system().now());
        let (clock, time) = Clock::manual();
        let cx = Context::background();
        let notify = Notify::open_with(db, wall, settings, resolver, &cx)
            .await
            .unwrap();
        let (issuer, audience) = (
            Issuer::new("https://accounts.example"),
            Audience::new("platform"),
        );
        let key = SigningKey::generate().unwrap();
        let verifier =
            AccessTokenVerifier::builder(issuer.clone(), audience.clone()).key(key.verifying_key());
        Self {
            notify,
            cx,
            date,
            time,
            clock,
            verifier: verifier.build().unwrap(),
            signer: AccessTokenSigner::builder(issuer, audience, key)
                .build()
                .unwrap(),
        }
    }

    /// The same database, as another process has it: no bell of one is heard in the other.
    pub(super) async fn other_process(&self) -> Self {
        let parts = &self.notify.0;
        let (db, wall) = (parts.db.clone(), parts.clock.clone());
        let notify = Notify::open_with(
            db,
            wall,
            parts.settings.clone(),
            Resolver::system(),
            &self.cx,
        );
        Self {
            notify: notify.await.unwrap(),
            cx: self.cx.clone(),
            date: self.date.clone(),
            time: self.time.clone(),
            clock: self.clock.clone(),
            signer: self.signer.clone(),
            verifier: self.verifier.clone(),
        }
    }

    pub(super) fn router(&self) -> Router {
        endpoints(Guards::tokens(&self.verifier))
            .with_state(self.notify.clone())
            .into_routes()
            .into_router()
    }

    pub(super) fn token(&self, who: &str) -> String {
        let grant = match who {
            "relay" => Grant::for_service("relay").scope("events:write"),
            "shop" | "mall" => Grant::new(who).role("member").role("partner"),
            "root" => Grant::new("root").role("member").role("admin"),
            _ => Grant::new(who).role("member"),
        };
        self.signer.sign(&grant).unwrap().into_string()
    }

    pub(super) fn request(&self, who: &str, method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token(who)))
    }

    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let service = ContextLayer::new().layer(self.router());
        service.oneshot(request).await.unwrap().map(Body::new)
    }

    /// Asks, and reads the answer as JSON; `null` when it has no body.
    pub(super) async fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let request = self.request(who, method, path);
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_string()))
        };
        let response = self.answer(request.unwrap()).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let json = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        (status, json)
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> (StatusCode, Value) {
        self.call(who, "GET", path, Value::Null).await
    }

    /// The relay posts an event.
    pub(super) async fn post(&self, event: &Value) {
        let (status, answer) = self
            .call("relay", "POST", "/internal/events", event.clone())
            .await;
        assert_eq!(status, 204, "{answer}");
    }

    /// The shop asks for events to be posted to this URL: the id of the webhook, and its secret.
    pub(super) async fn webhook(&self, url: &str) -> (String, String) {
        let wanted = json!({ "url": url, "topics": ["*"] });
        let (status, created) = self.call("shop", "POST", "/v1/webhooks", wanted).await;
        assert_eq!(status, 201, "{created}");
        let text = |name: &str| created[name].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    /// What became of the only delivery to this webhook.
    pub(super) async fn delivery(&self, webhook: &str) -> Value {
        let (status, mut page) = self
            .get("shop", &format!("/v1/webhooks/{webhook}/deliveries"))
            .await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        page["items"][0].take()
    }

    pub(super) fn runner(&self) -> Arc<JobRunner> {
        Arc::new(runner(&self.notify, &Registry::new(), self.clock.clone()).unwrap())
    }
}
