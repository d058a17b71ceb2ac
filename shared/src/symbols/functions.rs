//! The ELF file's own symbol table: names for code that has no debug information.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use object::LittleEndian;
use object::elf::{STT_FUNC, STT_GNU_IFUNC};
use object::read::elf::Sym;

use super::layout::{Elf, Section, entries, string_at};

/// The functions of a program, by address.
#[derive(Default)]
pub(super) struct Functions {
    /// Sorted by start.
    spans: Vec<Span>,
    /// The names, each ended by a zero byte.
    names: Vec<u8>,
}

/// The addresses of one function.
pub(super) struct Span {
    start: u64,
    end: u64,
    /// Offset into the names.
    name: u32,
}

impl Functions {
    pub(super) fn new(mut spans: Vec<Span>, names: Vec<u8>) -> Self {
        spans.sort_unstable_by_key(|span| (span.start, span.name));
        spans.dedup_by_key(|span| span.start);
        Self { spans, names }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the demangled name of the function around an address.
    pub(super) fn name_at(&self, address: u64) -> Option<String> {
        let after = self.spans.partition_point(|span| span.start <= address);
        let span = self.spans.get(after.checked_sub(1)?)?;
        if address >= span.end {
            return None;
        }
        let name = str::from_utf8(string_at(&self.names, span.name)).ok()?;
        (!name.is_empty()).then(|| format!("{:#}", rustc_demangle::demangle(name)))
    }
}

/// Reads the functions out of a table of symbols.
pub(super) fn spans<E: Elf>(table: &[u8], sections: &[Section]) -> Vec<Span> {
    let symbols = entries::<E::Sym>(table).iter();
    symbols
        .filter_map(|symbol| span(symbol, sections))
        .collect()
}

fn span<S: Sym<Endian = LittleEndian>>(symbol: &S, sections: &[Section]) -> Option<Span> {
    let kind = symbol.st_type();
    if (kind != STT_FUNC && kind != STT_GNU_IFUNC) || symbol.is_undefined(LittleEndian) {
        return None;
    }
    let start = symbol.st_value(LittleEndian).into();
    let end = match symbol.st_size(LittleEndian).into() {
        // Assembly often gives no size: such a function reaches up to the next one.
        0 => {
            sections
                .get(usize::from(symbol.st_shndx(LittleEndian).0))?
                .memory
                .end
        }
        size => size.saturating_add(start),
    };
    Some(Span {
        start,
        end,
        name: symbol.st_name(LittleEndian),
    })
}
