//! Log lines: one per event, with the ids of the request in every one.
//!
//! * **JSON**: one object a line; the fields of the event and of its spans at the root, the innermost wins,
//!   so that no key stands twice. Control characters are escaped: nobody writes lines of their own, or
//!   to the terminal.
//! * **Human**: for terminals.
//!
//! `request_id`, `trace_id` and `span_id` come from the spans, else from
//! [`Context::current`](ovasabi_core::Context::current). Values of secret keys are masked
//! ([`Redactor`](crate::redact::Redactor)).

mod fields;
mod format;
mod layer;

pub(crate) use layer::LogLayer;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// JSON when the output is not a terminal, else human: the default.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people at a terminal.
    Human,
}
