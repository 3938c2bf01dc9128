//! What is known between the runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path as FilePath;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;

use super::fault::Fault;
use super::hint::Wanted;
use super::reader::Input;
use super::{Kind, Schema, suggest, words};
use crate::config::secret::REDACTED;
use crate::config::tree::{self, Node, Path, Step, Value};
use crate::config::{Problem, ProblemKind, Source};

/// When collecting ends.
pub(super) const MAX_PROBLEMS: usize = 100;

/// A secret is a line, a key or a certificate.
const MAX_SECRET: u64 = 64 * 1024;

/// How a place is treated in the next run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    /// A value is made up; the number says which one.
    Invent(usize),
    /// A section that is not there is read as an empty one.
    Empty,
    /// Nothing made up is good enough: asked after everything beside it.
    Last,
    /// Left out.
    Skip,
}

/// Where an application lets its operators set a key; for the text about a missing one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) files: Vec<Arc<FilePath>>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) arguments: bool,
}

#[derive(Default)]
pub(super) struct State {
    /// Whether the shape of the type is learnt, rather than a value read.
    pub(super) exploring: bool,
    pub(super) path: Path,
    pub(super) schema: Schema,
    pub(super) marks: HashMap<Path, Mark>,
    /// Which variant of an enum is looked into.
    pub(super) choices: BTreeMap<Path, usize>,
    /// The structs around the current place.
    pub(super) within: Vec<(&'static str, &'static [&'static str])>,
    /// Fields that have other names: given first, so that serde blames the other name.
    pub(super) first: BTreeSet<Path>,
    /// The key that a struct was given last.
    pub(super) last_key: Option<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) places: Places,
    /// Keys for which something mistyped was found.
    pub(super) meant: BTreeSet<String>,
    pub(super) told: BTreeSet<Path>,
    pub(super) located: Option<Located>,
    pub(super) files: HashMap<Path, Result<Zeroizing<String>, String>>,
}

/// A fault and where it happened.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) path: Path,
    pub(super) fault: Fault,
    /// Whether it is about something that was written, not made up.
    real: bool,
    about_key: bool,
    secret: bool,
    wanted: Option<Wanted>,
    key: String,
    value: Option<String>,
    source: Option<Source>,
}

impl State {
    /// Notes where a fault happened, unless a place further in is known already.
    pub(super) fn locate(
        &mut self,
        fault: Fault,
        input: Input<'_>,
        secret: bool,
        wanted: Option<Wanted>,
    ) -> Fault {
        if self.located.is_some() {
            return fault;
        }
        let mut path = self.path.clone();
        let node = input.node();
        let mut value = node.map(words::show);
        match &fault {
            Fault::Missing(field) => {
                path.push(Step::Field((*field).to_owned()));
                value = None;
            }
            Fault::Duplicate(_) => {
                path.push(Step::Field(self.last_key.clone().unwrap_or_default()));
                value = None;
            }
            _ => {}
        }
        let key = match input {
            Input::File(node, name) => {
                value = Some(words::show(node));
                self.path
                    .parent()
                    .unwrap_or_default()
                    .with(Step::Field(name.to_owned()))
                    .to_string()
            }
            _ => path.to_string(),
        };
        // A key that is missing from a whole file is nowhere.
        let somewhere = |source: &Source| {
            !matches!(
                source,
                Source::Default | Source::File { position: None, .. }
            )
        };
        let source = node.map(|node| node.source.clone());
        let source =
            source.filter(|source| !matches!(fault, Fault::Missing(_)) || somewhere(source));
        let real = !matches!(input, Input::Invent);
        self.located = Some(Located {
            path,
            fault: fault.clone(),
            real,
            about_key: false,
            secret,
            wanted,
            key,
            value,
            source,
        });
        fault
    }

    pub(super) fn locate_key(&mut self, fault: Fault, node: &Node) -> Fault {
        let fault = self.locate(fault, Input::Node(node), false, None);
        if let Some(located) = &mut self.located {
            located.about_key = true;
            located.source = Some(node.key.clone());
        }
        fault
    }

    /// An error that a type has got over.
    pub(super) fn forget(&mut self) {
        self.located = None;
    }

    pub(super) fn take_located(&mut self) -> Option<Located> {
        self.located.take()
    }

    /// The number of the value to make up here.
    pub(super) fn attempt(&self) -> usize {
        match self.marks.get(&self.path) {
            Some(Mark::Invent(attempt)) => *attempt,
            _ => 0,
        }
    }

