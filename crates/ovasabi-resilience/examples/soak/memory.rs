//! The memory of the process, over time.

use std::fmt;
use std::fs;
use std::time::Duration;

use tower::BoxError;

const KIB: u64 = 1024;
/// What an allocator may keep for itself: a few rounds of random sizes differ by as much.
const SLACK: u64 = 2_048 * KIB;

/// What was resident, and when.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<(Duration, u64)>);

impl Memory {
    /// Notes what is resident now, once in a tenth of a second.
    pub(crate) fn look(&mut self, at: Duration) -> Result<(), BoxError> {
        let is_due = self
            .0
            .last()
            .is_none_or(|(last, _)| at >= *last + Duration::from_millis(100));
        if is_due {
            self.0.push((at, resident()?));
        }
        Ok(())
    }

    /// Compares the last third of the time with the first, after a tenth to warm up.
    pub(crate) fn is_flat(&self, length: Duration) -> Result<(), BoxError> {
        let warm = length / 10;
        let third = (length - warm) / 3;
        let (Some(before), Some(after)) = (
            self.mean(warm..warm + third),
            self.mean(length - third..length),
        ) else {
            return Err("too short to say anything of memory".into());
        };
        let (before_kib, after_kib) = (before / KIB, after / KIB);
        println!("resident {before_kib} KiB in the first third, {after_kib} KiB in the last");
        if after > before + SLACK {
            return Err(format!("memory grows: {before_kib} KiB became {after_kib} KiB").into());
        }
        Ok(())
    }

    fn mean(&self, times: std::ops::Range<Duration>) -> Option<u64> {
        let sizes = self.0.iter().filter(|(at, _)| times.contains(at));
        let (count, sum) = sizes.fold((0_u64, 0), |(count, sum), (_, size)| {
            (count + 1, sum + size)
        });
        sum.checked_div(count)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.0.last().map_or(0, |(_, size)| *size);
        write!(f, "resident {} KiB", now / KIB)
    }
}

/// Linux says it in pages of 4 KiB: the second number of `statm`.
fn resident() -> Result<u64, BoxError> {
    let numbers = fs::read_to_string("/proc/self/statm")?;
    let pages = numbers.split_whitespace().nth(1);
    Ok(pages.ok_or("no size in statm")?.parse::<u64>()? * 4 * KIB)
}
