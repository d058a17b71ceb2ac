//! `profile.proto`, as Go's heap profiles have it: what was allocated and what is in use, in objects and in bytes.
//!
//! Source: <https://github.com/google/pprof/blob/main/proto/profile.proto>. It is not compressed: pprof, Parca and Pyroscope
//! take both. Each field is written for itself, so that no more of a profile is in memory than one: a device makes it like this,
//! and so does the export of a capture. What readers ask for:
//!
//! - The first text is empty, and the first field a sample type: that is what older versions of Perfetto know a profile by. No field
//!   is unknown to any of them.
//! - Ids are 1, 2, 3, … in order: Parca takes them for an index that begins at 1.
//! - There is a mapping, and each location is in it.
//! - Each sample has a location: Perfetto leaves out those without.
//! - It says when it was made, where that is known: Parca dates others 1970.
//! - It lasts for some time only if it is a difference: Parca takes any other for one, too, and adds up what is in use.
//!
//! ```
//! use heapbeacon_shared::pprof::{Mapping, Profile, Shown, Sink, TEXTS, Time};
//!
//! struct Document(Vec<u8>);
//!
//! impl Sink for Document {
//!     fn take(&mut self, bytes: &[u8]) {
//!         self.0.extend_from_slice(bytes);
//!     }
//! }
//!
//! let mut document = Document(Vec::new());
//! let mut profile = Profile::new(&mut document);
//! profile.head(Shown::InUse, Time::default());
//! TEXTS.iter().for_each(|text| profile.text(text));
//! profile.text("firmware");
//! profile.mapping(&Mapping { file: TEXTS.len() as u64, ..Mapping::default() });
//! profile.location(1, 0x4200_0010, &[]);
//! profile.sample(&[1], [7, 700, 2, 200], &[]);
//! assert!(document.0.starts_with(&[0x0a, 4, 8, 1, 0x10, 2]));
//! ```

mod proto;

pub use proto::{Fields, Sink};

/// Sample types in the order of Go's heap profile: places of name and unit among the texts.
const SAMPLE_TYPES: [(u64, u64); 4] = [(1, 2), (3, 4), (5, 2), (6, 4)];
/// What a sample is taken of, and its unit, in the same way: every allocation counts.
const PERIOD_TYPE: (u64, u64) = (7, 4);

/// The texts that a profile begins with: others refer to them by their place.
#[rustfmt::skip]
pub const TEXTS: [&str; 10] = [
    "", "alloc_objects", "count", "alloc_space", "bytes", "inuse_objects", "inuse_space", "space", "task", "region",
];
/// Place among the [texts](TEXTS) of the name of the label that names a task.
pub const TASK: u64 = 8;
/// Place among the [texts](TEXTS) of the name of the label that names a region.
pub const REGION: u64 = 9;
/// What a call stack without a frame is called.
pub const NO_FRAMES: &str = "[no call stack]";

/// Fields of `Profile`.
mod field {
    pub(super) const SAMPLE_TYPE: u64 = 1;
    pub(super) const SAMPLE: u64 = 2;
    pub(super) const MAPPING: u64 = 3;
    pub(super) const LOCATION: u64 = 4;
    pub(super) const FUNCTION: u64 = 5;
    pub(super) const STRING_TABLE: u64 = 6;
    pub(super) const TIME_NANOS: u64 = 9;
    pub(super) const DURATION_NANOS: u64 = 10;
    pub(super) const PERIOD_TYPE: u64 = 11;
    pub(super) const PERIOD: u64 = 12;
    pub(super) const DEFAULT_SAMPLE_TYPE: u64 = 14;
}

/// What may stand between any two fields and changes nothing: the period, once more.
pub const AGAIN: [u8; 2] = [(field::PERIOD << 3) as u8, 1];

/// What of a profile is shown at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Bytes in use: `heap`.
    InUse,
    /// Bytes that were allocated: `allocs`.
    Allocated,
}

/// When a profile was made, and of how long it tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    /// Microseconds since the Unix epoch, 0 if unknown.
    pub unix_us: u64,
    /// How many microseconds a difference is of, 0 if it is none.
    pub lasted_us: u64,
}

/// The image that addresses are of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mapping {
    /// Place of its name among the texts.
    pub file: u64,
    /// Place of its build id among the texts, in hexadecimal.
    pub build_id: u64,
    /// Whether functions, files, lines and inlined functions are known already.
    pub known: [bool; 4],
}

