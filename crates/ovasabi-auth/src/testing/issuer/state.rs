//! What an issuer knows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Fault;
use super::reply::{Body, Reply};
use crate::jose::JwkSet;
use crate::testing::TestKey;
use crate::token::Issuer;

#[derive(Debug)]
pub(super) struct State {
    pub(super) issuer: Issuer,
    pub(super) fault: watch::Sender<Option<Fault>>,
    pub(super) fetches: watch::Sender<usize>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    newest: TestKey,
    older: Vec<TestKey>,
    /// Counts the changes of the set: its entity tag.
    version: u64,
    max_age: Option<u64>,
    not_modified: usize,
}

impl State {
    pub(super) fn new(issuer: Issuer, key: TestKey) -> Self {
        Self {
            issuer,
            fault: watch::Sender::new(None),
            fetches: watch::Sender::new(0),
            inner: Mutex::new(Inner {
                newest: key,
                older: Vec::new(),
                version: 1,
                max_age: None,
                not_modified: 0,
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keys_url(&self) -> String {
        format!("{}/keys", self.issuer.as_str().trim_end_matches('/'))
    }

    pub(super) fn key(&self) -> TestKey {
        self.inner().newest.clone()
    }

    pub(super) fn add(&self, key: TestKey) {
        let mut inner = self.inner();
        let old = std::mem::replace(&mut inner.newest, key);
        inner.older.push(old);
        inner.version = inner.version.saturating_add(1);
    }

    pub(super) fn retire(&self) {
        let mut inner = self.inner();
        inner.older.clear();
        inner.version = inner.version.saturating_add(1);
    }

    pub(super) fn set_max_age(&self, seconds: u64) {
        self.inner().max_age = Some(seconds);
    }

    pub(super) fn not_modified(&self) -> usize {
        self.inner().not_modified
    }

    /// The answer to a request for `path`, once it does not hang.
    pub(super) async fn answer(&self, path: &str, known: Option<&str>) -> Reply {
        let is_metadata = path.contains("/.well-known/");
        let is_set = !is_metadata && path.ends_with("/keys");
        if is_set {
            self.fetches.send_modify(|fetches| *fetches += 1);
        }
        let mut faults = self.fault.subscribe();
        let healed = faults.wait_for(|fault| *fault != Some(Fault::Hang)).await;
        let fault = healed.ok().and_then(|fault| fault.clone());
        if is_metadata {
            self.metadata(path, fault)
        } else if is_set {
            self.set(known, fault)
        } else {
            Reply::new(404, "")
        }
    }

    fn metadata(&self, path: &str, fault: Option<Fault>) -> Reply {
        let is_open_id = path.ends_with("/openid-configuration");
        let (mut issuer, mut keys) = (self.issuer.as_str().to_owned(), self.keys_url());
        match fault {
            Some(Fault::NoOpenId) if is_open_id => return Reply::new(404, ""),
            Some(Fault::MetadataIssuer(other)) => issuer = other,
            Some(Fault::MetadataKeys(other)) => keys = other,
            _ => {}
        }
        let metadata = serde_json::json!({ "issuer": issuer, "jwks_uri": keys });
        Reply::new(200, metadata.to_string())
    }

    fn set(&self, known: Option<&str>, fault: Option<Fault>) -> Reply {
        match fault {
            Some(Fault::Status(status)) => return Reply::new(status, ""),
            Some(Fault::Redirect(to)) => return Reply::new(302, "").with("location", to),
            Some(Fault::Body(body)) => return Reply::new(200, body),
            Some(Fault::Endless) => {
                return Reply {
                    body: Body::Endless,
                    ..Reply::new(200, "")
                };
            }
            Some(Fault::Encoded) => return Reply::new(200, "").with("content-encoding", "gzip"),
            _ => {}
        }
        let mut inner = self.inner();
        let tag = format!("\"{}\"", inner.version);
        let reply = if known == Some(&*tag) {
            inner.not_modified = inner.not_modified.saturating_add(1);
            Reply::new(304, "")
        } else {
            let keys = inner.older.iter().chain([&inner.newest]);
            let set: JwkSet = keys.map(TestKey::verifying_key).collect();
            Reply::new(200, set.to_json())
        };
        let reply = reply.with("etag", tag);
        match inner.max_age {
            None => reply,
            Some(seconds) => reply.with("cache-control", format!("public, max-age={seconds}")),
        }
    }
}
