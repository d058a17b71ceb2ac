//! From a file that somebody chose to the names of functions.

use core::fmt;
use core::ops::Range;

use heapbeacon_shared::symbols::{ElfError, ElfReader, Symbols};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Why a file gives no names.
#[derive(Clone, Debug, PartialEq)]
pub enum ElfProblem {
    /// The file could not be read.
    Unreadable,
    /// The file is no ELF that names can be read from.
    NotUsable(ElfError),
    /// The file belongs to another build.
    OtherBuild {
        /// Build id of the file.
        file: String,
        /// Build id of the firmware that runs.
        device: String,
    },
    /// The file has no build id, so nobody can tell whether it fits.
    NoBuildId {
        /// Build id of the firmware that runs.
        device: String,
    },
}

impl fmt::Display for ElfProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str(
                "The file can't be read; it may have been moved or rebuilt since. Choose it again.",
            ),
            Self::NotUsable(error) => write!(f, "No names in there: {error}."),
            Self::OtherBuild { file, device } => write!(
                f,
                "This ELF is of another build: its build id is {file}, the device runs {device}. \
                 Choose the ELF that was flashed."
            ),
            Self::NoBuildId { device } => write!(
                f,
                "This ELF has no build id, and the device runs {device}. Choose the ELF that was \
                 flashed, and link it with `--build-id`."
            ),
        }
    }
}

impl core::error::Error for ElfProblem {}

/// Reads symbols from the few parts of a file that hold them, if it belongs to the build that the
/// device runs; a device without a build id takes any file.
pub async fn read(file: &Blob, device_build_id: &str) -> Result<Symbols, ElfProblem> {
    let mut reader = ElfReader::new(file.size() as u64);
    let mut checked = false;
    while let Some(range) = reader.needs() {
        if !checked && reader.is_build_id_known() {
            check(&reader, device_build_id)?;
            checked = true;
        }
        let bytes = slice(file, range)
            .await
            .map_err(|_| ElfProblem::Unreadable)?;
        reader.provide(&bytes).map_err(ElfProblem::NotUsable)?;
    }
    if !checked {
        check(&reader, device_build_id)?;
    }
    reader.finish().map_err(ElfProblem::NotUsable)
}

/// Compares the build ids before the large parts are read.
fn check(reader: &ElfReader, device: &str) -> Result<(), ElfProblem> {
    let device = device.to_owned();
    match reader.build_id().map(ToString::to_string) {
        _ if device.is_empty() => Ok(()),
        Some(file) if file == device => Ok(()),
        Some(file) => Err(ElfProblem::OtherBuild { file, device }),
        None => Err(ElfProblem::NoBuildId { device }),
    }
}

async fn slice(file: &Blob, range: Range<u64>) -> Result<Vec<u8>, JsValue> {
    let part = file.slice_with_f64_and_f64(range.start as f64, range.end as f64)?;
    let buffer: ArrayBuffer = JsFuture::from(part.array_buffer()).await?.unchecked_into();
    Ok(Uint8Array::new(&buffer).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_both_build_ids() {
        let problem = ElfProblem::OtherBuild {
            file: "aa11".to_owned(),
            device: "bb22".to_owned(),
        };
        let text = problem.to_string();
        assert!(text.contains("aa11") && text.contains("bb22"), "{text}");
    }
}
