use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::str::FromStr;

use object::LittleEndian;
use object::elf::{ELF_NOTE_GNU, FileHeader32, NT_GNU_BUILD_ID};
use object::read::elf::NoteIterator;

use super::{ElfError, ElfReader};

/// The linker's fingerprint of a program, usually 8 or 20 bytes.
///
/// Two files with the same build id are builds of the same code. Written in hexadecimal, as
/// `readelf -n` prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(Vec<u8>);

impl BuildId {
    /// Takes the bytes of a build id.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for BuildId {
    type Err = ParseBuildIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseBuildIdError);
        }
        text.as_bytes()
            .chunks(2)
            .map(byte)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(ParseBuildIdError)
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else { return None };
    let digit = |c: u8| {
        char::from(c)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// A text that is no build id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseBuildIdError;

impl fmt::Display for ParseBuildIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a build id is an even number of hexadecimal digits, as `readelf -n` prints it")
    }
}

impl Error for ParseBuildIdError {}

/// Reads the build id of a program, from its sections or, where those were stripped, its segments.
///
/// `Ok(None)` is a program that was linked without `--build-id`.
///
/// # Errors
///
/// Any but [`ElfError::NoSymbols`] and those about debug information.
pub fn build_id(elf: &[u8]) -> Result<Option<BuildId>, ElfError> {
    let mut reader = ElfReader::new(elf.len() as u64);
    while !reader.is_build_id_known() && reader.provide_from(elf)? {}
    Ok(reader.build_id().cloned())
}

/// Finds the build id among the notes of a section or segment. Notes after a damaged one are lost.
pub(super) fn in_notes(notes: &[u8], align: u64) -> Option<BuildId> {
    // Both classes lay notes out in 32-bit words; only the alignment differs.
    let align = if align == 8 { 8 } else { 4 };
    let notes = NoteIterator::<FileHeader32<LittleEndian>>::new(LittleEndian, align, notes).ok()?;
    notes
        .map_while(Result::ok)
        .find(|note| note.name() == ELF_NOTE_GNU && note.n_type(LittleEndian) == NT_GNU_BUILD_ID)
        .filter(|note| !note.desc().is_empty())
        .map(|note| BuildId::new(note.desc()))
}
