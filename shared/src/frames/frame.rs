use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// One function of a call stack, at the line it had reached.
///
/// Whatever the ELF file does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// The address that was looked up. Inlined frames share the one of the function around them.
    pub address: u64,
    /// The full path of the function, demangled and without its hash.
    pub function: Option<String>,
    /// The source file, as the compiler was told of it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// Whether the compiler inlined this function into the next frame.
    pub inlined: bool,
    /// Other functions with the same code: the linker has kept it once (`--icf=all`), so nobody can
    /// tell which of them was called. A function with several names counts, too.
    pub shared_with: Vec<String>,
}
