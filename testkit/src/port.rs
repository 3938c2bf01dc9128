//! A port for one server, and the promise that no other server of the kit gets it meanwhile.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::error::Error;

/// Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere), so that none of those
/// can take the port while its server is down.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

/// A TCP port of the loopback interface, reserved until dropped.
///
/// A server wants the TCP port for itself, so it cannot be held. The UDP port of the same number is held instead: every process that
/// uses this kit asks for it first, and the system gives it back even if the process is killed.
#[derive(Debug)]
pub(crate) struct Reservation {
    port: u16,
    _held: UdpSocket,
}

impl Reservation {
    pub(crate) fn take() -> Result<Self, Error> {
        let size = u64::from(RANGE.end - RANGE.start);
        // Starting at a random place spreads processes that start at the same time.
        let start = RandomState::new().hash_one(()) % size;
        let candidates = (0..size).filter_map(|step| u16::try_from((start + step) % size).ok());
        candidates
            .map(|offset| RANGE.start + offset)
            .find_map(Self::of)
            .ok_or(Error::NoPort)
    }

    fn of(port: u16) -> Option<Self> {
        let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        is_free(port).then_some(Self { port, _held: held })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Whether nobody listens on the TCP port.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_not_given_out_again() {
        let first = Reservation::take().expect("a port is free");
        assert!(Reservation::of(first.port()).is_none());
        assert!(
            is_free(first.port()),
            "the server itself must be able to listen"
        );
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the system has a port");
        assert!(Reservation::of(taken.local_addr().expect("it is bound").port()).is_none());
    }
}