    /// The content of the file that a secret names; read once, for it may be a pipe.
    pub(super) fn secret_file(&mut self, name: &Node) -> Result<Zeroizing<String>, Fault> {
        let content = self.files.entry(self.path.clone()).or_insert_with(|| {
            let path = name.as_text().ok_or("expected the path of a file")?;
            let bytes = tree::read_bounded(FilePath::new(path), MAX_SECRET)
                .map_err(|error| format!("cannot read the file: {error}"))?;
            let text = std::str::from_utf8(&bytes).map_err(|_| "the file is not valid UTF-8")?;
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                Err("the file is empty".to_owned())
            } else {
                Ok(Zeroizing::new(text.to_owned()))
            }
        });
        content.clone().map_err(Fault::File)
    }

    /// The texts of secrets that came from files, so that nobody repeats them.
    pub(super) fn secrets_read(&self) -> impl Iterator<Item = &Zeroizing<String>> {
        self.files
            .values()
            .filter_map(|content| content.as_ref().ok())
    }

    /// A key that a struct does not have.
    pub(super) fn unknown_key(&mut self, key: &str, node: &Node, fields: &[&str]) {
        let hidden = suggest::maybe_secret(&self.schema, &self.path, key);
        let (message, meant) = suggest::unknown_key(&self.schema, &self.path, key, fields);
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

    /// Notes the problem, if it is one, and says how to get past it; `false` if there is no way.
    pub(super) fn settle(&mut self, located: Located) -> bool {
        let path = located.path.clone();
        let fresh = matches!(self.marks.get(&path), None | Some(Mark::Empty));
        match &located.fault {
            Fault::Missing(_)
                if self.schema.is_struct(&path) && !self.marks.contains_key(&path) =>
            {
                self.marks.insert(path, Mark::Empty);
                return true;
            }
            Fault::Duplicate(field) if path.name() == *field => return self.first.insert(path),
            Fault::Duplicate(field) => {
                let section = path.parent().unwrap_or_default();
                let name = path.name().to_owned();
                if let Kind::Struct { fields, aliases } = &mut self.schema.at(&section).kind
                    && let Some(name) = fields.iter().copied().find(|other| *other == name)
                {
                    aliases.insert(name, field);
                }
                self.schema.forget(&path);
                self.report(located);
                return self.marks.insert(path, Mark::Skip) != Some(Mark::Skip);
            }
            Fault::Recursive => {
                // An option becomes `None`; a list or a map around it becomes empty.
                let at = match path.last() {
                    Some(Step::Field(_)) | None => path,
                    Some(_) => path.parent().unwrap_or_default(),
                };
                if self.marks.insert(at.clone(), Mark::Invent(1)) == Some(Mark::Invent(1)) {
                    return self.advance(at);
                }
                return true;
            }
            _ => {}
        }
        let skip = located.about_key;
        if fresh && located.real {
            // What a container says about values that were made up is no news.
            let made_up = self
                .marks
                .iter()
                .any(|(below, mark)| *mark != Mark::Empty && path.is_above(below));
            if !made_up {
                self.report(located);
            }
        }
        if skip {
            self.marks.insert(path, Mark::Skip) != Some(Mark::Skip)
        } else {
            self.advance(path)
        }
    }

    /// Tries the next way past a place; if there is none left, past what holds it.
    fn advance(&mut self, path: Path) -> bool {
        let next = match self.marks.get(&path) {
            None | Some(Mark::Empty) => Mark::Invent(0),
            Some(Mark::Invent(attempt)) if attempt + 1 < super::invent::ATTEMPTS => {
                Mark::Invent(attempt + 1)
            }
            Some(Mark::Invent(_)) => Mark::Last,
            Some(Mark::Last | Mark::Skip) => {
                return path.parent().is_some_and(|parent| self.advance(parent));
            }
        };
        self.marks.insert(path, next);
        true
    }

    fn report(&mut self, located: Located) {
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
        let value = if secret && !names_a_file {
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
        if !self.exploring && self.problems.len() < MAX_PROBLEMS {
            self.told.insert(path);
            self.problems.push(problem);
        }
    }
}

impl Places {
    /// `; set it in app.toml, as APP__DB__URL or with --db.url`
    fn of(&self, path: &Path, schema: &Schema) -> String {
        let mut ways: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("in {}", file.display()))
            .collect();
        for prefix in &self.prefixes {
            let name = self.variable(prefix, path);
            ways.push(format!("as {name}"));
            if schema.get(&path.shape()).is_some_and(|shape| shape.secret) {
                ways.push(format!("by the path of its file as {name}_FILE"));
            }
        }
        if self.arguments {
            ways.push(format!("with --{}", path.levels(".")));
        }
        match ways.split_last() {
            None => String::new(),
            Some((only, [])) => format!("; set it {only}"),
            Some((last, rest)) => format!("; set it {} or {last}", rest.join(", ")),
        }
    }

    /// The variable that sets a key.
    pub(crate) fn variable(&self, prefix: &str, path: &Path) -> String {
        format!(
            "{prefix}__{}",
            path.levels("__").to_uppercase().replace('-', "_")
        )
    }
}
