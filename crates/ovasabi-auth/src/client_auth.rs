//! How a service says who it is to an authorization server.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

/// The credential of this service at the authorization server. `Debug` does not show it.
#[derive(Clone)]
pub struct ClientAuth(Arc<Zeroizing<String>>);

impl ClientAuth {
    /// `client_secret_basic`: id and secret, encoded as RFC 6749 §2.3.1 asks.
    #[must_use]
    pub fn basic(id: &str, secret: &str) -> Self {
        let mut pair = Zeroizing::new(String::new());
        form_encode(id, &mut pair);
        pair.push(':');
        form_encode(secret, &mut pair);
        let encoded = STANDARD.encode(pair.as_bytes());
        Self(Arc::new(Zeroizing::new(format!("Basic {encoded}"))))
    }

    /// An access token of this service.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self(Arc::new(Zeroizing::new(format!("Bearer {token}"))))
    }

    /// The value of `Authorization`, marked as sensitive; `None` when the token has characters that no header has.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(self.0.as_str()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAuth(..)")
    }
}

/// `application/x-www-form-urlencoded`, as the URL standard has it.
pub(crate) fn form_encode(text: &str, to: &mut String) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                to.push(char::from(byte));
            }
            b' ' => to.push('+'),
            _ => {
                to.push('%');
                to.push(HEX[usize::from(byte >> 4)]);
                to.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_plain_is_encoded() {
        let mut text = String::new();
        form_encode("a b+c/d=é~:\r\n", &mut text);
        assert_eq!(text, "a+b%2Bc%2Fd%3D%C3%A9%7E%3A%0D%0A");
        let shown = format!("{:?}", ClientAuth::basic("id", "secret"));
        assert_eq!(shown, "ClientAuth(..)");
        let header = ClientAuth::basic("a:b", "ü").header().unwrap();
        assert!(header.is_sensitive());
        assert_eq!(
            header,
            format!("Basic {}", STANDARD.encode("a%3Ab:%C3%BC")).as_str()
        );
        assert_eq!(ClientAuth::bearer("a\nb").header(), None);
    }
}
