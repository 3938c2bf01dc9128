//! Events that are written down with what they tell of, and sent after.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use ovasabi_core::backoff::{Constant, Random};
use ovasabi_core::context::{RequestId, TraceContext};
use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::outbox::{self, Event, NewEvent, Outbox, Relay, RelayBuilder};
use ovasabi_core::repository::{Db, Durability};
use ovasabi_core::time::{WallClock, WallHand};
use ovasabi_core::{Code, Context, Error, Result};
use tokio::sync::{mpsc, oneshot};

const SECOND: Duration = Duration::from_secs(1);

fn cx() -> Context {
    Context::background()
}

async fn outbox() -> (Outbox, WallHand, Db) {
    let db = Db::temporary().unwrap().durability(Durability::Normal);
    let db = db.open().await.unwrap();
    db.migrate(&cx(), &outbox::MIGRATIONS).await.unwrap();
    let (clock, hand) = WallClock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    (Outbox::new(db.clone()).with_clock(clock), hand, db)
}

async fn put(db: &Db, outbox: &Outbox, key: &str, text: &str) {
    let event = NewEvent::new("test.v1", key, &text).unwrap();
    let mut unit = db.begin(&cx()).await.unwrap();
    outbox.put_in(&cx(), &mut unit, event).await.unwrap();
    unit.commit(&cx()).await.unwrap();
}

/// A receiver that takes what it is told to, and writes down what it was sent.
#[derive(Clone, Default)]
struct Receiver {
    sent: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<Vec<&'static str>>>,
}

impl Receiver {
    fn relay(
        &self,
        outbox: &Outbox,
    ) -> RelayBuilder<impl Fn(Context, Event) -> std::future::Ready<Result<()>> + Send + Sync + use<>>
    {
        let receiver = self.clone();
        let relay = Relay::builder("test", outbox.clone()).backoff(Constant(60 * SECOND));
        relay.publish(move |_cx, event| {
            let text: String = serde_json::from_str(event.payload()).unwrap();
            let is_refused = receiver.refuses.lock().unwrap().contains(&text.as_str());
            receiver.sent.lock().unwrap().push(text);
            std::future::ready(if is_refused {
                Err(Error::new(Code::Unavailable, "receiver.down"))
            } else {
                Ok(())
            })
        })
    }

    fn took(&self) -> Vec<String> {
        let mut sent = std::mem::take(&mut *self.sent.lock().unwrap());
        // Keys are sent at once: what is in order is that of one key.
        sent.sort();
        sent
    }
}

#[tokio::test]
async fn an_event_is_sent_if_its_transaction_is_committed_and_not_if_not() {
    let (outbox, _hand, db) = outbox().await;
    let receiver = Receiver::default();
    let relay = receiver.relay(&outbox).build().unwrap();
    let event = |text: &str| NewEvent::new("test.v1", "a", &text).unwrap();
    let mut unit = db.begin(&cx()).await.unwrap();
    outbox
        .put_in(&cx(), &mut unit, event("never"))
        .await
        .unwrap();
    unit.rollback().await;
    let mut unit = db.begin(&cx()).await.unwrap();
    outbox
        .put_in(&cx(), &mut unit, event("told"))
        .await
        .unwrap();
    unit.commit(&cx()).await.unwrap();
    assert!(relay.run_due(&cx()).await.unwrap());
    assert_eq!(receiver.took(), ["told"]);
    assert!(relay.run_due(&cx()).await.unwrap());
    assert!(receiver.took().is_empty(), "once");
}

#[tokio::test]
async fn events_of_a_key_keep_their_order_and_one_that_is_refused_holds_up_no_other_key() {
    let (outbox, hand, db) = outbox().await;
    let receiver = Receiver::default();
    let relay = receiver.relay(&outbox).build().unwrap();
    for (key, text) in [
        ("a", "a1"),
        ("a", "a2"),
        ("b", "b1"),
        ("a", "a3"),
        ("b", "b2"),
    ] {
        put(&db, &outbox, key, text).await;
    }
    receiver.refuses.lock().unwrap().push("a2");
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(receiver.took(), ["a1", "a2", "b1", "b2"]);
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 2);
    // Its pause is in the table: a relay of another process keeps it too.
    receiver.refuses.lock().unwrap().clear();
    hand.advance(59 * SECOND);
    receiver
        .relay(&outbox)
        .build()
        .unwrap()
        .run_due(&cx())
        .await
        .unwrap();
    assert!(receiver.took().is_empty());
    assert_eq!(outbox.backlog(&cx()).await.unwrap(), (2, 59 * SECOND));
    hand.advance(SECOND);
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(receiver.took(), ["a2", "a3"]);
    assert_eq!(outbox.backlog(&cx()).await.unwrap(), (0, Duration::ZERO));
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_dead_after_its_last_attempt_and_its_key_goes_on() {
    let (outbox, hand, db) = outbox().await;
    let receiver = Receiver::default();
    let relay = receiver.relay(&outbox).max_attempts(2).build().unwrap();
    put(&db, &outbox, "a", "a1").await;
    put(&db, &outbox, "a", "a2").await;
    receiver.refuses.lock().unwrap().push("a1");
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(receiver.took(), ["a1"]);
    hand.advance(60 * SECOND);
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(receiver.took(), ["a1", "a2"]);
    let dead = outbox.dead(&cx(), 10).await.unwrap();
    let (event, words) = &dead[0];
    assert_eq!((dead.len(), event.payload()), (1, "\"a1\""));
    assert!(words.contains("receiver.down"), "{words}");
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 0);
}

