//! Limits in front of passwords.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_auth::protect::password::LoginGuard;
use ovasabi_core::admit::{Admit, Settle};
use ovasabi_core::classify::Class;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_core::{Code, Error, Rejection};

/// So many at once, and one more each second: what a rate limiter by key does.
#[derive(Clone)]
struct Budget {
    burst: u32,
    taken: Arc<Mutex<HashMap<String, Tick>>>,
    settled: Arc<Mutex<Vec<Class>>>,
}

const EACH: Duration = Duration::from_secs(1);

impl Budget {
    fn of(burst: u32) -> Self {
        Self {
            burst,
            taken: Arc::default(),
            settled: Arc::default(),
        }
    }

    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.taken.lock().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }
}

struct Permit(Arc<Mutex<Vec<Class>>>);

impl Settle for Permit {
    fn settle(self, class: Class) {
        self.0.lock().unwrap().push(class);
    }
}

impl Admit<str> for Budget {
    type Permit = Permit;

    fn admit(&self, key: &str, cost: NonZeroU32, now: Tick) -> Result<Permit, Rejection> {
        let mut taken = self.taken.lock().unwrap();
        let until = taken.entry(key.to_owned()).or_insert(now);
        let next = (*until).max(now).saturating_add(EACH * cost.get());
        let over = next.saturating_since(now.saturating_add(EACH * self.burst));
        if over > Duration::ZERO {
            let refused = Rejection::new(RejectKind::RateLimited, "rate_limit", "login");
            return Err(refused.retry_after(over));
        }
        *until = next;
        Ok(Permit(Arc::clone(&self.settled)))
    }
}

fn peer(address: &str) -> PeerAddr {
    PeerAddr::from(SocketAddr::new(address.parse().unwrap(), 4711))
}

#[test]
fn an_attacker_cannot_lock_an_account_from_everywhere() {
    let (clock, hand) = Clock::manual();
    let guard = LoginGuard::new(Budget::of(5), Budget::of(100)).clock(clock);
    for _ in 0..5 {
        guard.admit("ann", peer("203.0.113.9")).unwrap().failed();
    }
    let refused = guard.admit("ann", peer("203.0.113.9")).unwrap_err();
    assert_eq!(refused.retry_delay(), Some(EACH));
    assert_eq!(Error::from(refused).code(), Code::ResourceExhausted);
    // Its owner is somewhere else, and the attacker has other accounts to try.
    assert!(guard.admit("ann", peer("198.51.100.1")).is_ok());
    assert!(guard.admit("ann", PeerAddr::UNKNOWN).is_ok());
    assert!(guard.admit("bob", peer("203.0.113.9")).is_ok());
    hand.advance(EACH);
    assert!(guard.admit("ann", peer("203.0.113.9")).is_ok());
    assert!(guard.admit("ann", peer("203.0.113.9")).is_err());
}

#[test]
fn one_password_on_every_account_is_stopped_by_address() {
    let (account, address) = (Budget::of(5), Budget::of(10));
    let guard = LoginGuard::new(account.clone(), address).clock(Clock::manual().0);
    for at in 0..10 {
        assert!(
            guard
                .admit(&format!("user{at}"), peer("2001:db8:1:2::1"))
                .is_ok()
        );
    }
    // The whole network of an IPv6 client is one.
    assert!(guard.admit("user10", peer("2001:db8:1:2:ffff::7")).is_err());
    assert!(guard.admit("user10", peer("2001:db8:1:3::1")).is_ok());
    // What the address refuses costs the account nothing.
    assert!(!account.keys().contains(&"2001:db8:1:2:: user10".to_owned()));
}

#[test]
fn no_account_can_pass_for_another_one() {
    let account = Budget::of(5);
    let guard = LoginGuard::new(account.clone(), Budget::of(100)).clock(Clock::manual().0);
    assert!(guard.admit("ann", PeerAddr::UNKNOWN).is_ok());
    assert!(guard.admit("203.0.113.9 ann", PeerAddr::UNKNOWN).is_ok());
    assert!(guard.admit("ann", peer("203.0.113.9")).is_ok());
    assert_eq!(
        account.keys(),
        ["203.0.113.9 ann", "unknown 203.0.113.9 ann", "unknown ann"]
    );
}

#[test]
fn budgets_learn_how_an_attempt_ended() {
    let (account, address) = (Budget::of(5), Budget::of(5));
    let guard = LoginGuard::new(account.clone(), address.clone()).clock(Clock::manual().0);
    guard.admit("ann", PeerAddr::UNKNOWN).unwrap().failed();
    guard.admit("ann", PeerAddr::UNKNOWN).unwrap().succeeded();
    drop(guard.admit("ann", PeerAddr::UNKNOWN).unwrap());
    for budget in [account, address] {
        assert_eq!(
            *budget.settled.lock().unwrap(),
            [Class::Failure, Class::Success]
        );
    }
}
