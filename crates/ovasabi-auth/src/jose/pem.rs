//! The one block that a key file holds, RFC 7468.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Characters in a line (RFC 7468 §2).
const LINE: usize = 64;

/// The bytes as the only block of a text. What it is made of is wiped.
pub(crate) fn encode(bytes: &[u8], kind: &str) -> String {
    let dense = Zeroizing::new(STANDARD.encode(bytes));
    // With room for all of it: a string that grows leaves its old bytes behind.
    let lines = dense.len().div_ceil(LINE);
    let mut text = String::with_capacity(dense.len() + lines + 2 * (kind.len() + 20));
    text.extend(["-----BEGIN ", kind, "-----\n"]);
    let mut rest = dense.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", kind, "-----\n"]);
    text
}

/// The bytes of the only block of this kind; `None` when there is none, or more than one.
pub(crate) fn decode(text: &str, kind: &str) -> Option<Vec<u8>> {
    let begin = format!("-----BEGIN {kind}-----");
    let end = format!("-----END {kind}-----");
    let (_, rest) = text.split_once(&begin)?;
    let (block, after) = rest.split_once(&end)?;
    if after.contains(&begin) {
        return None;
    }
    let dense: String = block
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    STANDARD.decode(dense).ok()
}
