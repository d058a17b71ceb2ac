//! Where things lie in an ELF file, the same for both classes.

use alloc::vec::Vec;
use core::mem::size_of;
use core::ops::Range;

use object::LittleEndian;
use object::elf::{
    ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFMAG, ET_DYN, ET_EXEC, FileHeader32, FileHeader64,
    PN_XNUM, PT_NOTE, SHF_COMPRESSED, SHF_EXECINSTR, SHN_XINDEX, SHT_NOBITS, SectionType,
};
use object::pod::{self, Pod};
use object::read::elf::{ProgramHeader as _, SectionHeader as _};

use super::{ElfError, Lookalike};

/// Little endian headers of one class: the rules are in the System V ABI, chapter 4.
pub(super) trait Elf: object::read::elf::FileHeader<Endian = LittleEndian> {}

impl Elf for FileHeader32<LittleEndian> {}
impl Elf for FileHeader64<LittleEndian> {}

/// Bytes at the start of a file that hold the header of either class.
pub(super) const HEADER_LEN: u64 = size_of::<FileHeader64<LittleEndian>>() as u64;

#[derive(Clone, Copy)]
pub(super) enum Class {
    Elf32,
    Elf64,
}

/// Calls a function that is generic over the class.
macro_rules! by_class {
    ($class:expr, $function:ident($($argument:expr),*)) => {
        match $class {
            $crate::symbols::layout::Class::Elf32 => {
                $function::<object::elf::FileHeader32<object::LittleEndian>>($($argument),*)
            }
            $crate::symbols::layout::Class::Elf64 => {
                $function::<object::elf::FileHeader64<object::LittleEndian>>($($argument),*)
            }
        }
    };
}
pub(super) use by_class;

/// Where the tables are, as far as the header tells.
pub(super) struct Header {
    pub(super) class: Class,
    segments: Table,
    sections: Table,
    /// Index of the section that holds the names of the sections.
    names: u32,
}

/// Where a table is, and how many entries it has.
struct Table {
    offset: u64,
    entries: u32,
    entry_len: u64,
}

impl Table {
    /// Saturates at the end: such a range lies beyond every file.
    fn range(&self) -> Range<u64> {
        match self.offset {
            0 => 0..0,
            offset => range(offset, u64::from(self.entries) * self.entry_len),
        }
    }
}

impl Header {
    /// Returns the range of the first section's header where that holds numbers that have no room
    /// in the file's; then [`extend`](Self::extend) comes next.
    pub(super) fn extension(&self) -> Option<Range<u64>> {
        let is_extended = self.sections.entries == 0
            || self.segments.entries == PN_XNUM.into()
            || self.names == SHN_XINDEX.0.into();
        let first = range(self.sections.offset, self.sections.entry_len);
        (is_extended && self.sections.offset != 0).then_some(first)
    }

    /// Takes over the numbers from the first section's header.
    pub(super) fn extend(&mut self, first_section: &[u8]) {
        let class = self.class;
        by_class!(class, extend_from(self, first_section));
    }

    pub(super) fn segments(&self) -> Range<u64> {
        self.segments.range()
    }

    pub(super) fn sections(&self) -> Range<u64> {
        self.sections.range()
    }

    /// Returns the index of the section that holds the names of the sections.
    pub(super) fn names(&self) -> usize {
        self.names as usize
    }
}

fn extend_from<E: Elf>(header: &mut Header, first_section: &[u8]) {
    let Some(first) = entries::<E::SectionHeader>(first_section).first() else {
        return;
    };
    if header.sections.entries == 0 {
        // More than 32 bits are no number of sections, and lie beyond every file.
        let count: u64 = first.sh_size(LittleEndian).into();
        header.sections.entries = u32::try_from(count).unwrap_or(u32::MAX);
    }
    if header.names == SHN_XINDEX.0.into() {
        header.names = first.sh_link(LittleEndian);
    }
    if header.segments.entries == PN_XNUM.into() {
        header.segments.entries = first.sh_info(LittleEndian);
    }
}

/// A section, with its place in the file.
pub(super) struct Section {
    pub(super) name: u32,
    pub(super) kind: SectionType,
    pub(super) compressed: bool,
    pub(super) align: u64,
    /// Index of another section: for symbols, that of their names.
    pub(super) link: usize,
    /// Empty for a section that has memory but no bytes in the file.
    pub(super) file: Range<u64>,
    /// Its addresses.
    pub(super) memory: Range<u64>,
    pub(super) executable: bool,
}

/// A segment of notes, with its place in the file.
pub(super) struct Notes {
    pub(super) align: u64,
    pub(super) file: Range<u64>,
}

