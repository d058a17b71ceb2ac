use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use gimli::SectionId;
use object::elf::{SHT_NOTE, SHT_SYMTAB, SHT_SYMTAB_SHNDX};

use super::build_id::in_notes;
use super::demangle::bounded;
use super::file::{self, Places};
use super::inflate::{InflateError, Packing, inflate};
use super::layout::{
    self, Class, HEADER_LEN, Header, Section, by_class, note_segments, sections, string_at,
};
use super::lines::DebugSection;
use super::program::Program;
use super::symbol_table::SymbolTable;
use super::table::Code;
use super::{BuildId, ElfError, Missing, Symbols};

/// The sections that addr2line reads.
const DEBUG_SECTIONS: [SectionId; 10] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
];

/// What sections are called that are compressed in the old way.
const OLD_PREFIX: &[u8] = b".zdebug_";
/// Bytes that may be asked for of any file, besides twice its length.
const ALWAYS_ASKED: u64 = 1 << 16;
/// Most bytes that compressed sections may have together, inflated. A browser's page has no more.
const MOST_INFLATED: u64 = 1 << 30;

/// Reads the symbols of a program from the few ranges of its ELF file that hold them, or from a symbol file.
///
/// It asks and never fetches, so that the file may be anywhere:
///
/// ```no_run
/// # use heapbeacon_shared::symbols::{ElfError, ElfReader, Symbols};
/// # fn read(range: core::ops::Range<u64>) -> Vec<u8> { Vec::new() }
/// # fn example(file_len: u64) -> Result<Symbols, ElfError> {
/// let mut reader = ElfReader::new(file_len);
/// while let Some(range) = reader.needs() {
///     reader.provide(&read(range))?;
/// }
/// reader.finish()
/// # }
/// ```
///
/// The large ranges come last: once [`is_build_id_known`](Self::is_build_id_known) holds, the
/// caller can refuse the wrong file before reading them. After an error it is of no further use.
pub struct ElfReader {
    len: u64,
    wanted: VecDeque<Wanted>,
    /// Bytes that were asked for so far.
    asked: u64,
    /// Bytes that may still be inflated.
    inflatable: u64,
    build_id: Option<BuildId>,
    sections: Vec<Section>,
    further_sections: Vec<u8>,
    table: SymbolTable,
    debug: Vec<DebugSection>,
    /// What a symbol file has instead of all these.
    places: Option<Places>,
    missing: Vec<Missing>,
}

/// A range of the file that is needed, and what it holds.
struct Wanted {
    part: Part,
    range: Range<u64>,
    packing: Option<Packing>,
}

enum Part {
    Header,
    /// The first section's header, with numbers that have no room in the file's.
    Extension(Header),
    Segments(Class),
    Sections {
        class: Class,
        names: usize,
    },
    SectionNames(Class),
    Notes {
        align: u64,
    },
    /// Where in another file there is more.
    Link(fn(String) -> Missing),
    FurtherSections,
    Symbols(Class),
    SymbolNames,
    Debug(SectionId),
    /// All of a symbol file.
    SymbolFile,
}

impl ElfReader {
    /// Starts on a file of `len` bytes.
    pub fn new(len: u64) -> Self {
        let header = Wanted {
            part: Part::Header,
            range: 0..len.min(HEADER_LEN),
            packing: None,
        };
        Self {
            len,
            wanted: VecDeque::from([header]),
            asked: 0,
            inflatable: MOST_INFLATED,
            build_id: None,
            sections: Vec::new(),
            further_sections: Vec::new(),
            table: SymbolTable::default(),
            debug: Vec::new(),
            places: None,
            missing: Vec::new(),
        }
    }

    /// Returns the range of the file that is needed next, or `None` when nothing is missing.
    pub fn needs(&self) -> Option<Range<u64>> {
        self.wanted.front().map(|wanted| wanted.range.clone())
    }

    /// Takes the bytes of the range that [`needs`](Self::needs) named. More bytes are ignored.
    ///
    /// # Errors
    ///
    /// Any but [`ElfError::NoSymbols`] and those about debug information, as soon as it shows.
    pub fn provide(&mut self, bytes: &[u8]) -> Result<(), ElfError> {
        let Some(wanted) = self.wanted.pop_front() else {
            return Ok(());
        };
        let bytes = exactly(bytes, &wanted.range)?;
        match self.inflated(bytes, wanted.packing) {
            Ok(content) => self.take(wanted.part, content),
            Err(cause) => {
                self.do_without(&wanted.part, cause);
                Ok(())
            }
        }
    }

