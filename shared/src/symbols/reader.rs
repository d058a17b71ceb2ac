use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use gimli::SectionId;
use object::elf::{SHT_NOTE, SHT_SYMTAB};

use super::build_id::in_notes;
use super::functions::{Functions, Span, spans};
use super::layout::{
    self, Class, HEADER_LEN, Section, by_class, note_segments, sections, string_at,
};
use super::table::{DebugSection, Symbols};
use super::{BuildId, ElfError};

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

/// Reads the symbols of a program from the few ranges of its file that hold them.
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
    wanted: VecDeque<(Part, Range<u64>)>,
    build_id: Option<BuildId>,
    sections: Vec<Section>,
    functions: Vec<Span>,
    function_names: Vec<u8>,
    debug: Vec<DebugSection>,
}

/// What a range of the file holds.
#[derive(Clone, Copy)]
enum Part {
    Header,
    Segments(Class),
    Sections { class: Class, names: usize },
    SectionNames(Class),
    Notes { align: u64 },
    Functions(Class),
    FunctionNames,
    Debug(SectionId),
}

impl ElfReader {
    /// Starts on a file of `len` bytes.
    pub fn new(len: u64) -> Self {
        Self {
            len,
            wanted: VecDeque::from([(Part::Header, 0..len.min(HEADER_LEN))]),
            build_id: None,
            sections: Vec::new(),
            functions: Vec::new(),
            function_names: Vec::new(),
            debug: Vec::new(),
        }
    }

    /// Returns the range of the file that is needed next, or `None` when nothing is missing.
    pub fn needs(&self) -> Option<Range<u64>> {
        self.wanted.front().map(|(_, range)| range.clone())
    }

    /// Takes the bytes of the range that [`needs`](Self::needs) named. More bytes are ignored.
    ///
    /// # Errors
    ///
    /// Any but [`ElfError::NoSymbols`] and [`ElfError::DebugInfo`], as soon as it shows.
    pub fn provide(&mut self, bytes: &[u8]) -> Result<(), ElfError> {
        let Some((part, range)) = self.wanted.pop_front() else {
            return Ok(());
        };
        let bytes = exactly(bytes, &range)?;
        match part {
            Part::Header => return self.read_header(bytes),
            Part::Segments(class) => return self.read_segments(class, bytes),
            Part::Sections { class, names } => return self.read_sections(class, names, bytes),
            Part::SectionNames(class) => return self.read_section_names(class, bytes),
            Part::Notes { align } => {
                self.build_id = self.build_id.take().or(in_notes(bytes, align))
            }
            Part::Functions(class) => {
                self.functions = by_class!(class, spans(bytes, &self.sections))
            }
            Part::FunctionNames => self.function_names = bytes.to_vec(),
            Part::Debug(id) => self.debug.push((id, Arc::from(bytes))),
        }
        Ok(())
    }

    /// Returns whether all notes were read, so that [`build_id`](Self::build_id) is final.
    pub fn is_build_id_known(&self) -> bool {
        self.wanted.iter().all(|(part, _)| {
            matches!(
                part,
                Part::Functions(_) | Part::FunctionNames | Part::Debug(_)
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
    /// [`ElfError::NoSymbols`] or [`ElfError::DebugInfo`].
    pub fn finish(self) -> Result<Symbols, ElfError> {
        let functions = Functions::new(self.functions, self.function_names);
        let executable = self
            .sections
            .into_iter()
            .filter(|section| section.executable);
        let code = executable.map(|section| section.memory).collect();
        Symbols::new(self.build_id, code, functions, &self.debug)
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
        let layout::Header {
            class,
            segments,
            sections,
            names,
        } = layout::header(bytes)?;
        self.want(Part::Segments(class), segments)?;
        self.want(Part::Sections { class, names }, sections)
    }

    fn read_segments(&mut self, class: Class, table: &[u8]) -> Result<(), ElfError> {
        let notes = by_class!(class, note_segments(table));
        notes.into_iter().try_for_each(|segment| {
            self.want(
                Part::Notes {
                    align: segment.align,
                },
                segment.file,
            )
        })
    }

    fn read_sections(&mut self, class: Class, names: usize, table: &[u8]) -> Result<(), ElfError> {
        self.sections = by_class!(class, sections(table));
        let names = self.file_range(names);
        self.want(Part::SectionNames(class), names)
    }

    fn read_section_names(&mut self, class: Class, names: &[u8]) -> Result<(), ElfError> {
        let mut notes = Vec::new();
        let mut contents = Vec::new();
        for section in &self.sections {
            let name = string_at(names, section.name);
            if section.kind == SHT_NOTE || name == b".note.gnu.build-id" {
                notes.push((
                    Part::Notes {
                        align: section.align,
                    },
                    section.file.clone(),
                ));
            } else if section.kind == SHT_SYMTAB {
                contents.push((Part::Functions(class), section.file.clone()));
                contents.push((Part::FunctionNames, self.file_range(section.link)));
            } else if let Some(id) = debug_section(section, name)? {
                contents.push((Part::Debug(id), section.file.clone()));
            }
        }
        // The small ranges with the build id first: see the type's documentation.
        let mut ranges = notes.into_iter().chain(contents);
        ranges.try_for_each(|(part, range)| self.want(part, range))
    }

    /// Returns where a section lies; empty where there is no such section.
    fn file_range(&self, section: usize) -> Range<u64> {
        self.sections
            .get(section)
            .map_or(0..0, |section| section.file.clone())
    }

    fn want(&mut self, part: Part, range: Range<u64>) -> Result<(), ElfError> {
        if range.is_empty() {
            return Ok(());
        }
        if range.end > self.len {
            return Err(ElfError::Truncated {
                needed: range.end,
                len: self.len,
            });
        }
        self.wanted.push_back((part, range));
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

fn debug_section(section: &Section, name: &[u8]) -> Result<Option<SectionId>, ElfError> {
    // `.zdebug_` is how compression was marked before there was a flag for it.
    if name.starts_with(b".zdebug_") || (section.compressed && name.starts_with(b".debug_")) {
        return Err(ElfError::Compressed {
            section: String::from_utf8_lossy(name).into_owned(),
        });
    }
    Ok(DEBUG_SECTIONS
        .into_iter()
        .find(|id| id.name().as_bytes() == name))
}
