//! `ovasabi-auth` beside its peers: `cargo bench -p benches -- auth`, or one area: `cargo bench -p benches -- auth/ES256`.
#![allow(clippy::print_stdout, reason = "a bench says what it measured")]

use benches::auth::AREAS;
use benches::one_thread;
use criterion::Criterion;
use ovasabi_core::time::Clock;

fn main() {
    println!("clock: {}", Clock::system().source());
    let mut criterion = Criterion::default().configure_from_args();
    one_thread(&mut criterion, "auth", AREAS);
    criterion.final_summary();
}
