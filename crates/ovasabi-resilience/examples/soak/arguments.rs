//! What it is told.

use std::time::Duration;

use tower::BoxError;

const USAGE: &str = "usage: soak [--minutes N] [--seed N]";

/// How long it runs, and what its luck begins with.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) length: Duration,
    pub(crate) seed: u64,
}

impl Arguments {
    /// A minute with the seed 1, unless told otherwise.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, BoxError> {
        let mut parsed = Self {
            length: Duration::from_secs(60),
            seed: 1,
        };
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--minutes" => {
                    let minutes: f64 = value.parse()?;
                    parsed.length = Duration::try_from_secs_f64(minutes * 60.0)?;
                }
                "--seed" => parsed.seed = value.parse()?,
                _ => return Err(USAGE.into()),
            }
        }
        Ok(parsed)
    }
}
