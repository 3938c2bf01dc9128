//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use ovasabi_core::time::Tick;

use super::window::{Counts, Window};

const LENGTH: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Tick {
    Tick::ZERO.saturating_add(Duration::from_secs(seconds))
}

#[test]
fn loom_no_request_is_lost_while_buckets_turn() {
    loom::model(|| {
        let window = Arc::new(Window::new(LENGTH));
        window.turn(at(0));
        let threads: Vec<_> = [(1, true), (2, false)]
            .map(|(now, is_accepted)| {
                let window = Arc::clone(&window);
                thread::spawn(move || {
                    window.turn(at(now));
                    window.add(is_accepted);
                })
            })
            .into_iter()
            .collect();
        for thread in threads {
            thread.join().expect("nothing panics");
        }
        assert_eq!(window.lifetime(), 2);
        let counts = Counts {
            requests: 2,
            accepts: 1,
        };
        assert_eq!(window.counts_at(at(2)), counts);
    });
}

#[test]
fn loom_a_look_during_a_turn_sees_no_more_accepts_than_requests() {
    loom::model(|| {
        let window = Arc::new(Window::new(LENGTH));
        window.turn(at(0));
        window.add(true);
        let turning = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                window.turn(at(1));
                window.add(true);
            })
        };
        let counts = window.counts();
        assert!(counts.requests >= 1, "{counts:?}");
        assert_eq!(counts.accepts, counts.requests);
        turning.join().expect("nothing panics");
    });
}
