//! As much of HTTP/1.1 as a test needs: one request a connection, no body.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::reply::{Body, Reply};
use super::state::State;

pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    // Connections end with the server: dropping the set aborts them.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            // A client that went away is its own affair.
            let _ = exchange(stream, &state).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn exchange(mut stream: TcpStream, state: &State) -> io::Result<()> {
    let head = read_head(&mut stream).await?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let known = lines
        .filter(|(name, _)| name.eq_ignore_ascii_case("if-none-match"))
        .map(|(_, value)| value.trim())
        .next();
    let reply = state.answer(path, known).await;
    write(&mut stream, reply).await
}

async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if head.len() > 16 * 1024 || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn write(stream: &mut TcpStream, reply: Reply) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Test\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match reply.body {
        Body::Whole(body) => {
            if reply.status != 304 {
                head.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            head.push_str("\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Body::Endless => {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
            // Until the client has had enough.
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
    }
    stream.shutdown().await
}
