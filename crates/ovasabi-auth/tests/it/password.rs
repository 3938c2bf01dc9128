//! Passwords: what is believed, what is refused before work, and who waits.

use std::sync::mpsc;
use std::time::Duration;

use ovasabi_auth::protect::password::{
    Password, PasswordError, PasswordHasher, PasswordHasherBuilder, Verdict,
};
use ovasabi_core::context::Cause;
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::{RejectKind, Rejection};
use ovasabi_core::{Code, Context, Error};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio_test::task::spawn;

const CORRECT: Verdict = Verdict::Correct {
    needs_rehash: false,
};
const CORRECT_BUT_WEAK: Verdict = Verdict::Correct { needs_rehash: true };

/// As cheap as Argon2 can be.
fn quick() -> PasswordHasherBuilder {
    PasswordHasher::builder()
        .memory_kib(64)
        .iterations(2)
        .dangerous_allow_weak()
}

fn password(text: &str) -> Password {
    Password::new(text)
}

async fn verify(
    hasher: &PasswordHasher,
    text: &str,
    stored: Option<&str>,
) -> Result<Verdict, PasswordError> {
    hasher
        .verify(&Context::background(), &password(text), stored)
        .await
}

async fn hash(hasher: &PasswordHasher, text: &str) -> String {
    hasher
        .hash(&Context::background(), &password(text))
        .await
        .unwrap()
}

