//! Text that stands within a longer one.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A string of a JSON text that is kept: where it stands there or, if it was escaped, what it says.
#[derive(Clone)]
pub(crate) enum Text {
    Within(Range<u32>),
    Apart(Box<str>),
}

impl Text {
    /// `part` is what was read of `whole`, which is at most 4 GiB long.
    pub(crate) fn of(part: Cow<'_, str>, whole: &str) -> Self {
        match part {
            Cow::Owned(text) => Self::Apart(text.into()),
            Cow::Borrowed(part) => {
                let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
                let range = u32::try_from(start)
                    .ok()
                    .zip(u32::try_from(start + part.len()).ok());
                match range {
                    Some((start, end)) if whole.get(start as usize..end as usize) == Some(part) => {
                        Self::Within(start..end)
                    }
                    _ => Self::Apart(part.into()),
                }
            }
        }
    }

    /// What it says, of a text of which the bytes alone are there.
    pub(crate) fn get_of_bytes<'a>(&'a self, whole: &'a [u8]) -> &'a str {
        match self {
            Self::Within(range) => {
                let part = whole.get(range.start as usize..range.end as usize);
                std::str::from_utf8(part.unwrap_or_default()).unwrap_or_default()
            }
            Self::Apart(text) => text,
        }
    }

    /// What it says.
    pub(crate) fn get<'a>(&'a self, whole: &'a str) -> &'a str {
        match self {
            Self::Within(range) => whole
                .get(range.start as usize..range.end as usize)
                .unwrap_or_default(),
            Self::Apart(text) => text,
        }
    }
}

/// Where it stands, not what it says.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}
