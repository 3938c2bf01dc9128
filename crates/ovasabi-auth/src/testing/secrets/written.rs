//! What a secret may have been written into.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, Response};

/// Something that was written: where a secret may have got to.
pub trait Written {
    /// Shows `each` its parts, each with its name; a whole that has no parts is one with an empty name.
    fn read(&self, each: &mut dyn FnMut(&str, &[u8]));
}

impl Written for [u8] {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        each("", self);
    }
}

impl Written for str {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        each("", self.as_bytes());
    }
}

impl Written for String {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        self.as_str().read(each);
    }
}

impl Written for Vec<u8> {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        self.as_slice().read(each);
    }
}

impl Written for Bytes {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        each("", self);
    }
}

impl<W: Written + ?Sized> Written for &W {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        (**self).read(each);
    }
}

/// The values, those too that are marked as sensitive.
impl Written for HeaderMap {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in self {
            each(&format!("header `{name}`"), value.as_bytes());
        }
    }
}

/// Headers and body. A body that comes in pieces has to be read before.
impl<B: Written> Written for Response<B> {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        self.headers().read(each);
        self.body().read(&mut |_, body| each("body", body));
    }
}

/// An error with its sources, as a log may show them. See [`chain`].
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(&'a (dyn Error + 'static));

/// What an error and its sources say, by `Display` and by `Debug`.
#[must_use]
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> Chain<'a> {
    Chain(error)
}

impl Written for Chain<'_> {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        let errors = std::iter::successors(Some(self.0), |error| (*error).source());
        for (depth, error) in errors.enumerate() {
            each(
                &format!("error {depth}, Display"),
                error.to_string().as_bytes(),
            );
            each(
                &format!("error {depth}, Debug"),
                format!("{error:?}").as_bytes(),
            );
        }
    }
}
