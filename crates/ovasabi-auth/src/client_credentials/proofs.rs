//! Proofs that go with requests: RFC 9449 §5, §7 and §8.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};

use super::TokenError;
use super::origin::Origin;
use crate::dpop::{ProofKey, nonce_of};
use crate::jose::json::{Object, Value};

/// The key of a source, and the nonces that servers have handed out last.
#[derive(Debug)]
pub(super) struct Proofs {
    key: ProofKey,
    nonces: Mutex<Nonces>,
}

#[derive(Debug, Default)]
struct Nonces {
    endpoint: Option<String>,
    /// At most one for each origin that a layer was given.
    origins: Vec<(Origin, String)>,
}

impl Proofs {
    pub(super) fn new(key: ProofKey) -> Self {
        Self {
            key,
            nonces: Mutex::default(),
        }
    }

    /// A proof for the token endpoint.
    pub(super) fn for_endpoint(&self, uri: &Uri) -> Result<HeaderValue, TokenError> {
        let nonce = self.nonces().endpoint.clone();
        let proof = self.key.proof(&Method::POST, uri);
        let proof = match &nonce {
            Some(nonce) => proof.nonce(nonce),
            None => proof,
        };
        Ok(proof.sign()?)
    }

    /// Keeps the nonce of an answer of the token endpoint. Whether the question is worth asking again with it.
    pub(super) fn heard_of_endpoint(&self, answer: &Response<Bytes>) -> bool {
        let Some(nonce) = nonce_of(answer.headers()) else {
            return false;
        };
        self.nonces().endpoint = Some(nonce.to_owned());
        answer.status() == StatusCode::BAD_REQUEST
            && Object::parse(answer.body()).is_ok_and(|members| {
                let error = members.get("error").and_then(Value::as_string);
                error.is_some_and(|error| error == "use_dpop_nonce")
            })
    }

    /// A proof for a request with this token to this origin.
    pub(super) fn for_request(
        &self,
        method: &Method,
        uri: &Uri,
        origin: &Origin,
        token: &str,
    ) -> Result<HeaderValue, TokenError> {
        let nonces = self.nonces();
        let known = nonces.origins.iter().find(|(known, _)| known == origin);
        let nonce = known.map(|(_, nonce)| nonce.clone());
        drop(nonces);
        let proof = self.key.proof(method, uri).token(token);
        let proof = match &nonce {
            Some(nonce) => proof.nonce(nonce),
            None => proof,
        };
        Ok(proof.sign()?)
    }

    /// Keeps the nonce of an answer of this origin.
    pub(super) fn heard(&self, origin: &Origin, headers: &HeaderMap) {
        let Some(nonce) = nonce_of(headers) else {
            return;
        };
        let mut nonces = self.nonces();
        match nonces.origins.iter_mut().find(|(known, _)| known == origin) {
            Some((_, known)) if known == nonce => {}
            Some((_, known)) => nonce.clone_into(known),
            None => nonces.origins.push((origin.clone(), nonce.to_owned())),
        }
    }

    /// Nothing panics while it is held.
    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
