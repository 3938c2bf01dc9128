//! One request to a target, and nothing after it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ovasabi_core::Result;
use ovasabi_core::classify::{Classify, Facts, HttpClassify, Verdict};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Position};

use super::{Target, tls};

/// How much of an answer's body is read before the connection is closed: enough for an honest "ok".
const MAX_ANSWER: usize = 4 * 1024;

/// How large the head of an answer may be.
const MAX_HEAD: usize = 16 * 1024;

/// How long one of several addresses may take to be connected.
const CONNECT: Duration = Duration::from_secs(2);

/// Posts to targets, each time on a connection of its own. Clones are the same.
#[derive(Clone)]
pub(in crate::notify) struct Sender {
    tls: TlsConnector,
    timeout: Duration,
}

/// What a target has answered.
#[derive(Clone, Copy, Debug)]
pub(in crate::notify) struct Answered {
    pub(in crate::notify) status: StatusCode,
    pub(in crate::notify) verdict: Verdict,
}

/// Why there is no answer; its text is for the owner of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notify) enum Unsent {
    Connect,
    Tls,
    Broken,
    TimedOut,
}

impl Sender {
    /// Believes the authorities of this machine; `timeout` is for all of a request.
    pub(in crate::notify) fn new(timeout: Duration) -> Result<Self> {
        Self::believing(tls::authorities_of_the_machine(), timeout)
    }

    fn believing(roots: RootCertStore, timeout: Duration) -> Result<Self> {
        Ok(Self {
            tls: tls::connector(roots)?,
            timeout,
        })
    }

    /// Posts `body` with these headers.
    ///
    /// # Errors
    /// When there is no answer. The target may have it all the same.
    ///
    /// # Cancel safety
    /// Dropped, the connection is closed; the target may have got it.
    pub(in crate::notify) async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answered, Unsent> {
        let sent = tokio::time::timeout(self.timeout, self.send(target, headers, body)).await;
        sent.unwrap_or(Err(Unsent::TimedOut))
    }

    async fn send(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answered, Unsent> {
        let request = request(target, headers, body)?;
        let stream = connect(target).await?;
        if target.url.scheme() != "https" {
            return exchange(stream, request).await;
        }
        let stream = self.tls.connect(server_name(target)?, stream).await;
        exchange(stream.map_err(|_| Unsent::Tls)?, request).await
    }
}

/// Connects to one of the addresses that were checked, in the order of the resolver.
async fn connect(target: &Target) -> Result<TcpStream, Unsent> {
    for address in &target.addresses {
        let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(address));
        if let Ok(Ok(stream)) = connecting.await {
            return Ok(stream);
        }
    }
    Err(Unsent::Connect)
}

fn server_name(target: &Target) -> Result<ServerName<'static>, Unsent> {
    let name = match target.url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(v4)) => Some(ServerName::from(std::net::IpAddr::V4(v4))),
        Some(Host::Ipv6(v6)) => Some(ServerName::from(std::net::IpAddr::V6(v6))),
        None => None,
    };
    name.ok_or(Unsent::Tls)
}

fn request(
    target: &Target,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Unsent> {
    let url = &target.url;
    // Without the port where it is the usual one, as a browser writes it.
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .body(Full::new(body))
        .map_err(|_| Unsent::Broken)?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(host).map_err(|_| Unsent::Broken)?;
    request.headers_mut().insert(header::HOST, host);
    Ok(request)
}

/// One request, one answer. The connection is driven here, so it ends with this future.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answered, Unsent>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Unsent::Broken)?;
    let answer = async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|_| Unsent::Broken)?;
        let seen = Classify::<_, Unsent>::seen(&HttpClassify::new(), &Facts::new(), Ok(&response));
        let answered = Answered {
            status: response.status(),
            verdict: seen.verdict,
        };
        swallow(response).await;
        Ok(answered)
    };
    let drive = async {
        // What went wrong with it, the answer learns too.
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        answer = answer => answer,
        never = drive => never,
    }
}

/// Reads a little, so that a target that writes before it closes sees no reset, and throws it away.
async fn swallow(response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut read = 0;
    while read < MAX_ANSWER
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "cannot be connected",
            Self::Tls => "is not who its name says, or speaks no TLS 1.2",
            Self::Broken => "broke the connection off",
            Self::TimedOut => "did not answer in time",
        })
    }
}

impl std::error::Error for Unsent {}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
