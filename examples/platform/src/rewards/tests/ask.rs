//! Requests, and what comes back.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

/// A request.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
    pub(super) json: Value,
}

impl Ask {
    pub(super) fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn post(path: &str, body: &Value) -> Self {
        let ask = Self {
            method: "POST",
            body: serde_json::to_vec(body).unwrap().into(),
            ..Self::get(path)
        };
        ask.header("content-type", "application/json")
    }

    pub(super) fn patch(path: &str, body: &Value) -> Self {
        Self {
            method: "PATCH",
            ..Self::post(path, body)
        }
    }

    pub(super) fn by(self, authorization: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), authorization)
    }

    pub(super) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.bytes);
        self
    }

    /// The answer is this problem.
    #[track_caller]
    pub(super) fn problem(self, status: u16, reason: &str) -> Self {
        assert_eq!(
            (self.status, self.reason()),
            (status, reason),
            "{:?}",
            self.bytes
        );
        self
    }

    pub(super) fn reason(&self) -> &str {
        self.json["reason"].as_str().unwrap_or_default()
    }

    pub(super) fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The fields that break rules.
    pub(super) fn fields(&self) -> Vec<&str> {
        let all = self.json["violations"].as_array().unwrap();
        all.iter()
            .map(|one| one["field"].as_str().unwrap())
            .collect()
    }
}
