//! Stores and issuers that have to be asked.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use ovasabi_auth::dpop::{MemoryReplays, Noted, ProofId, ReplayStore};
use ovasabi_auth::jose::Reason;
use ovasabi_core::{Code, Context, Error};
use tokio::sync::Semaphore;
use tokio_test::assert_pending;
use tokio_test::task::spawn;

use super::*;

/// A store over a network, which answers when it is let, or fails.
#[derive(Clone)]
struct Remote {
    inner: MemoryReplays,
    answers: Arc<Semaphore>,
    fails: Arc<Mutex<bool>>,
}

#[async_trait]
impl ReplayStore for Remote {
    async fn note(&self, cx: &Context, proof: &ProofId) -> Result<Noted, Error> {
        assert!(proof.matters_for() > Duration::from_secs(59));
        assert!(proof.matters_for() < Duration::from_secs(66));
        self.answers
            .acquire()
            .await
            .map_err(|_| Error::internal("closed"))?
            .forget();
        if *self.fails.lock().unwrap() {
            return Err(Error::new(Code::Unavailable, "redis.down"));
        }
        self.inner.note(cx, proof).await
    }
}

fn remote() -> (Remote, Api) {
    let remote = Remote {
        inner: MemoryReplays::bounded(1),
        answers: Arc::new(Semaphore::new(0)),
        fails: Arc::default(),
    };
    let store = remote.clone();
    (
        remote,
        Api::with(|builder| builder.replays(Arc::new(store))),
    )
}

#[tokio::test]
async fn a_store_that_has_to_be_asked_says_the_same() {
    let (remote, api) = remote();
    let client = Client::new();
    let proof = client.proof().mint();
    remote.answers.add_permits(3);
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    assert_eq!(
        api.send(client.request(&proof)).await.unwrap_err().1,
        Reason::ProofReplayed
    );
    let full = api
        .send(client.request(&client.proof().mint()))
        .await
        .unwrap_err();
    assert_eq!((full.0, full.1), (503, Reason::Unavailable));
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_lets_nobody_pass() {
    let (remote, api) = remote();
    let client = Client::new();
    *remote.fails.lock().unwrap() = true;
    remote.answers.add_permits(1);
    let answer = api.answer(client.request(&client.proof().mint())).await;
    assert_eq!((answer.status().as_u16(), api.reached()), (503, 0));
    assert_eq!(answer.headers()["retry-after"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_503_when_the_time_of_the_request_is_over_or_after_two_seconds() {
    let (_remote, api) = remote();
    let client = Client::new();
    for (given, taken) in [(Some(1), 1), (Some(60), 2), (None, 2)] {
        let mut request = client.request(&client.proof().mint());
        if let Some(seconds) = given {
            let cx = Context::background().with_timeout(Duration::from_secs(seconds));
            request.extensions_mut().insert(cx);
        }
        let start = tokio::time::Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(30), api.answer(request)).await;
        assert_eq!(answer.expect("it is answered").status(), 503);
        assert_eq!(start.elapsed().as_secs(), taken);
    }
    assert_eq!(api.reached(), 0);
}

#[tokio::test]
async fn who_goes_away_while_the_store_is_asked_has_not_passed() {
    let (remote, api) = remote();
    let client = Client::new();
    let proof = client.proof().mint();
    let mut waiting = spawn(api.service().oneshot(client.request(&proof)));
    assert_pending!(waiting.poll());
    drop(waiting);
    remote.answers.add_permits(1);
    tokio::task::yield_now().await;
    assert_eq!((api.reached(), remote.inner.len()), (0, 0));
    // Nothing was remembered, so the proof is still good.
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    // Of two requests with one proof that wait together, one passes.
    let (remote, api) = self::remote();
    let mut two = [(); 2].map(|()| spawn(api.service().oneshot(client.request(&proof))));
    for one in &mut two {
        assert_pending!(one.poll());
    }
    remote.answers.add_permits(2);
    let [one, two] = two;
    let statuses = [
        one.await.unwrap().status().as_u16(),
        two.await.unwrap().status().as_u16(),
    ];
    assert_eq!(
        (statuses.iter().sum::<u16>(), api.reached()),
        (200 + 401, 1)
    );
}

#[tokio::test]
async fn a_store_that_answers_when_the_proof_is_over_lets_nobody_pass() {
    let (remote, api) = remote();
    let client = Client::new();
    let mut waiting = spawn(
        api.service()
            .oneshot(client.request(&client.proof().mint())),
    );
    assert_pending!(waiting.poll());
    // By then it may have forgotten that it had seen the proof.
    api.hand.advance(Duration::from_secs(61));
    remote.answers.add_permits(1);
    let answer = waiting.await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&Reason::ProofStale));
    assert_eq!(api.reached(), 0);
}

#[cfg(feature = "jwks")]
#[tokio::test(start_paused = true)]
async fn a_proof_waits_with_its_token_for_a_key_that_is_not_there_yet() {
    use ovasabi_auth::jwks::{Discovery, JwksClient};
    use ovasabi_auth::testing::TestIssuer;

    let issuer = TestIssuer::new("https://accounts.example").unwrap();
    let discovery = Discovery::new(issuer.issuer(), issuer.client()).unwrap();
    let keys = JwksClient::builder(discovery).build().unwrap();
    let tokens = AccessTokenVerifier::builder(issuer.issuer(), support::audience())
        .keys_from(keys)
        .build()
        .unwrap();
    // And then for a store that has to be asked.
    let store = Remote {
        inner: MemoryReplays::bounded(10),
        answers: Arc::new(Semaphore::new(10)),
        fails: Arc::default(),
    };
    let proofs = DpopVerifier::builder(tokens, "https://api.example")
        .replays(store)
        .build()
        .unwrap();
    let api = Api {
        layer: AuthLayer::required(proofs.clone()),
        proofs,
        ..Api::new()
    };
    let key = key(Algorithm::Es256);
    let thumbprint = key.verifying_key().thumbprint();
    for round in 1..=2 {
        let client = Client {
            key: key.clone(),
            token: issuer.bound_token(&support::audience(), "ann", &thumbprint),
        };
        // Wrong in what is looked at after the wait.
        let now = WallClock::system().since_epoch().as_secs();
        let late = client.proof().claim("iat", now - 100);
        let good = client.proof().claim("iat", now);
        issuer.hang();
        let mut waiting = spawn(api.service().oneshot(client.request(&good.mint())));
        let mut refused = spawn(api.service().oneshot(client.request(&late.mint())));
        assert_pending!(waiting.poll());
        assert_pending!(refused.poll());
        issuer.heal();
        assert_eq!(waiting.await.unwrap().status(), 200, "round {round}");
        let refused = refused.await.unwrap();
        assert_eq!(refused.extensions().get(), Some(&Reason::ProofStale));
        // Without a wait now: a proof is good once, whoever waited.
        let sent = api.send(client.request(&good.mint())).await;
        assert_eq!(sent.unwrap_err().1, Reason::ProofReplayed);
        issuer.rotate().unwrap();
        tokio::time::advance(Duration::from_secs(31)).await;
    }
}
