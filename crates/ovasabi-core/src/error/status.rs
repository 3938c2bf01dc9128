//! Errors as `tonic::Status`, with details, and back.
