//! Whether everything is home.

use std::fmt;

use ovasabi_core::reject::Name;

mod handles;
#[cfg(feature = "shed")]
mod shed;
#[cfg(feature = "stack")]
mod stacks;

/// Something that calls take from while they are under way, and that must have all of it back when none is.
///
/// Every handle of this crate that lends something is one: limiters, breakers and keyed sets of them, load shedders
/// and throttles, and whole stacks. A retry policy, a deadline and a fallback lend nothing.
pub trait Balance {
    /// What is not home, if anything.
    fn outstanding(&self) -> Vec<Outstanding>;
}

/// So many of something that are not home.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outstanding {
    /// Whose they are.
    pub policy: Name,
    /// What they are, in the plural.
    pub what: &'static str,
    /// How many; never 0.
    pub count: u64,
}

impl Outstanding {
    /// `count` of `what`, unless there are none.
    pub fn of(policy: impl Into<Name>, what: &'static str, count: u64) -> Option<Self> {
        (count > 0).then(|| Self {
            policy: policy.into(),
            what,
            count,
        })
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of `{}`", self.count, self.what, self.policy)
    }
}

/// Fails unless everything is home. For the end of a test, when no call is under way any more.
///
/// # Panics
/// With all that is outstanding.
#[track_caller]
pub fn assert_balanced<'a>(handles: impl IntoIterator<Item = &'a dyn Balance>) {
    let outstanding: Vec<String> = handles
        .into_iter()
        .flat_map(Balance::outstanding)
        .map(|outstanding| outstanding.to_string())
        .collect();
    assert!(
        outstanding.is_empty(),
        "not everything is home: {}",
        outstanding.join(", ")
    );
}