#[tokio::test]
async fn a_panic_of_who_sends_is_a_refusal_and_others_are_sent() {
    let (outbox, hand, db) = outbox().await;
    for key in ["a", "b"] {
        put(&db, &outbox, key, key).await;
    }
    let relay = Relay::builder("test", outbox.clone()).backoff(Constant(SECOND));
    let relay = relay.max_attempts(2).publish(async |_cx, event: Event| {
        assert!(event.key() != "a", "no mood");
        Ok(())
    });
    let relay = relay.build().unwrap();
    assert!(relay.run_due(&cx()).await.unwrap());
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 1);
    hand.advance(SECOND);
    assert!(relay.run_due(&cx()).await.unwrap());
    let dead = outbox.dead(&cx(), 10).await.unwrap();
    assert!(
        dead[0].1.contains("who sends it panicked: no mood"),
        "{}",
        dead[0].1
    );
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 0);
}

#[tokio::test]
async fn a_relay_with_nothing_to_send_writes_nothing() {
    let (outbox, _hand, db) = outbox().await;
    let (receiver, registry) = (Receiver::default(), Registry::new());
    let relay = receiver.relay(&outbox).inspect(&registry).build().unwrap();
    let leases = async || {
        let mut conn = db.read(&cx()).await.unwrap();
        let lease = sqlx::query_as("SELECT lease, until_ms FROM outbox_relay");
        let lease: (i64, i64) = lease.fetch_one(conn.connection()).await.unwrap();
        lease
    };
    assert!(relay.run_due(&cx()).await.unwrap());
    assert_eq!(leases().await, (0, 0));
    put(&db, &outbox, "a", "a1").await;
    assert!(relay.run_due(&cx()).await.unwrap());
    assert_eq!(leases().await, (1, 0));
}

/// Whom to tell what to say, for each event that is being sent.
type Begun = mpsc::UnboundedReceiver<oneshot::Sender<Result<()>>>;

/// A relay whose receiver says when it has begun, and waits to be told what to say.
fn slow(
    outbox: &Outbox,
) -> (
    Relay<impl Fn(Context, Event) -> futures::Waiting + Send + Sync + use<>>,
    Begun,
) {
    let (begun, beginning) = mpsc::unbounded_channel();
    let relay = Relay::builder("slow", outbox.clone()).backoff(Constant(60 * SECOND));
    let relay = relay.publish(move |_cx, _event| {
        let (say, said) = oneshot::channel();
        begun.send(say).unwrap();
        futures::waiting(said)
    });
    (relay.build().unwrap(), beginning)
}

mod futures {
    use std::future::Future;
    use std::pin::Pin;

    use ovasabi_core::Result;
    use tokio::sync::oneshot;

    pub(super) type Waiting = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

    pub(super) fn waiting(said: oneshot::Receiver<Result<()>>) -> Waiting {
        Box::pin(async move { said.await.unwrap() })
    }
}

#[tokio::test]
async fn one_relay_sends_at_a_time_and_what_a_late_one_says_changes_nothing() {
    let (outbox, hand, db) = outbox().await;
    put(&db, &outbox, "a", "a1").await;
    let (first, mut beginning) = slow(&outbox);
    let late = tokio::spawn(async move { first.run_due(&cx()).await });
    let say = beginning.recv().await.unwrap();
    let receiver = Receiver::default();
    let second = receiver.relay(&outbox).build().unwrap();
    assert!(
        !second.run_due(&cx()).await.unwrap(),
        "the other one has the right"
    );
    hand.advance(31 * SECOND);
    receiver.refuses.lock().unwrap().push("a1");
    assert!(second.run_due(&cx()).await.unwrap());
    assert_eq!(receiver.took(), ["a1"]);
    // It took its time: what it says now is not believed, the event was refused since.
    say.send(Ok(())).unwrap();
    late.await.unwrap().unwrap();
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 1);
    receiver.refuses.lock().unwrap().clear();
    hand.advance(60 * SECOND);
    assert!(second.run_due(&cx()).await.unwrap());
    assert_eq!(receiver.took(), ["a1"]);
}

