//! Where a page ends.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Code, Error, Result};

/// The place after the last item of a page: opaque text, safe in a URL.
///
/// It holds the sort key of that item and a mark of the list it belongs to (its scope: name, filters and
/// order). Handed to another list it is refused, instead of giving a page that makes no sense.
///
/// It is not signed: who changes one can begin a page elsewhere in a list that is open to him anyway. So a
/// query must check what the caller may see, and never take it from the cursor.
///
/// ```
/// use ovasabi_core::repository::Cursor;
///
/// let cursor = Cursor::new("entries by date", &(1_700_000_000, "e-17"))?;
/// let back: Cursor = cursor.to_string().parse()?;
/// assert_eq!(back.key::<(i64, String)>("entries by date")?, (1_700_000_000, "e-17".to_owned()));
/// assert!(back.key::<(i64, String)>("entries by amount").is_err());
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(Vec<u8>);

/// The first byte. A release that writes cursors in another way has another one.
const VERSION: u8 = 1;

/// The mark of the list follows the version.
const SCOPE: std::ops::Range<usize> = 1..9;

/// Longer than any key that sorts a list, and short enough for a URL.
const MAX_TEXT: usize = 1024;

impl Cursor {
    /// The place after the item with this sort `key`, in the list `scope`.
    ///
    /// # Errors
    /// `Internal` for a key that JSON cannot express, or of more than about 700 bytes.
    pub fn new<K: Serialize + ?Sized>(scope: &str, key: &K) -> Result<Self> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&mark(scope));
        serde_json::to_writer(&mut bytes, key).map_err(Error::internal)?;
        let cursor = Self(bytes);
        if cursor.to_string().len() > MAX_TEXT {
            return Err(Error::internal("the sort key is too long for a cursor"));
        }
        Ok(cursor)
    }

    /// The sort key, if this is a place in the list `scope`.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor of another list.
    pub fn key<K: DeserializeOwned>(&self, scope: &str) -> Result<K> {
        if self.0.get(SCOPE) != Some(mark(scope).as_slice()) {
            return Err(refused("foreign", "this cursor belongs to another list"));
        }
        let key = self.0.get(SCOPE.end..).unwrap_or_default();
        serde_json::from_slice(key).map_err(|error| malformed().caused_by(error))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() > MAX_TEXT {
            return Err(malformed());
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| malformed().caused_by(error))?;
        match bytes.first() {
            Some(&VERSION) if bytes.len() > SCOPE.end => Ok(Self(bytes)),
            Some(&VERSION) | None => Err(malformed()),
            Some(_) => Err(refused(
                "version",
                "this cursor is of another release, begin anew",
            )),
        }
    }
}

impl TryFrom<String> for Cursor {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

fn malformed() -> Error {
    refused("malformed", "expected a cursor as an earlier page gave it")
}

fn refused(rule: &str, detail: &str) -> Error {
    Error::new(Code::InvalidArgument, "page.cursor").violation("cursor", rule, detail)
}

/// FNV-1a, because it is the same in every build; the hasher of the standard library promises nothing.
fn mark(scope: &str) -> [u8; 8] {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    scope
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, step)
        .to_be_bytes()
}
