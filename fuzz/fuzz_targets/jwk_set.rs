//! Key sets and keys as JSON: a bad key does no harm, a good one survives the way out and back.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::jose::{JwkSet, JwkSetError, VerifyingKey};
use ovasabi_fuzz::assert_hidden;
use ovasabi_fuzz::json::{Doc, Oracle};
use ovasabi_fuzz::members::{Change, object};

const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a [u8]),
    Keys(Vec<Key<'a>>, u8),
}

#[derive(Arbitrary, Debug)]
struct Key<'a> {
    kind: u8,
    /// A byte of the number that comes first, and how often.
    ahead: (u8, u8),
    changes: Vec<Change<'a>>,
}

impl Key<'_> {
    fn write(&self) -> String {
        let text = |value: &str| format!("\"{value}\"");
        let good = match self.kind % 6 {
            0 => vec![
                ("kty", text("OKP")),
                ("crv", text("Ed25519")),
                ("x", text("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
            ],
            1 => vec![
                ("kty", text("EC")),
                ("crv", text("P-256")),
                ("x", text("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")),
                ("y", text("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")),
            ],
            2 => vec![("kty", text("oct")), ("k", text(SECRET))],
            3 => vec![
                ("kty", text("RSA")),
                ("e", text("AQAB")),
                ("n", text(&self.modulus())),
            ],
            4 => vec![("kty", text("RSA")), ("e", text("AAAAAQ")), ("n", text(N))],
            _ => vec![("kty", text("EC")), ("crv", text("P-384"))],
        };
        object(&good, &self.changes)
    }

    /// Three bytes of any value are four characters: the rest stays what it is.
    fn modulus(&self) -> String {
        let (byte, times) = self.ahead;
        let ahead = format!("{}AA", if byte % 2 == 0 { "AA" } else { "AB" });
        ahead.repeat(usize::from(times % 3)) + N
    }
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Raw(json) => set(json),
        Input::Keys(keys, times) => {
            let keys: Vec<String> = keys.iter().map(Key::write).collect();
            let all = vec![keys.join(","); usize::from(times % 80).max(1)];
            set(format!(r#"{{"keys":[{}]}}"#, all.join(",")).as_bytes());
            for jwk in &keys {
                single(jwk.as_bytes());
            }
        }
    }
});

fn set(json: &[u8]) {
    single(json);
    let oracle = Oracle::read(json);
    let count = match &oracle {
        Oracle::Doc(doc) => match doc.get("keys") {
            Some(Doc::List(keys)) => Some(keys.len()),
            _ => None,
        },
        _ => None,
    };
    let public = JwkSet::parse(json);
    if let Ok(set) = &public {
        assert!(json.len() <= JwkSet::MAX_BYTES && set.keys().len() <= JwkSet::MAX_KEYS);
        if !matches!(oracle, Oracle::Overflow) {
            assert_eq!(Some(set.keys().len() + set.skipped().len()), count);
        }
        assert!(set.keys().iter().all(|key| !key.is_secret()));
        let back =
            JwkSet::parse(set.to_json().as_bytes()).expect("what was read can be read again");
        assert!(back.skipped().is_empty() && back.keys() == set.keys());
        assert_hidden(&format!("{set:?}"), SECRET);
    }
    match JwkSet::parse_with_secrets(json) {
        Ok(set) => {
            let secrets = set.keys().iter().filter(|key| key.is_secret()).count();
            assert!(secrets == 0 || secrets == set.keys().len());
            assert_hidden(&format!("{set:?}{}", set.to_json()), SECRET);
            let public = public.expect("secrets are left out of a set that can be read");
            assert_eq!(public.keys().len(), set.keys().len() - secrets);
        }
        Err(JwkSetError::Mixed | JwkSetError::Duplicate) => assert!(public.is_ok()),
        Err(error) => assert_eq!(public.err(), Some(error)),
    }
}

fn single(jwk: &[u8]) {
    let public = VerifyingKey::from_jwk(jwk);
    if let Ok(key) = &public {
        assert!(!key.is_secret() && key.algorithms().count() > 0);
        let back = VerifyingKey::from_jwk(key.to_jwk().as_bytes());
        assert_eq!(back.as_ref(), Ok(key), "the way out and back");
        if let Oracle::Doc(doc) = Oracle::read(jwk) {
            assert!(doc.get("d").is_none(), "a private key");
            assert!(!doc.has_twins());
        }
    }
    if let Ok(key) = VerifyingKey::from_secret_jwk(jwk) {
        assert!(key.is_secret() || public.as_ref() == Ok(&key));
        let shown = format!("{key:?}{}", key.to_jwk());
        assert_hidden(&shown, SECRET);
        assert!(!key.is_secret() || !shown.contains("\"k\""));
    }
}
