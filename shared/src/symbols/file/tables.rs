use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// What a symbol file holds, in columns: like beside like packs best.
///
/// A name is an index into `names` counted from 1, where 0 is none.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Tables {
    pub(super) has_lines: bool,
    /// What the ELF should have told and did not, in sentences.
    pub(super) missing: Vec<String>,
    /// Paths of functions, files and statics, in order, each ended by a zero byte.
    pub(super) names: String,
    pub(super) bodies: Bodies,
    pub(super) frames: Frames,
    pub(super) rows: Rows,
    /// Frames whose code several functions share, and the names of the others.
    pub(super) shared: Vec<(u32, Vec<u32>)>,
    pub(super) statics: Statics,
    /// Paths of embassy's tasks, and how many there are of each.
    pub(super) pools: Vec<(String, u64)>,
}

/// Functions in files.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Bodies {
    /// A name.
    pub(super) function: Vec<u32>,
    /// A name.
    pub(super) file: Vec<u32>,
    /// The first line that frames are at.
    pub(super) first_line: Vec<u32>,
}

/// Functions at a line, with what they are inlined into.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Frames {
    /// How many frames before this one the frame is that this is inlined into; 0 for none.
    pub(super) caller: Vec<u32>,
    /// An index of the bodies.
    pub(super) body: Vec<u32>,
    /// Counted from the body's first line, and from 1; 0 where no line is known.
    pub(super) line: Vec<u32>,
}

/// Addresses, from one row to the next, at which the same frames are found.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Rows {
    /// How far the row's first address is from that of the row before; from 0 for the first.
    pub(super) distance: Vec<u64>,
    /// The innermost frame, counted from 1, less that of the row before; 0 is none.
    pub(super) frame: Vec<i64>,
}

/// Variables, by address.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Statics {
    /// How far the address is from that of the one before; from 0 for the first.
    pub(super) distance: Vec<u64>,
    /// Bytes.
    pub(super) size: Vec<u64>,
    /// A name.
    pub(super) name: Vec<u32>,
}
