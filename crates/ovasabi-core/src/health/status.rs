//! What a check says.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::Error;

/// What a check says.
#[derive(Clone, Debug)]
pub enum Status {
    /// All is well.
    Up,
    /// It works, but not as it should; still ready.
    Degraded(Why),
    /// It does not work.
    Down(Why),
}

/// Why something is not up: a text that probes may read, and an error that only logs see.
#[derive(Clone)]
pub struct Why {
    public: Cow<'static, str>,
    private: Option<Arc<Error>>,
}

/// How well something works, without the why. Better is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All is well.
    Up,
    /// Worse than it should be, and still serving.
    Degraded,
    /// Not serving.
    Down,
}

impl Status {
    /// [`Status::Degraded`], for this reason.
    #[must_use]
    pub fn degraded(why: impl Into<Why>) -> Self {
        Self::Degraded(why.into())
    }

    /// [`Status::Down`], for this reason: a text, which probes may read, or an [`Error`].
    #[must_use]
    pub fn down(why: impl Into<Why>) -> Self {
        Self::Down(why.into())
    }

    /// How well it works.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Up => Level::Up,
            Self::Degraded(_) => Level::Degraded,
            Self::Down(_) => Level::Down,
        }
    }

    /// Why it is not up.
    #[must_use]
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Up => None,
            Self::Degraded(why) | Self::Down(why) => Some(why),
        }
    }
}

/// `Ok` is up, an error is down.
impl<T> From<Result<T, Error>> for Status {
    fn from(result: Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Up,
            Err(error) => Self::down(error),
        }
    }
}

impl Why {
    /// The text that probes may read.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The error, for logs only.
    #[must_use]
    pub fn private(&self) -> Option<&Error> {
        self.private.as_deref()
    }
}

impl From<&'static str> for Why {
    fn from(public: &'static str) -> Self {
        Self {
            public: Cow::Borrowed(public),
            private: None,
        }
    }
}

impl From<String> for Why {
    fn from(public: String) -> Self {
        Self {
            public: Cow::Owned(public),
            private: None,
        }
    }
}

/// Its public detail for probes, all of it for logs.
impl From<Error> for Why {
    fn from(error: Error) -> Self {
        Self {
            public: Cow::Owned(error.public_detail().to_owned()),
            private: Some(Arc::new(error)),
        }
    }
}

/// The public text only.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

/// The private error too: for logs.
impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.private {
            Some(error) => error.fmt(f),
            None => fmt::Debug::fmt(self.public(), f),
        }
    }
}

impl Level {
    /// A stable label for logs and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
