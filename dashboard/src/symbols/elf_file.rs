//! Reads symbols from an ELF file.

use core::fmt;

use heapbeacon_shared::symbols::{ElfError, ElfReader, Symbols};
use web_sys::Blob;

use crate::files::read::slice;

/// Why a file gives no names.
#[derive(Clone, Debug, PartialEq)]
pub enum ElfProblem {
    /// The file could not be read.
    Unreadable,
    /// The file is no ELF that names can be read from.
    NotUsable(ElfError),
    /// The file has no lines, while the names in use have.
    NoDebugInfo {
        /// Why, where the file tells.
        missing: String,
    },
    /// The file belongs to another build.
    OtherBuild {
        /// Build id of the file.
        file: String,
        /// Build id of the traced firmware.
        traced: String,
    },
    /// The file has no build id, so nobody can tell whether it fits.
    NoBuildId {
        /// Build id of the traced firmware.
        traced: String,
    },
}

impl fmt::Display for ElfProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str(
                "The file can't be read; it may have been moved or rebuilt since. Choose it again.",
            ),
            Self::NotUsable(error) => write!(f, "No names in there: {error}."),
            Self::NoDebugInfo { missing } if !missing.is_empty() => write!(
                f,
                "This ELF tells no lines: the names in use stay. {missing}"
            ),
            Self::NoDebugInfo { .. } => f.write_str(
                "This ELF has no debug information, so it knows no lines: the names in use stay. \
                 Build with `debug = \"limited\"`, and choose the file before it is stripped.",
            ),
            Self::OtherBuild { file, traced } => write!(
                f,
                "This ELF is of another build: its build id is {file}, that of the traced firmware \
                 is {traced}. Choose the ELF that was flashed."
            ),
            Self::NoBuildId { traced } => write!(
                f,
                "This ELF has no build id, and that of the traced firmware is {traced}. Choose the \
                 ELF that was flashed, and link it with `--build-id`."
            ),
        }
    }
}

impl core::error::Error for ElfProblem {}

/// Reads symbols from the few parts of a file that hold them, if it belongs to the build that was
/// traced; firmware without a build id takes any file.
pub async fn read(file: &Blob, build_id: &str) -> Result<Symbols, ElfProblem> {
    let mut reader = ElfReader::new(file.size() as u64);
    let mut checked = false;
    while let Some(range) = reader.needs() {
        if !checked && reader.is_build_id_known() {
            check(&reader, build_id)?;
            checked = true;
        }
        let bytes = slice(file, range)
            .await
            .map_err(|_| ElfProblem::Unreadable)?;
        reader.provide(&bytes).map_err(ElfProblem::NotUsable)?;
    }
    if !checked {
        check(&reader, build_id)?;
    }
    reader.finish().map_err(ElfProblem::NotUsable)
}

/// Compares the build ids before the large parts are read.
fn check(reader: &ElfReader, traced: &str) -> Result<(), ElfProblem> {
    let traced = traced.to_owned();
    match reader.build_id().map(ToString::to_string) {
        _ if traced.is_empty() => Ok(()),
        Some(file) if file == traced => Ok(()),
        Some(file) => Err(ElfProblem::OtherBuild { file, traced }),
        None => Err(ElfProblem::NoBuildId { traced }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_both_build_ids() {
        let problem = ElfProblem::OtherBuild {
            file: "aa11".to_owned(),
            traced: "bb22".to_owned(),
        };
        let text = problem.to_string();
        assert!(text.contains("aa11") && text.contains("bb22"), "{text}");
    }
}
