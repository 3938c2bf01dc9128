//! A token on its way.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};

#[cfg(feature = "dpop")]
use super::origin::Origin;
use super::{TokenError, TokenSource};

/// A token on its way, and whose it is.
pub(super) struct Sent {
    source: TokenSource,
    token: HeaderValue,
    /// Where it goes, if a proof went with it.
    #[cfg(feature = "dpop")]
    origin: Option<Origin>,
}

impl Sent {
    /// Puts a token into a request, and a proof if the source makes them.
    pub(super) fn put<B>(
        source: &TokenSource,
        token: HeaderValue,
        request: &mut Request<B>,
    ) -> Result<Self, TokenError> {
        request.headers_mut().insert(AUTHORIZATION, token.clone());
        Ok(Self {
            #[cfg(feature = "dpop")]
            origin: prove(source, &token, request)?,
            source: source.clone(),
            token,
        })
    }

    /// Learns from the answer.
    pub(super) fn answered<B>(self, response: &Response<B>) {
        #[cfg(feature = "dpop")]
        if let (Some(origin), Some(proofs)) = (&self.origin, self.source.proofs()) {
            proofs.heard(origin, response.headers());
            if crate::dpop::is_proof_refused(response.headers()) {
                return;
            }
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            self.source.refused(&self.token);
        }
    }
}

#[cfg(feature = "dpop")]
fn prove<B>(
    source: &TokenSource,
    token: &HeaderValue,
    request: &mut Request<B>,
) -> Result<Option<Origin>, TokenError> {
    let Some(proofs) = source.proofs() else {
        return Ok(None);
    };
    let text = token.to_str().ok().and_then(|text| text.split_once(' '));
    let (_, text) = text.ok_or(TokenError::Invalid("`access_token` has odd characters"))?;
    let origin = Origin::of(request.uri()).ok_or(crate::dpop::ProofError::NotAbsolute)?;
    let proof = proofs.for_request(request.method(), request.uri(), &origin, text)?;
    request.headers_mut().insert(crate::dpop::DPOP, proof);
    Ok(Some(origin))
}