    fn inflated<'b>(
        &mut self,
        bytes: &'b [u8],
        packing: Option<Packing>,
    ) -> Result<Cow<'b, [u8]>, InflateError> {
        let Some(packing) = packing else {
            return Ok(Cow::Borrowed(bytes));
        };
        let content = inflate(bytes, packing, self.inflatable)?;
        self.inflatable -= content.len() as u64;
        Ok(Cow::Owned(content))
    }

    fn take(&mut self, part: Part, bytes: Cow<'_, [u8]>) -> Result<(), ElfError> {
        match part {
            Part::Header => return self.read_header(&bytes),
            Part::Extension(mut header) => {
                header.extend(&bytes);
                return self.want_tables(&header);
            }
            Part::Segments(class) => return self.read_segments(class, &bytes),
            Part::Sections { class, names } => return self.read_sections(class, names, &bytes),
            Part::SectionNames(class) => return self.read_section_names(class, &bytes),
            Part::Notes { align } => {
                self.build_id = self.build_id.take().or_else(|| in_notes(&bytes, align));
            }
            Part::Link(missing) => {
                let name = String::from_utf8_lossy(string_at(&bytes, 0));
                self.missing.push(missing(bounded(&name)));
            }
            Part::FurtherSections => self.further_sections = bytes.into_owned(),
            Part::Symbols(class) => {
                let (sections, further) = (&self.sections, &self.further_sections);
                self.table = by_class!(class, symbol_table(&bytes, sections, further));
            }
            Part::SymbolNames => self.table.set_names(bytes.into_owned()),
            Part::Debug(id) => self.debug.push((id, Arc::from(bytes))),
            Part::SymbolFile => {
                let (places, missing) = file::read(&bytes)?;
                self.places = Some(places);
                self.missing = missing;
            }
        }
        Ok(())
    }

    /// Gives up a section that can't be inflated, and what is of no use without it.
    fn do_without(&mut self, part: &Part, cause: InflateError) {
        let name = match part {
            Part::Debug(id) => {
                self.wanted
                    .retain(|wanted| !matches!(wanted.part, Part::Debug(_)));
                self.debug.clear();
                id.name()
            }
            Part::SymbolNames => ".strtab",
            _ => ".symtab",
        };
        self.missing.push(Missing::Section {
            name: String::from(name),
            cause,
        });
    }

    /// Returns whether all notes were read, so that [`build_id`](Self::build_id) is final.
    pub fn is_build_id_known(&self) -> bool {
        self.wanted.iter().all(|wanted| {
            matches!(
                wanted.part,
                Part::Link(_)
                    | Part::FurtherSections
                    | Part::Symbols(_)
                    | Part::SymbolNames
                    | Part::Debug(_)
                    | Part::SymbolFile
            )
        })
    }

    /// Returns the build id, if one was found so far.
    pub fn build_id(&self) -> Option<&BuildId> {
        self.build_id.as_ref()
    }

    /// Ends the reading: call it when [`needs`](Self::needs) returns `None`. What was not provided
    /// is missing from the symbols.
    ///
    /// # Errors
    ///
    /// [`ElfError::NoSymbols`] and those about debug information.
    pub fn finish(self) -> Result<Symbols, ElfError> {
        let executable = self
            .sections
            .into_iter()
            .filter(|section| section.executable);
        let code = executable.map(|section| section.memory).collect();
        let mut missing = self.missing;
        let code = match self.places {
            Some(places) => Code::Places(places),
            None => Code::Program(Program::new(code, self.table, &self.debug, &mut missing)?),
        };
        Ok(Symbols::new(self.build_id, code, missing))
    }

    /// Takes what is needed next from the whole file; returns whether there was anything.
    pub(super) fn provide_from(&mut self, file: &[u8]) -> Result<bool, ElfError> {
        let Some(range) = self.needs() else {
            return Ok(false);
        };
        let start = usize::try_from(range.start).unwrap_or(usize::MAX);
        self.provide(file.get(start..).unwrap_or_default())?;
        Ok(true)
    }

    fn read_header(&mut self, bytes: &[u8]) -> Result<(), ElfError> {
        if let Some(build_id) = file::build_id(bytes)? {
            self.build_id = build_id;
            return self.want(Part::SymbolFile, 0..self.len);
        }
        let header = layout::header(bytes)?;
        match header.extension() {
            Some(range) => self.want(Part::Extension(header), range),
            None => self.want_tables(&header),
        }
    }

    fn want_tables(&mut self, header: &Header) -> Result<(), ElfError> {
        let (class, names) = (header.class, header.names());
        self.want(Part::Segments(class), header.segments())?;
        self.want(Part::Sections { class, names }, header.sections())
    }

    fn read_segments(&mut self, class: Class, table: &[u8]) -> Result<(), ElfError> {
        let notes = by_class!(class, note_segments(table));
        notes.into_iter().try_for_each(|segment| {
            let align = segment.align;
            self.want(Part::Notes { align }, segment.file)
        })
    }

    fn read_sections(&mut self, class: Class, names: usize, table: &[u8]) -> Result<(), ElfError> {
        self.sections = by_class!(class, sections(table));
        let names = self.file_range(names);
        self.want(Part::SectionNames(class), names)
    }

    fn read_section_names(&mut self, class: Class, names: &[u8]) -> Result<(), ElfError> {
        let sections = core::mem::take(&mut self.sections);
        let mut found: Vec<(Part, &Section, Option<Packing>)> = Vec::new();
        for section in &sections {
            let name = string_at(names, section.name);
            let packing = packing(section, name, class);
            let part = match section.kind {
                SHT_SYMTAB => Some(Part::Symbols(class)),
                SHT_SYMTAB_SHNDX => Some(Part::FurtherSections),
                SHT_NOTE => Some(Part::Notes {
                    align: section.align,
                }),
                _ => part_by_name(name, section),
            };
            found.extend(part.map(|part| (part, section, packing)));
        }
        // The small ranges with the build id first: see the type's documentation. Symbols need the
        // numbers of their sections.
        found.sort_by_key(|(part, ..)| part.order());
        // A linked program has each section once.
        found.dedup_by(|(part, ..), (before, ..)| part.replaces(before));
        for (part, section, packing) in found {
            let is_table = matches!(part, Part::Symbols(_));
            self.want_packed(part, section.file.clone(), packing)?;
            if let (true, Some(names)) = (is_table, sections.get(section.link)) {
                let packing = packing_by_flag(names, class);
                self.want_packed(Part::SymbolNames, names.file.clone(), packing)?;
            }
        }
        self.sections = sections;
        Ok(())
    }

    /// Returns where a section lies; empty where there is no such section.
    fn file_range(&self, section: usize) -> Range<u64> {
        self.sections
            .get(section)
            .map_or(0..0, |section| section.file.clone())
    }

    fn want(&mut self, part: Part, range: Range<u64>) -> Result<(), ElfError> {
        self.want_packed(part, range, None)
    }

    fn want_packed(
        &mut self,
        part: Part,
        range: Range<u64>,
        packing: Option<Packing>,
    ) -> Result<(), ElfError> {
        if range.is_empty() {
            return Ok(());
        }
        if range.end > self.len {
            return Err(ElfError::Truncated {
                needed: range.end,
                len: self.len,
            });
        }
        self.asked += range.end - range.start;
        // Notes are in a section and in a segment, and names may share a section.
        if self.asked > 2 * self.len + ALWAYS_ASKED {
            return Err(ElfError::Damaged("its sections lie over each other"));
        }
        self.wanted.push_back(Wanted {
            part,
            range,
            packing,
        });
        Ok(())
    }
}