#[tokio::test]
async fn a_relay_hears_of_events_and_finishes_what_it_has_begun() {
    let (outbox, _hand, db) = outbox().await;
    let (relay, mut beginning) = slow(&outbox);
    let (running, stop) = cx().child();
    let task = tokio::spawn(async move { relay.run(&running).await });
    for text in ["a1", "a2"] {
        put(&db, &outbox, "a", text).await;
        beginning.recv().await.unwrap().send(Ok(())).unwrap();
    }
    put(&db, &outbox, "a", "a3").await;
    let say = beginning.recv().await.unwrap();
    drop(stop);
    tokio::task::yield_now().await;
    say.send(Ok(())).unwrap();
    task.await.unwrap();
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 0);
    // It has given its right back: another one need not wait for the end of it.
    put(&db, &outbox, "a", "a4").await;
    let receiver = Receiver::default();
    assert!(
        receiver
            .relay(&outbox)
            .build()
            .unwrap()
            .run_due(&cx())
            .await
            .unwrap()
    );
    assert_eq!(receiver.took(), ["a4"]);
}

#[tokio::test]
async fn an_event_has_one_id_and_the_trace_of_whoever_wrote_it() {
    let (outbox, hand, db) = outbox().await;
    let random = Random::new();
    let (trace, request) = (TraceContext::root(&random), RequestId::generate(&random));
    let asking = cx().with(trace).with(request.clone());
    let mut unit = db.begin(&cx()).await.unwrap();
    let event = NewEvent::new("test.v1", "a", &7).unwrap();
    let id = outbox.put_in(&asking, &mut unit, event).await.unwrap();
    unit.commit(&cx()).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let relay = Relay::builder("test", outbox.clone())
        .backoff(Constant(SECOND))
        .publish({
            let seen = Arc::clone(&seen);
            move |cx, event| {
                let trace_id = cx.trace().unwrap().trace_id();
                seen.lock()
                    .unwrap()
                    .push((event.id(), trace_id, cx.request_id().cloned()));
                std::future::ready(Err(Error::new(Code::Unavailable, "receiver.down")))
            }
        });
    let relay = relay.build().unwrap();
    for _ in 0..2 {
        relay.run_due(&cx()).await.unwrap();
        hand.advance(SECOND);
    }
    let expected = (id, trace.trace_id(), Some(request));
    assert_eq!(*seen.lock().unwrap(), [expected.clone(), expected]);
}

#[tokio::test]
async fn what_was_sent_is_purged_and_nothing_else() {
    let (outbox, hand, db) = outbox().await;
    let receiver = Receiver::default();
    let relay = receiver.relay(&outbox).build().unwrap();
    put(&db, &outbox, "a", "a1").await;
    put(&db, &outbox, "b", "b1").await;
    receiver.refuses.lock().unwrap().push("b1");
    relay.run_due(&cx()).await.unwrap();
    hand.advance(60 * SECOND);
    assert_eq!(outbox.purge(&cx(), 61 * SECOND, 10).await.unwrap(), 0);
    assert_eq!(outbox.purge(&cx(), 60 * SECOND, 10).await.unwrap(), 1);
    assert_eq!(outbox.backlog(&cx()).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_date_that_jumps_changes_no_order_and_costs_no_event() {
    let (outbox, hand, db) = outbox().await;
    let receiver = Receiver::default();
    let relay = receiver.relay(&outbox).build().unwrap();
    put(&db, &outbox, "a", "a1").await;
    hand.set(UNIX_EPOCH + Duration::from_secs(1_700_000_000 - 60));
    put(&db, &outbox, "a", "a2").await;
    put(&db, &outbox, "b", "b1").await;
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(
        receiver.took(),
        ["b1"],
        "what is older than it waits, and so does what is behind"
    );
    hand.advance(59 * SECOND);
    relay.run_due(&cx()).await.unwrap();
    assert!(receiver.took().is_empty());
    hand.advance(SECOND);
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(
        *receiver.sent.lock().unwrap(),
        ["a1", "a2"],
        "in their order"
    );
    receiver.took();
    put(&db, &outbox, "a", "a3").await;
    hand.advance(60 * SECOND);
    relay.run_due(&cx()).await.unwrap();
    assert_eq!(receiver.took(), ["a3"], "once, however late it is now");
    relay.run_due(&cx()).await.unwrap();
    assert!(receiver.took().is_empty());
}

#[tokio::test]
async fn settings_of_a_relay_that_cannot_work_are_told_at_once() {
    let (outbox, _hand, _db) = outbox().await;
    let receiver = Receiver::default();
    let refused = receiver
        .relay(&outbox)
        .lease(Duration::ZERO)
        .poll(Duration::ZERO);
    let refused = refused
        .timeout(SECOND)
        .concurrency(0)
        .max_attempts(0)
        .build()
        .unwrap_err();
    let fields: Vec<&str> = refused
        .violations()
        .iter()
        .map(|violation| &*violation.field)
        .collect();
    assert_eq!(
        fields,
        ["lease", "timeout", "poll", "concurrency", "max_attempts"]
    );
    let too_slow = receiver
        .relay(&outbox)
        .lease(10 * SECOND)
        .timeout(4 * SECOND)
        .build();
    assert_eq!(too_slow.unwrap_err().violations().len(), 1);
    let registry = Registry::new();
    let _first = receiver.relay(&outbox).inspect(&registry).build().unwrap();
    let second = receiver
        .relay(&outbox)
        .inspect(&registry)
        .build()
        .unwrap_err();
    assert_eq!(second.reason(), "outbox.name_taken");
}
