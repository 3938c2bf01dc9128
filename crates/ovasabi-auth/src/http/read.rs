//! Reading a body to its end, or to its limit.

use std::pin::pin;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;

use super::FetchError;

/// All of `body`, which is dropped unread as soon as it is longer than `max` bytes.
pub(super) async fn read<B>(body: B, max: usize) -> Result<Bytes, FetchError>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = pin!(body);
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(FetchError::TooLong { max });
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame.map_err(FetchError::client)?.into_data() else {
            continue;
        };
        if data.remaining() > max.saturating_sub(bytes.len()) {
            return Err(FetchError::TooLong { max });
        }
        bytes.put(data);
    }
    Ok(bytes.freeze())
}