fn exactly<'a>(bytes: &'a [u8], range: &Range<u64>) -> Result<&'a [u8], ElfError> {
    let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let got = range.start.saturating_add(bytes.len() as u64);
    bytes.get(..len).ok_or(ElfError::Truncated {
        needed: range.end,
        len: got,
    })
}

/// Returns how a section is compressed; `None` if it is not.
fn packing(section: &Section, name: &[u8], class: Class) -> Option<Packing> {
    match name.starts_with(OLD_PREFIX) {
        true => Some(Packing::Name),
        false => packing_by_flag(section, class),
    }
}

fn packing_by_flag(section: &Section, class: Class) -> Option<Packing> {
    section.compressed.then_some(Packing::Flag(class))
}

fn part_by_name(name: &[u8], section: &Section) -> Option<Part> {
    let align = section.align;
    match name {
        b".note.gnu.build-id" => return Some(Part::Notes { align }),
        b".gnu_debuglink" => return Some(Part::Link(Missing::DebugInfoElsewhere)),
        b".gnu_debugaltlink" => return Some(Part::Link(Missing::SharedElsewhere)),
        _ => {}
    }
    let debug = name
        .strip_prefix(b".debug_")
        .or(name.strip_prefix(OLD_PREFIX))?;
    let is_it = |id: &SectionId| id.name().as_bytes().strip_prefix(b".debug_") == Some(debug);
    DEBUG_SECTIONS.into_iter().find(is_it).map(Part::Debug)
}

impl Part {
    /// Returns which comes first: the build id, then what others need.
    fn order(&self) -> usize {
        match self {
            Self::Notes { .. } => 0,
            Self::Link(_) => 1,
            Self::FurtherSections => 2,
            Self::Symbols(_) => 3,
            Self::Debug(id) => {
                4 + DEBUG_SECTIONS
                    .iter()
                    .take_while(|other| *other != id)
                    .count()
            }
            _ => usize::MAX,
        }
    }

    /// Returns whether there is one only of this part and the other.
    fn replaces(&self, other: &Self) -> bool {
        !matches!(self, Self::Notes { .. } | Self::Link(_)) && self.order() == other.order()
    }
}

fn symbol_table<E: layout::Elf>(table: &[u8], sections: &[Section], further: &[u8]) -> SymbolTable {
    SymbolTable::new::<E>(table, sections, further)
}
