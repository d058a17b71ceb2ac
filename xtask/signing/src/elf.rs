//! ELFs that are images themselves, as for QEMU: what is loaded of them, without what only debuggers read.

use anyhow::{Context, Result};

const MAGIC: &[u8] = b"\x7fELF";
/// Class, for 32 bits, and order of bytes, for the lowest first.
const CLASS: [u8; 2] = [1, 1];
/// Where the head says where the table of sections is, and how many entries it has, with which for names.
const SECTIONS: usize = 32;
const SECTION_COUNTS: usize = 48;
/// Type of a segment that is loaded.
const LOAD: u32 = 1;

/// Checks whether bytes begin as those of an ELF.
pub(crate) fn is_one(image: &[u8]) -> bool {
    image.starts_with(MAGIC)
}

/// Ends an ELF of 32 bits where nothing more of it is loaded.
///
/// # Errors
/// When it is another one, or ends before that.
pub(crate) fn strip(image: &mut Vec<u8>) -> Result<()> {
    let end = end(image).context("it is no whole ELF of 32 bits with something to load")?;
    image.truncate(end);
    image[SECTIONS..SECTIONS + 4].fill(0);
    image[SECTION_COUNTS..SECTION_COUNTS + 4].fill(0);
    Ok(())
}

/// Returns where the last segment ends that is loaded.
fn end(image: &[u8]) -> Option<usize> {
    if image.get(MAGIC.len()..)?.get(..2)? != CLASS {
        return None;
    }
    let table = word(image, 28)? as usize;
    let (size, count) = (half(image, 42)?, half(image, 44)?);
    let mut end = None;
    for index in 0..usize::from(count) {
        let entry = image.get(table.checked_add(index * usize::from(size))?..)?;
        let (kind, offset, bytes) = (word(entry, 0)?, word(entry, 4)?, word(entry, 16)?);
        if kind == LOAD && bytes > 0 {
            end = end.max(Some(offset.checked_add(bytes)? as usize));
        }
    }
    end.filter(|end| *end <= image.len() && *end >= SECTION_COUNTS + 4)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    bytes.try_into().ok().map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an ELF that has eight bytes to load, and as many behind those.
    pub(crate) fn elf() -> Vec<u8> {
        let mut elf = vec![0; 100];
        elf[..6].copy_from_slice(b"\x7fELF\x01\x01");
        elf[28] = 52;
        elf[SECTIONS] = 92;
        elf[42] = 32;
        elf[44] = 1;
        elf[SECTION_COUNTS] = 1;
        elf[52] = 1;
        elf[56] = 84;
        elf[68] = 8;
        elf
    }

    #[test]
    fn what_is_loaded_stays_and_nothing_behind_it() {
        let mut stripped = elf();
        strip(&mut stripped).expect("it is one");
        assert_eq!(stripped.len(), 92);
        assert_eq!(stripped[..32], elf()[..32]);
        assert_eq!((stripped[SECTIONS], stripped[SECTION_COUNTS]), (0, 0));
        assert_eq!(stripped[52..], elf()[52..92]);
    }

    #[test]
    fn what_is_damaged_is_said() {
        for (at, byte) in [
            (4, 2),
            (28, 99),
            (44, 0),
            (44, 3),
            (52, 2),
            (57, 1),
            (71, 0xff),
        ] {
            let mut damaged = elf();
            damaged[at] = byte;
            assert!(strip(&mut damaged).is_err(), "{at}");
        }
        for length in 0..92 {
            assert!(strip(&mut elf()[..length].to_vec()).is_err(), "{length}");
        }
    }
}
