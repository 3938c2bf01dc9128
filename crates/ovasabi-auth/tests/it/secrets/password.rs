//! Passwords, and their hashes.

use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::protect::password::{Password, PasswordHasher};
use ovasabi_auth::testing::{Log, Secrets, chain};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Context, Error};

use super::debug;

#[tokio::test]
async fn nothing_of_a_password_or_its_hash_is_written() {
    let text = "correct horse battery staple";
    let long = "x".repeat(2 * Password::MAX_BYTES);
    let (log, registry, cx) = (Log::new(), Registry::new(), Context::background());
    let listening = log.listen();
    tracing::trace!("the log is heard");
    let hasher = PasswordHasher::builder()
        .memory_kib(64)
        .iterations(2)
        .dangerous_allow_weak();
    let hasher = hasher.build().unwrap().inspect(&registry).unwrap();
    let stored = hasher.hash(&cx, &Password::new(text)).await.unwrap();
    let damaged = stored.replace("$argon2id$", "$argon2$");
    let costly = stored.replace("m=64", "m=4000000");
    let cut = &stored[..stored.len() - 2];
    let secrets = Secrets::new()
        .plant("the password", text)
        .plant("a long one", &long)
        // The settings before them are known to everybody.
        .plant(
            "salt and hash",
            stored.rsplitn(3, '$').take(2).collect::<Vec<_>>().join(" "),
        )
        .plant("the hash", stored.rsplit_once('$').unwrap().1);

    let right = hasher
        .verify(&cx, &Password::new(text), Some(&stored))
        .await
        .unwrap();
    let wrong = hasher
        .verify(&cx, &Password::new(&long[..99]), Some(&stored))
        .await
        .unwrap();
    let mut errors = vec![hasher.hash(&cx, &Password::new(&long)).await.unwrap_err()];
    for stored in [&damaged, &costly, cut, ""] {
        let password = Password::new(text);
        let verdict = hasher.verify(&cx, &password, Some(stored)).await;
        errors.push(verdict.unwrap_err());
    }
    drop(listening);
    assert!(log.events() > 0);
    assert_no_secrets!(
        secrets,
        "the log" => log,
        "the password" => debug(&Password::new(text)),
        "verdicts" => debug(&(right, wrong)),
        "the hasher" => debug(&hasher),
        "the snapshot" => debug(&registry.reports()),
    );
    for error in errors {
        assert_no_secrets!(secrets, "the error" => chain(&error));
        let ours = Error::from(error);
        assert_no_secrets!(
            secrets,
            "ours" => chain(&ours),
            "the answer" => ours.to_response::<bytes::Bytes>(None),
        );
    }
}
