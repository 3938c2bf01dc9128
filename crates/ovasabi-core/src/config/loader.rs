//! Puts the layers together and reads them.

use std::ffi::OsString;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::origins::Origins;
use super::read::{self, Places};
use super::secret::REDACTED;
use super::tree::{self, Layers, Node, Variables};
use super::{ConfigErrors, Key, Loaded, Problem, ProblemKind, Report, Source, defaults};

type Check<T> = Arc<dyn Fn(&T, &mut Report) + Send + Sync>;

/// Secrets shorter than this are not searched for in messages: they would be found in every word.
const MIN_MASKED: usize = 4;

/// Reads a configuration of type `T`: defaults, then files, then variables, then arguments, each over what
/// came before. See the [module](crate::config).
///
/// The order of the calls matters among files only.
#[must_use]
pub struct Loader<T> {
    defaults: Option<Result<serde_json::Value, String>>,
    files: Vec<File>,
    variables: Vec<Variables>,
    arguments: Option<Vec<OsString>>,
    checks: Vec<Check<T>>,
}

#[derive(Clone)]
struct File {
    path: Arc<FilePath>,
    optional: bool,
    /// Given instead of read.
    text: Option<Zeroizing<Vec<u8>>>,
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
    pub fn file(self, path: impl AsRef<FilePath>) -> Self {
        self.with_file(path.as_ref(), false, None)
    }

    /// A TOML file that may be missing. One that is there and cannot be read is a problem all the same.
    pub fn optional_file(self, path: impl AsRef<FilePath>) -> Self {
        self.with_file(path.as_ref(), true, None)
    }

    /// A TOML text in place of a file; problems name it by `name`.
    pub fn text(self, name: impl AsRef<FilePath>, toml: impl Into<Vec<u8>>) -> Self {
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

    /// Reads everything. Blocks on the files.
    ///
    /// # Errors
    ///
    /// All problems at once: files that cannot be read, texts that are not TOML, unknown keys, missing ones,
    /// values of the wrong type or out of range, refused by a check, set twice.
    pub fn load(&self) -> Result<Loaded<T>, ConfigErrors> {
        let schema = read::explore::<T>();
        let mut problems = Vec::new();
        let mut layers = Layers::new(&schema);
        let complete = self.fill(&mut layers, &schema, &mut problems);
        let root = layers.into_root();
        let outcome = read::read::<T>(&root, schema.clone(), self.places());
        // What is missing may stand in the file that cannot be read.
        let known = |problem: &Problem| complete || problem.kind() != ProblemKind::Missing;
        problems.extend(outcome.problems.into_iter().filter(known));
        let mut secrets = outcome.secrets;
        let origins = Origins::of(&root, &outcome.schema, &mut secrets);
        if let Some(value) = outcome.value {
            problems.extend(self.run_checks(&value, &origins));
            if problems.is_empty() {
                return Ok(Loaded::new(value, origins, outcome.schema));
            }
        }
        for problem in &mut problems {
            mask(problem, &secrets);
        }
        Err(ConfigErrors::new(problems))
    }

    /// Every key that `T` has, as far as its fields let themselves be explored: fields behind
    /// `#[serde(flatten)]`, `untagged` and `tag` are not seen.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let schema = read::explore::<T>();
        let nothing = Node::table(Source::Default, 0);
        let missing = read::read::<T>(&nothing, schema.clone(), Places::default()).problems;
        let required: Vec<String> = missing
            .into_iter()
            .filter(|problem| problem.kind() == ProblemKind::Missing)
            .map(|problem| problem.key)
            .collect();
        let places = self.places();
        Key::list(&schema, &required, |path| {
            places
                .prefixes
                .first()
                .map(|prefix| places.variable(prefix, path))
        })
    }

    fn with_file(mut self, path: &FilePath, optional: bool, text: Option<Vec<u8>>) -> Self {
        self.files.push(File {
            path: Arc::from(path),
            optional,
            text: text.map(Zeroizing::new),
        });
        self
    }

    fn places(&self) -> Places {
        Places {
            files: self
                .files
                .iter()
                .map(|file| Arc::clone(&file.path))
                .collect(),
            prefixes: self
                .variables
                .iter()
                .map(|variables| variables.prefix.clone())
                .collect(),
            arguments: self.arguments.is_some(),
        }
    }

    /// Adds every layer; `false` if a file is missing from it.
    fn fill(
        &self,
        layers: &mut Layers<'_>,
        schema: &read::Schema,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let mut complete = true;
        let layer = layers.next_layer();
        match &self.defaults {
            None => {}
            Some(Ok(values)) => {
                if let Some(node) = defaults::node(values, &tree::Path::default(), schema, layer) {
                    layers.add(node);
                }
            }
            Some(Err(message)) => {
                let message = format!("the defaults cannot be used: {message}");
                problems.push(
                    Problem::new(ProblemKind::Unreadable, message).found_in(Some(Source::Default)),
                );
            }
        }
        for file in &self.files {
            match file.read(layers.next_layer()) {
                Ok(Some(node)) => layers.add(node),
                Ok(None) => {}
                Err(found) => {
                    problems.extend(found);
                    complete = false;
                }
            }
        }
        for variables in &self.variables {
            layers.set(tree::read_environment(variables, problems), problems);
        }
        if let Some(arguments) = &self.arguments {
            let settings =
                tree::read_arguments(arguments, |levels| schema.is_switch(levels), problems);
            layers.set(settings, problems);
        }
        complete
    }

    fn run_checks(&self, value: &T, origins: &Origins) -> Vec<Problem> {
        let mut report = Report::default();
        for check in &self.checks {
            check(value, &mut report);
        }
        let problem = |(key, message): (String, String)| {
            let origin = origins.get(&key);
            let problem = Problem::new(ProblemKind::Check, read::message(&message)).key_is(&key);
            let problem = problem.value_is(origin.map(|origin| origin.shown.clone()));
            problem.found_in(origin.map(|origin| origin.source.clone()))
        };
        report.into_findings().into_iter().map(problem).collect()
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

impl File {
    fn read(&self, layer: usize) -> Result<Option<Node>, Vec<Problem>> {
        let bytes = match &self.text {
            Some(text) => text.clone(),
            None => match tree::read_bounded(&self.path, tree::MAX_FILE) {
                Ok(bytes) => bytes,
                Err(error) if self.optional && error.kind() == std::io::ErrorKind::NotFound => {
                    return Ok(None);
                }
                Err(error) => {
                    let message = format!("cannot read the file: {error}");
                    let problem = Problem::new(ProblemKind::Unreadable, message);
                    return Err(vec![problem.found_in(Some(Source::file(&self.path)))]);
                }
            },
        };
        tree::parse_file(&self.path, &bytes, layer).map(Some)
    }
}

/// A type may have put a secret that it was not given as one into a text of its own.
fn mask(problem: &mut Problem, secrets: &[Zeroizing<String>]) {
    for secret in secrets.iter().filter(|secret| secret.len() >= MIN_MASKED) {
        for text in std::iter::once(&mut problem.message).chain(&mut problem.value) {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), REDACTED);
            }
        }
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
