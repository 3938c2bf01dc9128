//! Each strict rule of a head, and that pieces do not matter.

use super::*;

fn scan(text: &[u8]) -> Result<Option<Head>, Refusal> {
    HeadScan::default().scan(text, &ServerConfig::default())
}

fn with(headers: &str) -> Result<Option<Head>, Refusal> {
    scan(format!("POST /a HTTP/1.1\r\nhost: test\r\n{headers}\r\n").as_bytes())
}

fn refused(headers: &str) -> Refusal {
    with(headers).unwrap_err()
}

#[test]
fn good_heads_are_framed() {
    let head = scan(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nrest")
        .unwrap()
        .unwrap();
    assert_eq!(
        head,
        Head {
            len: 27,
            framing: Framing::Length(0)
        }
    );
    assert_eq!(
        with("content-length: 5\r\n").unwrap().unwrap().framing,
        Framing::Length(5)
    );
    assert_eq!(
        with("Transfer-Encoding: Chunked\r\n")
            .unwrap()
            .unwrap()
            .framing,
        Framing::Chunked
    );
    assert!(
        scan(b"\r\nGET http://A:80/x?y HTTP/1.1\r\nHost:  a:80 \r\n\r\n")
            .unwrap()
            .is_some()
    );
    assert!(scan(b"OPTIONS * HTTP/1.0\r\n\r\n").unwrap().is_some());
    assert!(scan(b"GET / HTTP/1.1\r\nhost: a\r\n").unwrap().is_none());
}

#[test]
fn ambiguous_framing_is_refused() {
    assert_eq!(
        refused("content-length: 5\r\ntransfer-encoding: chunked\r\n"),
        Refusal::LengthAndEncoding
    );
    assert_eq!(
        refused("content-length: 5\r\ncontent-length: 5\r\n"),
        Refusal::LengthTwice
    );
    assert_eq!(refused("content-length: 5, 5\r\n"), Refusal::Length);
    assert_eq!(refused("content-length: +5\r\n"), Refusal::Length);
    assert_eq!(refused("content-length:\r\n"), Refusal::Length);
    assert_eq!(
        refused("content-length: 99999999999999999999\r\n"),
        Refusal::Length
    );
    assert_eq!(
        refused("transfer-encoding: xchunked\r\n"),
        Refusal::UnknownEncoding
    );
    assert_eq!(
        refused("transfer-encoding: gzip, chunked\r\n"),
        Refusal::UnknownEncoding
    );
    assert_eq!(
        refused("transfer-encoding: chunked, chunked\r\n"),
        Refusal::Encoding
    );
    assert_eq!(
        refused("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
        Refusal::Encoding
    );
    let old = scan(b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(old.unwrap_err(), Refusal::Encoding);
    assert_eq!(
        refused("upgrade: websocket\r\ncontent-length: 1\r\n"),
        Refusal::UpgradeWithBody
    );
    assert_eq!(
        refused("content-length: 2097153\r\n"),
        Refusal::BodyTooLarge
    );
}

#[test]
fn sloppy_lines_are_refused() {
    assert_eq!(refused("a : b\r\n"), Refusal::Header);
    assert_eq!(refused("a b: c\r\n"), Refusal::Header);
    assert_eq!(refused("a: b\0c\r\n"), Refusal::Header);
    assert_eq!(refused("a: b\rc\r\n"), Refusal::Header);
    assert_eq!(refused(": b\r\n"), Refusal::Header);
    assert_eq!(refused("a\r\n"), Refusal::Header);
    assert_eq!(refused("a: b\r\n c\r\n"), Refusal::Folded);
    assert_eq!(refused("a: b\n"), Refusal::LineEnd);
    assert_eq!(refused("expect: wonders\r\n"), Refusal::Expectation);
}

#[test]
fn hosts_are_exactly_one() {
    assert_eq!(refused("Host: b\r\n"), Refusal::HostTwice);
    assert_eq!(
        scan(b"GET / HTTP/1.1\r\n\r\n").unwrap_err(),
        Refusal::HostMissing
    );
    assert_eq!(
        scan(b"GET / HTTP/1.1\r\nhost: a/b@c\r\n\r\n").unwrap_err(),
        Refusal::Host
    );
    assert_eq!(
        scan(b"GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n").unwrap_err(),
        Refusal::HostMismatch
    );
}

#[test]
fn request_lines_are_strict() {
    let line = |line: &str| scan(format!("{line}\r\nhost: a\r\n\r\n").as_bytes()).unwrap_err();
    assert_eq!(line("GET /"), Refusal::RequestLine);
    assert_eq!(line("GET  / HTTP/1.1"), Refusal::Target);
    assert_eq!(line("GET / x HTTP/1.1"), Refusal::Target);
    assert_eq!(line("GET / HTTP/1.9"), Refusal::Version);
    assert_eq!(line("GET / HTTP/2.0"), Refusal::Version);
    assert_eq!(line("get / HTTP/1.1"), Refusal::UnknownMethod);
    assert_eq!(line("G@T / HTTP/1.1"), Refusal::RequestLine);
    assert_eq!(line("CONNECT a:1 HTTP/1.1"), Refusal::Method);
    assert_eq!(line("TRACE / HTTP/1.1"), Refusal::Method);
    assert_eq!(line("GET /#f HTTP/1.1"), Refusal::Target);
    assert_eq!(line("GET /%00 HTTP/1.1"), Refusal::Target);
    assert_eq!(line("GET /a/../b HTTP/1.1"), Refusal::Target);
    for path in ["/a/..%2fb", "/..%5Cb", "/a%2F..", "/%2e%2E%2f"] {
        assert_eq!(
            line(&format!("GET {path} HTTP/1.1")),
            Refusal::Target,
            "{path}"
        );
    }
    assert_eq!(line("GET /a/%2E. HTTP/1.1"), Refusal::Target);
    assert_eq!(line("GET http://u@a/ HTTP/1.1"), Refusal::Target);
    assert_eq!(
        line(&format!("GET /{} HTTP/1.1", "a".repeat(8192))),
        Refusal::UriTooLong
    );
    assert!(
        scan(b"GET /a..b/...%2fb%5c..c?q=../ HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap()
            .is_some()
    );
}

#[test]
fn caps_hold_before_the_head_is_complete() {
    let long = format!("GET /{}", "a".repeat(9000));
    assert_eq!(scan(long.as_bytes()).unwrap_err(), Refusal::UriTooLong);
    let large = format!("GET / HTTP/1.1\r\nhost: a\r\nb: {}", "c".repeat(33_000));
    assert_eq!(scan(large.as_bytes()).unwrap_err(), Refusal::HeadTooLarge);
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}", "b: c\r\n".repeat(100));
    assert_eq!(scan(many.as_bytes()).unwrap_err(), Refusal::TooManyHeaders);
}

proptest::proptest! {
    /// However the bytes arrive, the verdict is the same.
    #[test]
    fn splits_do_not_matter(
        at in 0_usize..80,
        text in "(GET|POST) /[a-z]{0,5} HTTP/1\\.[01]\r\n(host: a\r\n)?(content-length: [0-9+]{1,3}\r\n){0,2}( x\r\n)?(transfer-encoding: chunked\r\n)?\r?\n",
    ) {
        let config = ServerConfig::default();
        let whole = HeadScan::default().scan(text.as_bytes(), &config);
        let mut scan = HeadScan::default();
        let first = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
        let split = match scan.scan(first, &config) {
            Ok(None) => scan.scan(text.as_bytes(), &config),
            early => early,
        };
        proptest::prop_assert_eq!(whole, split);
    }
}
