//! Command-line arguments: `--db.max_connections=20` or `--db.max_connections 20`.

use std::ffi::OsString;
use std::sync::Arc;

use super::layers::{Setting, check_levels};
use super::text;
use crate::config::{Problem, ProblemKind, Source};

/// Reads arguments up to a lone `--`; what follows that belongs to the application. `is_switch` says of a key
/// that it is a boolean, so that `--verbose` needs no value.
pub(crate) fn read(
    arguments: &[OsString],
    is_switch: impl Fn(&[String]) -> bool,
    problems: &mut Vec<Problem>,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut arguments = arguments.iter().enumerate().peekable();
    while let Some((index, argument)) = arguments.next() {
        // A bare word is not repeated in the message: it may be the value of a mistyped flag.
        let mut refuse = |message: String, source| {
            problems.push(Problem::new(ProblemKind::Syntax, message).found_in(source));
        };
        let number = index + 1;
        let Some(argument) = argument.to_str() else {
            refuse(format!("argument {number} is not valid UTF-8"), None);
            continue;
        };
        if argument == "--" {
            break;
        }
        let Some(flag) = argument.strip_prefix("--") else {
            refuse(
                format!("argument {number}: expected `--key=value` or `--key value`"),
                None,
            );
            continue;
        };
        let (key, value) = flag
            .split_once('=')
            .map_or((flag, None), |(key, value)| (key, Some(value)));
        let levels: Vec<String> = key.split('.').map(str::to_owned).collect();
        let source = Source::Argument {
            flag: Arc::from(format!("--{key}")),
        };
        if let Err(message) = check_levels(&levels) {
            refuse(message.to_owned(), Some(source));
            continue;
        }
        let next = arguments
            .peek()
            .and_then(|(_, next)| next.to_str())
            .filter(|next| !next.starts_with("--"));
        let value = match (value, next) {
            (Some(value), _) => value,
            (None, next) if is_switch(&levels) && next.and_then(text::boolean).is_none() => "true",
            (None, Some(next)) => {
                arguments.next();
                next
            }
            (None, None) => {
                refuse(
                    format!("expected a value: `--{key}=value` or `--{key} value`"),
                    Some(source),
                );
                continue;
            }
        };
        settings.push(Setting::new(levels, value, source));
    }
    settings
}
