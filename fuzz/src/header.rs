//! Challenges as a client reads them, RFC 9110 §11.6.1.

use std::str::Chars;

/// Whether a text is one challenge: a scheme, then parameters whose values are quoted.
pub fn is_challenge(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(' ') else {
        return is_token(text);
    };
    let mut rest = rest.chars();
    is_token(scheme) && parameters(&mut rest)
}

fn is_token(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

fn parameters(rest: &mut Chars<'_>) -> bool {
    loop {
        let Some((name, value)) = rest.as_str().split_once("=\"") else {
            return false;
        };
        let Some((value, after)) = value.split_once('"') else {
            return false;
        };
        let is_plain = |c: char| matches!(c, ' '..='~') && c != '\\';
        if !is_token(name) || !value.chars().all(is_plain) {
            return false;
        }
        match after.strip_prefix(", ") {
            Some(more) => *rest = more.chars(),
            None => return after.is_empty(),
        }
    }
}
