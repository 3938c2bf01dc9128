//! Forms: `application/x-www-form-urlencoded`, as the URL standard has it.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

/// Names and values, encoded. Some of them are secrets: it is wiped when it goes, and `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Form(Zeroizing<String>);

impl Form {
    pub(crate) fn new() -> Self {
        Self(Zeroizing::new(String::new()))
    }

    /// The form with one more member.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.make_room(name.len() + value.len() + 1);
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode(name, &mut self.0);
        self.0.push('=');
        encode(value, &mut self.0);
        self
    }

    /// Bytes that are wiped when the last of their clones goes.
    pub(crate) fn into_body(self) -> Bytes {
        Bytes::from_owner(self.0)
    }

    /// Room for so many more bytes, each encoded. A string that grows by itself leaves its old bytes behind.
    fn make_room(&mut self, bytes: usize) {
        let needed = self.0.len() + 3 * bytes;
        if self.0.capacity() < needed {
            let mut roomy = Zeroizing::new(String::with_capacity(needed));
            roomy.push_str(&self.0);
            self.0 = roomy;
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}

/// Needs room for three bytes for each byte of `text`.
pub(super) fn encode(text: &str, to: &mut String) {
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
