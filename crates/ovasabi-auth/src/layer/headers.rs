//! Headers by which somebody else says who is calling.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// Removes what claims an identity, and keeps the credential out of logs.
pub(super) fn clean(headers: &mut HeaderMap) {
    // The list stays empty, and so costs no allocation, unless somebody tries.
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| claims_identity(name))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
    if let Some(credential) = headers.get_mut(AUTHORIZATION) {
        credential.set_sensitive(true);
    }
}

/// Keeps the credentials of these headers out of logs, and counts them.
pub(super) fn guard(headers: &mut HeaderMap, names: &[HeaderName]) -> usize {
    let mut count = 0;
    for name in names {
        if let http::header::Entry::Occupied(mut values) = headers.entry(name) {
            for value in values.iter_mut() {
                value.set_sensitive(true);
                count += 1;
            }
        }
    }
    count
}

/// Header names are lower case already. Servers that hand headers on as variables (CGI, WSGI) read `_` as
/// `-`, so a filter that knows one form alone lets the other one through.
fn claims_identity(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    // The user agent of a gRPC-web client names a program.
    name != b"x-user-agent" && PREFIXES.iter().any(|prefix| starts_with(name, prefix))
}

const PREFIXES: [&[u8]; 6] = [
    b"x-user",
    b"x-auth",
    b"x-forwarded-user",
    b"x-remote-user",
    b"remote-user",
    b"x-principal",
];

fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    let is_same = |(one, other): (&u8, &u8)| one == other || (*one == b'_' && *other == b'-');
    name.len() >= prefix.len() && name.iter().zip(prefix).all(is_same)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::claims_identity;

    #[test]
    fn names_that_claim_an_identity_are_known_in_every_spelling() {
        for name in [
            "x-user",
            "x_user",
            "x-user-id",
            "X-User_Email",
            "x-auth-request-user",
            "x_auth_token",
            "x-authenticated-user",
            "x-auth",
            "x-forwarded-user",
            "x_forwarded_user",
            "x-remote-user",
            "remote-user",
            "remote_user",
        ] {
            assert!(
                claims_identity(&name.parse::<HeaderName>().unwrap()),
                "{name}"
            );
        }
        for name in [
            "authorization",
            "x-request-id",
            "x-forwarded-for",
            "x-user-agent",
            "user-agent",
            "x-us",
            "x",
        ] {
            assert!(
                !claims_identity(&name.parse::<HeaderName>().unwrap()),
                "{name}"
            );
        }
    }
}
