//! Telling clients where they stand: `RateLimit` and `RateLimit-Policy`.

use std::fmt::{self, Write};

use http::{HeaderName, HeaderValue, Response};
use ovasabi_core::reject::Name;

use super::{Quota, Standing};

/// How a layer tells the client where it stands: [`NoHeaders`], or [`DraftHeaders`] after `.headers()`. Sealed.
pub trait Headers: Copy + sealed::Sealed {
    /// What is kept until the limiter has decided.
    type Policy;
    /// What is kept until the answer is there.
    type Note;

    /// Keeps the name of the limiter.
    fn policy(name: &Name) -> Self::Policy;

    /// Notes where the bucket stands, if the limiter was asked.
    fn note(policy: Self::Policy, standing: Option<Standing>) -> Self::Note;
}

/// Writes a note into an answer of type `Res`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot write headers into `{Res}`",
    label = "this response has no headers",
    note = "`.headers()` is for `http::Response<B>`; leave it out for other responses"
)]
pub trait WriteHeaders<Res>: Headers {
    /// The answer with its headers. Takes the note: an answer is written into once.
    fn write(note: &mut Self::Note, response: Res) -> Res;
}

/// Says nothing: the default. Costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoHeaders;

/// Writes the fields of the IETF's draft, *RateLimit header fields for HTTP*
/// (`draft-ietf-httpapi-ratelimit-headers`, version 10):
///
/// ```text
/// RateLimit-Policy: "signup";q=100;w=60
/// RateLimit: "signup";r=42;t=35
/// ```
///
/// * `q` units in each `w` seconds are the policy: the burst, and how long it takes to come back, rounded up.
///   A burst that comes back in less than a second is told as what a whole second gives.
/// * `r` units are left now, rounded down, and `t` seconds from now, rounded up, all of them are back.
///
/// Both are lists: several limits in a row append to them. Characters of a name that a structured field
/// cannot hold (RFC 9651 §3.3.3) become `?`. Two values are allocated for each answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftHeaders;

impl Headers for NoHeaders {
    type Policy = ();
    type Note = ();

    #[inline]
    fn policy(_name: &Name) {}

    #[inline]
    fn note(_policy: (), _standing: Option<Standing>) {}
}

impl<Res> WriteHeaders<Res> for NoHeaders {
    #[inline(always)]
    fn write(_note: &mut (), response: Res) -> Res {
        response
    }
}

impl Headers for DraftHeaders {
    type Policy = Name;
    type Note = Option<(Name, Standing)>;

    fn policy(name: &Name) -> Name {
        name.clone()
    }

    fn note(policy: Name, standing: Option<Standing>) -> Self::Note {
        standing.map(|standing| (policy, standing))
    }
}

// The hint of `WriteHeaders` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<B> WriteHeaders<Response<B>> for DraftHeaders {
    fn write(note: &mut Self::Note, mut response: Response<B>) -> Response<B> {
        if let Some((name, standing)) = note.take() {
            let (units, seconds) = policy(standing.quota());
            let headers = response.headers_mut();
            let name = Quoted(name.as_str());
            append(
                headers,
                POLICY,
                format_args!("{name};q={units};w={seconds}"),
            );
            let (left, full_in) = (standing.remaining(), up(standing.full_in().as_nanos()));
            append(headers, LIMIT, format_args!("{name};r={left};t={full_in}"));
        }
        response
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: nobody else implements it")]
    pub trait Sealed {}
    impl Sealed for super::NoHeaders {}
    impl Sealed for super::DraftHeaders {}
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const SECOND: u64 = 1_000_000_000;

/// The units of a quota, and in how many seconds.
fn policy(quota: Quota) -> (u64, u64) {
    let burst = u64::from(quota.burst().get());
    // The interval was rounded up to whole nanoseconds: three a second are not one nanosecond more.
    let exact = quota.window().saturating_sub(burst - 1).max(1);
    let each_second = SECOND / quota.nanos().max(1);
    if exact < SECOND && each_second > burst {
        (each_second, 1)
    } else {
        (burst, exact.div_ceil(SECOND))
    }
}

fn up(nanos: u128) -> u128 {
    nanos.div_ceil(u128::from(SECOND))
}

fn append(headers: &mut http::HeaderMap, name: HeaderName, value: fmt::Arguments<'_>) {
    // What is quoted is printable ASCII, and the rest is numbers: it is always a value.
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        headers.append(name, value);
    }
}

/// A string of a structured field.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                ' '..='~' => f.write_char(character)?,
                _ => f.write_char('?')?,
            }
        }
        f.write_char('"')
    }
}
