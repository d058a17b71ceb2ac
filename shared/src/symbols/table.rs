use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use addr2line::Context;
use gimli::{EndianArcSlice, LittleEndian, SectionId, UnitRef};

use super::coroutines;
use super::functions::Functions;
use super::names::crate_of;
use super::{BuildId, ElfError, ElfReader, Frame};

/// The bytes of one section of debug information.
pub(super) type DebugSection = (SectionId, Arc<[u8]>);

/// A section that many may hold and nobody has to borrow.
type Bytes = EndianArcSlice<LittleEndian>;

/// The names and source lines of one program.
///
/// Holds the debug sections and the symbol table, not the rest of the file. The first lookup in a
/// part of the program parses that part's line table, later ones find it ready.
pub struct Symbols {
    build_id: Option<BuildId>,
    code: Vec<Range<u64>>,
    functions: Functions,
    lines: Option<Context<Bytes>>,
}

impl Symbols {
    /// Reads the symbols from the bytes of a whole ELF file.
    ///
    /// # Errors
    ///
    /// See [`ElfError`]: each variant names its cause.
    pub fn parse(elf: &[u8]) -> Result<Self, ElfError> {
        let mut reader = ElfReader::new(elf.len() as u64);
        while reader.provide_from(elf)? {}
        reader.finish()
    }

    pub(super) fn new(
        build_id: Option<BuildId>,
        code: Vec<Range<u64>>,
        functions: Functions,
        debug: &[DebugSection],
    ) -> Result<Self, ElfError> {
        let has_units = debug.iter().any(|(id, _)| *id == SectionId::DebugInfo);
        if functions.is_empty() && !has_units {
            return Err(ElfError::NoSymbols);
        }
        let lines = has_units
            .then(|| lines(debug))
            .transpose()
            .map_err(ElfError::DebugInfo)?;
        Ok(Self {
            build_id,
            code,
            functions,
            lines,
        })
    }

    /// Returns the build id, if the program was linked with one.
    pub fn build_id(&self) -> Option<&BuildId> {
        self.build_id.as_ref()
    }

    /// Returns whether there are source lines; without them there are function names only.
    ///
    /// `debug = "limited"` is all that is needed. With `"line-tables-only"` the paths of inlined
    /// functions are missing: `push` instead of `alloc::vec::Vec<T>::push`.
    pub fn has_debug_info(&self) -> bool {
        self.lines.is_some()
    }

    /// Finds the functions at an address, innermost first: the inlined ones, then the one that
    /// they were inlined into.
    ///
    /// Never empty: an address that nothing is known about is one frame without a name. Where the
    /// debug information of an address is missing or damaged, the symbol table gives the name.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = self.source_frames(address);
        let mut outermost = frames.pop().unwrap_or(Frame {
            address,
            ..Frame::default()
        });
        outermost.inlined = false;
        if outermost.function.as_deref().and_then(crate_of).is_none() {
            // Reduced debug information gives the last part of a path, a symbol all of it.
            outermost.function = self.functions.name_at(address).or(outermost.function);
        }
        frames.push(outermost);
        frames
    }

    fn source_frames(&self, address: u64) -> Vec<Frame> {
        // Linkers leave functions that they dropped in the debug information, at address 0.
        let is_code = self.code.iter().any(|code| code.contains(&address));
        let lines = self.lines.as_ref().filter(|_| is_code);
        lines
            .and_then(|lines| source_frames(lines, address).ok())
            .unwrap_or_default()
    }

    /// Finds the functions that a call returns to, innermost first.
    ///
    /// Looks at the byte before the return address: a call may be the last instruction of its
    /// line, or even of its function.
    pub fn frames_of_return(&self, return_address: u64) -> Vec<Frame> {
        let mut frames = self.frames(return_address.saturating_sub(1));
        for frame in &mut frames {
            frame.address = return_address;
        }
        frames
    }

    /// Finds the functions of a call stack, innermost first, from its return addresses.
    pub fn call_stack(&self, return_addresses: &[u64]) -> Vec<Frame> {
        return_addresses
            .iter()
            .flat_map(|address| self.frames_of_return(*address))
            .collect()
    }
}

fn lines(debug: &[DebugSection]) -> Result<Context<Bytes>, gimli::Error> {
    let dwarf = gimli::Dwarf::load(|id| {
        let found = debug.iter().find(|(other, _)| *other == id);
        let bytes = found.map_or_else(|| Arc::from([]), |(_, bytes)| Arc::clone(bytes));
        Ok::<_, gimli::Error>(EndianArcSlice::new(bytes, LittleEndian))
    })?;
    Context::from_dwarf(dwarf)
}

fn source_frames(lines: &Context<Bytes>, address: u64) -> Result<Vec<Frame>, gimli::Error> {
    let mut found = lines.find_frames(address).skip_all_loads()?;
    let unit = lines.find_dwarf_and_unit(address).skip_all_loads();
    let mut frames = Vec::new();
    while let Some(frame) = found.next()? {
        frames.push(source_frame(&frame, unit, address));
    }
    Ok(frames)
}

fn source_frame(
    frame: &addr2line::Frame<'_, Bytes>,
    unit: Option<UnitRef<'_, Bytes>>,
    address: u64,
) -> Frame {
    let location = frame.location.as_ref();
    let name = frame
        .function
        .as_ref()
        .and_then(|name| name.demangle().ok());
    let name = name.map(|name| match (unit, frame.dw_die_offset) {
        (Some(unit), Some(entry)) => coroutines::named(name.into_owned(), unit, entry),
        _ => name.into_owned(),
    });
    Frame {
        address,
        function: name,
        file: location
            .and_then(|location| location.file)
            .map(String::from),
        line: location.and_then(|location| location.line),
        // Zero stands for the whole line.
        column: location
            .and_then(|location| location.column)
            .filter(|column| *column != 0),
        inlined: true,
    }
}
