//! The breaker against a slow model that is obviously right.

use std::collections::{HashMap, VecDeque};

use ovasabi_resilience::breaker::{Permit, Window};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Enter,
    /// Ends one of the calls under way; `None` drops it.
    Leave(prop::sample::Index, Option<Class>),
    Advance(u64),
    Back(u64),
    Reset,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    window: Span,
    minimum: usize,
    consecutive: Option<u32>,
    failure_rate: f64,
    slow: Option<(u64, f64)>,
    /// Calls under way count as slow too.
    in_flight: bool,
    permitted: usize,
}

#[derive(Clone, Copy, Debug)]
enum Span {
    Millis(u64),
    Calls(u32),
}

/// One finished call, in the order in which they ended.
#[derive(Clone, Copy, Debug)]
struct Record {
    bucket: u64,
    failed: bool,
    slow: bool,
}

#[derive(Debug)]
enum Phase {
    Closed {
        since: u64,
        records: VecDeque<Record>,
        run: u32,
    },
    Open {
        until: u64,
    },
    HalfOpen {
        leases: HashMap<u64, u64>,
        done: usize,
        failures: usize,
        slow: usize,
    },
}

/// Times are in milliseconds.
struct Model {
    rules: Rules,
    phase: Phase,
    now: u64,
    newest: u64,
    breaks: u32,
    generation: u64,
    next_lease: u64,
    /// Calls that are under way, of all generations.
    under_way: Vec<Admission>,
    /// When it looks at them next, in nanoseconds.
    next_look: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Admission {
    generation: u64,
    entered: u64,
    lease: Option<u64>,
}

const WAIT: u64 = 100;
const LONGEST_WAIT: u64 = 800;
const LEASE: u64 = 250;
/// In a millisecond.
const NANOS: u64 = 1_000_000;
const SIXTY_DAYS: u64 = 60 * 86_400_000;

impl Model {
    fn new(rules: Rules) -> Self {
        let phase = Phase::Closed {
            since: 0,
            records: VecDeque::new(),
            run: 0,
        };
        Self {
            rules,
            phase,
            now: 0,
            newest: 0,
            breaks: 0,
            generation: 0,
            next_lease: 0,
            under_way: Vec::new(),
            next_look: 0,
        }
    }