/// Reads the header from the first bytes of a file.
pub(super) fn header(bytes: &[u8]) -> Result<Header, ElfError> {
    if !bytes.starts_with(&ELFMAG) {
        return Err(ElfError::NotElf(Lookalike::of(bytes)));
    }
    // The first 16 bytes are the same in both classes, and this is the shorter header.
    let ident = first::<FileHeader32<LittleEndian>>(bytes)?.e_ident;
    if ident.data != ELFDATA2LSB {
        return Err(ElfError::UnsupportedByteOrder(ident.data.0));
    }
    let class = match ident.class {
        ELFCLASS32 => Class::Elf32,
        ELFCLASS64 => Class::Elf64,
        class => return Err(ElfError::UnknownClass(class.0)),
    };
    by_class!(class, header_of(class, bytes))
}

fn header_of<E: Elf>(class: Class, bytes: &[u8]) -> Result<Header, ElfError> {
    let header = first::<E>(bytes)?;
    let kind = header.e_type(LittleEndian);
    if kind != ET_EXEC && kind != ET_DYN {
        return Err(ElfError::NotAProgram(kind.0));
    }
    Ok(Header {
        class,
        segments: table::<E::ProgramHeader>(
            header.e_phoff(LittleEndian).into(),
            header.e_phnum(LittleEndian),
            header.e_phentsize(LittleEndian),
        )?,
        sections: table::<E::SectionHeader>(
            header.e_shoff(LittleEndian).into(),
            header.e_shnum(LittleEndian),
            header.e_shentsize(LittleEndian),
        )?,
        names: header.e_shstrndx(LittleEndian).0.into(),
    })
}

fn first<T: Pod>(bytes: &[u8]) -> Result<&T, ElfError> {
    let cut_off = |()| ElfError::Truncated {
        needed: size_of::<T>() as u64,
        len: bytes.len() as u64,
    };
    pod::from_bytes(bytes)
        .map(|(value, _)| value)
        .map_err(cut_off)
}

/// Checks the size of a table's entries. Without entries it may have any, and then the first section
/// does not tell their number either.
fn table<T>(offset: u64, entries: u16, entry_len: u16) -> Result<Table, ElfError> {
    let fits = usize::from(entry_len) == size_of::<T>();
    if !fits && offset != 0 && entries != 0 {
        return Err(ElfError::Damaged(
            "a table in its header has entries of the wrong size",
        ));
    }
    Ok(Table {
        offset: if fits { offset } else { 0 },
        entries: entries.into(),
        entry_len: size_of::<T>() as u64,
    })
}

/// Saturates at the end: such a range lies beyond every file.
fn range(offset: u64, len: u64) -> Range<u64> {
    offset..offset.saturating_add(len)
}

/// Reads the table of sections.
pub(super) fn sections<E: Elf>(table: &[u8]) -> Vec<Section> {
    entries::<E::SectionHeader>(table)
        .iter()
        .map(section)
        .collect()
}

fn section<H>(header: &H) -> Section
where
    H: object::read::elf::SectionHeader<Endian = LittleEndian>,
{
    let kind = header.sh_type(LittleEndian);
    let size = header.sh_size(LittleEndian).into();
    let file_len = if kind == SHT_NOBITS { 0 } else { size };
    let flags = header.sh_flags(LittleEndian);
    Section {
        name: header.sh_name(LittleEndian),
        kind,
        compressed: flags.contains(SHF_COMPRESSED),
        align: header.sh_addralign(LittleEndian).into(),
        link: header.sh_link(LittleEndian) as usize,
        file: range(header.sh_offset(LittleEndian).into(), file_len),
        memory: range(header.sh_addr(LittleEndian).into(), size),
        executable: flags.contains(SHF_EXECINSTR),
    }
}

/// Finds the segments of notes in the table of segments.
pub(super) fn note_segments<E: Elf>(table: &[u8]) -> Vec<Notes> {
    let headers = entries::<E::ProgramHeader>(table).iter();
    let notes = headers.filter(|header| header.p_type(LittleEndian) == PT_NOTE);
    notes
        .map(|header| Notes {
            align: header.p_align(LittleEndian).into(),
            file: range(
                header.p_offset(LittleEndian).into(),
                header.p_filesz(LittleEndian).into(),
            ),
        })
        .collect()
}

/// Views bytes as structures; a table always has room for a whole number of them.
pub(super) fn entries<T: Pod>(table: &[u8]) -> &[T] {
    let count = table.len() / size_of::<T>();
    pod::slice_from_bytes(table, count).map_or(&[], |(entries, _)| entries)
}

/// Returns the string that starts at `offset` and ends before the next zero byte.
pub(super) fn string_at(strings: &[u8], offset: u32) -> &[u8] {
    let tail = strings.get(offset as usize..).unwrap_or_default();
    tail.split(|byte| *byte == 0).next().unwrap_or_default()
}
