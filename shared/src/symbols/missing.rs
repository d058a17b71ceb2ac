use alloc::string::String;
use core::fmt;

use super::inflate::InflateError;

/// Something that an ELF file should tell and does not. The names that there are can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The functions of some units are described in other files: `-C split-debuginfo=packed` or
    /// `unpacked`, `-gsplit-dwarf`.
    SplitUnits {
        /// How many units.
        split: usize,
        /// How many units there are.
        units: usize,
    },
    /// The file is stripped, and the debug information is in a file of this name: `.gnu_debuglink`.
    DebugInfoElsewhere(String),
    /// Debug information that several programs share is in a file of this name:
    /// `.gnu_debugaltlink`, as the tool `dwz` makes it.
    SharedElsewhere(String),
    /// A section is compressed and can't be inflated.
    Section {
        /// Its name.
        name: String,
        /// Why not.
        cause: InflateError,
    },
    /// The debug information is damaged, or takes more memory than its size has reason to.
    DebugInfo,
    /// The debug information refers to the same parts so often that the rest of it was not read.
    TooLarge,
    /// What the ELF was missing that a symbol file was made from, as it said so.
    InElf(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SplitUnits { split, units } => write!(
                f,
                "For {split} of {units} units of code, functions and what was inlined into them are \
                 described in .dwo or .dwp files, which are not read: there, only the symbol table \
                 names functions. Build with `split-debuginfo = \"off\"` (C: without \
                 `-gsplit-dwarf`)."
            ),
            Self::DebugInfoElsewhere(file) => write!(
                f,
                "Its debug information was moved to {file}: choose that file instead."
            ),
            Self::SharedElsewhere(file) => write!(
                f,
                "Some names were moved to {file}, which is not read. Choose the ELF from before \
                 `dwz` changed it."
            ),
            Self::Section { name, cause } => write!(
                f,
                "Its section {name} is compressed, and {cause}: without it there are fewer names."
            ),
            Self::DebugInfo => f.write_str(
                "Its debug information could not be read: the symbol table names functions, and no lines are \
                 known. Build or copy it again, C++ without `-fdebug-types-section`.",
            ),
            Self::TooLarge => f.write_str(
                "Its debug information refers to the same parts so often that not all of it could \
                 be read: some lines are missing. Build or copy it again.",
            ),
            Self::InElf(sentence) => f.write_str(sentence),
        }
    }
}
