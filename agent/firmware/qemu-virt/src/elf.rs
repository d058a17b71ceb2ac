//! Which parts of an ELF are loaded where: images are ELFs, without what only debuggers read.

use core::ops::Range;

/// Where images run, as memory.x has it.
const RAM: Range<u32> = 0x8000_0000..0x8080_0000;
/// The begin of an ELF of 32 bits, little-endian.
const MAGIC: [u8; 6] = *b"\x7fELF\x01\x01";
/// `EM_RISCV`.
const RISC_V: u16 = 243;
/// Bytes of the head, where the table of segments follows, and of an entry of that.
const HEAD: usize = 52;
const ENTRY: usize = 32;
/// Entries that there is room for in what is looked at first.
const MOST: u16 = 22;
/// Type of a segment that is loaded.
const LOAD: u32 = 1;

/// Bytes in which all segments are described.
pub const DESCRIPTION: usize = HEAD + ENTRY * MOST as usize;

/// Bytes of an image that are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Where they are in the image.
    pub offset: u32,
    /// Where they belong.
    pub address: u32,
    /// How many there are.
    pub bytes: u32,
}

/// Checks whether the first bytes are those of an image for this machine.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn check(first: &[u8]) -> Result<(), &'static str> {
    let head = first.get(..HEAD).filter(|head| head.starts_with(&MAGIC));
    let Some(head) = head.filter(|head| half(head, 18) == RISC_V) else {
        return Err("The image is no ELF of a 32-bit RISC-V.");
    };
    let (table, size, count) = (word(head, 28), half(head, 42), half(head, 44));
    if table as usize != HEAD || usize::from(size) != ENTRY || count > MOST {
        return Err(
            "The image's segments are described in another place than right behind its head.",
        );
    }
    let is_right = RAM.contains(&entry(head))
        && segments(first).all(|segment| {
            let end = segment.address.checked_add(segment.bytes);
            // Flash is read by words.
            segment.offset.is_multiple_of(4)
                && RAM.contains(&segment.address)
                && end.is_some_and(|end| end <= RAM.end)
        });
    match is_right && segments(first).next().is_some() {
        true => Ok(()),
        false => Err("The image is linked for another memory than this machine's: see memory.x."),
    }
}

/// Returns where an image begins to run that was [checked](check()).
pub fn entry(first: &[u8]) -> u32 {
    word(first, 24)
}

/// Returns what is loaded of an image that was [checked](check()).
pub fn segments(first: &[u8]) -> impl Iterator<Item = Segment> {
    let table = first.get(HEAD..).unwrap_or_default();
    let entries = table.chunks_exact(ENTRY).take(half(first, 44).into());
    let loaded = entries.filter(|entry| word(entry, 0) == LOAD);
    let segments = loaded.map(|entry| Segment {
        offset: word(entry, 4),
        address: word(entry, 12),
        bytes: word(entry, 16),
    });
    segments.filter(|segment| segment.bytes > 0)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    word(bytes, at) as u16
}

/// Reads a word, or a part of one: 0 stands for what is not there.
fn word(bytes: &[u8], at: usize) -> u32 {
    let byte = |index: usize| bytes.get(at + index).copied().unwrap_or(0);
    u32::from_le_bytes(core::array::from_fn(byte))
}
