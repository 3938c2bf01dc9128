//! Which sources a configuration has.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Report;
use super::tree::{File, Variables};

type Check<T> = Arc<dyn Fn(&T, &mut Report) + Send + Sync>;

/// Reads a configuration of type `T`: defaults, then files, then variables, then arguments, each over what
/// came before. See the [module](crate::config).
///
/// The order of the calls matters among files only.
#[must_use]
pub struct Loader<T> {
    pub(super) defaults: Option<Result<serde_json::Value, String>>,
    pub(super) files: Vec<File>,
    pub(super) variables: Vec<Variables>,
    pub(super) arguments: Option<Vec<OsString>>,
    pub(super) checks: Vec<Check<T>>,
}

impl<T: DeserializeOwned> Loader<T> {
    /// A loader without any source.
    pub fn new() -> Self {
        Self {
            defaults: None,
            files: Vec::new(),
            variables: Vec::new(),
            arguments: None,
            checks: Vec::new(),
        }
    }

    /// The lowest layer: the fields of `values` that are set. It may be a `T` or a part of one; for most
    /// programs `#[serde(default)]` is all they need. A [`Secret`](super::Secret) has no default.
    pub fn defaults(mut self, values: &impl Serialize) -> Self {
        self.defaults = Some(serde_json::to_value(values).map_err(|error| error.to_string()));
        self
    }

    /// A TOML file that must be there. Later files go over earlier ones. At most 1 MiB.
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        self.with_file(path.as_ref(), false, None)
    }

    /// A TOML file that may be missing. One that is there and cannot be read is a problem all the same.
    pub fn optional_file(self, path: impl AsRef<Path>) -> Self {
        self.with_file(path.as_ref(), true, None)
    }

    /// A TOML text in place of a file; problems name it by `name`.
    pub fn text(self, name: impl AsRef<Path>, toml: impl Into<Vec<u8>>) -> Self {
        self.with_file(name.as_ref(), false, Some(toml.into()))
    }

    /// The environment of the process, names under `prefix`: with `APP`, `APP__DB__URL` sets `db.url`. This is
    /// the one call that reads something global.
    pub fn env(self, prefix: &str) -> Self {
        self.env_from(prefix, std::env::vars_os())
    }

    /// Like [`Loader::env`], with the variables given.
    pub fn env_from<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        self.variables.push(Variables::new(prefix, variables));
        self
    }

    /// Command-line arguments without the program's name: `--db.url=…` or `--db.url …`, up to a lone `--`. A
    /// flag for a boolean needs no value. Anything else is refused: take subcommands off first.
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a rule of the application's own. It is asked if every value has the right type; what it refuses
    /// joins the other problems.
    pub fn check(mut self, check: impl Fn(&T, &mut Report) + Send + Sync + 'static) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    fn with_file(mut self, path: &Path, optional: bool, text: Option<Vec<u8>>) -> Self {
        self.files.push(File {
            path: Arc::from(path),
            optional,
            text: text.map(Zeroizing::new),
        });
        self
    }
}

#[cfg(feature = "validate")]
impl<T> Loader<T>
where
    T: DeserializeOwned + garde::Validate,
    T::Context: Default,
{
    /// Adds the rules that `T` derives with `garde`, as one more [`check`](Loader::check).
    pub fn validated(self) -> Self {
        self.check(|value, report| {
            let found = value.validate().err();
            for (path, error) in found.iter().flat_map(garde::Report::iter) {
                report.refuse(path.to_string(), error.message());
            }
        })
    }
}

impl<T: DeserializeOwned> Default for Loader<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Loader<T> {
    fn clone(&self) -> Self {
        Self {
            defaults: self.defaults.clone(),
            files: self.files.clone(),
            variables: self.variables.clone(),
            arguments: self.arguments.clone(),
            checks: self.checks.clone(),
        }
    }
}

/// The sources, without any value: each may be a secret.
impl<T> fmt::Debug for Loader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(|file| &file.path).collect();
        f.debug_struct("Loader")
            .field("defaults", &self.defaults.is_some())
            .field("files", &files)
            .field("variables", &self.variables)
            .field("arguments", &self.arguments.as_ref().map(Vec::len))
            .field("checks", &self.checks.len())
            .finish()
    }
}
