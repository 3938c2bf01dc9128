//! Keys as JSON, RFC 7517, RFC 7518 §6 and RFC 8037 §2.

use base64::Engine;

use super::json::{Object, Value};
use super::material::Material;
use super::{Algorithm, BASE64URL, KeyError, Reason, VerifyingKey};

/// Why a JWK is not trusted. None of them ends a set: such a key is left out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// It is not JSON, or not one object whose members are unique.
    #[error("not a JSON object: {0}")]
    Json(Reason),
    /// A member is missing or of the wrong type.
    #[error("`{0}` is missing or not of its type")]
    Member(&'static str),
    /// `kty` or `crv` is one that is not known: of a newer algorithm, perhaps.
    #[error("`kty` or `crv` is not known")]
    Kind,
    /// `use` or `key_ops` says that it does not verify signatures.
    #[error("it is not for verifying signatures")]
    Use,
    /// `alg` is not known, or not one of this kind of key.
    #[error("`alg` is not one of this kind of key")]
    Algorithm,
    /// The private half is in it: whoever has read it can sign.
    #[error("it has a private key in it")]
    Private,
    /// It is a shared secret, and those were not asked for.
    #[error("it is a shared secret")]
    Secret,
    /// The key itself is refused: too short, too long, or no point of its curve.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl VerifyingKey {
    /// The public key of a JWK.
    ///
    /// Its `alg` binds it, its `kid` names it; the default of that is its thumbprint.
    ///
    /// # Errors
    /// [`JwkError`]: a shared secret is one of them, see [`from_secret_jwk`](Self::from_secret_jwk).
    pub fn from_jwk(json: &[u8]) -> Result<Self, JwkError> {
        read(
            &Object::parse(json).map_err(JwkError::Json)?,
            Secrets::Refused,
        )
    }

    /// The public key, or the shared secret, of a JWK.
    ///
    /// # Errors
    /// [`JwkError`].
    pub fn from_secret_jwk(json: &[u8]) -> Result<Self, JwkError> {
        read(
            &Object::parse(json).map_err(JwkError::Json)?,
            Secrets::Allowed,
        )
    }
}

/// Whether keys may be shared secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    Refused,
    Allowed,
}

pub(super) fn read(jwk: &Object<'_>, secrets: Secrets) -> Result<VerifyingKey, JwkError> {
    let (material, only) = material(jwk, secrets)?;
    let key = VerifyingKey::new(material, only)?;
    Ok(match text(jwk, "kid")? {
        Some(id) => key.with_id(id),
        None => key,
    })
}

/// What the key is made of, and the one algorithm that it is for, if it says so.
pub(super) fn material(
    jwk: &Object<'_>,
    secrets: Secrets,
) -> Result<(Material, Option<Algorithm>), JwkError> {
    let kind = text(jwk, "kty")?.ok_or(JwkError::Member("kty"))?;
    check_use(jwk)?;
    let material = match kind.as_str() {
        "EC" => elliptic(jwk)?,
        "OKP" => edwards(jwk)?,
        "RSA" => Material::rsa(&bytes(jwk, "n")?, &bytes(jwk, "e")?)?,
        "oct" if secrets == Secrets::Refused => return Err(JwkError::Secret),
        "oct" => Material::Secret(bytes(jwk, "k")?.into()),
        _ => return Err(JwkError::Kind),
    };
    if kind != "oct" && jwk.get("d").is_some() {
        return Err(JwkError::Private);
    }
    let only = match text(jwk, "alg")? {
        None => None,
        Some(name) => {
            let algorithm = Algorithm::from_name(&name).ok_or(JwkError::Algorithm)?;
            // A secret that is too short for the algorithm that it names is refused as a key, below.
            let fits = if kind == "oct" {
                algorithm.is_symmetric()
            } else {
                material.algorithms().contains(&algorithm)
            };
            if !fits {
                return Err(JwkError::Algorithm);
            }
            Some(algorithm)
        }
    };
    Ok((material, only))
}

fn check_use(jwk: &Object<'_>) -> Result<(), JwkError> {
    if text(jwk, "use")?.is_some_and(|word| word != "sig") {
        return Err(JwkError::Use);
    }
    if let Some(operations) = jwk.get("key_ops") {
        let operations = operations.as_strings().ok_or(JwkError::Member("key_ops"))?;
        if !operations.iter().any(|word| word == "verify") {
            return Err(JwkError::Use);
        }
    }
    Ok(())
}

fn elliptic(jwk: &Object<'_>) -> Result<Material, JwkError> {
    let curve = text(jwk, "crv")?.ok_or(JwkError::Member("crv"))?;
    let length = match curve.as_str() {
        "P-256" => 32,
        "P-384" => 48,
        _ => return Err(JwkError::Kind),
    };
    let mut point = vec![4];
    for name in ["x", "y"] {
        // RFC 7518 §6.2.1.2: the full length, leading zeros too.
        let coordinate = bytes(jwk, name)?;
        if coordinate.len() != length {
            return Err(JwkError::Member(name));
        }
        point.extend(coordinate);
    }
    match <[u8; 65]>::try_from(point) {
        Ok(point) => Ok(Material::P256(point)),
        Err(point) => <[u8; 97]>::try_from(point)
            .map(|point| Material::P384(Box::new(point)))
            .map_err(|_| JwkError::Member("x")),
    }
}

fn edwards(jwk: &Object<'_>) -> Result<Material, JwkError> {
    match text(jwk, "crv")?.as_deref() {
        Some("Ed25519") => {}
        Some(_) => return Err(JwkError::Kind),
        None => return Err(JwkError::Member("crv")),
    }
    let x = bytes(jwk, "x")?.try_into();
    x.map(Material::Ed25519).map_err(|_| JwkError::Member("x"))
}

fn text(jwk: &Object<'_>, name: &'static str) -> Result<Option<String>, JwkError> {
    match jwk.get(name).map(Value::as_string) {
        None => Ok(None),
        Some(Some(text)) => Ok(Some(text.into_owned())),
        Some(None) => Err(JwkError::Member(name)),
    }
}

fn bytes(jwk: &Object<'_>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let text = text(jwk, name)?.ok_or(JwkError::Member(name))?;
    BASE64URL.decode(text).map_err(|_| JwkError::Member(name))
}
