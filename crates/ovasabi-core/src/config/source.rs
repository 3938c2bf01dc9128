//! Where a value comes from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value, or the lack of one, was found. Its text is what an operator searches for:
/// `platform.toml:7:19`, `APP__DB__URL`, `--db.url`, `default`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The value that the program itself brings along.
    Default,
    /// A place in a file.
    File {
        /// The file as it was named to the loader.
        path: Arc<Path>,
        /// Line and column, both counted from 1, the column in characters; `None` for the file as a whole.
        position: Option<(usize, usize)>,
    },
    /// An environment variable, by its name.
    Variable {
        /// The name as it stands in the environment.
        name: Arc<str>,
    },
    /// A command-line argument, by its flag.
    Argument {
        /// The flag as it was written, without its value.
        flag: Arc<str>,
    },
}

impl Source {
    pub(super) fn file(path: &Arc<Path>) -> Self {
        Self::File {
            path: Arc::clone(path),
            position: None,
        }
    }

    pub(super) fn at(path: &Arc<Path>, position: (usize, usize)) -> Self {
        Self::File {
            path: Arc::clone(path),
            position: Some(position),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File {
                path,
                position: None,
            } => write!(f, "{}", path.display()),
            Self::File {
                path,
                position: Some((line, column)),
            } => {
                write!(f, "{}:{line}:{column}", path.display())
            }
            Self::Variable { name } => f.write_str(name),
            Self::Argument { flag } => f.write_str(flag),
        }
    }
}
