//! From one run to the next: what was found, and the way past it.

use super::Kind;
use super::fault::Fault;
use super::invent::{ATTEMPTS, NOTHING};
use super::state::{Located, Mark, State};
use crate::config::tree::{Path, Step};

impl State {
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
                // The way out is the option, the list or the map around it.
                let at = match path.last() {
                    Some(Step::Field(_)) | None => path,
                    Some(_) => path.parent().unwrap_or_default(),
                };
                let mark = Mark::Invent(NOTHING);
                return self.marks.insert(at.clone(), mark) != Some(mark) || self.advance(at);
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
        let shape = path.shape();
        let attempt = match self.marks.get(&path) {
            None | Some(Mark::Empty) => self.schema.attempts.get(&shape).copied().unwrap_or(0),
            Some(Mark::Invent(attempt)) => attempt + 1,
            Some(Mark::Last | Mark::Skip) => {
                return path.parent().is_some_and(|parent| self.advance(parent));
            }
        };
        let mark = if attempt < ATTEMPTS {
            Mark::Invent(attempt)
        } else {
            Mark::Last
        };
        self.schema.attempts.insert(shape, attempt);
        self.marks.insert(path, mark);
        true
    }
}
