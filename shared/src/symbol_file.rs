//! What a symbol file begins with: enough for a device to tell that it holds one, and of which length.
//!
//! ```text
//! 00 48 42 53   "\0HBS"
//! 01            version
//! len, bytes    build id; 0 if there is none
//! u32, u32      bytes of the tables, and of those compressed; little endian
//! …             the tables: postcard, compressed with zlib
//! ```
//!
//! The build id comes first, so that a file of another build is refused by its first bytes. `symbols::Symbols::pack` writes
//! such files, and `symbols` reads them in place of ELFs.

use crate::trace::BuildId;

/// What every symbol file begins with.
pub const MAGIC: [u8; 4] = *b"\0HBS";
/// The version that is written and read.
pub const VERSION: u8 = 1;

/// Bytes of the longest beginning that [`Head::read`] wants: a build id has 255 bytes at most, and 32 that are told.
pub const MOST_HEAD_BYTES: usize = MAGIC.len() + 2 + 255 + 8;

/// What a symbol file says of itself in its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The build whose addresses it names; empty if that has none.
    pub build_id: BuildId,
    /// Its bytes, these among them.
    pub bytes: u64,
}

impl Head {
    /// Reads what some memory begins with; `None` if that is no symbol file of a known version, or too little of it.
    pub fn read(memory: &[u8]) -> Option<Self> {
        let (&[version, length], rest) = memory.strip_prefix(&MAGIC)?.split_first_chunk()?;
        let (build_id, rest) = rest.split_at_checked(length.into())?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (packed, rest) = rest.split_first_chunk::<4>()?;
        let head = memory.len() - rest.len();
        (version == VERSION).then(|| Self {
            build_id: BuildId::new(build_id),
            bytes: head as u64 + u64::from(u32::from_le_bytes(*packed)),
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
/// They are the sum of what was compressed (RFC 1950, Adler-32), of which either half is less than 65,521.
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
        memory[4] = 2;
        assert_eq!(len(&memory), None);
        assert_eq!(Head::read(&memory), None);
    }

    #[test]
    fn an_erased_end_is_none() {
        assert!(is_end([0x12, 0x34, 0xFF, 0xF0]));
        assert!(!is_end([0xFF; 4]) && !is_end([0, 0, 0xFF, 0xF1]) && !is_end([0xFF, 0xF1, 0, 0]));
    }
}
