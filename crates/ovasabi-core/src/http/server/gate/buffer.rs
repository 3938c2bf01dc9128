//! The one buffer of a connection.

use tokio::io::ReadBuf;

/// Bytes that have been read: some already passed by the check and not yet handed to hyper, then some not
/// yet looked at to the end.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    passed: usize,
    end: usize,
}

/// Holds nearly every head there is.
const INITIAL: usize = 4 * 1024;
/// A connection that once had a large head need not keep its memory while it is idle.
const KEPT: usize = 16 * 1024;

impl Buffer {
    /// What the check has not passed.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.passed..self.end).unwrap_or_default()
    }

    /// Passes the next `count` bytes.
    pub(super) fn pass(&mut self, count: usize) {
        self.passed = (self.passed + count).min(self.end);
    }

    /// Passes what there is, up to `most` bytes, and says how many that were.
    pub(super) fn pass_up_to(&mut self, most: u64) -> u64 {
        let count = self
            .unread()
            .len()
            .min(usize::try_from(most).unwrap_or(usize::MAX));
        self.pass(count);
        count as u64
    }

    /// Copies passed bytes into `into`; `false` when there are none.
    pub(super) fn hand_over(&mut self, into: &mut ReadBuf<'_>) -> bool {
        let passed = self.bytes.get(self.start..self.passed).unwrap_or_default();
        let count = passed.len().min(into.remaining());
        into.put_slice(passed.get(..count).unwrap_or_default());
        self.start += count;
        count > 0
    }

    /// Whether it holds less than `most` bytes.
    pub(super) fn has_space(&self, most: usize) -> bool {
        self.end - self.start < most
    }

    /// Free room, at least one byte unless it holds `most` bytes already.
    pub(super) fn space(&mut self, most: usize) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.passed, self.end) = (0, 0, 0);
            if self.bytes.len() > KEPT {
                self.bytes = Vec::new();
            }
        }
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.passed -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.bytes.len() {
            let larger = (self.bytes.len() * 2)
                .max(INITIAL)
                .min(most.max(self.bytes.len()));
            self.bytes.resize(larger, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Notes that `count` bytes were written into [`space`](Self::space).
    pub(super) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }
}
