//! Public keys as DER: `SubjectPublicKeyInfo`, RFC 5280 §4.1.

use super::KeyError;
use super::material::Material;

/// What stands before the bytes of the key, which is the whole of the rest: RFC 8410 §4, RFC 5480 §2.
const ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const P256: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const P384: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";
/// `rsaEncryption` with its `NULL`: RFC 3279 §2.3.1.
const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

pub(super) fn parse(der: &[u8]) -> Result<Material, KeyError> {
    const REJECTED: KeyError = KeyError::Rejected {
        expected: "SubjectPublicKeyInfo of an Ed25519, P-256, P-384 or RSA key",
    };
    let after = |prefix: &[u8]| der.strip_prefix(prefix);
    if let Some(key) = after(ED25519) {
        return key.try_into().map(Material::Ed25519).map_err(|_| REJECTED);
    }
    if let Some(point) = after(P256) {
        return point.try_into().map(Material::P256).map_err(|_| REJECTED);
    }
    if let Some(point) = after(P384) {
        let point = point.try_into().map(Box::new);
        return point.map(Material::P384).map_err(|_| REJECTED);
    }
    let (n, e) = rsa(der).ok_or(REJECTED)?;
    Material::rsa(n, e)
}

fn rsa(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (outer, rest) = element(der, SEQUENCE)?;
    let (key, rest_inside) = element(outer.strip_prefix(RSA)?, BIT_STRING)?;
    let (numbers, rest_of_key) = element(key.strip_prefix(&[0])?, SEQUENCE)?;
    let (n, numbers) = positive(numbers)?;
    let (e, end) = positive(numbers)?;
    let is_whole = [rest, rest_inside, rest_of_key, end]
        .into_iter()
        .all(<[u8]>::is_empty);
    is_whole.then_some((n, e))
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// The first element, which must be a number above zero, without a zero that it does not need (X.690 §8.3).
fn positive(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, rest) = element(der, INTEGER)?;
    let is_one = match number {
        [0, second, ..] => *second >= 0x80,
        [first, ..] => (1..0x80).contains(first),
        [] => false,
    };
    is_one.then_some((number, rest))
}

/// The content of the first element, which must be of this kind, and what follows it. A length is as short as it can
/// be (X.690 §10.1): there is one text for one key.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Longer than 64 KiB is no key.
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let sum = |sum, &byte: &u8| sum << 8 | usize::from(byte);
            let length = bytes.iter().fold(0, sum);
            let least = if first == 0x81 { 0x80 } else { 0x100 };
            if length < least {
                return None;
            }
            (length, rest)
        }
        _ => return None,
    };
    if tag == kind {
        rest.split_at_checked(length)
    } else {
        None
    }
}
