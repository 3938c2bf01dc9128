//! Nothing of a credential is written: not into logs, errors, `Debug`, snapshots or answers. And the tool that says so.

mod found;
