//! Puts the layers together and reads them.

use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;

use super::origins::Origins;
use super::read::{self, Places};
use super::secret::REDACTED;
use super::tree::{self, Layers, Node};
use super::{ConfigErrors, Key, Loaded, Loader, Problem, ProblemKind, Report, Source, defaults};

/// Secrets shorter than this are not searched for in messages: they would be found in every word.
const MIN_MASKED: usize = 4;

impl<T: DeserializeOwned> Loader<T> {
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
