//! The ELF file's own symbol table: names for code that has no debug information, and for statics.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use object::LittleEndian;
use object::elf::{SHN_XINDEX, STT_FUNC, STT_GNU_IFUNC, STT_OBJECT};
use object::read::elf::Sym;

use super::demangle::demangled;
use super::layout::{Elf, Section, entries, string_at};

/// Most names that are told of one address. Where a linker folds all functions that return, there
/// are hundreds.
const MOST_NAMES: usize = 32;

/// What names begin with that the compiler has made up, such as `.L_MergedGlobals`.
const MADE_UP: &str = ".L";

/// The functions and statics of a program, by address.
#[derive(Default)]
pub(super) struct SymbolTable {
    functions: Vec<Span>,
    statics: Vec<Span>,
    /// The names, each ended by a zero byte.
    names: Vec<u8>,
}

/// The addresses of one symbol.
struct Span {
    start: u64,
    end: u64,
    /// Offset into the names.
    name: u32,
}

/// A variable that lives as long as the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    /// Its full path, demangled and without its hash.
    pub name: String,
    /// How far behind its start the address lies that was looked up, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
}

impl SymbolTable {
    /// Reads a table of symbols. `further_sections` holds the indices of sections that have no room
    /// in a symbol.
    pub(super) fn new<E: Elf>(table: &[u8], sections: &[Section], further_sections: &[u8]) -> Self {
        let symbols = entries::<E::Sym>(table).iter().enumerate();
        let mut all = Self::default();
        for (index, symbol) in symbols {
            if symbol.is_undefined(LittleEndian) {
                continue;
            }
            match symbol.st_type() {
                STT_FUNC | STT_GNU_IFUNC => {
                    let section = section_of::<E>(symbol, index, further_sections);
                    let section = section.and_then(|index| sections.get(index));
                    all.functions.extend(function::<E>(symbol, section));
                }
                STT_OBJECT => all.statics.push(span::<E>(symbol)),
                _ => {}
            }
        }
        all.statics.retain(|span| span.start < span.end);
        all.functions
            .sort_unstable_by_key(|span| (span.start, span.name));
        all.statics
            .sort_unstable_by_key(|span| (span.start, span.name));
        all
    }

    /// Takes the names of the symbols.
    pub(super) fn set_names(&mut self, names: Vec<u8>) {
        self.names = names;
    }

    /// Makes a table of statics: first and last address but one, and where its name begins; sorted by start.
    pub(super) fn of_statics(
        statics: impl Iterator<Item = (Range<u64>, u32)>,
        names: Vec<u8>,
    ) -> Self {
        let span = |(range, name): (Range<u64>, u32)| Span {
            start: range.start,
            end: range.end,
            name,
        };
        Self {
            statics: statics.map(span).collect(),
            names,
            ..Self::default()
        }
    }

    /// Returns all statics that have a name, by address.
    pub(super) fn statics(&self) -> impl Iterator<Item = (Range<u64>, String)> {
        let spans = self.statics.iter();
        spans.filter_map(|span| Some((span.start..span.end, self.name(span)?)))
    }

    /// Returns where functions begin and end.
    pub(super) fn boundaries(&self) -> Vec<u64> {
        let spans = self.functions.iter();
        spans.flat_map(|span| [span.start, span.end]).collect()
    }

    pub(super) fn has_functions(&self) -> bool {
        !self.functions.is_empty() && !self.names.is_empty()
    }

    /// Returns the demangled names of the function around an address, each once. There are several
    /// where functions share their code.
    pub(super) fn functions_at(&self, address: u64) -> Vec<String> {
        let mut names = Vec::new();
        for span in around(&self.functions, address).iter().take(MOST_NAMES) {
            if let Some(name) = self.name(span).filter(|name| !names.contains(name)) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the static around an address.
    pub(super) fn static_at(&self, address: u64) -> Option<Static> {
        // Where the compiler merges statics, the first one starts together with all of them.
        let spans = starting_last(&self.statics, address).iter();
        let around = spans.filter(|span| address < span.end);
        let span = around.min_by_key(|span| (span.end, span.name))?;
        let name = self.name(span);
        Some(Static {
            name: name.filter(|name| !name.starts_with(MADE_UP))?,
            offset: address - span.start,
            size: span.end - span.start,
        })
    }

    /// Returns the text that begins at an offset into the names; empty where none does.
    pub(super) fn text(&self, offset: u32) -> &str {
        str::from_utf8(string_at(&self.names, offset)).unwrap_or_default()
    }

    fn name(&self, span: &Span) -> Option<String> {
        let name = string_at(&self.names, span.name);
        (!name.is_empty()).then(|| demangled(&String::from_utf8_lossy(name)))
    }
}

/// Returns the functions that start last before an address, if all of them reach up to it.
fn around(functions: &[Span], address: u64) -> &[Span] {
    let group = starting_last(functions, address);
    match group.iter().all(|span| address < span.end) {
        true => group,
        false => &[],
    }
}

/// Returns the symbols that start last at or before an address.
fn starting_last(spans: &[Span], address: u64) -> &[Span] {
    let until = spans.partition_point(|span| span.start <= address);
    let start = spans[..until].last().map_or(0, |span| span.start);
    let from = spans[..until].partition_point(|span| span.start < start);
    &spans[from..until]
}

/// Returns the index of the section that a symbol lies in.
fn section_of<E: Elf>(symbol: &E::Sym, index: usize, further_sections: &[u8]) -> Option<usize> {
    let section = symbol.st_shndx(LittleEndian);
    if section != SHN_XINDEX {
        return Some(section.0.into());
    }
    let (words, _) = further_sections.as_chunks::<4>();
    usize::try_from(u32::from_le_bytes(*words.get(index)?)).ok()
}

fn function<E: Elf>(symbol: &E::Sym, section: Option<&Section>) -> Option<Span> {
    let sized = span::<E>(symbol);
    if sized.start < sized.end {
        return Some(sized);
    }
    // Assembly often gives no size: such a function reaches up to the next one.
    Some(Span {
        end: section?.memory.end,
        ..sized
    })
}

fn span<E: Elf>(symbol: &E::Sym) -> Span {
    let start = symbol.st_value(LittleEndian).into();
    let size: u64 = symbol.st_size(LittleEndian).into();
    Span {
        start,
        end: size.saturating_add(start),
        name: symbol.st_name(LittleEndian),
    }
}
