//! Problems, in words.

use super::fault::Fault;
use super::hint::Wanted;
use super::state::{Located, MAX_PROBLEMS, State};
use super::{suggest, words};
use crate::config::secret::REDACTED;
use crate::config::tree::{Node, Path, Step, Value};
use crate::config::{Problem, ProblemKind, Source};

impl State {
    /// A key that a struct does not have.
    pub(super) fn unknown_key(&mut self, key: &str, node: &Node, fields: &[&str]) {
        let hidden = suggest::maybe_secret(&self.schema, &self.path, key);
        let (message, meant) = suggest::unknown_key(&self.schema, &self.path, key, fields);
        // A text may be the whole section that was meant, and a table shows nothing.
        let is_text = node.as_text().is_some();
        let is_section = |path: &Path| self.schema.holds_secret(path);
        let hidden = hidden || (is_text && meant.as_ref().is_some_and(is_section));
        self.meant.extend(meant.map(|path| path.to_string()));
        let path = self.path.with(Step::Field(key.to_owned()));
        self.tell_unknown(path, node, hidden, &message);
    }

    fn tell_unknown(&mut self, path: Path, node: &Node, hidden: bool, message: &str) {
        if let Value::Table(table) = &node.value
            && !matches!(node.source, Source::File { .. })
        {
            // Nobody wrote a section: each variable or argument is a mistake of its own.
            for (key, inner) in table {
                let path = path.with(Step::Field(key.clone()));
                let hidden = hidden || self.schema.is_secret(&path);
                self.tell_unknown(path, inner, hidden, message);
            }
            return;
        }
        if !self.told.contains(&path) {
            let value = if hidden {
                REDACTED.to_owned()
            } else {
                words::show(node)
            };
            let problem = Problem::new(ProblemKind::UnknownKey, message)
                .key_is(&path)
                .value_is(Some(value));
            self.tell(path, problem.found_in(Some(node.key.clone())));
        }
    }

    /// A secret and its file, given side by side.
    pub(super) fn both_given(&mut self, field: &str, file: &Node, other: &Source) {
        let path = self.path.with(Step::Field(format!("{field}_file")));
        if !self.told.contains(&path) {
            let message = format!("`{field}` is set too, at {other}; give one of them");
            let problem = Problem::new(ProblemKind::Conflict, message)
                .key_is(&path)
                .value_is(Some(words::show(file)));
            self.tell(path, problem.found_in(Some(file.key.clone())));
        }
    }

    pub(super) fn report(&mut self, located: Located) {
        let Located {
            path,
            fault,
            secret,
            wanted,
            key,
            value,
            source,
            ..
        } = located;
        if self.exploring || self.told.contains(&path) {
            return;
        }
        let secret = secret || self.schema.is_secret(&path);
        let names_a_file = matches!(fault, Fault::NoSecret | Fault::File(_));
        // A section that was given as something else: the secret may stand anywhere in it.
        let hidden = secret || self.schema.holds_secret(&path);
        let value = if hidden && !names_a_file {
            value.map(|_| REDACTED.to_owned())
        } else {
            value
        };
        let (kind, message) = self.describe(&path, &fault, secret, wanted);
        self.tell(
            path,
            Problem {
                kind,
                key,
                value,
                message,
                source,
            },
        );
    }

    fn describe(
        &self,
        path: &Path,
        fault: &Fault,
        secret: bool,
        wanted: Option<Wanted>,
    ) -> (ProblemKind, String) {
        let message = match fault {
            Fault::Missing(_) => {
                return (
                    ProblemKind::Missing,
                    format!(
                        "required, but not set{}",
                        self.places.of(path, &self.schema)
                    ),
                );
            }
            Fault::Duplicate(_) => return (ProblemKind::Conflict, fault.to_string()),
            Fault::NoSecret => {
                return (
                    ProblemKind::UnknownKey,
                    format!("unknown key; `{path}` is no secret and not read from a file"),
                );
            }
            Fault::File(message) => return (ProblemKind::Unreadable, words::message(message)),
            Fault::Variant { allowed: [], .. } => "no value is allowed".to_owned(),
            Fault::Variant { found, allowed } => {
                let hint = suggest::nearest(found, allowed).filter(|_| !secret);
                let hint = hint
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                format!("expected {}{hint}", words::one_of(allowed))
            }
            Fault::Expected(own) => match wanted {
                Some(wanted) if wanted.own == *own => format!("expected {}", wanted.words),
                _ => format!("expected {}", words::message(own)),
            },
            // The type's own text may repeat the value.
            Fault::Custom(_) if secret => "not a valid value".to_owned(),
            Fault::Custom(text) => match wanted.filter(Wanted::is_special) {
                Some(wanted) => format!("expected {}: {}", wanted.words, words::message(text)),
                None => words::message(text),
            },
            Fault::Recursive => fault.to_string(),
        };
        (ProblemKind::Invalid, message)
    }

    fn tell(&mut self, path: Path, problem: Problem) {
        if self.exploring {
            return;
        }
        if self.problems.len() < MAX_PROBLEMS {
            self.told.insert(path);
            self.problems.push(problem);
        } else {
            self.overflow = true;
        }
    }
}
