//! Where in a JSON text something stands.

use std::fmt;

use serde_json::Value;

/// A place in a JSON value, written `items[2].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
}

/// What is open at a place in the text.
enum Frame {
    /// An object, and the key whose value comes or has just been.
    Object(Option<String>),
    /// An array, and the index of the element that comes or has just been.
    Array(usize),
}

impl Path {
    /// The value that a JSON text is at after its first `end` bytes: the one that has just been read, or
    /// the one that would come next.
    pub(super) fn at(text: &[u8], end: usize) -> Self {
        let text = text.get(..end).unwrap_or(text);
        let mut frames: Vec<Frame> = Vec::new();
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'{' => frames.push(Frame::Object(None)),
                b'[' => frames.push(Frame::Array(0)),
                b'}' | b']' => drop(frames.pop()),
                b',' => match frames.last_mut() {
                    Some(Frame::Object(key)) => *key = None,
                    Some(Frame::Array(index)) => *index += 1,
                    None => {}
                },
                b'"' => {
                    let (inside, after) = split_string(rest);
                    rest = after;
                    if let Some(Frame::Object(key @ None)) = frames.last_mut() {
                        *key = Some(unescape(inside));
                    }
                }
                _ => {}
            }
        }
        Self(frames.into_iter().filter_map(Frame::step).collect())
    }

    pub(super) fn join(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is `other`, or lies inside of it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Puts `value` here, or takes away what is here; `false` when there is no such place.
    pub(super) fn set(&self, root: &mut Value, value: Option<Value>) -> bool {
        let Some((last, parents)) = self.0.split_last() else {
            return value.map(|value| *root = value).is_some();
        };
        let parent = parents.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        match (parent, last, value) {
            (Some(Value::Object(members)), Step::Key(key), Some(value)) => {
                members.insert(key.clone(), value);
                true
            }
            (Some(Value::Object(members)), Step::Key(key), None) => members.remove(key).is_some(),
            (Some(Value::Array(elements)), Step::Index(index), Some(value)) => elements
                .get_mut(*index)
                .map(|element| *element = value)
                .is_some(),
            _ => false,
        }
    }
}

impl Frame {
    fn step(self) -> Option<Step> {
        match self {
            Self::Object(key) => key.map(Step::Key),
            Self::Array(index) => Some(Step::Index(index)),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "{dot}{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
            dot = ".";
        }
        Ok(())
    }
}

/// Splits behind the quote that ends a string; all of the text if none does.
fn split_string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut is_escaped = false;
    let end = text.iter().position(|&byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((inside, [_quote, after @ ..])) => (inside, after),
        Some((inside, [])) => (inside, &[]),
        None => (text, &[]),
    }
}

fn unescape(inside: &[u8]) -> String {
    let raw = String::from_utf8_lossy(inside);
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_text_has_a_path() {
        let text = br#"{"a": [1, {"b\"\u0063": "x,{"}], "d": {}}"#;
        let cases = [
            ("{", ""),
            (r#"{"a""#, "a"),
            (r#"{"a": ["#, "a[0]"),
            (r#"{"a": [1,"#, "a[1]"),
            (r#"{"a": [1, {"#, "a[1]"),
            (r#"{"a": [1, {"b\"\u0063": "x,{""#, "a[1].b\"c"),
            (r#"{"a": [1, {"b\"\u0063": "x,{"}"#, "a[1]"),
            (r#"{"a": [1, {"b\"\u0063": "x,{"}]"#, "a"),
            (r#"{"a": [1, {"b\"\u0063": "x,{"}], "#, ""),
            (r#"{"a": [1, {"b\"\u0063": "x,{"}], "d": {}}"#, ""),
        ];
        for (read, path) in cases {
            assert!(text.starts_with(read.as_bytes()), "{read}");
            assert_eq!(Path::at(text, read.len()).to_string(), path, "after {read}");
        }
    }

    #[test]
    fn any_text_cut_anywhere_has_some_path() {
        let text = b"}]\"\\\"{[,,:]}\"\xff\\";
        for end in 0..20 {
            let _ = Path::at(text, end).to_string();
        }
    }
}