/// A function at a location.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Id of the function.
    pub function: u64,
    /// Line in its file, 0 if unknown.
    pub line: u64,
    /// Column in that line, 0 if unknown.
    pub column: u64,
}

/// Writes a profile, field by field.
pub struct Profile<'s>(Fields<'s>);

impl<'s> Profile<'s> {
    /// Makes one that writes to a sink.
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self(Fields::new(sink))
    }

    /// Writes what is counted, when, and what is shown at first.
    pub fn head(&mut self, shown: Shown, time: Time) {
        let value_type = |(name, unit): (u64, u64)| {
            move |of: &mut Fields<'_>| {
                of.number(1, name).number(2, unit);
            }
        };
        for of in SAMPLE_TYPES {
            self.0.message(field::SAMPLE_TYPE, &value_type(of));
        }
        let (name, _) = match shown {
            Shown::InUse => SAMPLE_TYPES[3],
            Shown::Allocated => SAMPLE_TYPES[1],
        };
        let nanoseconds = |us: u64| us.saturating_mul(1_000);
        self.0
            .number_but_0(field::TIME_NANOS, nanoseconds(time.unix_us))
            .number_but_0(field::DURATION_NANOS, nanoseconds(time.lasted_us))
            .message(field::PERIOD_TYPE, &value_type(PERIOD_TYPE))
            .number(field::PERIOD, 1)
            .number(field::DEFAULT_SAMPLE_TYPE, name);
    }

    /// Writes the next text; the [usual ones](TEXTS) come first.
    pub fn text(&mut self, text: &str) {
        self.0.text(field::STRING_TABLE, text.as_bytes());
    }

    /// Writes the one mapping. It is all memory: then pprof takes addresses for those of the ELF file, which they are, and finds
    /// the names there that are missing here.
    pub fn mapping(&mut self, mapping: &Mapping) {
        let [functions, files, lines, inlined] = mapping.known.map(u64::from);
        self.0.message(field::MAPPING, &|of| {
            of.number(1, 1)
                .number(3, u64::MAX)
                .number(5, mapping.file)
                .number(6, mapping.build_id)
                .number(7, functions)
                .number(8, files)
                .number(9, lines)
                .number(10, inlined);
        });
    }

    /// Writes a function that has a name, and perhaps a file, at their places among the texts.
    pub fn function(&mut self, id: u64, name: u64, file: u64) {
        // Without a name for linkers beside it, pprof takes this one as it is, and removes nothing between `<` and `>`.
        self.0.message(field::FUNCTION, &|of| {
            of.number(1, id).number(2, name).number(4, file);
        });
    }

    /// Writes where a call is that returns to an address, with the functions there, inlined ones first, as far as they are known.
    pub fn location(&mut self, id: u64, returns_to: u64, lines: &[Line]) {
        // A call returns behind itself.
        let address = returns_to.saturating_sub(1);
        self.0.message(field::LOCATION, &|of| {
            of.number(1, id).number(2, 1).number(3, address);
            for line in lines {
                of.message(4, &|of| {
                    of.number(1, line.function)
                        .number_but_0(2, line.line)
                        .number_but_0(3, line.column);
                });
            }
        });
    }

    /// Writes what the blocks of a call stack come to: its locations, innermost first; how many were allocated, their bytes, how many
    /// are in use, and their bytes; and labels, as places of name and value among the texts. Readers add up samples of one call stack
    /// with the same labels, so negative numbers take away from others.
    pub fn sample(&mut self, locations: &[u64], values: [i64; 4], labels: &[(u64, u64)]) {
        let values = values.map(i64::cast_unsigned);
        self.0.message(field::SAMPLE, &|of| {
            of.packed(1, locations).packed(2, &values);
            for (name, value) in labels {
                of.message(3, &|of| {
                    of.number(1, *name).number(2, *value);
                });
            }
        });
    }
}

/// Returns a count as samples have it; there are none above [`i64::MAX`].
pub fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns what an image is called: as its firmware, or as the device.
pub fn file_of<'n>(firmware: &'n str, device: &'n str) -> &'n str {
    match (firmware, device) {
        ("", "") => "firmware",
        ("", device) => device,
        (firmware, _) => firmware,
    }
}
