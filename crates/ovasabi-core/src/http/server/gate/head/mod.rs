//! The strict scan of one request head. Pure: bytes in, a verdict out.

use std::ops::Range;

use super::Refusal;
use super::syntax::{
    check_method, has_dangerous_path, has_prefix, is_host, is_target, is_token, is_value,
};
use crate::http::server::ServerConfig;

/// How far a head has been read. It is fed the same buffer again as that grows, and looks at each byte once.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    /// Up to where line feeds have been looked for.
    at: usize,
    line_start: usize,
    has_request_line: bool,
    skipped_line: bool,
    is_head: bool,
    is_http_10: bool,
    headers: usize,
    /// Where the authority of an absolute target stands in the buffer.
    authority: Option<Range<usize>>,
    host: Option<Range<usize>>,
    length: Option<u64>,
    is_chunked: bool,
    is_upgrade: bool,
}

/// A head that breaks no rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its bytes, the empty line included.
    pub(super) len: usize,
    pub(super) framing: Framing,
}

/// Where the body ends. There is no third way that we accept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

impl HeadScan {
    /// Whether the method is `HEAD`, as far as is known.
    pub(super) const fn is_head(&self) -> bool {
        self.is_head
    }

    /// Looks at what is new in `bytes`, which begin where the head does.
    ///
    /// `None` when the head is not complete.
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        config: &ServerConfig,
    ) -> Result<Option<Head>, Refusal> {
        while let Some(line_feed) = bytes
            .get(self.at..)
            .and_then(|new| new.iter().position(|byte| *byte == b'\n'))
        {
            let start = self.line_start;
            let end = self.at + line_feed;
            self.at = end + 1;
            self.line_start = self.at;
            let line = bytes.get(start..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").ok_or(Refusal::LineEnd)?;
            if !self.has_request_line {
                self.first_line(line, start, config)?;
            } else if line.is_empty() {
                self.check_size(self.at, config)?;
                let framing = self.finish(bytes, config)?;
                return Ok(Some(Head {
                    len: self.at,
                    framing,
                }));
            } else {
                self.header(line, start, config)?;
            }
            self.check_size(self.at, config)?;
        }
        self.at = bytes.len();
        if !self.has_request_line && self.at - self.line_start > config.max_uri_bytes() + LINE_REST
        {
            return Err(Refusal::UriTooLong);
        }
        self.check_size(self.at, config)?;
        Ok(None)
    }

    fn check_size(&self, bytes: usize, config: &ServerConfig) -> Result<(), Refusal> {
        if bytes > config.max_head_bytes() {
            Err(Refusal::HeadTooLarge)
        } else {
            Ok(())
        }
    }

    fn first_line(
        &mut self,
        line: &[u8],
        start: usize,
        config: &ServerConfig,
    ) -> Result<(), Refusal> {
        // One empty line may come first (RFC 9112 §2.2).
        if line.is_empty() && !self.skipped_line {
            self.skipped_line = true;
            return Ok(());
        }
        self.has_request_line = true;
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        let method = parts.next().unwrap_or_default();
        let mut parts = parts
            .next()
            .unwrap_or_default()
            .rsplitn(2, |byte| *byte == b' ');
        let version = parts.next().unwrap_or_default();
        let target = parts.next().ok_or(Refusal::RequestLine)?;
        self.version(version)?;
        self.method(method)?;
        if target.len() > config.max_uri_bytes() {
            return Err(Refusal::UriTooLong);
        }
        self.target(method, target, start + method.len() + 1)
    }

    fn version(&mut self, version: &[u8]) -> Result<(), Refusal> {
        match version {
            b"HTTP/1.1" => Ok(()),
            b"HTTP/1.0" => {
                self.is_http_10 = true;
                Ok(())
            }
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                Err(Refusal::Version)
            }
            _ => Err(Refusal::RequestLine),
        }
    }

    fn method(&mut self, method: &[u8]) -> Result<(), Refusal> {
        check_method(method)?;
        self.is_head = method == b"HEAD";
        Ok(())
    }

    fn target(&mut self, method: &[u8], target: &[u8], start: usize) -> Result<(), Refusal> {
        if !target.iter().copied().all(is_target) {
            return Err(Refusal::Target);
        }
        let path = match target {
            b"*" if method == b"OPTIONS" => return Ok(()),
            [b'/', ..] => target,
            _ => {
                let scheme = if has_prefix(target, b"http://") {
                    7
                } else if has_prefix(target, b"https://") {
                    8
                } else {
                    return Err(Refusal::Target);
                };
                let rest = target.get(scheme..).unwrap_or_default();
                let len = rest
                    .iter()
                    .position(|byte| matches!(byte, b'/' | b'?'))
                    .unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(len).ok_or(Refusal::Target)?;
                if authority.is_empty() || !authority.iter().copied().all(is_host) {
                    return Err(Refusal::Target);
                }
                self.authority = Some(start + scheme..start + scheme + len);
                path
            }
        };
        let end = path
            .iter()
            .position(|byte| *byte == b'?')
            .unwrap_or(path.len());
        if has_dangerous_path(path.get(..end).unwrap_or_default()) {
            Err(Refusal::Target)
        } else {
            Ok(())
        }
    }

    fn header(&mut self, line: &[u8], start: usize, config: &ServerConfig) -> Result<(), Refusal> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Refusal::Folded);
        }
        self.headers += 1;
        if self.headers > config.max_headers() {
            return Err(Refusal::TooManyHeaders);
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or(Refusal::Header)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Refusal::Header)?;
        if name.is_empty()
            || !name.iter().copied().all(is_token)
            || !value.iter().copied().all(is_value)
        {
            return Err(Refusal::Header);
        }
        let value = value.strip_prefix(b":").unwrap_or_default();
        let trimmed = value.trim_ascii();
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                let lead = value.len() - value.trim_ascii_start().len();
                let from = start + colon + 1 + lead;
                self.host(trimmed, from..from + trimmed.len())
            }
            6 if name.eq_ignore_ascii_case(b"expect") => {
                if trimmed.eq_ignore_ascii_case(b"100-continue") {
                    Ok(())
                } else {
                    Err(Refusal::Expectation)
                }
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                // HTTP/2 by upgrade is long gone (RFC 9113 §3.1) and ignored, as any unknown protocol may be.
                self.is_upgrade |= !trimmed.eq_ignore_ascii_case(b"h2c");
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(trimmed),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.transfer_encoding(trimmed)
            }
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8], place: Range<usize>) -> Result<(), Refusal> {
        if self.host.replace(place).is_some() {
            return Err(Refusal::HostTwice);
        }
        if value.iter().copied().all(is_host) {
            Ok(())
        } else {
            Err(Refusal::Host)
        }
    }

    fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_some() {
            return Err(Refusal::LengthTwice);
        }
        // `u64` would also parse a plus sign.
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|_| is_number)
            .ok_or(Refusal::Length)?;
        self.length = Some(text.parse().map_err(|_| Refusal::Length)?);
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        if codings
            .clone()
            .any(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
        {
            return Err(if value.is_empty() {
                Refusal::Encoding
            } else {
                Refusal::UnknownEncoding
            });
        }
        // Once, on one line: chunked twice is a smuggling attempt.
        if self.is_chunked || codings.nth(1).is_some() {
            return Err(Refusal::Encoding);
        }
        self.is_chunked = true;
        Ok(())
    }

    fn finish(&self, bytes: &[u8], config: &ServerConfig) -> Result<Framing, Refusal> {
        let host = self.host.clone().and_then(|host| bytes.get(host));
        if host.is_none() && !self.is_http_10 {
            return Err(Refusal::HostMissing);
        }
        let authority = self
            .authority
            .clone()
            .and_then(|authority| bytes.get(authority));
        if let (Some(authority), Some(host)) = (authority, host)
            && !authority.eq_ignore_ascii_case(host)
        {
            return Err(Refusal::HostMismatch);
        }
        let framing = match (self.is_chunked, self.length) {
            (true, Some(_)) => return Err(Refusal::LengthAndEncoding),
            (true, None) if self.is_http_10 => return Err(Refusal::Encoding),
            (true, None) => Framing::Chunked,
            (false, Some(length)) if length > config.max_body_limit() => {
                return Err(Refusal::BodyTooLarge);
            }
            (false, length) => Framing::Length(length.unwrap_or(0)),
        };
        if self.is_upgrade && framing != Framing::Length(0) {
            return Err(Refusal::UpgradeWithBody);
        }
        Ok(framing)
    }
}

/// What a request line has besides its target: the longest method that anybody uses, and the version.
const LINE_REST: usize = 64;

#[cfg(test)]
mod tests;
