//! The fake server, and a client for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use ovasabi_testkit::{Server, ServerBuilder};

/// An upper bound for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn fake_program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-server"))
}

pub(crate) fn fake(behaviour: &'static [&'static str]) -> ServerBuilder {
    Server::builder(fake_program()).args(move |port, dir| {
        let place = [
            "--port".to_owned(),
            port.to_string(),
            "--dir".to_owned(),
            dir.display().to_string(),
        ];
        place
            .into_iter()
            .chain(behaviour.iter().map(|&argument| argument.to_owned()))
            .collect::<Vec<_>>()
    })
}

/// A connection to a fake server.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("the server listens");
        stream
            .set_read_timeout(Some(SOON))
            .expect("the bound is not zero");
        Self(stream)
    }

    /// Sends a line and returns the answer; nothing if the server goes away instead.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.0, "{line} ").expect("the server reads");
        let mut answer = String::new();
        let _ = BufReader::new(&self.0).read_line(&mut answer);
        answer.trim().to_owned()
    }

    /// Returns when the server has gone, which closes its end of the connection; panics if it stays.
    pub(crate) fn wait_until_gone(mut self) {
        match self.0.read(&mut [0; 8]) {
            Ok(0) => {}
            Ok(_) => panic!("the server answers unasked"),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the server is still there: {error}"),
        }
    }
}
