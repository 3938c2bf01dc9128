//! TOML files.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use toml::de::{DeTable, DeValue};

use super::{Node, Table, Value};
use crate::config::{Problem, ProblemKind, Source};

/// One source of TOML.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) path: Arc<Path>,
    pub(crate) optional: bool,
    /// Given instead of read.
    pub(crate) text: Option<Zeroizing<Vec<u8>>>,
}

impl File {
    pub(crate) fn read(&self, layer: usize) -> Result<Option<Node>, Vec<Problem>> {
        let bytes = match &self.text {
            Some(text) => text.clone(),
            None => match read_bounded(&self.path, MAX_FILE) {
                Ok(bytes) => bytes,
                Err(error) if self.optional && error.kind() == io::ErrorKind::NotFound => {
                    return Ok(None);
                }
                Err(error) => {
                    let message = format!("cannot read the file: {error}");
                    let problem = Problem::new(ProblemKind::Unreadable, message);
                    return Err(vec![problem.found_in(Some(Source::file(&self.path)))]);
                }
            },
        };
        parse(&self.path, &bytes, layer).map(Some)
    }
}

/// A configuration above one mebibyte is a mistake.
const MAX_FILE: u64 = 1 << 20;

/// More syntax errors of one file than this help nobody: most follow from the first.
const MAX_SYNTAX_ERRORS: usize = 10;

/// Reads a file that must not be larger than `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Reads a TOML document; all its syntax errors at once.
fn parse(path: &Arc<Path>, bytes: &[u8], layer: usize) -> Result<Node, Vec<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let lines = Lines::new(path, std::str::from_utf8(valid).unwrap_or_default());
        let problem = Problem::new(ProblemKind::Unreadable, "not valid UTF-8");
        vec![problem.found_in(Some(lines.source(valid.len())))]
    })?;
    let lines = Lines::new(path, text);
    let syntax = |start, message: &str| {
        // Only what the parser says of itself: the line may hold a secret.
        Problem::new(
            ProblemKind::Syntax,
            format!("not valid TOML: {}", message.trim()),
        )
        .found_in(Some(lines.source(start)))
    };
    // Nesting is bounded by the parser (80 levels, dotted keys included), so recursion below is too.
    let (root, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut problems: Vec<Problem> = Vec::new();
    for error in &errors {
        let problem = syntax(error.span().map_or(0, |span| span.start), error.message());
        if problems
            .last()
            .is_none_or(|last| line(last) != line(&problem))
        {
            problems.push(problem);
        }
        if !is_local(error.message()) {
            break;
        }
    }
    if !problems.is_empty() {
        problems.truncate(MAX_SYNTAX_ERRORS);
        return Err(problems);
    }
    let value = table(root.get_ref(), &lines, layer, &mut problems);
    let root = Node::new(value, Source::file(path), layer);
    if problems.is_empty() {
        Ok(root)
    } else {
        Err(problems)
    }
}

/// Converts a single value; `None` if a number in it is too large.
pub(super) fn value(
    value: &toml::Spanned<DeValue<'_>>,
    text: &str,
    path: &Arc<Path>,
    layer: usize,
) -> Option<Node> {
    let mut problems = Vec::new();
    let node = node(
        value.get_ref(),
        value.span(),
        &Lines::new(path, text),
        layer,
        &mut problems,
    );
    problems.is_empty().then_some(node)
}

fn line(problem: &Problem) -> Option<usize> {
    match &problem.source {
        Some(Source::File { position, .. }) => position.map(|(line, _)| line),
        _ => None,
    }
}

/// The parser goes on well after these; what it says after any other follows from that one.
fn is_local(message: &str) -> bool {
    [
        "string values must be quoted",
        "key with no value",
        "duplicate key",
    ]
    .iter()
    .any(|local| message.contains(local))
}

fn table(
    table: &DeTable<'_>,
    lines: &Lines<'_>,
    layer: usize,
    problems: &mut Vec<Problem>,
) -> Value {
    let mut out = Table::new();
    for (key, value) in table {
        let mut node = node(value.get_ref(), value.span(), lines, layer, problems);
        node.key = lines.source(key.span().start);
        out.insert(key.get_ref().to_string(), node);
    }
    Value::Table(out)
}

fn node(
    value: &DeValue<'_>,
    span: Range<usize>,
    lines: &Lines<'_>,
    layer: usize,
    problems: &mut Vec<Problem>,
) -> Node {
    let source = lines.source(span.start);
    let value = match value {
        DeValue::String(text) => Value::String(Zeroizing::new(text.to_string())),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                problems.push(
                    Problem::new(
                        ProblemKind::Syntax,
                        "not valid TOML: an integer of more than 128 bits",
                    )
                    .found_in(Some(source.clone())),
                );
                Value::Integer(0)
            }
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(value) => Value::Datetime(value.to_string()),
        DeValue::Array(values) => {
            let element = |value: &toml::Spanned<DeValue<'_>>| {
                node(value.get_ref(), value.span(), lines, layer, problems)
            };
            Value::Array(values.iter().map(element).collect())
        }
        DeValue::Table(value) => table(value, lines, layer, problems),
    };
    Node::new(value, source, layer)
}

/// Turns offsets into lines and columns.
struct Lines<'a> {
    path: &'a Arc<Path>,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Arc<Path>, text: &'a str) -> Self {
        // A byte-order mark is no column.
        let first = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            path,
            text,
            starts: std::iter::once(first).chain(breaks).collect(),
        }
    }

    fn source(&self, offset: usize) -> Source {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.starts.get(index))
            .copied()
            .unwrap_or(0);
        let column = self
            .text
            .get(start..offset)
            .map_or(offset - start, |text| text.chars().count());
        Source::at(self.path, (line, column + 1))
    }
}
