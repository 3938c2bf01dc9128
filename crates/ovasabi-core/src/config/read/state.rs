//! What is known between the runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path as FilePath;

use secrecy::zeroize::Zeroizing;

use super::fault::Fault;
use super::hint::Wanted;
use super::reader::Input;
use super::{Places, Schema, words};
use crate::config::tree::{self, Node, Path, Step};
use crate::config::{Problem, Source};

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

#[derive(Default)]
pub(super) struct State {
    /// Whether the shape of the type is learnt, rather than a value read.
    pub(super) exploring: bool,
    pub(super) path: Path,
    pub(super) schema: Schema,
    pub(super) marks: HashMap<Path, Mark>,
    /// Which variant of an enum is looked into.
    pub(super) choices: BTreeMap<Path, usize>,
    /// The structs and enums around the current place.
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
    /// Whether there was a problem too many.
    pub(super) overflow: bool,
    pub(super) located: Option<Located>,
    pub(super) files: HashMap<Path, Result<Zeroizing<String>, String>>,
}

/// A fault and where it happened.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) path: Path,
    pub(super) fault: Fault,
    /// Whether it is about something that was written, not made up.
    pub(super) real: bool,
    /// Whether it is the key of a map that is wrong.
    pub(super) about_key: bool,
    pub(super) secret: bool,
    pub(super) wanted: Option<Wanted>,
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) source: Option<Source>,
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

    /// The same for the key of a map, written or made up.
    pub(super) fn locate_key(&mut self, fault: Fault, node: &Node, written: bool) -> Fault {
        let fault = self.locate(fault, Input::Node(node), false, None);
        if let Some(located) = &mut self.located {
            located.real = written;
            located.about_key = written;
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
}
