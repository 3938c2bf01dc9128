//! Hours of misfortune: drops, panics and clocks that jump, over random stacks, until something is lost.
//!
//! ```text
//! cargo run --release -p ovasabi-resilience --example soak --features full,testkit -- --minutes 120 --seed 7
//! ```
//!
//! Each round makes a random stack and sends it calls from many tasks: they fail, panic, hang, are dropped half-way
//! and answer with bodies that nobody reads, while the clock jumps to and fro, stacks are reloaded, numbers change and
//! breakers are tripped and forced. When all have ended, every slot, place in a queue and probe must be home, of each
//! key too. At the end, memory must be as it was.
//!
//! It exits with an error, and the seed, if one was lost or a round hangs.
#![expect(clippy::print_stdout, reason = "it reports while it runs")]

mod arguments;
mod balance;
mod call;
mod counts;
mod dice;
mod memory;
mod round;
mod stand;
mod upstream;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval_at, timeout};
use tower::BoxError;

use arguments::Arguments;
use counts::Counts;
use dice::Dice;
use memory::Memory;

const WORKERS: usize = 4;
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// A round takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    println!("seed {}, {:?}", arguments.seed, arguments.length);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_time()
        .build()?;
    let soaked = runtime.block_on(soak(&arguments));
    // A worker that is stuck is not waited for.
    runtime.shutdown_background();
    soaked.map_err(|error| format!("with seed {}: {error}", arguments.seed).into())
}

async fn soak(arguments: &Arguments) -> Result<(), BoxError> {
    let dice = Dice::new(arguments.seed);
    let counts = Arc::new(Counts::default());
    let mut memory = Memory::default();
    let start = Instant::now();
    let mut reports = interval_at(start + REPORT_EVERY, REPORT_EVERY);
    while start.elapsed() < arguments.length {
        let mut round = pin!(timeout(PATIENCE, round::run(&dice, &counts)));
        loop {
            tokio::select! {
                ended = &mut round => break ended.map_err(|_| "a round hangs")??,
                _ = reports.tick() => report(start, &counts, &memory),
            }
        }
        memory.look(start.elapsed())?;
    }
    report(start, &counts, &memory);
    memory.is_flat(start.elapsed())
}

fn report(start: Instant, counts: &Counts, memory: &Memory) {
    println!("{:>5} s  {counts}, {memory}", start.elapsed().as_secs());
}
