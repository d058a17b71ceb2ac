//! What a symbol file begins with: enough for a device to tell that it holds one, and of which length; and the names of functions that a device
//! can read of it.
//!
//! ```text
//! 00 48 42 53   "\0HBS"
//! version       01, or 02 with functions
//! len, bytes    build id; 0 if there is none
//! u32, u32      bytes of the tables, and of those compressed; little endian
//! u32           version 2: bytes of the functions
//! …             the tables: postcard, compressed with zlib
//! …             version 2: the functions
//! ```
//!
//! The build id comes first, so that a file of another build is refused by its first bytes. `symbols::Symbols::pack` writes
//! such files, and `symbols` reads them in place of ELFs.

mod functions;

use core::ops::Range;

pub use functions::{FunctionName, Functions, Source, Unreadable};

#[cfg(feature = "symbols")]
pub(crate) use functions::NAMELESS;

use crate::trace::BuildId;

/// What every symbol file begins with.
pub const MAGIC: [u8; 4] = *b"\0HBS";
/// The version of files without functions.
pub const VERSION: u8 = 1;
/// The version of files with [`Functions`].
pub const VERSION_WITH_FUNCTIONS: u8 = 2;

/// Bytes of the longest beginning that [`Head::read`] wants: a build id has 255 bytes at most, and 32 that are told.
pub const MOST_HEAD_BYTES: usize = MAGIC.len() + 2 + 255 + 12;

/// What a symbol file says of itself in its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The build whose addresses it names; empty if that has none.
    pub build_id: BuildId,
    /// Its bytes, these among them.
    pub bytes: u64,
    /// Where among them its [`Functions`] are; empty if it has none.
    pub functions: Range<u64>,
}

impl Head {
    /// Reads what some memory begins with; `None` if that is no symbol file of a known version, or too little of it.
    pub fn read(memory: &[u8]) -> Option<Self> {
        let (&[version, length], rest) = memory.strip_prefix(&MAGIC)?.split_first_chunk()?;
        let (build_id, rest) = rest.split_at_checked(length.into())?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (packed, rest) = rest.split_first_chunk::<4>()?;
        let (functions, rest) = match version {
            VERSION => ([0; 4], rest),
            VERSION_WITH_FUNCTIONS => rest
                .split_first_chunk()
                .map(|(bytes, rest)| (*bytes, rest))?,
            _ => return None,
        };
        let head = memory.len() - rest.len();
        let start = head as u64 + u64::from(u32::from_le_bytes(*packed));
        let bytes = start + u64::from(u32::from_le_bytes(functions));
        Some(Self {
            build_id: BuildId::new(build_id),
            bytes,
            functions: start..bytes,
        })
    }
}

/// Returns how many bytes the symbol file has that some memory begins with; `None` if there is none, or not all of it.
///
/// ```
/// use heapbeacon_shared::symbol_file;
///
/// let nothing = [0xFF; 1024];
/// assert_eq!(symbol_file::len(&nothing), None);
/// ```
pub fn len(memory: &[u8]) -> Option<usize> {
    let bytes = usize::try_from(Head::read(memory)?.bytes).ok()?;
    (bytes <= memory.len()).then_some(bytes)
}

/// Checks whether the last four bytes of a symbol file can be: where it was written to flash and not to its end, they are as erased.
///
/// They are the sum of what was compressed, or of the functions (RFC 1950, Adler-32), of which either half is less than 65,521.
pub fn is_end(end: [u8; 4]) -> bool {
    const MODULUS: u16 = 65_521;
    let [a, b, c, d] = end;
    [[a, b], [c, d]]
        .map(u16::from_be_bytes)
        .iter()
        .all(|half| *half < MODULUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_where_its_tables_do() {
        let file = b"\0HBS\x01\x02\xAA\xBB\xFF\0\0\0\x03\0\0\0xyz";
        let mut memory = [0xFF; 40];
        memory[..file.len()].copy_from_slice(file);
        assert_eq!(len(&memory), Some(file.len()));
        assert_eq!(len(file), Some(file.len()));
        for end in 0..file.len() {
            assert_eq!(len(&memory[..end]), None, "{end}");
        }
        let head = Head::read(&memory[..16]).expect("it is one");
        assert_eq!(
            (head.build_id, head.bytes),
            (BuildId::new(&[0xAA, 0xBB]), 19)
        );
        memory[4] = 3;
        assert_eq!(len(&memory), None);
        assert_eq!(Head::read(&memory), None);
    }

    #[test]
    fn functions_lie_behind_the_tables() {
        let file = b"\0HBS\x02\x01\xAA\xFF\0\0\0\x03\0\0\0\x05\0\0\0xyzfives";
        let head = Head::read(file).expect("it is one");
        assert_eq!((head.bytes, head.functions), (27, 22..27));
        assert_eq!(len(file), Some(file.len()));
    }

    #[test]
    fn an_erased_end_is_none() {
        assert!(is_end([0x12, 0x34, 0xFF, 0xF0]));
        assert!(!is_end([0xFF; 4]) && !is_end([0, 0, 0xFF, 0xF1]) && !is_end([0xFF, 0xF1, 0, 0]));
    }
}
