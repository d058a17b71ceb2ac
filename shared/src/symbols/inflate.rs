//! Sections that a linker or `elfcompress` has compressed.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use miniz_oxide::inflate::decompress_slice_iter_to_slice;
use object::LittleEndian;
use object::elf::{
    CompressionHeader32, CompressionHeader64, CompressionType, ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD,
};
use object::pod;

use super::layout::Class;

/// How a section says that it is compressed.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    /// By a flag, and a header before its content.
    Flag(Class),
    /// By a name that begins with `.zdebug_`, from before there was a flag for it.
    Name,
}

/// Why a compressed section can't be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InflateError {
    /// It is compressed by zstd: what inflates that would be a thirtieth of the whole page.
    Zstd,
    /// It is compressed by a method that is not known: the `ch_type` of its header.
    UnknownMethod(u32),
    /// Its content breaks the rules of its method, or is of another size than it says.
    Damaged,
    /// It claims to become so large that this can't be true.
    TooLarge,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zstd => f.write_str(
                "zstd is not read here; link with `--compress-debug-sections=zlib`, or without",
            ),
            Self::UnknownMethod(method) => write!(
                f,
                "its method ({method}) is not known; link without `--compress-debug-sections`"
            ),
            Self::Damaged => f.write_str("its content is damaged; copy the file again"),
            Self::TooLarge => f.write_str(
                "it claims to become larger than any such section is; build or copy the file again",
            ),
        }
    }
}

impl core::error::Error for InflateError {}

/// How many times its compressed size a section may have: debug information shrinks to a third, and
/// lists of what a linker has dropped to a fiftieth.
const MOST_GROWTH: u64 = 128;
/// The size that any section may have, in bytes.
const ALWAYS_ALLOWED: u64 = 1 << 16;

/// Inflates a section to `most` bytes at most. Never takes more memory than the compressed size
/// justifies.
pub(super) fn inflate(
    section: &[u8],
    packing: Packing,
    most: u64,
) -> Result<Vec<u8>, InflateError> {
    let (method, size, content) = match packing {
        Packing::Flag(class) => flagged(section, class),
        Packing::Name => named(section),
    }
    .ok_or(InflateError::Damaged)?;
    match method {
        ELFCOMPRESS_ZLIB => {}
        ELFCOMPRESS_ZSTD => return Err(InflateError::Zstd),
        CompressionType(other) => return Err(InflateError::UnknownMethod(other)),
    }
    inflate_to(content, size, most)
}

/// Inflates what zlib has compressed to the size that it has to have, `most` bytes at most.
pub(super) fn inflate_to(content: &[u8], size: u64, most: u64) -> Result<Vec<u8>, InflateError> {
    let justified = ALWAYS_ALLOWED.max(content.len() as u64 * MOST_GROWTH);
    if size > justified.min(most) {
        return Err(InflateError::TooLarge);
    }
    let size = usize::try_from(size).map_err(|_| InflateError::TooLarge)?;
    let mut inflated = vec![0; size];
    let pieces = core::iter::once(content);
    match decompress_slice_iter_to_slice(&mut inflated, pieces, true, false) {
        Ok(len) if len == size => Ok(inflated),
        _ => Err(InflateError::Damaged),
    }
}

type Packed<'a> = (CompressionType, u64, &'a [u8]);

fn flagged(section: &[u8], class: Class) -> Option<Packed<'_>> {
    let endian = LittleEndian;
    match class {
        Class::Elf32 => {
            let (header, content) =
                pod::from_bytes::<CompressionHeader32<LittleEndian>>(section).ok()?;
            let size = header.ch_size.get(endian).into();
            Some((header.ch_type.get(endian), size, content))
        }
        Class::Elf64 => {
            let (header, content) =
                pod::from_bytes::<CompressionHeader64<LittleEndian>>(section).ok()?;
            let size = header.ch_size.get(endian);
            Some((header.ch_type.get(endian), size, content))
        }
    }
}

fn named(section: &[u8]) -> Option<Packed<'_>> {
    let (size, content) = section.strip_prefix(b"ZLIB")?.split_first_chunk()?;
    Some((ELFCOMPRESS_ZLIB, u64::from_be_bytes(*size), content))
}
