//! Answers, with and without a socket.

use std::sync::Arc;

use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use http::{Request, Response};

use super::state::State;
use crate::http::{Fetch, FetchError, FetchFuture, Limits};

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
}

pub(super) enum Body {
    Whole(Bytes),
    Endless,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(Bytes::from(body.into())),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Fetch for Arc<State> {
    fn fetch(&self, request: Request<Bytes>, limits: Limits) -> FetchFuture {
        let state = Self::clone(self);
        Box::pin(async move {
            let known = request.headers().get(IF_NONE_MATCH);
            let known = known.and_then(|known| known.to_str().ok());
            let reply = state.answer(request.uri().path(), known).await;
            let max = limits.max_bytes();
            let body = match reply.body {
                Body::Whole(body) if body.len() <= max => body,
                Body::Whole(_) | Body::Endless => return Err(FetchError::TooLong { max }),
            };
            let answer = Response::builder().status(reply.status);
            let headers = reply.headers.into_iter();
            let answer = headers.fold(answer, |answer, (name, value)| answer.header(name, value));
            answer.body(body).map_err(FetchError::client)
        })
    }
}
