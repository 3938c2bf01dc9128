//! One who listens to live events as a browser does: a stream that ends is followed by one from where it ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt;
use tokio::task::JoinHandle;

use crate::cast::Person;
use crate::http::{Ask, Http};

const AGAIN: Duration = Duration::from_millis(25);

/// Listens until it is dropped.
pub(crate) struct Listener {
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

/// What came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Places and kinds, in the order in which they came.
    pub(crate) events: Vec<(u64, String)>,
    /// How many streams began.
    pub(crate) streams: usize,
    /// How many of them said why they end.
    pub(crate) byes: usize,
    /// How many broke off instead of ending.
    pub(crate) broken: usize,
}

impl Heard {
    /// How many events of this kind.
    pub(crate) fn of(&self, kind: &str) -> usize {
        self.events
            .iter()
            .filter(|(_, known)| known == kind)
            .count()
    }
}

impl Listener {
    /// From the first event on.
    pub(crate) fn new(http: Http, person: &Person) -> Self {
        let heard = Arc::default();
        let task = tokio::spawn(listen(http, person.token.clone(), Arc::clone(&heard)));
        Self { heard, task }
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(http: Http, token: String, heard: Arc<Mutex<Heard>>) {
    let mut last = "0".to_owned();
    loop {
        let ask = Ask::get("/v1/events").token(&token);
        let stream = http.open(&ask.header("last-event-id", &last)).await;
        let Some(stream) = stream.filter(|stream| stream.status() == 200) else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        heard.lock().unwrap().streams += 1;
        let (mut body, mut read) = (stream.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                heard.lock().unwrap().broken += 1;
                break;
            };
            read.extend(frame.into_data().unwrap());
            while let Some(end) = read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = read.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                match (field("id: "), field("event: ")) {
                    (Some(id), Some(kind)) => {
                        let event = (id.parse().unwrap(), kind.to_owned());
                        heard.lock().unwrap().events.push(event);
                        id.clone_into(&mut last);
                    }
                    (None, Some("bye")) => heard.lock().unwrap().byes += 1,
                    _ => {}
                }
            }
        }
    }
}
