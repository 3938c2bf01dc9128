//! Proofs that somebody has a key: a JWS that brings its own, RFC 9449 §4.2.
//!
//! The one place where a key in a header is read, apart from the reading of tokens so that no setting can mix them up.

use base64::Engine;

use super::compact::Parts;
use super::json::{Object, Value};
use super::jwk::{self, Secrets};
use super::material::Material;
use super::{Algorithm, BASE64URL, Reason, Thumbprint};

/// The longest proof that is looked at: an RSA key of 8192 bits, its signature, and claims of 2 KiB.
const MAX_BYTES: usize = 8 * 1024;
/// The longest header, as it is encoded.
const MAX_HEADER_BYTES: usize = 4 * 1024;

/// The media type of proofs, as `typ` says it, letter for letter.
pub(crate) const TYP: &str = "dpop+jwt";

/// Members of a JWK that nobody else may see (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof whose form is good, and whose signature has not been checked.
pub(crate) struct ProofJws<'a> {
    parts: Parts<'a>,
    algorithm: Algorithm,
    material: Material,
}

impl<'a> ProofJws<'a> {
    /// Reads the header and the key in it. No cryptography happens here: the key is not even parsed.
    pub(crate) fn parse(proof: &'a str, algorithms: &[Algorithm]) -> Result<Self, Reason> {
        if proof.len() > MAX_BYTES {
            return Err(Reason::ProofMalformed);
        }
        let parts = Parts::split(proof).map_err(|_| Reason::ProofMalformed)?;
        if parts.header.len() > MAX_HEADER_BYTES {
            return Err(Reason::ProofMalformed);
        }
        let json = BASE64URL.decode(parts.header);
        let json = json.map_err(|_| Reason::ProofMalformed)?;
        let (algorithm, material) = header(&json, algorithms)?;
        Ok(Self {
            parts,
            algorithm,
            material,
        })
    }

    /// Which key it says that it is signed with.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.material.thumbprint()
    }

    /// Checks the signature by the key in the header, and hands out the claims.
    pub(crate) fn verify(&self) -> Result<Vec<u8>, Reason> {
        let checker = self.material.checker(self.algorithm);
        let checker = checker.map_err(|_| Reason::ProofKeyInvalid)?;
        self.parts
            .verify(|signed, signature| checker.holds(signed, signature))
            .map_err(|reason| match reason {
                Reason::SignatureInvalid => Reason::ProofSignature,
                _ => Reason::ProofMalformed,
            })
    }
}

fn header(json: &[u8], algorithms: &[Algorithm]) -> Result<(Algorithm, Material), Reason> {
    let header = Object::parse(json).map_err(|_| Reason::ProofMalformed)?;
    let is_there = |name: &&str| header.get(name).is_some();
    if ["crit", "b64", "jku", "x5u", "x5c"].iter().any(is_there) {
        return Err(Reason::ProofMalformed);
    }
    let text = |name: &str| header.get(name).and_then(Value::as_string);
    if text("typ").is_none_or(|typ| typ != TYP) {
        return Err(Reason::ProofMalformed);
    }
    let algorithm = text("alg").and_then(|name| Algorithm::from_name(&name));
    let algorithm = algorithm
        .filter(|known| algorithms.contains(known))
        .ok_or(Reason::ProofAlgorithm)?;
    let jwk = header.get("jwk").ok_or(Reason::ProofKeyInvalid)?;
    let jwk = Object::parse_text(jwk.text()).map_err(|_| Reason::ProofKeyInvalid)?;
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err(Reason::ProofKeyInvalid);
    }
    let (material, only) =
        jwk::material(&jwk, Secrets::Refused).map_err(|_| Reason::ProofKeyInvalid)?;
    let fits = material.algorithms().contains(&algorithm);
    if fits && only.is_none_or(|only| only == algorithm) {
        Ok((algorithm, material))
    } else {
        Err(Reason::ProofAlgorithm)
    }
}
