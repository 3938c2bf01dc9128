//! The one block that a key file holds, RFC 7468.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
