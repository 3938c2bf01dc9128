//! The service as its callers see it, without a socket.

mod admin;
mod api_keys;
mod clients;
mod introspection;
mod keys;
mod login;
mod me;
mod secrets;
mod sessions;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use ovasabi_auth::http::HttpClient;
use ovasabi_core::Context;
use ovasabi_core::context::ContextLayer;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::repository::Db;
use ovasabi_core::time::{WallClock, WallHand};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::domain::Roles;
use super::{Accounts, Settings, endpoints};
use crate::endpoints::Guards;

pub(super) const PASSWORD: &str = "correct horse battery staple";
pub(super) const SERVICES: &str = "a secret that nobody but the services knows";

/// The service over a database of its own, at a date that the test moves.
pub(super) struct World {
    pub(super) accounts: Accounts,
    pub(super) router: Router,
    pub(super) hand: WallHand,
    pub(super) clock: WallClock,
    pub(super) db: Db,
}

/// A request.
pub(super) struct Ask(http::request::Builder, Body);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// `Null` when it is empty or no JSON.
    pub(super) body: Value,
}

/// Somebody with an account, as of a login.
pub(super) struct Person {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) refresh: String,
}

pub(super) fn settings() -> Settings {
    Settings {
        services_secret: SERVICES.to_owned().into(),
        ..Settings::default()
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let db = Db::temporary().unwrap().open().await.unwrap();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let (clock, hand) = WallClock::manual(start);
        Self::over(db, clock, hand).await
    }

    /// Another process of the same service.
    pub(super) async fn another(&self) -> Self {
        Self::over(self.db.clone(), self.clock.clone(), self.hand.clone()).await
    }

    async fn over(db: Db, clock: WallClock, hand: WallHand) -> Self {
        let cx = Context::background();
        let accounts = Accounts::open(db.clone(), clock.clone(), settings(), &cx)
            .await
            .unwrap();
        let guards = Guards::tokens(&accounts.verifier());
        let router = endpoints(guards)
            .with_state(accounts.clone())
            .into_routes()
            .into_router();
        Self {
            router: router.layer(ContextLayer::new()),
            accounts,
            hand,
            clock,
            db,
        }
    }

    pub(super) async fn send(&self, ask: Ask) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(ask.0.body(ask.1).unwrap())
            .await
            .unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// A client of others that asks this service.
    pub(super) fn client(&self) -> HttpClient {
        HttpClient::from_service::<Body, _, _>(self.router.clone())
    }

    pub(super) async fn register(&self, name: &str) -> String {
        let body = json!({ "email": email(name), "display_name": name, "password": PASSWORD });
        let answer = self.send(Ask::post("/v1/auth/register").json(&body)).await;
        answer.expect(201).text("id")
    }

    pub(super) async fn login(&self, name: &str) -> Answer {
        let body = json!({ "email": email(name), "password": PASSWORD });
        self.send(Ask::post("/v1/auth/login").json(&body))
            .await
            .expect(200)
    }

    /// Somebody new with these roles.
    pub(super) async fn person(&self, name: &str, roles: &[&str]) -> Person {
        let id = self.register(name).await;
        let roles: Roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        let cx = Context::background();
        self.accounts
            .0
            .store
            .set_roles(&cx, "test", &id, roles)
            .await
            .unwrap();
        let tokens = self.login(name).await;
        Person {
            id,
            token: tokens.text("access_token"),
            refresh: tokens.text("refresh_token"),
        }
    }

    pub(super) async fn refresh(&self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.send(Ask::post("/v1/auth/refresh").json(&body)).await
    }

    /// How many rows a query counts.
    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.db.read(&Context::background()).await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_one(conn.connection())
            .await
            .unwrap()
    }
}

pub(super) fn email(name: &str) -> String {
    format!("{name}@example.org")
}

impl Ask {
    pub(super) fn new(method: Method, path: &str) -> Self {
        Self(Request::builder().method(method).uri(path), Body::empty())
    }

    pub(super) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    pub(super) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn json(self, body: &Value) -> Self {
        let typed = self.header("content-type", "application/json");
        Self(typed.0, Body::from(body.to_string()))
    }

    pub(super) fn form(self, body: &str) -> Self {
        let typed = self.header("content-type", "application/x-www-form-urlencoded");
        Self(typed.0, Body::from(body.to_owned()))
    }

    pub(super) fn from(self, address: &str) -> Self {
        let peer = SocketAddr::new(address.parse().unwrap(), 4711);
        Self(self.0.extension(PeerAddr::from(peer)), self.1)
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(super) fn problem(self, status: u16, reason: &str) -> Self {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(self.body["reason"], reason, "{}", self.body);
        self.expect(status)
    }

    #[track_caller]
    pub(super) fn text(&self, member: &str) -> String {
        let text = self.body[member].as_str();
        text.unwrap_or_else(|| panic!("no text `{member}`: {}", self.body))
            .to_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that break rules.
    pub(super) fn fields(&self) -> Vec<&str> {
        let violations = self.body["violations"].as_array();
        let fields = violations.into_iter().flatten();
        fields.filter_map(|one| one["field"].as_str()).collect()
    }
}
