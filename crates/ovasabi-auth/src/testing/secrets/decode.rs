//! The forms in which a secret may stand in a text: each undone, so that one search finds them all.

use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Escaped,
    Percent,
    Base64,
    Hex,
    List,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "as it is",
            Self::Escaped => "escaped",
            Self::Percent => "percent-encoded",
            Self::Base64 => "in base64",
            Self::Hex => "in hexadecimal",
            Self::List => "as a list of bytes",
        })
    }
}

/// Shows `each` what `written` says, read in every form; the plain one first.
pub(super) fn views(written: &[u8], each: &mut dyn FnMut(Form, &[u8])) {
    let outer = [
        (Form::Plain, Cow::Borrowed(written)),
        (Form::Escaped, unescaped(written)),
        (Form::Percent, percent_decoded(written)),
    ];
    // Base64 may be escaped or percent-encoded in its turn.
    let is_new = |(form, view): &(Form, Cow<'_, [u8]>)| *form == Form::Plain || **view != *written;
    for (form, view) in outer.into_iter().filter(is_new) {
        each(form, &view);
        runs(&view, |byte| sextet(byte).is_some(), 4, &mut |run| {
            each(Form::Base64, &base64_decoded(run));
        });
        runs(&view, |byte| byte.is_ascii_hexdigit(), 2, &mut |run| {
            each(Form::Hex, &hex_decoded(run));
        });
        each(Form::List, &listed(&view));
    }
}

/// Longest stretches of bytes of one kind, each from `starts` places: nobody knows where the code begins.
fn runs(text: &[u8], is_part: impl Fn(u8) -> bool, starts: usize, each: &mut dyn FnMut(&[u8])) {
    // Base64 is wrapped now and then.
    let dense: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    for run in dense.split(|byte| !is_part(*byte)) {
        let tails = (0..starts).filter_map(|start| run.get(start..));
        tails.filter(|tail| !tail.is_empty()).for_each(&mut *each);
    }
}

/// What a letter of either base64 stands for.
fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

fn base64_decoded(run: &[u8]) -> Vec<u8> {
    let four = |four: &[u8]| {
        let bits = four.iter().fold(0_u32, |bits, byte| {
            (bits << 6) | u32::from(sextet(*byte).unwrap_or_default())
        });
        // The end of a text has two or three letters of four.
        let whole = bits << (6 * (4 - four.len()));
        let [_, bytes @ ..] = whole.to_be_bytes();
        bytes.into_iter().take(four.len().saturating_sub(1))
    };
    run.chunks(4).flat_map(four).collect()
}

fn hex_decoded(run: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or_default());
    let pair = |pair: &[u8]| {
        let digits = pair.iter().map(|byte| digit(*byte).unwrap_or_default());
        digits.fold(0, |high: u8, low| high << 4 | low)
    };
    run.chunks_exact(2).map(pair).collect()
}

/// `%41` is `A`, and `+` is a space.
fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.extend(hex_decoded(&[*high, *low]));
                rest = after;
            }
            (b'+', _) => decoded.push(b' '),
            (other, _) => decoded.push(*other),
        }
    }
    Cow::Owned(decoded)
}

/// As `Debug` and JSON escape: a backslash goes before what is itself, and before letters for control characters.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let (b'\\', Some((letter, after))) = (first, after.split_first()) else {
            plain.push(*first);
            continue;
        };
        rest = after;
        match letter {
            b'n' => plain.push(b'\n'),
            b'r' => plain.push(b'\r'),
            b't' => plain.push(b'\t'),
            b'0' => plain.push(0),
            b'u' | b'x' => rest = code_point(*letter, after, &mut plain),
            other => plain.push(*other),
        }
    }
    Cow::Owned(plain)
}

/// `\u{e9}` of Rust, `\u00e9` of JSON, `\xe9` of both byte strings; what comes after it.
fn code_point<'a>(letter: u8, text: &'a [u8], plain: &mut Vec<u8>) -> &'a [u8] {
    let braced = text.strip_prefix(b"{");
    let digits = braced.unwrap_or(text);
    let most = match (letter, braced) {
        (b'x', _) => 2,
        (_, Some(_)) => 6,
        _ => 4,
    };
    let count = digits.iter().take(most);
    let count = count.take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (number, after) = digits.split_at_checked(count).unwrap_or((digits, &[]));
    let number = std::str::from_utf8(number).unwrap_or_default();
    match u32::from_str_radix(number, 16) {
        Ok(byte) if letter == b'x' => plain.extend(u8::try_from(byte)),
        Ok(number) => {
            let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
            plain.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Err(_) => {}
    }
    match braced {
        Some(_) => after.strip_prefix(b"}").unwrap_or(after),
        None => after,
    }
}

/// `[115, 51]` is `s3`. Lists follow each other, with a zero between them.
fn listed(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let is_list = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b',' | b' ' | b'\n');
    for list in text
        .split(|byte| !is_list(byte))
        .filter(|list| list.contains(&b','))
    {
        let numbers = std::str::from_utf8(list).unwrap_or_default().split(',');
        bytes.extend(numbers.map(|number| number.trim().parse::<u8>().unwrap_or_default()));
        bytes.push(0);
    }
    bytes
}
