//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use loom::sync::Arc;
use loom::thread;

use super::flight::Flight;

#[test]
fn loom_no_more_calls_take_off_than_the_limit_lets() {
    loom::model(|| {
        let flight = Arc::new(Flight::new());
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let flight = Arc::clone(&flight);
                thread::spawn(move || flight.enter(1))
            })
            .collect();
        let entered = threads
            .into_iter()
            .map(|thread| thread.join().expect("nothing panics"))
            .filter(|entered| *entered)
            .count();
        assert_eq!(entered, 1);
        assert_eq!((flight.in_flight(), flight.admitted()), (1, 1));
    });
}

#[test]
fn loom_of_two_that_saw_room_for_one_the_second_goes_back_and_is_not_counted() {
    loom::model(|| {
        let flight = Arc::new(Flight::new());
        let other = {
            let flight = Arc::clone(&flight);
            thread::spawn(move || flight.enter_calm(1))
        };
        let own = flight.enter_calm(1);
        assert!(own != other.join().expect("nothing panics"));
        assert_eq!((flight.in_flight(), flight.admitted()), (1, 1));
    });
}

#[test]
fn loom_a_call_that_lands_makes_room_for_one_and_all_are_counted() {
    loom::model(|| {
        let flight = Arc::new(Flight::new());
        assert!(flight.enter(1));
        let other = {
            let flight = Arc::clone(&flight);
            thread::spawn(move || {
                let entered = flight.enter(1);
                if entered {
                    flight.leave();
                }
                u64::from(entered)
            })
        };
        flight.leave();
        let own = flight.enter(1);
        if own {
            flight.leave();
        }
        let entered = other.join().expect("nothing panics") + u64::from(own);
        assert_eq!((flight.in_flight(), flight.admitted()), (0, 1 + entered));
    });
}
