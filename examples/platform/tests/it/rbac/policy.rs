//! The table of policies, and what it makes of a caller.

use serde_json::Value;

use crate::cast::{Person, Shop};
use crate::program::run;

/// One row of the table.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) service: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) who: Value,
    pub(super) whose: Value,
}

/// Who sends a request.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    Nobody,
    Stranger,
    Person(&'static str, &'a Person),
    Program(&'a Shop),
}

/// What the policy makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passes,
    Unauthenticated,
    Forbidden,
    Hidden,
}

pub(super) fn table() -> Vec<Policy> {
    let text = String::from_utf8(run(&["policies"]).stdout).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        Policy {
            service: text("service"),
            method: text("method"),
            path: text("path"),
            who: row["who"].clone(),
            whose: row["whose"].clone(),
        }
    };
    text.lines().map(row).collect()
}

impl Policy {
    pub(super) fn is_internal(&self) -> bool {
        self.path.starts_with("/internal")
    }

    pub(super) fn has_owner(&self) -> bool {
        self.whose["owner"].is_string() || self.whose["owner_or"].is_array()
    }

    /// What must become of this caller, who owns what the path names or does not.
    pub(super) fn verdict(&self, caller: Caller<'_>, owns: bool) -> Verdict {
        use Caller::{Nobody, Person, Program, Stranger};
        let passes = |role: &str| {
            let opens_all = list(&self.whose["owner_or"][1]).contains(&role);
            match self.has_owner() && !owns && !opens_all {
                true => Verdict::Hidden,
                false => Verdict::Passes,
            }
        };
        if let Some(roles) = self.who.get("roles") {
            return match caller {
                Person(role, _) if list(roles).contains(&role) => passes(role),
                Person(..) => Verdict::Forbidden,
                Nobody | Stranger | Program(_) => Verdict::Unauthenticated,
            };
        }
        if self.who.get("api_key").is_some() {
            return match caller {
                Program(_) => passes("program"),
                _ => Verdict::Unauthenticated,
            };
        }
        if self.who.get("service").is_some() {
            return match caller {
                Person(..) => Verdict::Forbidden,
                _ => Verdict::Unauthenticated,
            };
        }
        match (self.who.as_str().unwrap(), caller) {
            ("public", _) | ("anyone", Nobody) => Verdict::Passes,
            ("anyone" | "caller", Person(role, _)) => passes(role),
            _ => Verdict::Unauthenticated,
        }
    }
}

pub(super) fn list(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