    fn state(&self) -> State {
        match &self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { until } if self.now < *until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn enter(&mut self) -> Option<Admission> {
        match &self.phase {
            Phase::Open { until } if self.now < *until => return None,
            Phase::Open { .. } => {
                let phase = Phase::HalfOpen {
                    leases: HashMap::new(),
                    done: 0,
                    failures: 0,
                    slow: 0,
                };
                self.become_(phase);
            }
            Phase::Closed { .. } => {
                self.turn();
                if self.rules.in_flight && self.look() {
                    return None;
                }
            }
            Phase::HalfOpen { .. } => {}
        }
        let now = self.now;
        let mut lease = None;
        if let Phase::HalfOpen { leases, done, .. } = &mut self.phase {
            leases.retain(|_, until| now < *until);
            if leases.len() + *done >= self.rules.permitted {
                return None;
            }
            self.next_lease += 1;
            leases.insert(self.next_lease, now + LEASE);
            lease = Some(self.next_lease);
        }
        let admission = Admission {
            generation: self.generation,
            entered: now,
            lease,
        };
        self.under_way.push(admission);
        Some(admission)
    }

    /// Looks at what is under way, if it is time to; whether that opened it.
    fn look(&mut self) -> bool {
        let (limit, share) = self.rules.slow.unwrap();
        let interval = match self.rules.window {
            Span::Millis(length) => length * NANOS / 10,
            Span::Calls(_) => limit * NANOS / 8,
        };
        if self.now * NANOS < self.next_look {
            return false;
        }
        self.next_look = self.now * NANOS + interval;
        let Phase::Closed { records, run, .. } = &self.phase else {
            unreachable!()
        };
        let mut records = records.clone();
        slide(&mut records, self.rules.window, self.newest);
        let failures = records.iter().filter(|record| record.failed).count();
        let slow = records.iter().filter(|record| record.slow).count() + self.overdue();
        let calls = records.len() + self.overdue();
        let reaches = |part: usize, whole: usize, limit: f64| {
            whole >= self.rules.minimum && part as f64 / whole as f64 >= limit
        };
        let is_broken = self.rules.consecutive.is_some_and(|limit| *run >= limit)
            || reaches(failures, records.len(), self.rules.failure_rate)
            || reaches(slow, calls, share);
        if is_broken {
            self.open();
        }
        is_broken
    }

    /// Calls of this generation that came in more than eight eighths of the threshold ago.
    fn overdue(&self) -> usize {
        let Some((limit, _)) = self.rules.slow else {
            return 0;
        };
        let eighth = |millis: u64| millis * NANOS / (limit * NANOS).div_ceil(8);
        let is_closed = matches!(self.phase, Phase::Closed { .. });
        let of_now = |call: &&Admission| call.generation == self.generation;
        let is_overdue =
            |call: &&Admission| eighth(self.now) > eighth(call.entered) + 8 && self.rules.in_flight;
        if is_closed {
            self.under_way
                .iter()
                .filter(of_now)
                .filter(is_overdue)
                .count()
        } else {
            0
        }
    }

    fn leave(&mut self, admission: Admission, class: Class) {
        let place = self.under_way.iter().position(|call| *call == admission);
        self.under_way.swap_remove(place.unwrap());
        if admission.generation != self.generation {
            return;
        }
        let slow = self
            .rules
            .slow
            .is_some_and(|(limit, _)| self.now.saturating_sub(admission.entered) >= limit);
        let failed = class != Class::Success;
        // A success that needs no second reading of the clock is of the time of the last call that came.
        let is_timed = class != Class::Success || self.rules.slow.is_some();
        if is_timed && class != Class::Ignored && matches!(self.phase, Phase::Closed { .. }) {
            self.turn();
        }
        match &mut self.phase {
            Phase::Open { .. } => {}
            Phase::HalfOpen {
                leases,
                done,
                failures,
                slow: slow_ones,
            } => {
                let Some(until) = leases.remove(&admission.lease.unwrap()) else {
                    return;
                };
                if class == Class::Ignored || self.now >= until {
                    return;
                }
                *done += 1;
                *failures += usize::from(failed);
                *slow_ones += usize::from(slow);
                self.decide();
            }
            Phase::Closed { records, run, .. } => {
                match class {
                    Class::Ignored => return,
                    Class::Success => *run = 0,
                    Class::Failure => *run += 1,
                    Class::Throttled => {}
                }
                records.push_back(Record {
                    bucket: self.newest,
                    failed,
                    slow,
                });
                slide(records, self.rules.window, self.newest);
                if self.is_broken() {
                    self.open();
                }
            }
        }
    }

    fn turn(&mut self) {
        if let Span::Millis(length) = self.rules.window {
            self.newest = self.newest.max(self.now / (length / 10));
        }
    }

    fn is_broken(&self) -> bool {
        let Phase::Closed { records, run, .. } = &self.phase else {
            return false;
        };
        let share = |part: usize| part as f64 / records.len() as f64;
        let failures = records.iter().filter(|record| record.failed).count();
        let slow = records.iter().filter(|record| record.slow).count();
        self.rules.consecutive.is_some_and(|limit| *run >= limit)
            || records.len() >= self.rules.minimum
                && (share(failures) >= self.rules.failure_rate
                    || self
                        .rules
                        .slow
                        .is_some_and(|(_, limit)| share(slow) >= limit))
    }

    /// Tries all results that the missing probes could have.
    fn decide(&mut self) {
        let Phase::HalfOpen {
            done,
            failures,
            slow,
            ..
        } = &self.phase
        else {
            return;
        };
        let all = self.rules.permitted;
        let left = all - done;
        let reaches = |part: usize, limit: f64| part as f64 / all as f64 >= limit;
        let slow_limit = self.rules.slow.map(|(_, limit)| limit);
        let opens = |failures: usize, slow: usize| {
            reaches(failures, self.rules.failure_rate)
                || slow_limit.is_some_and(|limit| reaches(slow, limit))
        };
        let mut outcomes = (0..=left).flat_map(|more| (0..=left).map(move |slower| (more, slower)));
        if outcomes
            .clone()
            .all(|(more, slower)| opens(failures + more, slow + slower))
        {
            self.open();
        } else if !outcomes.any(|(more, slower)| opens(failures + more, slow + slower)) {
            let phase = Phase::Closed {
                since: self.now,
                records: VecDeque::new(),
                run: 0,
            };
            self.become_(phase);
        }
    }

    fn open(&mut self) {
        if let Phase::Closed { since, records, .. } = &self.phase {
            let was_well = match self.rules.window {
                Span::Millis(length) => self.now.saturating_sub(*since) >= length,
                Span::Calls(length) if length <= 64 => records.len() == length as usize,
                Span::Calls(length) => records.len() > 9 * length.div_ceil(10) as usize,
            };
            if was_well {
                self.breaks = 0;
            }
        }
        self.breaks += 1;
        let wait = (WAIT << (self.breaks - 1).min(10)).min(LONGEST_WAIT);
        self.become_(Phase::Open {
            until: self.now + wait,
        });
    }

    fn reset(&mut self) {
        self.breaks = 0;
        self.become_(Phase::Closed {
            since: self.now,
            records: VecDeque::new(),
            run: 0,
        });
    }

    fn become_(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }
}

/// What is still in the window after a call was put into it.
fn slide(records: &mut VecDeque<Record>, window: Span, newest: u64) {
    match window {
        Span::Millis(_) => records.retain(|record| record.bucket + 10 > newest),
        Span::Calls(length) if length <= 64 => {
            while records.len() > length as usize {
                records.pop_front();
            }
        }
        // The first call of a new tenth pushes out the oldest.
        Span::Calls(length) => {
            let tenth = length.div_ceil(10) as usize;
            if records.len() > 10 * tenth {
                records.drain(..tenth);
            }
        }
    }
}

fn class() -> impl Strategy<Value = Option<Class>> {
    prop_oneof![
        4 => Just(Some(Class::Success)),
        4 => Just(Some(Class::Failure)),
        1 => Just(Some(Class::Throttled)),
        1 => Just(Some(Class::Ignored)),
        1 => Just(None),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => Just(Step::Enter),
        10 => (any::<prop::sample::Index>(), class()).prop_map(|(which, class)| Step::Leave(which, class)),
        4 => (0_u64..40).prop_map(Step::Advance),
        1 => (0_u64..2_000).prop_map(Step::Advance),
        1 => (0_u64..20).prop_map(Step::Back),
        1 => prop_oneof![9 => Just(Step::Enter), 1 => Just(Step::Reset), 1 => Just(Step::Advance(SIXTY_DAYS))],
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let window = prop_oneof![
        (1_u64..30).prop_map(|tenth| Span::Millis(10 * tenth)),
        (1_u32..=64).prop_map(Span::Calls),
        (65_u32..=140).prop_map(Span::Calls),
    ];
    let shares = prop::sample::select(vec![0.1, 0.3, 0.5, 0.7, 1.0]);
    let slow = prop::option::of((1_u64..60, shares.clone()));
    (
        window,
        1_usize..12,
        prop::option::of(1_u32..6),
        shares,
        (slow, any::<bool>()),
        1_usize..6,
    )
        .prop_map(
            |(window, minimum, consecutive, failure_rate, (slow, in_flight), permitted)| {
                let minimum = match window {
                    Span::Calls(length) => minimum.min(length as usize),
                    Span::Millis(_) => minimum,
                };
                Rules {
                    window,
                    minimum,
                    consecutive,
                    failure_rate,
                    slow,
                    in_flight: in_flight && slow.is_some(),
                    permitted,
                }
            },
        )
}

fn build(rules: Rules) -> (CircuitBreaker, ClockHand) {
    let (clock, hand) = Clock::manual();
    let builder = CircuitBreaker::builder("model")
        .clock(clock)
        .sliding_window(match rules.window {
            Span::Millis(length) => Window::time(Duration::from_millis(length)),
            Span::Calls(length) => Window::calls(length),
        })
        .minimum_calls(u32::try_from(rules.minimum).unwrap())
        .consecutive_failures(rules.consecutive)
        .failure_rate_threshold(rules.failure_rate)
        .wait_duration_in_open(Duration::from_millis(WAIT))
        .max_wait_duration_in_open(Duration::from_millis(LONGEST_WAIT))
        .wait_jitter(0.0)
        .permitted_calls_in_half_open(u32::try_from(rules.permitted).unwrap())
        .probe_lease(Duration::from_millis(LEASE));
    let builder = match rules.slow {
        Some((limit, share)) => builder
            .slow_call_duration(Duration::from_millis(limit))
            .slow_call_rate_threshold(share)
            .count_slow_in_flight(rules.in_flight),
        None => builder,
    };
    (builder.build().unwrap(), hand)
}

fn check(rules: Rules, steps: &[Step]) {
    let (breaker, hand) = build(rules);
    let mut model = Model::new(rules);
    let mut calls: Vec<(Permit, Admission)> = Vec::new();
    for (nth, step) in steps.iter().enumerate() {
        match *step {
            Step::Enter => match (breaker.try_acquire(), model.enter()) {
                (Ok(permit), Some(admission)) => calls.push((permit, admission)),
                (Err(_), None) => {}
                (real, expected) => panic!("step {nth}: {real:?}, expected {expected:?}"),
            },
            Step::Leave(which, class) if !calls.is_empty() => {
                let (permit, admission) = calls.swap_remove(which.index(calls.len()));
                match class {
                    Some(class) => permit.settle(class),
                    None => drop(permit),
                }
                model.leave(admission, class.unwrap_or(Class::Ignored));
            }
            Step::Leave(..) => {}
            Step::Advance(millis) => {
                hand.advance(Duration::from_millis(millis));
                model.now += millis;
            }
            // Where a clock that went back puts calls among those under way is not modelled.
            Step::Back(_) if rules.in_flight => {}
            Step::Back(millis) => {
                model.now = model.now.saturating_sub(millis);
                hand.set(
                    ovasabi_core::time::Tick::ZERO.saturating_add(Duration::from_millis(model.now)),
                );
            }
            Step::Reset => {
                breaker.reset();
                model.reset();
            }
        }
        assert_eq!(breaker.state(), model.state(), "after step {nth}, {step:?}");
        assert_eq!(
            breaker.snapshot().window().slow_in_flight,
            model.overdue() as u64,
            "after step {nth}, {step:?}"
        );
        assert_eq!(
            breaker.snapshot().generation(),
            model.generation,
            "after step {nth}, {step:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn does_what_the_model_does(rules in rules(), steps in prop::collection::vec(step(), 0..400)) {
        check(rules, &steps);
    }
}
