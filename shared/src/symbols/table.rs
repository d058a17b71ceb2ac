use alloc::vec::Vec;

use super::file::{self, Places};
use super::program::Program;
use super::symbol_table::{Static, SymbolTable};
use super::{BuildId, ElfError, ElfReader, Frame, Missing};

/// The names and source lines of one program.
///
/// Holds the debug sections and the symbol table of an ELF, not the rest of the file, or what a symbol file has of them. The
/// first lookup in a part of the program parses that part's line table, later ones find it ready.
pub struct Symbols {
    build_id: Option<BuildId>,
    code: Code,
    missing: Vec<Missing>,
}

/// What tells the functions.
pub(super) enum Code {
    /// An ELF file.
    Program(Program),
    /// A symbol file.
    Places(Places),
}

impl Symbols {
    /// Reads the symbols from the bytes of a whole ELF file, or of a symbol file.
    ///
    /// # Errors
    ///
    /// See [`ElfError`]: each variant names its cause.
    pub fn parse(file: &[u8]) -> Result<Self, ElfError> {
        let mut reader = ElfReader::new(file.len() as u64);
        while reader.provide_from(file)? {}
        reader.finish()
    }

    pub(super) fn new(build_id: Option<BuildId>, code: Code, missing: Vec<Missing>) -> Self {
        Self {
            build_id,
            code,
            missing,
        }
    }

    pub(super) fn code(&self) -> &Code {
        &self.code
    }

    /// Writes a symbol file: what these symbols tell of every address, in a tenth of the bytes of the ELF or less.
    ///
    /// Columns are left out, as nobody is shown them.
    ///
    /// ```
    /// # use heapbeacon_shared::symbols::{ElfError, Symbols};
    /// # fn example(elf: &[u8]) -> Result<(), ElfError> {
    /// let file = Symbols::parse(elf)?.pack();
    /// let symbols = Symbols::parse(&file)?;
    /// # Ok(()) }
    /// ```
    pub fn pack(&self) -> Vec<u8> {
        file::pack(self, false)
    }

    /// Packs the same with names of functions that a device can find in its flash ([`symbol_file::Functions`](crate::symbol_file::Functions)).
    /// They are not compressed: of a firmware they take half as many bytes as the rest.
    pub fn pack_with_functions(&self) -> Vec<u8> {
        file::pack(self, true)
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
        match &self.code {
            Code::Program(program) => program.has_lines(),
            Code::Places(places) => places.has_lines(),
        }
    }

    /// Returns what the file should tell and does not.
    pub fn missing(&self) -> Vec<Missing> {
        let used_up = matches!(&self.code, Code::Program(program) if program.is_used_up());
        let used_up = used_up.then_some(Missing::TooLarge);
        self.missing.iter().cloned().chain(used_up).collect()
    }

    /// Finds the functions at an address, innermost first: the inlined ones, then the one that
    /// they were inlined into.
    ///
    /// Never empty: an address that nothing is known about is one frame without a name. Where the
    /// debug information of an address is missing or damaged, the symbol table gives the name.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        match &self.code {
            Code::Program(program) => program.frames(address),
            Code::Places(places) => places.frames(address),
        }
    }

    /// Finds the static around an address.
    pub fn static_at(&self, address: u64) -> Option<Static> {
        self.table().static_at(address)
    }

    /// Returns all addresses from which on other frames may be found than before, in their order.
    pub(super) fn boundaries(&self) -> Vec<u64> {
        match &self.code {
            Code::Program(program) => program.boundaries(),
            Code::Places(places) => places.boundaries(),
        }
    }

    pub(super) fn table(&self) -> &SymbolTable {
        match &self.code {
            Code::Program(program) => program.table(),
            Code::Places(places) => places.table(),
        }
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
