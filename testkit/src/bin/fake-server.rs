//! A server that behaves as badly as it is told, to prove the test kit with.
//!
//! `fake-server --port P --dir D [behaviour]` answers lines: `put TEXT`, `get`, `crash`, `release`. Behaviours:
//! `--ignore-term`, `--linger` (after SIGTERM, stay until `release`), `--mute` (never listen), `--fail` (print and exit with 7).
//! Two more modes use the kit itself: `--host` runs a fake server as a
//! test would and waits, `--require PROGRAM` asks for a program as a test would.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its output is what the kit captures"
)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{process, thread};

use ovasabi_testkit::{Server, require_or_skip};
use signal_hook::consts::SIGTERM;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| {
        arguments
            .iter()
            .skip_while(|argument| *argument != name)
            .nth(1)
            .cloned()
    };

    if has("--host") {
        return host();
    }
    if let Some(program) = value("--require") {
        println!(
            "{}",
            require_or_skip(&program).map_or("skipped", |_| "found")
        );
        return Ok(());
    }
    if has("--fail") {
        eprintln!("cannot open the data file");
        process::exit(7);
    }
    if has("--ignore-term") {
        // A handler that sets a flag which nobody reads.
        signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false)))?;
    }
    if has("--linger") {
        let (mut signalled, notify) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGTERM, notify)?;
        thread::spawn(move || {
            signalled
                .read_exact(&mut [0])
                .map(|()| println!("stopping"))
        });
    }
    if has("--mute") {
        println!("not listening");
        thread::park();
    }
    let port = value("--port").ok_or("--port is missing")?.parse::<u16>()?;
    let dir = PathBuf::from(value("--dir").ok_or("--dir is missing")?);
    serve(port, &dir)
}

fn serve(port: u16, dir: &Path) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("listening on {port}");
    for stream in listener.incoming() {
        let (stream, file) = (stream?, dir.join("data"));
        // A client that goes away ends its own thread only.
        thread::spawn(move || answer(stream, &file).ok());
    }
    Ok(())
}

fn answer(mut stream: TcpStream, file: &Path) -> Result<()> {
    for line in BufReader::new(stream.try_clone()?).lines() {
        match line?.split_once(' ').unwrap_or_default() {
            ("put", text) => std::fs::write(file, text)?,
            ("crash", _) => process::exit(3),
            ("release", _) => process::exit(0),
            _ => {}
        }
        let data = std::fs::read_to_string(file).unwrap_or_default();
        writeln!(stream, "data={data}")?;
    }
    Ok(())
}

/// Runs a fake server until killed.
fn host() -> Result<()> {
    let server = Server::builder(std::env::current_exe()?)
        .args(arguments)
        .start()?;
    println!("hosting {}", server.port());
    thread::park();
    Ok(())
}

fn arguments(port: u16, dir: &Path) -> [String; 4] {
    [
        "--port".to_owned(),
        port.to_string(),
        "--dir".to_owned(),
        dir.display().to_string(),
    ]
}
