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

/// What every symbol file begins with.
pub const MAGIC: [u8; 4] = *b"\0HBS";
/// The version that is written and read.
pub const VERSION: u8 = 1;

/// Returns how many bytes the symbol file has that some memory begins with; `None` if there is none, or not all of it.
///
/// ```
/// use heapbeacon_shared::symbol_file;
///
/// let nothing = [0xFF; 1024];
/// assert_eq!(symbol_file::len(&nothing), None);
/// ```
pub fn len(memory: &[u8]) -> Option<usize> {
    let (&[version, build_id], rest) = memory.strip_prefix(&MAGIC)?.split_first_chunk()?;
    let (_, rest) = rest.split_at_checked(build_id.into())?;
    let (_, rest) = rest.split_first_chunk::<4>()?;
    let (packed, rest) = rest.split_first_chunk::<4>()?;
    let packed = usize::try_from(u32::from_le_bytes(*packed)).ok()?;
    let is_whole = version == VERSION && packed <= rest.len();
    is_whole.then(|| memory.len() - rest.len() + packed)
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
        memory[4] = 2;
        assert_eq!(len(&memory), None);
    }
}
