//! Reads files piece by piece.

use core::ops::Range;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::capture::{Capture, CaptureProblem, CaptureReader, MOST_BYTES};

/// Bytes that are read at once.
const SLICE: u64 = 1 << 20;

/// Reads a capture.
pub async fn read_capture(file: &Blob) -> Result<Capture, CaptureProblem> {
    let size = file.size() as u64;
    let mut reader = CaptureReader::new();
    let mut start = 0;
    while start < size {
        let end = size.min(start + SLICE);
        let bytes = slice(file, start..end).await;
        // What is no capture is refused here, however large it is.
        reader.push(&bytes.map_err(|_| CaptureProblem::Unreadable)?)?;
        if size > MOST_BYTES {
            return Err(CaptureProblem::TooLarge(size));
        }
        start = end;
    }
    reader.finish()
}

/// Reads a part of a file.
pub async fn slice(file: &Blob, range: Range<u64>) -> Result<Vec<u8>, JsValue> {
    let part = file.slice_with_f64_and_f64(range.start as f64, range.end as f64)?;
    let buffer: ArrayBuffer = JsFuture::from(part.array_buffer()).await?.unchecked_into();
    Ok(Uint8Array::new(&buffer).to_vec())
}
