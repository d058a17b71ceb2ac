//! Memory that a board lists for [scans](crate::read::references): who holds a block, and what is to be left out.
//!
//! A scan reads what is in an [`Area`], word by word, and nothing else. It never shows what it reads but for words that hold
//! an address inside the heap.
//!
//! ```
//! use heapbeacon::memory::{Area, AreaKind, addresses};
//!
//! static HEAP: [usize; 1024] = [0; 1024];
//! static EVENTS: [usize; 16] = [0; 16];
//!
//! /// What a board answers as its `Device::area`.
//! fn area(index: usize) -> Option<Area> {
//!     match index {
//!         // SAFETY: a static can be read at any time.
//!         0 => Some(unsafe { Area::new(AreaKind::Heap, "heap", addresses(&HEAP)) }),
//!         1 => Some(Area::own(addresses(&EVENTS))),
//!         // On a device: `.data`, `.bss`, and the live part of each stack, by symbols of the linker.
//!         _ => None,
//!     }
//! }
//!
//! assert!(area(0).is_some_and(|area| !area.is_root()));
//! ```

use core::ops::Range;

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<usize>();

/// Reads words from an address on into `out`; returns how many could be read.
pub type ReadWords = fn(from: usize, out: &mut [usize]) -> usize;

/// What an area is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaKind {
    /// Variables that are there all the time: `.data` and `.bss`.
    Static,
    /// The live part of a stack. Below its stack pointer a stack holds old words, which would hold what nobody does.
    Stack,
    /// Memory of a driver, or of a chip's ROM.
    Driver,
    /// A region of the traced heap.
    Heap,
    /// The agent's own, which is left out of all others: it holds addresses of blocks because it traces them.
    Own,
}

/// A piece of memory.
#[derive(Clone, Debug)]
pub struct Area {
    kind: AreaKind,
    /// What the board calls it.
    name: &'static str,
    memory: Range<usize>,
    /// What is taken off its addresses where they are told.
    bias: usize,
    read: ReadWords,
}

impl Area {
    /// Describes memory that may be read at any time by following its addresses.
    ///
    /// # Safety
    /// All of it must be memory that stays readable for as long as the program runs, and whose reading has no effect.
    pub const unsafe fn new(kind: AreaKind, name: &'static str, memory: Range<usize>) -> Self {
        Self {
            kind,
            name,
            memory,
            bias: 0,
            read: read_directly,
        }
    }

    /// Describes memory that is read by a function of the board.
    pub const fn read_by(
        read: ReadWords,
        kind: AreaKind,
        name: &'static str,
        memory: Range<usize>,
    ) -> Self {
        Self {
            kind,
            name,
            memory,
            bias: 0,
            read,
        }
    }

    /// Describes memory of the agent, which is not read, nor is what else lies in its first word and its last.
    pub const fn own(memory: Range<usize>) -> Self {
        Self::read_by(read_nothing, AreaKind::Own, "", memory)
    }

    /// Tells its addresses as the ELF has them, from which it was loaded so many bytes away: so its symbols name them.
    #[must_use]
    pub const fn loaded_at(self, bias: usize) -> Self {
        Self { bias, ..self }
    }

    /// Returns what is taken off its addresses where they are told.
    pub(crate) fn bias(&self) -> usize {
        self.bias
    }

    /// Returns what it is.
    pub fn kind(&self) -> AreaKind {
        self.kind
    }

    /// Returns what the board calls it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns where it is.
    pub fn memory(&self) -> Range<usize> {
        self.memory.clone()
    }

    /// Checks whether it is memory outside of the heap in which references begin.
    pub fn is_root(&self) -> bool {
        match self.kind {
            AreaKind::Static | AreaKind::Stack | AreaKind::Driver => true,
            AreaKind::Heap | AreaKind::Own => false,
        }
    }

    /// Reads words of it from an aligned address on; returns how many, fewer than there is room for at its end or where it
    /// can't be read.
    pub(crate) fn read(&self, from: usize, out: &mut [usize]) -> usize {
        if !from.is_multiple_of(WORD) || !self.memory.contains(&from) {
            return 0;
        }
        let words = (self.memory.end - from) / WORD;
        let room = words.min(out.len());
        (self.read)(from, &mut out[..room]).min(room)
    }
}

/// Returns the addresses of a value.
pub fn addresses<T: ?Sized>(value: &T) -> Range<usize> {
    let start = (&raw const *value).addr();
    start..start + size_of_val(value)
}

/// Reads words by their addresses. Only [`Area::read`] calls it, of an area that was made with [`Area::new`].
fn read_directly(from: usize, out: &mut [usize]) -> usize {
    let words = core::ptr::with_exposed_provenance::<usize>(from);
    for (index, word) in out.iter_mut().enumerate() {
        let place = words.wrapping_add(index);
        // SAFETY: whoever made the area has promised that all of it is readable, and `read` stays inside of it; `from` is
        // aligned. Somebody may write to the word meanwhile: it is read once, as the machine does, and nothing depends on its value.
        *word = unsafe { place.read_volatile() };
    }
    out.len()
}

fn read_nothing(_from: usize, _out: &mut [usize]) -> usize {
    0
}
