//! The strict scan of a chunked body (RFC 9112 §7.1). Pure: bytes in, how many belong to the body out.

use super::syntax::is_token;
use crate::http::server::ServerConfig;

/// Where in a chunked body the scan stands. It keeps no bytes: each is judged as it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    step: Step,
    /// The size of the chunk whose line is being read.
    size: u64,
    /// Digits of the size, or bytes of the extension or of the trailer section, so far.
    extra: usize,
    trailers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    SizeStart,
    Size,
    Extension,
    SizeEnd,
    Data(u64),
    DataCr,
    DataEnd,
    LineStart,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    End,
    Done,
}

/// The body breaks a rule: nobody can say where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// What is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) bytes: usize,
    pub(super) is_done: bool,
}

/// Extensions have no known use; a long one is an attack on whoever keeps it.
const MAX_EXTENSION: usize = 256;
/// As many as the largest size has. Zeros in front beyond that would be a body without an end that counts
/// as none against its limit.
const MAX_DIGITS: usize = 16;

impl Chunks {
    pub(super) const fn new() -> Self {
        Self {
            step: Step::SizeStart,
            size: 0,
            extra: 0,
            trailers: 0,
        }
    }

    /// How many bytes of chunk data come next without any framing in between.
    pub(super) const fn plain(&self) -> u64 {
        match self.step {
            Step::Data(left) => left,
            _ => 0,
        }
    }

    /// Counts `bytes` of data that were passed on unseen; no more than [`plain`](Self::plain).
    pub(super) fn skip(&mut self, bytes: u64) {
        if let Step::Data(left) = self.step {
            self.step = after_data(left.saturating_sub(bytes));
        }
    }

    /// Goes through `bytes` to the end of the body at most.
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        config: &ServerConfig,
    ) -> Result<Passed, Malformed> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if let Step::Data(left) = self.step {
                let here = (bytes.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                self.skip(here as u64);
                at += here;
                continue;
            }
            self.step = self.next(byte, config)?;
            at += 1;
            if self.step == Step::Done {
                return Ok(Passed {
                    bytes: at,
                    is_done: true,
                });
            }
        }
        Ok(Passed {
            bytes: at,
            is_done: false,
        })
    }

    fn next(&mut self, byte: u8, config: &ServerConfig) -> Result<Step, Malformed> {
        match (self.step, byte) {
            (Step::SizeStart | Step::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if self.step == Step::SizeStart {
                    (self.size, self.extra) = (0, 0);
                }
                let digit = char::from(byte).to_digit(16).ok_or(Malformed)?;
                let shifted = self.size.checked_mul(16).ok_or(Malformed)?;
                self.size = shifted | u64::from(digit);
                self.more(Step::Size, MAX_DIGITS)
            }
            (Step::Size | Step::Extension, b'\r') => Ok(Step::SizeEnd),
            (Step::Size, b';') => {
                self.extra = 0;
                Ok(Step::Extension)
            }
            (Step::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                self.more(Step::Extension, MAX_EXTENSION)
            }
            (Step::SizeEnd, b'\n') if self.size == 0 => {
                self.extra = 0;
                Ok(Step::LineStart)
            }
            (Step::SizeEnd, b'\n') => Ok(Step::Data(self.size)),
            (Step::DataCr, b'\r') => Ok(Step::DataEnd),
            (Step::DataEnd, b'\n') => Ok(Step::SizeStart),
            (Step::LineStart, b'\r') => Ok(Step::End),
            (Step::LineStart | Step::TrailerName, byte) if is_token(byte) => {
                if self.step == Step::LineStart {
                    self.trailers += 1;
                    if self.trailers > config.max_headers() {
                        return Err(Malformed);
                    }
                }
                self.more(Step::TrailerName, config.max_head_bytes())
            }
            (Step::TrailerName, b':') => Ok(Step::TrailerValue),
            (Step::TrailerValue, b'\r') => Ok(Step::TrailerEnd),
            (Step::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => {
                self.more(Step::TrailerValue, config.max_head_bytes())
            }
            (Step::TrailerEnd, b'\n') => Ok(Step::LineStart),
            (Step::End, b'\n') => Ok(Step::Done),
            _ => Err(Malformed),
        }
    }

    fn more(&mut self, step: Step, most: usize) -> Result<Step, Malformed> {
        self.extra += 1;
        if self.extra > most {
            Err(Malformed)
        } else {
            Ok(step)
        }
    }
}

const fn after_data(left: u64) -> Step {
    if left == 0 {
        Step::DataCr
    } else {
        Step::Data(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &[u8]) -> Result<Passed, Malformed> {
        Chunks::new().scan(text, &ServerConfig::default())
    }

    #[test]
    fn the_end_of_the_body_is_found() {
        let body = b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n";
        let with_more = [&body[..], b"GET /"].concat();
        assert_eq!(
            scan(&with_more),
            Ok(Passed {
                bytes: body.len(),
                is_done: true
            })
        );
        assert_eq!(
            scan(b"5\r\nhel"),
            Ok(Passed {
                bytes: 6,
                is_done: false
            })
        );
    }

    #[test]
    fn sloppy_chunks_are_refused() {
        for body in [
            &b"0x5\r\nhello\r\n"[..],
            b"5\nhello\r\n",
            b"5\r\nhelloJUNK\r\n",
            b"5 \r\nhello\r\n",
            b"\r\n",
            b"-1\r\n",
            b"10000000000000000\r\n",
            b"5\r\nhello\n",
            b"0\r\n x: y\r\n\r\n",
            b"0\r\nx: \0\r\n\r\n",
            b"5;\0\r\n",
            b"00000000000000005\r\n",
        ] {
            assert_eq!(scan(body), Err(Malformed), "{}", body.escape_ascii());
        }
        let long = format!("5;{}\r\n", "a".repeat(300));
        assert_eq!(scan(long.as_bytes()), Err(Malformed));
    }

    proptest::proptest! {
        #[test]
        fn splits_do_not_matter(at in 0_usize..30, text in "([0-3](;x)?\r\n[ab]{0,3}\r\n){0,3}0\r\n(a: b\r\n)?\r\nmore") {
            let config = ServerConfig::default();
            let whole = scan(text.as_bytes());
            let mut chunks = Chunks::new();
            let (first, second) = text.as_bytes().split_at(at.min(text.len()));
            let split = chunks.scan(first, &config).and_then(|passed| {
                if passed.is_done {
                    return Ok(passed);
                }
                let rest = chunks.scan(second, &config)?;
                Ok(Passed { bytes: passed.bytes + rest.bytes, is_done: rest.is_done })
            });
            proptest::prop_assert_eq!(whole, split);
        }
    }
}
