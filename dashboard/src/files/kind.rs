//! What a file is that somebody opens.

use heapbeacon_shared::symbol_file;
use heapbeacon_shared::wire::MAGIC;
use web_sys::Blob;

use super::read::slice;

/// What an ELF begins with.
const ELF_MAGIC: [u8; 4] = *b"\x7fELF";

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// It names addresses: an ELF, or a symbol file.
    Elf,
    /// It holds a trace.
    Capture,
}

impl FileKind {
    /// Returns what a file is, by its first bytes; `None` if it is neither.
    pub async fn of(file: &Blob) -> Option<Self> {
        match slice(file, 0..MAGIC.len() as u64).await.ok()? {
            bytes if bytes == MAGIC => Some(Self::Capture),
            bytes if bytes == ELF_MAGIC || bytes == symbol_file::MAGIC => Some(Self::Elf),
            _ => None,
        }
    }
}
