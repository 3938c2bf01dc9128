//! What the tests share: the service, its callers, and a hand on its clock.

use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use http::Request;
use ovasabi_auth::Principal;
use ovasabi_auth::jose::SigningKey;
use ovasabi_auth::layer::{Authenticate, Presented, Scheme, Verdict};
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
use ovasabi_core::Context;
use ovasabi_core::config::Secret;
use ovasabi_core::context::{ContextLayer, Subject, SubjectKind};
use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::{Db, Durability};
use ovasabi_core::time::{WallClock, WallHand};
use ovasabi_core::worker::queue::JobRunner;
use serde_json::Value;
use tower::ServiceExt;

use super::ask::{Answer, Ask};
use crate::contract::QUALIFY_SCOPE;
use crate::endpoints::Guards;
use crate::rewards::{Rewards, Settings, endpoints, jobs};

const NOW: u64 = 1_800_000_000;

/// What the secrets of the partners are derived from.
pub(super) const SERVICES: &str = "services";

/// Who owns the campaigns.
pub(super) const PARTNER: &str = "partner";

pub(super) struct World {
    pub(super) rewards: Rewards,
    pub(super) registry: Registry,
    pub(super) hand: WallHand,
    clock: WallClock,
    router: Router,
    document: Value,
    signer: AccessTokenSigner,
    runner: JobRunner,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        // Commits need not reach the disk: no test pulls the plug. Waiting may be long on a machine that is busy.
        let db = Db::temporary().unwrap().durability(Durability::Normal);
        let db = db.acquire_timeout(Duration::from_secs(60)).open();
        Self::over(db.await.unwrap(), settings).await
    }

    pub(super) async fn over(db: Db, settings: Settings) -> Self {
        let (clock, hand) = WallClock::manual(UNIX_EPOCH + Duration::from_secs(NOW));
        let settings = Settings {
            services_secret: Some(Secret::new(SERVICES.to_owned())),
            ..settings
        };
        let cx = Context::background();
        let rewards = Rewards::open(db, clock.clone(), settings, &cx)
            .await
            .unwrap();
        let key = SigningKey::generate().unwrap();
        let (issuer, audience) = (
            Issuer::new("https://accounts.example"),
            Audience::new("platform"),
        );
        let verifier = AccessTokenVerifier::builder(issuer.clone(), audience.clone())
            .key(key.verifying_key())
            .clock(clock.clone())
            .build()
            .unwrap();
        let signer = AccessTokenSigner::builder(issuer, audience, key).clock(clock.clone());
        let guards = Guards::with_api_keys(&verifier, Keys);
        let endpoints = endpoints(guards).with_state(rewards.clone());
        let document = serde_json::to_value(endpoints.openapi()).unwrap();
        let router = endpoints
            .into_routes()
            .into_router()
            .layer(ContextLayer::new());
        let registry = Registry::new();
        Self {
            runner: jobs::runner(&rewards, &registry).unwrap(),
            signer: signer.build().unwrap(),
            rewards,
            registry,
            hand,
            clock,
            router,
            document,
        }
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        self.clock.since_epoch().as_secs()
    }

    pub(super) fn member(&self, id: &str) -> String {
        self.bearer(&Grant::new(id).role("member"))
    }

    pub(super) fn with_role(&self, id: &str, role: &str) -> String {
        self.bearer(&Grant::new(id).role("member").role(role))
    }

    pub(super) fn bearer(&self, grant: &Grant) -> String {
        format!("Bearer {}", self.signer.sign(grant).unwrap().as_str())
    }

    /// What comes back, which is what the document says that may.
    pub(super) async fn send(&self, ask: Ask) -> Answer {
        let (method, path) = (ask.method.to_lowercase(), ask.path.clone());
        let mut request = Request::new(Body::from(ask.body));
        *request.method_mut() = ask.method.parse().unwrap();
        *request.uri_mut() = ask.path.parse().unwrap();
        *request.headers_mut() = ask.headers;
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let is_internal = path.starts_with("/internal/");
        let said = is_internal || self.is_documented(&method, &path, head.status.as_str());
        assert!(
            said,
            "{method} {path} is not said to answer {}",
            head.status
        );
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
        }
    }

    fn is_documented(&self, method: &str, path: &str, status: &str) -> bool {
        let parts = |path: &str| -> Vec<String> {
            let path = path.split('?').next().unwrap_or_default();
            path.split('/').map(str::to_owned).collect()
        };
        let asked = parts(path);
        let is_it = |template: &str| {
            let template = parts(template);
            let mut pairs = template.iter().zip(&asked);
            template.len() == asked.len()
                && pairs.all(|(said, asked)| said == asked || said.starts_with('{'))
        };
        let paths = self.document["paths"].as_object().unwrap();
        let mut operations = paths.iter().filter(|(template, _)| is_it(template));
        operations.any(|(_, item)| item[method]["responses"].get(status).is_some())
    }

    /// Does the jobs that are due.
    pub(super) async fn work(&self) {
        self.runner.run_due(&Context::background()).await.unwrap();
    }

    /// One row, or what the database says to that.
    pub(super) async fn write(&self, sql: &'static str) -> ovasabi_core::Result<()> {
        let cx = Context::background();
        let write = self.rewards.db().with_tx(&cx, async |mut unit| {
            sqlx::raw_sql(sql).execute(unit.connection()).await?;
            Ok(())
        });
        write.await
    }

    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self
            .rewards
            .db()
            .read(&Context::background())
            .await
            .unwrap();
        let count = sqlx::query_scalar(sql).fetch_one(conn.connection()).await;
        count.unwrap()
    }

    pub(super) async fn assert_holds(&self) {
        let audit = self.rewards.audit(&Context::background()).await.unwrap();
        assert!(audit.holds(), "{audit:?}");
    }
}

/// Knows the keys of partners by their names.
struct Keys;

impl Authenticate for Keys {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        let Some(Ok(partner)) = request.authorization("ApiKey") else {
            return Verdict::NotMine;
        };
        let partner = partner.to_owned();
        let id = format!("key-of-{partner}");
        let subject = Subject::new(SubjectKind::User, partner);
        let known = Principal::new(subject).with_scope(QUALIFY_SCOPE);
        Verdict::Accepted(known.with_credential_id(id))
    }

    fn scheme(&self) -> Scheme {
        Scheme::new("ApiKey")
    }
}
