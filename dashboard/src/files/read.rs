//! Reads files piece by piece.

use core::fmt;
use core::ops::Range;

use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::capture::{Capture, CaptureError, CaptureReader};
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::format;

/// Bytes that are read at once: between two, the page answers to whoever uses it.
const SLICE: u64 = 1 << 17;

/// Largest capture that is read, in bytes: many times what the record buffer of a device holds.
const MOST_BYTES: u64 = 16 << 20;

/// Why a file can't be opened as a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// The browser can't read the file.
    Unreadable,
    /// The file is larger than any capture: it has so many bytes.
    TooLarge(u64),
    /// Its bytes are no capture that can be read.
    Refused(CaptureError),
}

impl From<CaptureError> for FileProblem {
    fn from(error: CaptureError) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str(
                "the browser can't read this file; it may have been moved since. Choose it again",
            ),
            Self::TooLarge(bytes) => write!(
                f,
                "this file has {}, and no capture is larger than {}. \
                 Choose a file that was saved from /api/v1/capture",
                format::whole_bytes(*bytes),
                format::whole_bytes(MOST_BYTES)
            ),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

/// Reads a capture.
///
/// # Errors
/// When the browser can't read the file, or it is no capture.
pub async fn read_capture(file: &Blob) -> Result<Capture, FileProblem> {
    let size = file.size() as u64;
    let mut reader = CaptureReader::new();
    let mut start = 0;
    while start < size {
        let end = size.min(start + SLICE);
        let bytes = slice(file, start..end).await;
        // What is no capture is refused here, however large it is.
        reader.push(&bytes.map_err(|_| FileProblem::Unreadable)?)?;
        if size > MOST_BYTES {
            return Err(FileProblem::TooLarge(size));
        }
        start = end;
    }
    Ok(reader.finish_in_turns(pause).await?)
}

/// Lets the page answer to whoever uses it. Nobody does while it is hidden, and a browser gives it one timer a second then.
pub async fn pause() {
    if !document().hidden() {
        TimeoutFuture::new(0).await;
    }
}

/// Reads a part of a file.
pub async fn slice(file: &Blob, range: Range<u64>) -> Result<Vec<u8>, JsValue> {
    let part = file.slice_with_f64_and_f64(range.start as f64, range.end as f64)?;
    let buffer: ArrayBuffer = JsFuture::from(part.array_buffer()).await?.unchecked_into();
    Ok(Uint8Array::new(&buffer).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_refused_with_its_size_and_the_largest_one() {
        let large = FileProblem::TooLarge(100 << 20).to_string();
        assert!(
            large.contains("100 MiB") && large.contains("16 MiB"),
            "{large}"
        );
    }
}
