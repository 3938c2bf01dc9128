//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use loom::sync::Arc;
use loom::thread;
use ovasabi_core::time::Tick;

use super::Terms;
use super::account::{Account, ONE, Withdrawal};

const NOW: Tick = Tick::ZERO;

fn account(reserve: u64, saved: u64, floor_per_second: u64) -> Arc<Account> {
    let account = Account::new(&Terms {
        per_request: ONE,
        per_success: 0,
        reserve: reserve * ONE,
        failure_cost: ONE,
        throttled_cost: ONE,
        floor_per_second,
        repay: false,
        start_full: false,
    });
    (0..saved).for_each(|_| account.request());
    Arc::new(account)
}

/// Runs `work` on two threads; what both return.
fn twice<T: 'static>(account: &Arc<Account>, work: fn(&Account) -> T) -> [T; 2] {
    let threads = [(), ()].map(|()| {
        let account = Arc::clone(account);
        thread::spawn(move || work(&account))
    });
    threads.map(|thread| thread.join().unwrap())
}

fn take(account: &Account) -> Option<Withdrawal> {
    account
        .withdraw(ONE)
        .or_else(|| account.withdraw_floor(NOW))
}

#[test]
fn loom_one_retry_is_given_once() {
    for (saved, floor) in [(1, 0), (0, 1)] {
        loom::model(move || {
            let account = account(2, saved, floor);
            let taken = twice(&account, take);
            assert_eq!(taken.iter().flatten().count(), 1);
            assert_eq!(account.saved(), 0);
        });
    }
}

#[test]
fn loom_no_deposit_is_lost_and_none_passes_the_reserve() {
    for (reserve, saved) in [(4, 2), (1, 1)] {
        loom::model(move || {
            let account = account(reserve, 0, 0);
            twice(&account, Account::request);
            assert_eq!(account.saved(), saved * ONE);
        });
    }
}

#[test]
fn loom_a_deposit_and_a_withdrawal_that_meet_both_count() {
    loom::model(|| {
        let account = account(1, 1, 0);
        let depositing = {
            let account = Arc::clone(&account);
            thread::spawn(move || account.request())
        };
        let first = take(&account);
        depositing.join().unwrap();
        assert_eq!(first, Some(Withdrawal::Saved(ONE)));
        // A deposit that came first found a full account.
        let left = account.saved();
        assert!(left == 0 || left == ONE, "{left}");
    });
}

#[test]
fn loom_what_is_given_back_is_there_for_another() {
    for (saved, floor) in [(1, 0), (0, 1)] {
        loom::model(move || {
            let account = account(1, saved, floor);
            let taken = take(&account).expect("there is one");
            let refunding = {
                let account = Arc::clone(&account);
                thread::spawn(move || account.refund(taken))
            };
            let early = take(&account);
            refunding.join().unwrap();
            let late = take(&account);
            assert!(early.is_some() ^ late.is_some());
        });
    }
}