#[tokio::test]
async fn the_right_password_is_told_from_a_wrong_one() {
    let hasher = quick().build().unwrap();
    for right in [
        "correct horse",
        "",
        "pässwörd 🐎",
        "a\0b",
        &"x".repeat(Password::MAX_BYTES),
    ] {
        let stored = hash(&hasher, right).await;
        assert_eq!(
            verify(&hasher, right, Some(&stored)).await,
            Ok(CORRECT),
            "{right:.20}"
        );
        for wrong in ["correct hors", "correct horse ", "Correct horse", "x", "a"] {
            assert_eq!(
                verify(&hasher, wrong, Some(&stored)).await,
                Ok(Verdict::Wrong),
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn hashes_are_compared_to_the_last_byte() {
    let hasher = quick().build().unwrap();
    let stored = hash(&hasher, "horse").await;
    let start = stored.rfind('$').unwrap() + 1;
    for at in start..stored.len() - 1 {
        let mut changed = stored.clone();
        let other = if changed[at..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        changed.replace_range(at..=at, other);
        let verdict = verify(&hasher, "horse", Some(&changed)).await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{changed}");
    }
}

#[tokio::test]
async fn the_same_password_is_never_stored_alike() {
    let hasher = quick().build().unwrap();
    let (one, other) = (hash(&hasher, "horse").await, hash(&hasher, "horse").await);
    assert_ne!(one, other);
    assert!(one.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{one}");
}

/// The PHC string is one of the reference implementation's own tests (`phc-winner-argon2`, `src/test.c`).
#[tokio::test]
async fn hashes_of_the_reference_implementation_verify() {
    let hasher = quick().build().unwrap();
    let stored =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert_eq!(
        verify(&hasher, "password", Some(stored)).await,
        Ok(CORRECT_BUT_WEAK),
        "its salt is short"
    );
    assert_eq!(
        verify(&hasher, "passwore", Some(stored)).await,
        Ok(Verdict::Wrong)
    );
}

#[tokio::test]
async fn an_unknown_user_costs_a_hash_of_the_current_settings() {
    let registry = Registry::new();
    let hasher = quick().build().unwrap().inspect(&registry).unwrap();
    let stored = hash(&hasher, "horse").await;
    let hashes = || registry.reports()[0].counter("password.hashes").unwrap();
    let before = hashes();
    assert_eq!(verify(&hasher, "horse", None).await, Ok(Verdict::Wrong));
    assert_eq!(hashes(), before + 1);
    assert_eq!(
        verify(&hasher, "horsf", Some(&stored)).await,
        Ok(Verdict::Wrong)
    );
    assert_eq!(hashes(), before + 2);
    assert_eq!(verify(&hasher, "", None).await, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn a_long_password_is_refused_before_hashing() {
    let registry = Registry::new();
    let hasher = quick().build().unwrap().inspect(&registry).unwrap();
    let long = "x".repeat(Password::MAX_BYTES + 1);
    let refused = PasswordError::TooLong {
        length: 1025,
        max: 1024,
    };
    assert_eq!(verify(&hasher, &long, None).await, Err(refused.clone()));
    assert_eq!(
        verify(&hasher, &long, Some("damaged")).await,
        Err(refused.clone())
    );
    assert_eq!(
        hasher.hash(&Context::background(), &password(&long)).await,
        Err(refused.clone())
    );
    assert_eq!(registry.reports()[0].counter("password.hashes"), Some(0));
    let error = Error::from(refused);
    assert_eq!(
        (
            error.http_status().as_u16(),
            error.violations()[0].field.as_str()
        ),
        (422, "password")
    );
}

#[tokio::test]
async fn a_stored_hash_that_asks_too_much_is_refused_before_allocation() {
    let registry = Registry::new();
    let hasher = quick().build().unwrap().inspect(&registry).unwrap();
    let tail = "c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (memory_kib, iterations, lanes) in [
        (4 * 1024 * 1024, 2, 1),
        (u32::MAX, 2, 1),
        (128 * 1024 + 1, 2, 1),
        (19_456, 17, 1),
        (19_456, u32::MAX, 1),
        (19_456, 2, 17),
        (u32::MAX, u32::MAX, u32::MAX),
    ] {
        let stored = format!("$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${tail}");
        let refused = PasswordError::HashTooCostly {
            memory_kib,
            iterations,
            lanes,
        };
        assert_eq!(
            verify(&hasher, "password", Some(&stored)).await,
            Err(refused.clone())
        );
        assert_eq!(Error::from(refused).code(), Code::Internal);
    }
    assert_eq!(registry.reports()[0].counter("password.hashes"), Some(0));
}

#[tokio::test]
async fn a_damaged_hash_is_an_error_of_ours() {
    let hasher = quick().build().unwrap();
    let good = hash(&hasher, "horse").await;
    let hash_part = good.rsplit('$').next().unwrap();
    for stored in [
        "",
        "$",
        "horse",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$argon2id$v=19$m=64,t=2,p=1",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAA",
        &good.replace("argon2id", "argon2i"),
        &good.replace("argon2id", "argon2d"),
        &good.replace("argon2id", "ärgon2id"),
        &good.replace("v=19", "v=20"),
        &good.replace("m=64", "m=7"),
        &good.replace("m=64", "m=064"),
        &good.replace("m=64", "m=-64"),
        &good.replace("m=64", "m=99999999999999999999"),
        &good.replace("m=64,t=2", "m=64,m=64"),
        &good.replace("t=2,", ""),
        &good.replace("t=2", "t=0"),
        &good.replace("p=1", "p=0"),
        &good.replace("p=1", "p=9"),
        &good.replace("p=1", "p=1,keyid=AAAA"),
        &good.replace("p=1", "p=1,data=AAAA"),
        &good.replace(hash_part, "ü"),
        &format!("{good}$x"),
        &format!("{good}\n"),
        &format!(" {good}"),
    ] {
        let error = verify(&hasher, "horse", Some(stored)).await.unwrap_err();
        assert!(
            matches!(error, PasswordError::HashInvalid { .. }),
            "{stored}: {error}"
        );
        let error = Error::from(error);
        let told = String::from_utf8(error.to_problem(None).to_json()).unwrap();
        assert!(
            error.code() == Code::Internal && !told.contains("hash"),
            "{told}"
        );
    }
}

proptest! {
    #[test]
    fn no_stored_text_panics(stored in "(\\$argon2id)?\\PC{0,80}") {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let hasher = quick().build().unwrap();
        prop_assert!(runtime.block_on(verify(&hasher, "horse", Some(&stored))).is_err());
    }
}

#[tokio::test]
async fn weaker_hashes_still_open_and_ask_to_be_replaced() {
    let hasher = quick().memory_kib(128).iterations(3).build().unwrap();
    for weaker in [
        quick().memory_kib(64).iterations(3),
        quick().memory_kib(128).iterations(2),
    ] {
        let stored = hash(&weaker.build().unwrap(), "horse").await;
        assert_eq!(
            verify(&hasher, "horse", Some(&stored)).await,
            Ok(CORRECT_BUT_WEAK),
            "{stored}"
        );
        assert_eq!(
            verify(&hasher, "house", Some(&stored)).await,
            Ok(Verdict::Wrong),
            "{stored}"
        );
    }
    for strong in [
        quick().memory_kib(128).iterations(3),
        quick().memory_kib(256).iterations(4),
        quick().memory_kib(128).iterations(3).lanes(2),
    ] {
        let stored = hash(&strong.build().unwrap(), "horse").await;
        assert_eq!(
            verify(&hasher, "horse", Some(&stored)).await,
            Ok(CORRECT),
            "{stored}"
        );
    }
}

#[tokio::test]
async fn a_password_shows_itself_to_nobody() {
    #[derive(Debug, serde::Deserialize)]
    struct Login {
        password: Password,
    }
    let login: Login = serde_json::from_str(r#"{"password":"correct horse"}"#).unwrap();
    assert_eq!(format!("{login:?}"), "Login { password: Password(***) }");
    assert_eq!(
        (login.password.expose(), login.password.chars()),
        ("correct horse", 13)
    );
    let hasher = quick().build().unwrap();
    let stored = hasher
        .hash(&Context::background(), &login.password)
        .await
        .unwrap();
    assert!(!format!("{hasher:?}").contains("correct") && !stored.contains("correct"));
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let error = PasswordHasher::builder()
        .memory_kib(1024)
        .iterations(0)
        .lanes(0)
        .permits(0)
        .max_waiting(5_000)
        .build()
        .unwrap_err();
    let problems = error.problems().join("\n");
    for part in [
        "memory_kib: 1024 is not allowed, expected 7168 to 1048576",
        "iterations: 0 is not allowed, expected 1 to 64",
        "lanes: 0 is not allowed, expected 1 to 16",
        "permits: 0 is not allowed, expected 1 to 256",
        "max_waiting: 5000 is not allowed, expected 0 to 4096",
    ] {
        assert!(problems.contains(part), "{problems}");
    }
    let weak = PasswordHasher::builder()
        .memory_kib(19 * 1024)
        .iterations(1)
        .build()
        .unwrap_err();
    assert_eq!(
        weak.problems(),
        ["iterations: 1 is not allowed with memory_kib 19456, expected at least 2"]
    );
    // Every setting that OWASP lists is accepted.
    for (memory, iterations) in [
        (47_104, 1),
        (19_456, 2),
        (12_288, 3),
        (9_216, 4),
        (7_168, 5),
    ] {
        assert!(
            PasswordHasher::builder()
                .memory_kib(memory)
                .iterations(iterations)
                .build()
                .is_ok(),
            "{memory}"
        );
    }
}

/// A runtime whose only blocking thread is busy until the sender is dropped: hashes begin, and do not end.
fn stalled() -> (Runtime, mpsc::Sender<()>) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (release, stall) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || stall.recv());
    (runtime, release)
}

fn gauge(registry: &Registry, name: &str) -> f64 {
    let report = registry.reports().remove(0);
    let found = report
        .snapshot
        .metrics()
        .iter()
        .find(|metric| metric.name == name)
        .map(|metric| metric.value);
    match found {
        Some(Value::Gauge(value)) => value,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn beyond_the_permits_callers_are_refused_at_once() {
    let (runtime, release) = stalled();
    let _guard = runtime.enter();
    let hasher = quick()
        .permits(2)
        .max_waiting(0)
        .name("login")
        .build()
        .unwrap();
    let cx = Context::background();
    let horse = password("horse");
    let mut running: Vec<_> = (0..2).map(|_| spawn(hasher.hash(&cx, &horse))).collect();
    for hash in &mut running {
        assert!(hash.poll().is_pending());
    }
    let refused = runtime
        .block_on(hasher.verify(&cx, &horse, None))
        .unwrap_err();
    let rejection = Rejection::new(RejectKind::AtCapacity, "password", "login")
        .retry_after(Duration::from_secs(1));
    assert_eq!(refused, PasswordError::Refused(rejection));
    let error = Error::from(refused);
    assert_eq!(
        (error.http_status().as_u16(), error.retry_delay()),
        (503, Some(Duration::from_secs(1)))
    );

    drop(release);
    for hash in running {
        assert!(runtime.block_on(hash).is_ok());
    }
    assert!(runtime.block_on(hasher.hash(&cx, &horse)).is_ok());
}

#[test]
fn an_abandoned_request_keeps_its_permit_until_its_hash_ends() {
    let (runtime, release) = stalled();
    let _guard = runtime.enter();
    let registry = Registry::new();
    let hasher = quick()
        .permits(1)
        .max_waiting(0)
        .build()
        .unwrap()
        .inspect(&registry)
        .unwrap();
    let cx = Context::background();
    let horse = password("horse");
    let mut abandoned = spawn(hasher.hash(&cx, &horse));
    assert!(abandoned.poll().is_pending());
    drop(abandoned);

    assert_eq!(gauge(&registry, "password.running"), 1.0);
    assert!(matches!(
        runtime.block_on(hasher.hash(&cx, &horse)),
        Err(PasswordError::Refused(_))
    ));
    drop(release);
    // The next work of the only blocking thread runs after the abandoned hash.
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    assert_eq!(gauge(&registry, "password.running"), 0.0);
    assert!(runtime.block_on(hasher.hash(&cx, &horse)).is_ok());
}

#[test]
fn a_request_whose_context_ends_stops_waiting_and_keeps_its_permit() {
    let (runtime, release) = stalled();
    let _guard = runtime.enter();
    let registry = Registry::new();
    let hasher = quick()
        .permits(1)
        .build()
        .unwrap()
        .inspect(&registry)
        .unwrap();
    let cx = Context::background();
    let (child, guard) = cx.child();
    let horse = password("horse");
    let mut running = spawn(hasher.hash(&child, &horse));
    assert!(running.poll().is_pending());
    guard.cancel(Cause::Disconnected);
    assert_eq!(
        runtime.block_on(running),
        Err(PasswordError::Stopped(Cause::Disconnected))
    );
    assert_eq!(gauge(&registry, "password.running"), 1.0);

    let timely = cx.with_timeout(Duration::from_millis(100));
    let mut waiting = spawn(hasher.hash(&timely, &horse));
    assert!(waiting.poll().is_pending());
    // Paused time does not move by itself while a blocking task runs.
    runtime.block_on(tokio::time::advance(Duration::from_millis(100)));
    let waited = runtime.block_on(waiting);
    assert_eq!(waited, Err(PasswordError::Stopped(Cause::DeadlineExceeded)));
    assert_eq!(
        runtime.block_on(hasher.hash(&child, &horse)),
        Err(PasswordError::Stopped(Cause::Disconnected))
    );
    assert_eq!(gauge(&registry, "password.waiting"), 0.0);
    drop(release);
}

#[test]
fn the_queue_is_bounded_in_length_and_time_and_keeps_its_order() {
    let (runtime, release) = stalled();
    let _guard = runtime.enter();
    let registry = Registry::new();
    let hasher = quick()
        .permits(1)
        .max_waiting(2)
        .max_wait(Duration::from_secs(3))
        .build()
        .unwrap();
    let hasher = hasher.inspect(&registry).unwrap();
    let cx = Context::background();
    let horse = password("horse");
    let hash = || spawn(hasher.hash(&cx, &horse));
    let (mut running, mut first, mut second, mut third) = (hash(), hash(), hash(), hash());
    assert!(running.poll().is_pending() && first.poll().is_pending() && second.poll().is_pending());
    assert_eq!(gauge(&registry, "password.waiting"), 2.0);
    let kind = |result: Result<String, PasswordError>| match result {
        Err(PasswordError::Refused(rejection)) => rejection.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(runtime.block_on(&mut third)), RejectKind::AtCapacity);
    // Whoever gives up leaves the queue.
    drop(second);
    assert_eq!(gauge(&registry, "password.waiting"), 1.0);
    let mut fourth = hash();
    assert!(fourth.poll().is_pending());
    drop(release);
    assert!(runtime.block_on(running).is_ok());
    assert!(
        first.is_woken() && !fourth.is_woken(),
        "first come, first served"
    );
    assert!(runtime.block_on(first).is_ok() && runtime.block_on(fourth).is_ok());
    assert_eq!(gauge(&registry, "password.waiting"), 0.0);
    assert_eq!(registry.reports()[0].counter("password.refused"), Some(1));
}

#[test]
fn a_wait_ends_when_it_is_too_long() {
    let (runtime, release) = stalled();
    let _guard = runtime.enter();
    let hasher = quick()
        .permits(1)
        .max_wait(Duration::from_secs(3))
        .build()
        .unwrap();
    let cx = Context::background();
    let horse = password("horse");
    let mut running = spawn(hasher.hash(&cx, &horse));
    assert!(running.poll().is_pending());
    let mut waiting = spawn(hasher.hash(&cx, &horse));
    assert!(waiting.poll().is_pending());
    runtime.block_on(tokio::time::advance(Duration::from_secs(3)));
    let refused = runtime.block_on(waiting).unwrap_err();
    assert!(
        matches!(&refused, PasswordError::Refused(rejection) if rejection.kind() == RejectKind::QueueTimeout),
        "{refused}"
    );
    drop(release);
}
