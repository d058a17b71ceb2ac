use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use gimli::SectionId;

use super::lines::{DebugSection, Lines, SourceFrames};
use super::symbol_table::{Static, SymbolTable};
use super::{BuildId, ElfError, ElfReader, Frame, Missing};
use crate::frames::crate_of;

/// The names and source lines of one program.
///
/// Holds the debug sections and the symbol table, not the rest of the file. The first lookup in a
/// part of the program parses that part's line table, later ones find it ready.
pub struct Symbols {
    build_id: Option<BuildId>,
    code: Vec<Range<u64>>,
    table: SymbolTable,
    lines: Option<Lines>,
    /// The names that the debug information refers to.
    debug_names: Option<Arc<[u8]>>,
    missing: Vec<Missing>,
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
        table: SymbolTable,
        debug: &[DebugSection],
        mut missing: Vec<Missing>,
    ) -> Result<Self, ElfError> {
        let has_units = debug.iter().any(|(id, _)| *id == SectionId::DebugInfo);
        if !table.has_functions() && !has_units {
            return Err(nothing(missing));
        }
        let lines = match has_units.then(|| Lines::new(debug)).transpose() {
            Ok(lines) => lines,
            Err(ElfError::TooLarge | ElfError::DebugInfo(_)) if table.has_functions() => {
                missing.push(Missing::DebugInfo);
                None
            }
            Err(error) => return Err(error),
        };
        let lines = lines.map(|(lines, split)| {
            // Who has the debug information needs not know where it came from.
            missing.retain(|what| !matches!(what, Missing::DebugInfoElsewhere(_)));
            missing.extend(split);
            lines
        });
        let names = debug.iter().find(|(id, _)| *id == SectionId::DebugStr);
        Ok(Self {
            build_id,
            code,
            table,
            lines,
            debug_names: names.map(|(_, names)| Arc::clone(names)),
            missing,
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

    /// Returns what the file should tell and does not.
    pub fn missing(&self) -> Vec<Missing> {
        let used_up = self.lines.as_ref().is_some_and(Lines::is_used_up);
        let used_up = used_up.then_some(Missing::TooLarge);
        self.missing.iter().cloned().chain(used_up).collect()
    }

    /// Finds the functions at an address, innermost first: the inlined ones, then the one that
    /// they were inlined into.
    ///
    /// Never empty: an address that nothing is known about is one frame without a name. Where the
    /// debug information of an address is missing or damaged, the symbol table gives the name.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        let mut names = self.table.functions_at(address);
        let SourceFrames {
            mut frames,
            is_split,
        } = self.source_frames(address, names.len() > 1);
        let nothing = Frame {
            address,
            ..Frame::default()
        };
        // A place whose function is described elsewhere may be of one that was inlined.
        let outermost = if is_split { None } else { frames.pop() };
        let mut outermost = outermost.unwrap_or(nothing);
        outermost.inlined = false;
        if outermost.function.as_deref().and_then(crate_of).is_none() {
            // Reduced debug information gives the last part of a path, a symbol all of it.
            let last = outermost.function.take();
            outermost.function = whole_path(&names, last.as_deref()).or(last);
        }
        if names.len() > 1 {
            let function = outermost.function.as_deref().unwrap_or_default();
            names.retain(|name| !is_same(name, function));
            outermost.shared_with = names;
        }
        frames.push(outermost);
        frames
    }

    fn source_frames(&self, address: u64, is_shared: bool) -> SourceFrames {
        // Linkers leave functions that they dropped in the debug information, at address 0.
        let is_code = self.code.iter().any(|code| code.contains(&address));
        let lines = self.lines.as_ref().filter(|_| is_code);
        lines
            .map(|lines| lines.frames(address, is_shared))
            .unwrap_or_default()
    }

    pub(super) fn debug_names(&self) -> &[u8] {
        self.debug_names.as_deref().unwrap_or_default()
    }

    /// Finds the static around an address.
    pub fn static_at(&self, address: u64) -> Option<Static> {
        self.table.static_at(address)
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

/// Returns why there are no names at all.
fn nothing(missing: Vec<Missing>) -> ElfError {
    let mut elsewhere = None;
    for what in missing {
        match what {
            Missing::Section { name, cause } => {
                return ElfError::Compressed {
                    section: name,
                    cause,
                };
            }
            Missing::DebugInfoElsewhere(file) => elsewhere = Some(file),
            _ => {}
        }
    }
    ElfError::NoSymbols { elsewhere }
}

/// Returns whether a name from the symbol table is that of a function in the debug information, where
/// async functions are no closures.
fn is_same(name: &str, function: &str) -> bool {
    let made_up = |path: &str| match path.rsplit_once("::") {
        Some((outer, last)) if last.starts_with('{') => Some(String::from(outer)),
        _ => None,
    };
    name == function || made_up(name).is_some_and(|outer| Some(outer) == made_up(function))
}

/// Returns the name that ends in a function's own; without one, the first.
fn whole_path(names: &[String], last: Option<&str>) -> Option<String> {
    let ends = |name: &&String| last.is_none_or(|last| name.rsplit("::").next() == Some(last));
    names.iter().find(ends).or(names.first()).cloned()
}
