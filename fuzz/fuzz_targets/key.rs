//! Key files: PEM and DER, of public and of private keys.
#![no_main]

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::jose::{SigningKey, VerifyingKey};
use ovasabi_fuzz::assert_hidden;
use ovasabi_fuzz::json::{Doc, Oracle};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Pem(&'a str),
    Der(&'a [u8]),
    /// A good file, with a change.
    Near(u8, Vec<(u16, Edit)>),
}

#[derive(Arbitrary, Debug)]
enum Edit {
    Set(u8),
    Insert(u8),
    Remove,
}

const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQAB";
const ED25519: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// RFC 8410 §10.3: an example that everybody has.
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Pem(text) => pem(text),
        Input::Der(bytes) => der(bytes),
        Input::Near(kind, edits) => {
            let good = [RSA, ED25519, PRIVATE][usize::from(kind % 3)];
            let mut bytes = STANDARD.decode(good).expect("it is written so");
            for (at, edit) in edits {
                let at = usize::from(at) % bytes.len().max(1);
                match edit {
                    Edit::Set(byte) if at < bytes.len() => bytes[at] = byte,
                    Edit::Insert(byte) => bytes.insert(at.min(bytes.len()), byte),
                    Edit::Remove if at < bytes.len() => drop(bytes.remove(at)),
                    _ => {}
                }
            }
            der(&bytes);
        }
    }
});

fn pem(text: &str) {
    if let Ok(key) = VerifyingKey::from_pem(text) {
        assert_eq!(text.matches("-----BEGIN PUBLIC KEY-----").count(), 1);
        sound(&key);
    }
    let _ = SigningKey::from_pem(text);
}

fn der(bytes: &[u8]) {
    let public = VerifyingKey::from_der(bytes);
    let wrapped = |kind: &str| {
        let text = STANDARD.encode(bytes);
        format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
    };
    if let Ok(key) = &public {
        sound(key);
        assert_eq!(canonical(key), bytes, "one key, one text");
        assert_eq!(
            VerifyingKey::from_pem(&wrapped("PUBLIC KEY")).as_ref(),
            Ok(key)
        );
    }
    if let Ok(key) = SigningKey::from_pkcs8(bytes) {
        let again = SigningKey::from_pem(&wrapped("PRIVATE KEY")).expect("it is the same");
        assert_eq!(again.id(), key.id());
        let seed = bytes.get(16..48).unwrap_or_default();
        assert_hidden(&format!("{key:?}"), &STANDARD.encode(seed));
        sound(&key.verifying_key());
    }
}

fn sound(key: &VerifyingKey) {
    assert!(!key.is_secret() && key.algorithms().count() > 0);
    assert_eq!(key.id().len(), 43);
    assert_eq!(
        VerifyingKey::from_jwk(key.to_jwk().as_bytes()).as_ref(),
        Ok(key)
    );
}

/// The DER of a key, written from its JWK.
fn canonical(key: &VerifyingKey) -> Vec<u8> {
    let Oracle::Doc(jwk) = Oracle::read(key.to_jwk().as_bytes()) else {
        panic!("a JWK is JSON");
    };
    let bytes = |name| {
        let text = jwk.get(name).and_then(Doc::text).unwrap_or_default();
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        engine.decode(text).expect("a number")
    };
    let point = || [vec![4], bytes("x"), bytes("y")].concat();
    let (algorithm, key) = match jwk.get("crv").and_then(Doc::text) {
        Some("Ed25519") => (&b"\x06\x03\x2b\x65\x70"[..], bytes("x")),
        Some("P-256") => (
            &b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"[..],
            point(),
        ),
        Some(_) => (
            &b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"[..],
            point(),
        ),
        None => {
            let numbers = [integer(bytes("n")), integer(bytes("e"))].concat();
            (
                &b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"[..],
                element(0x30, numbers),
            )
        }
    };
    let algorithm = element(0x30, algorithm.to_vec());
    let key = element(0x03, [vec![0], key].concat());
    element(0x30, [algorithm, key].concat())
}

fn integer(mut number: Vec<u8>) -> Vec<u8> {
    if number.first().is_some_and(|first| *first >= 0x80) {
        number.insert(0, 0);
    }
    element(0x02, number)
}

fn element(tag: u8, content: Vec<u8>) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}
