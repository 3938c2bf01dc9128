//! Log lines in memory.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ovasabi_observe::telemetry::TelemetryBuilder;
use ovasabi_observe::{LogFormat, Telemetry};
use tracing::dispatcher::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// JSON lines of this thread go to the sink for as long as the guard lives.
pub(crate) fn capture(builder: TelemetryBuilder) -> (Telemetry, Sink, DefaultGuard) {
    let sink = Sink::default();
    let (telemetry, dispatch) = builder
        .log_format(LogFormat::Json)
        .log_writer(sink.clone())
        .build()
        .unwrap();
    (telemetry, sink, tracing::dispatcher::set_default(&dispatch))
}
