//! What is in the window.

use std::collections::VecDeque;
use std::time::Duration;

use crate::breaker::{Length, Window};

/// One finished call, in the order in which they ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) tenth: u128,
    pub(super) failed: bool,
    pub(super) slow: bool,
}

/// Up to so many calls the window is exact; beyond, it slides by tenths.
const EXACT: u32 = 64;

/// A tenth of a length of time, by which it slides.
pub(super) fn tenth(window: Window) -> Option<Duration> {
    match window.length() {
        Length::Time(length) => Some(length / 10),
        Length::Calls(_) => None,
    }
}

/// Takes out what is no longer in the window after a call was put into it.
pub(super) fn slide(records: &mut VecDeque<Record>, window: Window, newest: u128) {
    match window.length() {
        Length::Time(_) => records.retain(|record| record.tenth + 10 > newest),
        Length::Calls(length) if length <= EXACT => {
            while records.len() > length as usize {
                records.pop_front();
            }
        }
        // The first call of a new tenth pushes out the oldest.
        Length::Calls(length) => {
            let tenth = length.div_ceil(10) as usize;
            if records.len() > 10 * tenth {
                records.drain(..tenth);
            }
        }
    }
}

/// Whether it has been closed for a whole window: the next break is a first one.
pub(super) fn is_covered(window: Window, records: &VecDeque<Record>, closed_for: Duration) -> bool {
    match window.length() {
        Length::Time(length) => closed_for >= length,
        Length::Calls(length) if length <= EXACT => records.len() == length as usize,
        Length::Calls(length) => records.len() > 9 * length.div_ceil(10) as usize,
    }
}
