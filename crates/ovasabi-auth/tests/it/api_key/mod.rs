//! API keys: in memory, behind a store that has to be asked, and in SQLite.

mod cache;
mod failures;
mod http;
mod keys;
#[cfg(feature = "api-key-sqlite")]
mod sqlite;
mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ovasabi_auth::api_key::{
    ApiKeyRecord, ApiKeyStore, ApiKeys, ApiKeysBuilder, KeyId, MemoryApiKeys, NewApiKey,
    async_trait,
};
use ovasabi_auth::jose::Reason;
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::http::PeerAddr;
use ovasabi_core::time::{Clock, ClockHand, WallClock, WallHand};
use ovasabi_core::{Code, Context, Error};
use tokio::sync::Semaphore;

const NOW: Duration = Duration::from_secs(1_700_000_000);

fn now() -> SystemTime {
    UNIX_EPOCH + NOW
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn robot() -> Subject {
    Subject::new(SubjectKind::Service, "robot")
}

fn cx() -> Context {
    Context::background()
}

fn peer(address: &str) -> PeerAddr {
    PeerAddr::from(std::net::SocketAddr::new(address.parse().unwrap(), 4711))
}

/// A store that has to be asked, and counts how often it is.
#[derive(Clone)]
struct Remote(Arc<Inner>);

struct Inner {
    keys: MemoryApiKeys,
    reads: AtomicUsize,
    uses: std::sync::Mutex<Vec<(KeyId, SystemTime)>>,
    is_broken: AtomicBool,
    /// Reads have looked, and hand out what they saw when there is a permit.
    open: Semaphore,
    /// Changes begin when there is a permit.
    changes: Semaphore,
}

impl Remote {
    fn new() -> Self {
        Self(Arc::new(Inner {
            keys: MemoryApiKeys::new(),
            reads: AtomicUsize::new(0),
            uses: std::sync::Mutex::default(),
            is_broken: AtomicBool::new(false),
            open: Semaphore::new(Semaphore::MAX_PERMITS),
            changes: Semaphore::new(Semaphore::MAX_PERMITS),
        }))
    }

    fn reads(&self) -> usize {
        self.0.reads.load(Ordering::Relaxed)
    }

    fn shut(&self) {
        self.0.open.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn open(&self) {
        self.0.open.add_permits(1000);
    }

    fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    fn hold_changes(&self) {
        self.0.changes.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn let_changes(&self) {
        self.0.changes.add_permits(1000);
    }

    fn break_down(&self, is_broken: bool) {
        self.0.is_broken.store(is_broken, Ordering::Relaxed);
    }

    fn uses(&self) -> Vec<(KeyId, SystemTime)> {
        self.0.uses.lock().unwrap().clone()
    }

    fn check(&self) -> Result<(), Error> {
        match self.0.is_broken.load(Ordering::Relaxed) {
            true => Err(Error::new(Code::Unavailable, "test.broken")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl ApiKeyStore for Remote {
    async fn find(&self, cx: &Context, id: &KeyId) -> Result<Option<ApiKeyRecord>, Error> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.0.keys.find(cx, id).await;
        self.0.open.acquire().await.unwrap().forget();
        self.check()?;
        found
    }

    async fn insert(&self, cx: &Context, record: &ApiKeyRecord) -> Result<(), Error> {
        self.0.keys.insert(cx, record).await
    }

    async fn replace(
        &self,
        cx: &Context,
        old: &KeyId,
        end: SystemTime,
        new: &ApiKeyRecord,
    ) -> Result<bool, Error> {
        self.0.keys.replace(cx, old, end, new).await
    }

    async fn revoke(&self, cx: &Context, id: &KeyId, at: SystemTime) -> Result<bool, Error> {
        self.0.changes.acquire().await.unwrap().forget();
        self.0.keys.revoke(cx, id, at).await
    }

    async fn list(&self, cx: &Context, owner: &Subject) -> Result<Vec<ApiKeyRecord>, Error> {
        self.0.keys.list(cx, owner).await
    }

    async fn used(&self, cx: &Context, uses: &[(KeyId, SystemTime)]) -> Result<(), Error> {
        self.0.changes.acquire().await.unwrap().forget();
        self.check()?;
        self.0.uses.lock().unwrap().extend(uses);
        self.0.keys.used(cx, uses).await
    }
}

/// Keys and the hands of their clocks.
struct Rig {
    keys: ApiKeys,
    clock: ClockHand,
    date: WallHand,
}

impl Rig {
    fn new(store: impl ApiKeyStore) -> Self {
        Self::with(store, |builder| builder)
    }

    fn with(
        store: impl ApiKeyStore,
        settings: impl FnOnce(ApiKeysBuilder) -> ApiKeysBuilder,
    ) -> Self {
        let (clock, hand) = Clock::manual();
        let (wall, date) = WallClock::manual(now());
        let builder = ApiKeys::builder(store).clock(clock).wall_clock(wall);
        Self {
            keys: settings(builder).build().unwrap(),
            clock: hand,
            date,
        }
    }

    /// Both clocks go on.
    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.date.advance(by);
    }

    async fn issue(&self, new: NewApiKey) -> (String, KeyId) {
        let (key, record) = self.keys.issue(&cx(), new).await.unwrap();
        (key.expose().to_owned(), record.id)
    }

    /// Why a key is refused, if it is.
    async fn refusal(&self, key: &str) -> Option<Reason> {
        let verified = self.keys.verify(&cx(), key, PeerAddr::UNKNOWN).await;
        verified.err().map(|denied| denied.reason())
    }
}

/// One character of the secret is another one, and the checksum is right: what somebody sends who tries secrets.
fn with_another_secret(key: &str) -> String {
    use base64::Engine;
    let summed = &key[..key.len() - 6];
    let (head, last) = summed.split_at(summed.len() - 40);
    let swapped: String = last.chars().rev().collect();
    let summed = format!("{head}{swapped}");
    let sum = crc32(summed.as_bytes()).to_be_bytes();
    let sum = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sum);
    format!("{summed}{sum}")
}

/// Bit by bit, as the standard describes it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}
