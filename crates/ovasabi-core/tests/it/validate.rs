//! Bodies that break rules: every field is told.
