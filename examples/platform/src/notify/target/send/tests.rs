use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

use super::*;

/// Of `hooks.example`, signed by itself; the key is for nothing else.
const CERTIFICATE: &[u8] = include_bytes!("fixtures/hooks.example.crt.pem");
const KEY: &[u8] = include_bytes!("fixtures/hooks.example.key.pem");

const TIMEOUT: Duration = Duration::from_secs(10);

fn target(url: &str, address: SocketAddr) -> Target {
    Target {
        url: Url::parse(url).unwrap(),
        addresses: vec![address],
    }
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).unwrap()
}

/// Believes the certificate of the test, or nobody.
fn sender(believes: bool) -> Sender {
    let mut roots = RootCertStore::empty();
    if believes {
        roots.add(certificate()).unwrap();
    }
    Sender::believing(roots, TIMEOUT).unwrap()
}

async fn post(sender: &Sender, target: &Target) -> Result<u16, Unsent> {
    let body = Bytes::from_static(b"{}");
    let answered = sender.post(target, HeaderMap::new(), body).await;
    answered.map(|answered| answered.status.as_u16())
}

/// Says `head` to who connects and asks, and `body` for as long as he listens; what he has said.
async fn speaker(
    head: &'static str,
    body: &'static [u8],
) -> (SocketAddr, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(head.as_bytes()).await;
        let mut said = 0;
        while !body.is_empty() && stream.write_all(body).await.is_ok() {
            said += body.len();
        }
        said
    });
    (address, task)
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_listened_to() {
    let (address, said) = speaker("HTTP/1.1 200 OK\r\n\r\n", &[b'a'; 1024]).await;
    let target = target("http://hooks.example/", address);
    assert_eq!(post(&sender(false), &target).await, Ok(200));
    // The connection was closed: the speaker has noticed.
    said.await.unwrap();
}

#[tokio::test]
async fn a_head_without_an_end_is_no_answer() {
    let (address, said) = speaker("HTTP/1.1 200 OK\r\nx: ", &[b'a'; 1024]).await;
    let target = target("http://hooks.example/", address);
    assert_eq!(post(&sender(false), &target).await, Err(Unsent::Broken));
    said.await.unwrap();
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for words in ["", "220 mail.example ESMTP\r\n", "HTTP/1.1 200 OK\r\n"] {
        let (address, _) = speaker(words, b"").await;
        let target = target("http://hooks.example/", address);
        assert_eq!(
            post(&sender(false), &target).await,
            Err(Unsent::Broken),
            "{words}"
        );
    }
}

/// Speaks TLS as `hooks.example`, and answers one request; what was asked.
async fn secure() -> (SocketAddr, tokio::task::JoinHandle<Option<String>>) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.ok()?;
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        let mut request = [0; 1024];
        let length = stream.read(&mut request).await.ok()?;
        let said = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
        said.await.ok()?;
        let _ = stream.shutdown().await;
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        Some(format!("{}\n{request}", name.unwrap_or_default()))
    });
    (address, task)
}

#[tokio::test]
async fn a_target_is_who_its_name_says_at_the_address_that_was_checked() {
    let (address, asked) = secure().await;
    let target = target("https://hooks.example:8443/in?a=1#part", address);
    assert_eq!(post(&sender(true), &target).await, Ok(202));
    let asked = asked.await.unwrap().unwrap();
    assert!(
        asked.starts_with("hooks.example\nPOST /in?a=1 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(asked.contains("host: hooks.example:8443\r\n"), "{asked}");
}

#[tokio::test]
async fn one_who_cannot_prove_the_name_is_told_nothing() {
    for (name, believes) in [
        ("hooks.example", false),
        ("other.example", true),
        ("127.0.0.1", true),
    ] {
        let (address, asked) = secure().await;
        let target = target(&format!("https://{name}/"), address);
        assert_eq!(
            post(&sender(believes), &target).await,
            Err(Unsent::Tls),
            "{name}"
        );
        assert_eq!(asked.await.unwrap(), None, "{name}");
    }
    let (address, _) = speaker("HTTP/1.1 200 OK\r\n\r\n", b"").await;
    let plain = target("https://hooks.example/", address);
    assert_eq!(post(&sender(true), &plain).await, Err(Unsent::Tls));
}
