//! API keys in memory, one of ten thousand.

use std::hint::black_box;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{self, Poll, Waker};

use ovasabi_auth::api_key::{ApiKeys, MemoryApiKeys, NewApiKey};
use ovasabi_core::Context;
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::http::PeerAddr;

use crate::{Case, Maker, Measured, Repeated};

const KEYS: usize = 10_000;

pub(super) const CASES: &[Case] = &[
    Case::new("nothing", || {
        let nothing = || {
            black_box(0_u8);
        };
        Box::new(move || Box::new(Repeated::new(nothing)))
    }),
    Case::new("ovasabi, a good key", || {
        let (keys, key) = issued();
        checked(keys, key, true)
    }),
    Case::new("ovasabi, a typo", || {
        let (keys, mut key) = issued();
        let last = key.pop();
        key.push(if last == Some('0') { '1' } else { '0' });
        checked(keys, key, false)
    }),
];

/// Keys in memory, and the text of one.
pub(super) fn issued() -> (ApiKeys, String) {
    let keys = ApiKeys::builder(MemoryApiKeys::new()).build();
    let keys = keys.expect("the defaults are in range");
    let robot = Subject::new(SubjectKind::Service, "nightly-build");
    let new = || NewApiKey::new(robot.clone()).scope("orders:read");
    let issue = || at_once(keys.issue(&Context::background(), new()));
    for _ in 1..KEYS {
        issue().expect("the machine has randomness");
    }
    let (key, _) = issue().expect("the machine has randomness");
    let key = key.expose().to_owned();
    (keys, key)
}

fn checked(keys: ApiKeys, key: String, is_good: bool) -> Maker {
    let peer = PeerAddr::from(SocketAddr::from(([192, 0, 2, 7], 40_000)));
    let check = move || {
        let checked = at_once(keys.verify(&Context::background(), black_box(&key), peer));
        assert_eq!(black_box(checked).is_ok(), is_good);
    };
    Box::new(move || Box::new(Repeated::new(check.clone())) as Box<dyn Measured>)
}

/// What nobody has to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut cx = task::Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("keys in memory are there"),
    }
}
