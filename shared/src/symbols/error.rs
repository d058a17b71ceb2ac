use alloc::string::String;
use core::error::Error;
use core::fmt;

use super::Lookalike;
use super::inflate::InflateError;
use crate::symbol_file::VERSION_WITH_FUNCTIONS;

/// Why no symbols could be read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// The file is of another kind.
    NotElf(Lookalike),
    /// The file ends before something that its headers point to.
    Truncated {
        /// The length in bytes that the headers call for.
        needed: u64,
        /// The length in bytes that was there.
        len: u64,
    },
    /// The class byte is neither 32 nor 64 bit.
    UnknownClass(u8),
    /// The data byte is not little endian.
    UnsupportedByteOrder(u8),
    /// The file is not linked, or no program, with the given `e_type`.
    NotAProgram(u16),
    /// A header contradicts itself.
    Damaged(&'static str),
    /// A section that names come from is compressed, and can't be inflated.
    Compressed {
        /// The name of the section.
        section: String,
        /// Why not.
        cause: InflateError,
    },
    /// The file has neither function symbols nor debug information.
    NoSymbols {
        /// The file that was split off and has them, where this one names it.
        elsewhere: Option<String>,
    },
    /// The debug information would take far more memory than a file of its size has reason to.
    TooLarge,
    /// The debug information breaks the rules of DWARF.
    DebugInfo(gimli::Error),
    /// A symbol file contradicts itself.
    SymbolFile(&'static str),
    /// A symbol file is of a version that is not known.
    SymbolFileVersion(u8),
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotElf(kind) => kind.fmt_with_advice(f),
            Self::Truncated { needed, len } => write!(
                f,
                "the ELF file is cut off: its headers call for {needed} bytes and {len} are here; \
                 copy it again"
            ),
            Self::UnknownClass(class) => write!(
                f,
                "the ELF file is of class {class}, neither 32 nor 64 bit; copy it again"
            ),
            Self::UnsupportedByteOrder(order) => write!(
                f,
                "the ELF file has byte order {order}, and only little endian (1) is supported; \
                 choose the ELF of the firmware that runs on the device"
            ),
            Self::NotAProgram(kind) => write!(
                f,
                "the ELF file is {}; choose the linked program, e.g. target/<target>/release/<name>",
                kind_of(*kind)
            ),
            Self::Damaged(what) => write!(f, "the ELF file is damaged: {what}; copy it again"),
            Self::Compressed { section, cause } => {
                write!(f, "section {section} is compressed, and {cause}")
            }
            Self::NoSymbols { elsewhere: None } => f.write_str(
                "the ELF file has neither symbols nor debug information; build with \
                 `debug = \"limited\"` and without `strip`",
            ),
            Self::NoSymbols {
                elsewhere: Some(file),
            } => write!(
                f,
                "the ELF file is stripped, and its symbols are in {file}; choose that one"
            ),
            Self::TooLarge => f.write_str(
                "the debug information of the ELF file refers to the same parts so often that it \
                 would take far more memory than its size has reason to; build or copy it again",
            ),
            // What exactly is the source's to say: its words are many, and help nobody on a page.
            Self::DebugInfo(_) => f.write_str(
                "the debug information of the ELF file is damaged; build or copy it again",
            ),
            Self::SymbolFile(what) => {
                write!(
                    f,
                    "the symbol file is damaged: {what}; copy or make it again"
                )
            }
            Self::SymbolFileVersion(version) => write!(
                f,
                "the symbol file is of version {version}, and none above {VERSION_WITH_FUNCTIONS} is read here; make it \
                 again with `cargo xtask symbols`"
            ),
        }
    }
}

/// Describes an ELF file that is no linked program, by its `e_type`.
fn kind_of(kind: u16) -> &'static str {
    match kind {
        1 => "an object file, a `.dwo` or a `.dwp`",
        4 => "a core dump",
        _ => "of an unknown type",
    }
}

impl Error for ElfError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::DebugInfo(error) => Some(error),
            _ => None,
        }
    }
}
