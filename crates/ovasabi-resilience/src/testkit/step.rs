//! What a scripted service does with one call.

/// What becomes of one call of a [`Scripted`](super::Scripted) service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a step does nothing until a script returns it"]
pub struct Step<Res, Err> {
    pub(super) polls: u32,
    pub(super) end: End<Res, Err>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End<Res, Err> {
    Answer(Res),
    Fail(Err),
    Hang,
    Panic,
    PanicInCall,
}

impl<Res, Err> Step<Res, Err> {
    /// Answers at the first poll.
    pub const fn answer(response: Res) -> Self {
        Self::new(End::Answer(response))
    }

    /// Fails at the first poll.
    pub const fn fail(error: Err) -> Self {
        Self::new(End::Fail(error))
    }

    /// Never ends, and wakes nobody.
    pub const fn hang() -> Self {
        Self::new(End::Hang)
    }

    /// Panics when it is polled first.
    pub const fn panic() -> Self {
        Self::new(End::Panic)
    }

    /// Panics in `call`, before there is a future.
    pub const fn panic_in_call() -> Self {
        Self::new(End::PanicInCall)
    }

    /// Is pending for so many polls first, and asks to be polled again each time; default 0.
    pub fn after(mut self, polls: u32) -> Self {
        self.polls = polls;
        self
    }

    const fn new(end: End<Res, Err>) -> Self {
        Self { polls: 0, end }
    }
}
