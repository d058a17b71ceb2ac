use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use gimli::SectionId;

use super::lines::{DebugSection, Lines, SourceFrames};
use super::symbol_table::SymbolTable;
use super::{ElfError, Frame, Missing};
use crate::frames::crate_of;

/// What the sections of an ELF file tell of functions.
pub(super) struct Program {
    code: Vec<Range<u64>>,
    table: SymbolTable,
    lines: Option<Lines>,
    /// The names that the debug information refers to.
    debug_names: Option<Arc<[u8]>>,
}

impl Program {
    pub(super) fn new(
        code: Vec<Range<u64>>,
        table: SymbolTable,
        debug: &[DebugSection],
        missing: &mut Vec<Missing>,
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
            code,
            table,
            lines,
            debug_names: names.map(|(_, names)| Arc::clone(names)),
        })
    }

    pub(super) fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// Returns whether so much was read that nothing further is.
    pub(super) fn is_used_up(&self) -> bool {
        self.lines.as_ref().is_some_and(Lines::is_used_up)
    }

    pub(super) fn table(&self) -> &SymbolTable {
        &self.table
    }

    /// Finds the functions at an address, innermost first: at least one frame.
    pub(super) fn frames(&self, address: u64) -> Vec<Frame> {
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

    /// Returns the names that the debug information refers to, each ended by a zero byte.
    pub(super) fn debug_names(&self) -> &[u8] {
        self.debug_names.as_deref().unwrap_or_default()
    }

    /// Returns all addresses from which on other functions or lines may be found than before, in their order.
    pub(super) fn boundaries(&self) -> Vec<u64> {
        let mut boundaries = self.table.boundaries();
        for code in &self.code {
            boundaries.extend([code.start, code.end]);
        }
        if let Some(lines) = &self.lines {
            boundaries.extend(lines.boundaries());
        }
        boundaries.sort_unstable();
        boundaries.dedup();
        boundaries
    }
}

/// Returns why there are no names at all.
fn nothing(missing: &mut Vec<Missing>) -> ElfError {
    let mut elsewhere = None;
    for what in missing.drain(..) {
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
